"""From a key to a tenant, in one query."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from project.errors import TooManyRequests
from tenants import keys, rate_limits, services
from tenants.errors import Unauthenticated
from tenants.models import ApiKey
from tenants.requests import announce

CHALLENGE = 'ApiKey realm="coursewright", header="X-API-Key", Bearer realm="coursewright"'


class ApiKeyAuthentication(BaseAuthentication):
    """Takes the key from `X-API-Key` or `Authorization: Bearer`.

    A text that cannot be a key is refused without a query. Addresses that fail too often are refused before one.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey]:
        """Return nobody (tenants are not users) and the key. Raises Unauthenticated or TooManyRequests."""
        _refuse_floods(request)
        try:
            key = _usable(_secret_in(request))
        except Unauthenticated:
            announce(request, rate_limits.spend(_failures_of(request)).headers())
            raise
        services.note_use(key=key, now=timezone.now())
        structlog.contextvars.bind_contextvars(tenant=key.tenant.slug, api_key_prefix=key.prefix)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _secret_in(request: Request) -> str:
    given = {request.headers.get("X-API-Key", "").strip()}
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        given.add(token.strip())
    given.discard("")
    if not given:
        raise Unauthenticated("The request has no API key.", code="not_authenticated")
    if len(given) > 1:
        raise Unauthenticated("X-API-Key and Authorization hold different keys.", code="invalid_key")
    secret = given.pop()
    if not keys.is_well_formed(secret):
        raise Unauthenticated("This is not an API key: it is mistyped or cut off.", code="invalid_key")
    return secret


def _usable(secret: str) -> ApiKey:
    key = ApiKey.objects.select_related("tenant").filter(digest=keys.digest_of(secret)).first()
    if key is None:
        raise Unauthenticated("There is no such API key.", code="invalid_key")
    if key.revoked_at is not None:
        raise Unauthenticated("The API key was revoked.", code="key_revoked")
    if key.is_expired(timezone.now()):
        raise Unauthenticated("The API key has expired.", code="key_expired")
    if not key.tenant.is_active:
        raise Unauthenticated("The tenant is suspended.", code="tenant_suspended")
    return key


def _refuse_floods(request: Request) -> None:
    verdict = rate_limits.look(_failures_of(request))
    if not verdict.allowed:
        announce(request, verdict.headers())
        raise TooManyRequests("Too many requests without a valid key.", seconds=verdict.reset_seconds)


def _failures_of(request: Request) -> rate_limits.Budget:
    return rate_limits.Budget(
        policy="anonymous",
        limit=settings.ANONYMOUS_REQUESTS_PER_MINUTE,
        owner=rate_limits.owner_of_address(request._request),
    )
