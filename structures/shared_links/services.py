"""Make, revoke and open shared links."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from project.errors import NotFound, RuleViolation, TooManyRequests
from structures.errors import LinkClosed
from structures.models import SharedLink
from structures.queries import get_snapshot
from structures.shared_links.queries import get_shared_link
from tenants.keys import compute_digest
from tenants.models import Tenant
from tenants.rate_limits import RateLimit, consume_request, get_client_bucket

# 192 bits, above the 128 that make guessing hopeless; as text 32 characters.
_TOKEN_BYTES = 24
# What may be shown: 2**36 values, so that the links of a snapshot hardly ever share one; 156 secret bits remain.
_PREFIX_LENGTH = 6
# A course, and a school year. Choices: longer ones are made anew, so that forgotten links end.
DEFAULT_DAYS, MAX_DAYS = 30, 366


class MadeLink(NamedTuple):
    """A new link with its token, which is stored nowhere."""

    link: SharedLink
    token: str


def create_shared_link(*, tenant: Tenant, snapshot_id: UUID, label: str, expires_at: datetime | None) -> MadeLink:
    """Create a link to the course page of the tenant's snapshot. Raises NotFound and RuleViolation."""
    snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    now = timezone.now()
    until = expires_at or now + timedelta(days=DEFAULT_DAYS)
    if not now < until <= now + timedelta(days=MAX_DAYS):
        raise RuleViolation(
            f"A link expires in the future, {MAX_DAYS} days from now at the latest.",
            code="expiry_out_of_range",
            next_step="Choose another `expires_at`, or leave it out.",
        )
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = SharedLink.objects.create(
        tenant=tenant,
        snapshot=snapshot,
        label=label,
        prefix=token[:_PREFIX_LENGTH],
        digest=compute_digest(token),
        expires_at=until,
    )
    return MadeLink(link, token)


def revoke_shared_link(*, tenant: Tenant, snapshot_id: UUID, link_id: UUID) -> None:
    """Close the link from now on. Revoking twice keeps the first time. Raises NotFound."""
    link = get_shared_link(tenant=tenant, snapshot_id=snapshot_id, link_id=link_id)
    SharedLink.objects.for_tenant(tenant).filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())


def open_shared_link(*, token: str, request: HttpRequest) -> SharedLink:
    """Return the link of a token with its tenant and snapshot, and count the request.

    Each client IP has a limit of its own for a link, and one for all tokens that open nothing. Raises NotFound for an
    unknown token and a suspended tenant, LinkClosed, and TooManyRequests.
    """
    # The lookup is by digest, so the time that the index takes tells nothing about the characters of a token.
    links = SharedLink.objects.select_related("tenant", "snapshot")
    link = links.filter(digest=compute_digest(token)).first()
    if link is None or not link.tenant.is_active:
        _count_request(request, policy="anonymous", scope="", limit=settings.ANONYMOUS_REQUESTS_PER_MINUTE)
        raise NotFound("There is no such link.", next_step="Check that the address was copied whole.")
    _count_request(request, policy="shared", scope=link.digest, limit=settings.SHARED_REQUESTS_PER_MINUTE)
    state = link.get_state(timezone.now())
    if state != "active":
        raise LinkClosed("The link was revoked." if state == "revoked" else "The link has expired.")
    return link


def _count_request(request: HttpRequest, *, policy: str, scope: str, limit: int) -> None:
    owner = get_client_bucket(request, scope=scope)
    verdict = consume_request(RateLimit(policy=policy, limit=limit, owner=owner))
    request.response_headers = verdict.build_headers()  # type: ignore[attr-defined]  # for the middleware
    if not verdict.is_allowed:
        raise TooManyRequests(f"More than {limit} requests in a minute.", seconds=verdict.reset_seconds)
