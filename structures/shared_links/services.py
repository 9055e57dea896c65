"""Make, revoke and open shared links."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from materials.queries import get_node
from project.errors import NotFound, RuleViolation, TooManyRequests
from structures.errors import LinkClosed, NothingPublished
from structures.models import Reference, SharedLink, StructureSnapshot
from structures.queries import get_snapshot
from structures.reviews.queries import find_publication
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


def create_snapshot_link(*, tenant: Tenant, snapshot_id: UUID, label: str, expires_at: datetime | None) -> MadeLink:
    """Create a link to the course page of the tenant's snapshot. Raises NotFound and RuleViolation."""
    snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    return _create_link(tenant, node_id=snapshot.node_id, snapshot=snapshot, label=label, expires_at=expires_at)


def create_publication_link(*, tenant: Tenant, node_id: UUID, label: str, expires_at: datetime | None) -> MadeLink:
    """Create a link to the page of what is published of the node whenever it is opened.

    Nothing need be published yet. Raises NotFound and RuleViolation.
    """
    node = get_node(tenant=tenant, node_id=node_id)
    return _create_link(tenant, node_id=node.pk, snapshot=None, label=label, expires_at=expires_at)


def _create_link(
    tenant: Tenant, *, node_id: UUID, snapshot: StructureSnapshot | None, label: str, expires_at: datetime | None
) -> MadeLink:
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
        node_id=node_id,
        snapshot=snapshot,
        label=label,
        prefix=token[:_PREFIX_LENGTH],
        digest=compute_digest(token),
        expires_at=until,
    )
    return MadeLink(link, token)


def revoke_shared_link(link: SharedLink) -> None:
    """Close the link from now on. Revoking twice keeps the first time."""
    SharedLink.objects.filter(pk=link.pk, tenant=link.tenant_id, revoked_at=None).update(revoked_at=timezone.now())


def open_shared_link(*, token: str, request: HttpRequest) -> SharedLink:
    """Return the link of a token with its tenant and its snapshot, if it has one, and count the request.

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


def find_shown_snapshot(link: SharedLink) -> StructureSnapshot:
    """Return the snapshot that an open link shows now. Raises NothingPublished."""
    if link.snapshot is not None:
        return link.snapshot
    publication = find_publication(tenant=link.tenant, node_id=link.node_id)
    if publication is None:
        raise NothingPublished("Nothing is published here now.", next_step="Ask whoever gave you the link.")
    return publication.snapshot


def find_cited_snapshot_id(link: SharedLink, reference_id: UUID) -> UUID:
    """Return the snapshot that has a reference and that an open link shows, or has shown to a page that is open still.

    Raises NotFound.
    """
    if link.snapshot_id is not None:
        return link.snapshot_id
    cited = Reference.objects.filter(
        tenant=link.tenant, pk=reference_id, snapshot__node=link.node_id, snapshot__publication__isnull=False
    )
    found = cited.values_list("snapshot_id", flat=True).first()
    if found is None:
        raise NotFound("What this link shows has changed.", next_step="Open the link again.")
    return found


def _count_request(request: HttpRequest, *, policy: str, scope: str, limit: int) -> None:
    owner = get_client_bucket(request, scope=scope)
    verdict = consume_request(RateLimit(policy=policy, limit=limit, owner=owner))
    request.response_headers = verdict.build_headers()  # type: ignore[attr-defined]  # for the middleware
    if not verdict.is_allowed:
        raise TooManyRequests(f"More than {limit} requests in a minute.", seconds=verdict.reset_seconds)
