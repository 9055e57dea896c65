"""The DRF permission that compares a key's scopes with what a view needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.errors import ScopeMissing
from tenants.models import ApiKey
from tenants.requests import get_api_key
from tenants.scopes import Scope, get_scope_file
from tenants.throttling import charge_request

if TYPE_CHECKING:
    from rest_framework.views import APIView


def has_scope(key: ApiKey, needed: Scope) -> bool:
    """Tell whether a key has the scope, or one that allows at least as much."""
    return any(get_scope_file().covers_scope(Scope(held), needed) for held in key.scopes)


class HasScope(BasePermission):
    """Grants a request whose key has the scope that the view names, or one that allows at least as much.

    A view states `read_scope` (for GET, HEAD and OPTIONS) and `write_scope` (for everything else).
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True, or raise ScopeMissing. A refused request counts against the rate limit like any other."""
        needed: Scope = view.read_scope if request.method in SAFE_METHODS else view.write_scope  # type: ignore[attr-defined]
        if has_scope(get_api_key(request), needed):
            return True
        # DRF checks permissions before throttles (APIView.initial), so a refusal never reaches KeyThrottle.
        charge_request(request)
        raise ScopeMissing(
            f"This needs a key with the scope {needed.value!r}.",
            next_step=f"Ask the operator for a key with the scope {needed.value!r}.",
        )
