"""Authentication of API requests: the key of a request and its tenant, in one query."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from project.errors import TooManyRequests
from tenants import keys, rate_limits, services
from tenants.errors import ClientRefused, Unauthenticated
from tenants.models import ApiKey
from tenants.networks import check_client
from tenants.requests import set_response_headers

# RFC 9110, 11.6.1: a 401 names the schemes that would be accepted. `ApiKey` is not a registered one; its parameter
# tells people which header is meant, and clients that know only Bearer find that one.
CHALLENGE = 'ApiKey realm="coursewright", header="X-API-Key", Bearer realm="coursewright"'


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticates by the key in `X-API-Key` or `Authorization: Bearer`.

    A text that cannot be a key is refused without a query. A key that works is served whatever others behind the same
    client IP have sent; failures are counted for the client IP and the prefix of the key that failed.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey]:
        """Return an anonymous user (tenants are not users) and the key.

        Raises Unauthenticated, ClientRefused or TooManyRequests.
        """
        secret = ""
        try:
            secret = _extract_secret(request)
            # Before any count: one lookup in an index costs less than neighbours who lock each other out.
            key = _find_usable_key(secret)
            check_client(request._request, key)
        except (Unauthenticated, ClientRefused):
            _count_failure(request, secret)
            raise
        services.record_use(key=key, now=timezone.now())
        structlog.contextvars.bind_contextvars(tenant=key.tenant.slug, api_key_prefix=key.prefix)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _extract_secret(request: Request) -> str:
    # A set: both headers with the same key are one key. Two different ones are refused, since choosing one silently
    # would let a proxy's leftover header decide which tenant a request is from.
    given = {request.headers.get("X-API-Key", "").strip()}
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    # RFC 9110, 11.1: names of authentication schemes are case-insensitive.
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


def _find_usable_key(secret: str) -> ApiKey:
    # The lookup is by digest, so the time that the index takes tells nothing about the characters of a secret.
    key = ApiKey.objects.select_related("tenant").filter(digest=keys.compute_digest(secret)).first()
    if key is None:
        raise Unauthenticated("There is no such API key.", code="invalid_key")
    if key.revoked_at is not None:
        raise Unauthenticated("The API key was revoked.", code="key_revoked")
    if key.is_expired(timezone.now()):
        raise Unauthenticated("The API key has expired.", code="key_expired")
    # Whatever the row says: a test key never opens what is live, nor a live one the sandbox.
    if (keys.get_mode(secret) is keys.KeyMode.TEST) is not key.tenant.is_sandbox:
        raise Unauthenticated("The API key is of another mode than its tenant.", code="key_revoked")
    if not key.tenant.is_active:
        raise Unauthenticated("The tenant is suspended.", code="tenant_suspended")
    return key


def _count_failure(request: Request, secret: str) -> None:
    """Count a failed authentication and set its headers. Raises TooManyRequests instead of counting one too many."""
    # Without a key, or with something that is none, the prefix is blank: such requests of a client IP count together.
    owner = rate_limits.get_client_bucket(request._request, scope=keys.get_prefix(secret))
    limit = rate_limits.RateLimit(policy="anonymous", limit=settings.ANONYMOUS_REQUESTS_PER_MINUTE, owner=owner)
    verdict = rate_limits.consume_request(limit)
    set_response_headers(request, verdict.build_headers())
    if not verdict.is_allowed:
        raise TooManyRequests("Too many requests without a valid key.", seconds=verdict.reset_seconds)
