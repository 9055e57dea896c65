"""How often a key may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from project.errors import TooManyRequests
from tenants import rate_limits
from tenants.requests import announce, key_of
from tenants.scopes import Scope

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeyThrottle(BaseThrottle):
    """Charges each request to a budget of its tenant: reads to `check`, writes to `prep`.

    Reads with a `prep` key are reads too, so that polling a job cannot starve work. The limits are the key's.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or raise TooManyRequests."""
        if request.auth is not None:
            charge(request)
        return True


def charge(request: Request) -> None:
    """Take the request from its tenant's budget; its answer gets the RateLimit headers. Raises TooManyRequests."""
    key = key_of(request)
    scope = Scope.CHECK if request.method in SAFE_METHODS else Scope.PREP
    limit = key.check_per_minute if scope is Scope.CHECK else key.prep_per_minute
    verdict = rate_limits.spend(rate_limits.Budget(policy=scope.value, limit=limit, owner=str(key.tenant_id)))
    announce(request, verdict.headers())
    if not verdict.allowed:
        raise TooManyRequests(
            f"More than {limit} {'reads' if scope is Scope.CHECK else 'writes'} in a minute.",
            seconds=verdict.reset_seconds,
        )
