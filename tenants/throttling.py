"""The DRF throttle that counts requests against the limits of their key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from project.errors import TooManyRequests
from project.http.transfers import has_long_body, hold_transfer_slot
from tenants import rate_limits
from tenants.requests import get_api_key, set_response_headers
from tenants.scopes import Scope

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeyThrottle(BaseThrottle):
    """Counts each request against a limit of its tenant: reads under the policy `check`, writes under `prep`.

    A read with a `prep` key is a read, too, so that polling a job cannot use up the writes. The limits are the key's.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or raise TooManyRequests. A request with a long body takes a transfer slot of its tenant."""
        # Public views (health, schema) have no key; what fails to authenticate is counted by its client IP.
        if request.auth is not None:
            charge_request(request)
            if has_long_body(request._request):
                hold_transfer_slot(request._request, str(get_api_key(request).tenant_id))
        return True


def charge_request(request: Request) -> None:
    """Count the request against its tenant's limit and set the RateLimit headers. Raises TooManyRequests."""
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
