"""How often a key may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from project.errors import TooManyRequests
from tenants import rate_limits
from tenants.requests import get_api_key, set_response_headers
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
            charge_request(request)
        return True


def charge_request(request: Request) -> None:
    """Take the request from its tenant's budget; its answer gets the RateLimit headers. Raises TooManyRequests."""
    key = get_api_key(request)
    scope = Scope.CHECK if request.method in SAFE_METHODS else Scope.PREP
    limit = key.check_per_minute if scope is Scope.CHECK else key.prep_per_minute
    verdict = rate_limits.consume_request(
        rate_limits.RateLimit(policy=scope.value, limit=limit, owner=str(key.tenant_id))
    )
    set_response_headers(request, verdict.build_headers())
    if not verdict.is_allowed:
        raise TooManyRequests(
            f"More than {limit} {'reads' if scope is Scope.CHECK else 'writes'} in a minute.",
            seconds=verdict.reset_seconds,
        )
