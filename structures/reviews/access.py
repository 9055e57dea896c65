"""Which snapshots a request may read: `check` keys those that are or were published, `prep` keys all."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request

from project.errors import NotFound
from structures.models import StructureSnapshot
from structures.queries import get_snapshot
from tenants.permissions import has_scope
from tenants.requests import get_api_key, get_tenant
from tenants.scopes import Scope


def may_see_drafts(request: Request) -> bool:
    """Tell whether the request's key may read what is not published."""
    return has_scope(get_api_key(request), Scope.PREP)


def get_readable_snapshot(request: Request, snapshot_id: UUID) -> StructureSnapshot:
    """Return the tenant's snapshot when the request's key may read it. Raises NotFound, for drafts too."""
    snapshot = get_snapshot(tenant=get_tenant(request), snapshot_id=snapshot_id)
    if not may_see_drafts(request) and getattr(snapshot, "publication", None) is None:
        # As if it were not there: whether a draft exists is not for readers.
        raise NotFound(
            f"There is no snapshot {snapshot_id}.",
            next_step="Read what is published: GET /api/v1/nodes/{id}/structure. Drafts need a key with scope `prep`.",
        )
    return snapshot
