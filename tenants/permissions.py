"""The DRF permission that compares a key's scopes with what a view needs."""

from __future__ import annotations

from collections.abc import Mapping
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


def require_scope(request: Request, needed: Scope) -> None:
    """Raise ScopeMissing unless the request's key has the scope, or one that allows at least as much.

    For what only the request's values tell; what its route tells is stated by the view.
    """
    if not has_scope(get_api_key(request), needed):
        raise ScopeMissing(
            f"This needs a key with the scope {needed.value!r}.",
            next_step=f"Use a key with the scope {needed.value!r}; the operator, or whoever has a key with the scope "
            "'keys', can make one.",
        )


def find_needed_scope(view: APIView, method: str) -> Scope:
    """Return the scope that the view's action needs."""
    # A view set tells the action of its method; of another view the method is the action, and HEAD is a GET.
    action = getattr(view, "action", None) or ("get" if method == "HEAD" else method.lower())
    scopes: Mapping[str, Scope] = getattr(view, "action_scopes", {})
    states = ("read_scope", "write_scope") if method in SAFE_METHODS else ("write_scope", "read_scope")
    # A view that has no action of this kind states no scope for it. Its other one lets the request come to its 405.
    usual: Scope = next(getattr(view, name) for name in states if hasattr(view, name))
    return scopes.get(action, usual)


class HasScope(BasePermission):
    """Grants a request whose key has the scope that the view names, or one that allows at least as much.

    A view states `read_scope` (for GET, HEAD and OPTIONS) and `write_scope` (for everything else), and in
    `action_scopes` the scopes of actions that need another one.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True, or raise ScopeMissing. A refused request counts against the rate limit like any other."""
        try:
            require_scope(request, find_needed_scope(view, request.method or ""))
        except ScopeMissing:
            # DRF checks permissions before throttles (APIView.initial), so a refusal never reaches KeyThrottle.
            charge_request(request)
            raise
        return True
