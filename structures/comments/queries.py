"""Reads of comments. Each takes a constant number of statements."""

from __future__ import annotations

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from materials.queries import get_node
from project.errors import NotFound
from structures.models import Comment, CommentThread
from tenants.models import Tenant


def list_threads(
    *, tenant: Tenant, node_id: UUID, key: UUID | None = None, is_resolved: bool | None = None
) -> QuerySet[CommentThread]:
    """Return the threads on a course's structure, newest first, each with what its first comment says.

    Raises NotFound for an unknown node.
    """
    get_node(tenant=tenant, node_id=node_id)
    rows = _select_threads(tenant).filter(node=node_id)
    if key is not None:
        rows = rows.filter(key=key)
    if is_resolved is not None:
        rows = rows.filter(resolved_at__isnull=not is_resolved)
    return rows.order_by("-created_at", "-id")


def get_thread(*, tenant: Tenant, thread_id: UUID) -> CommentThread:
    """Return one thread with what its first comment says. Raises NotFound."""
    thread = _select_threads(tenant).filter(pk=thread_id).first()
    if thread is None:
        raise NotFound(f"There is no comment thread {thread_id}.")
    return thread


def list_comments(*, tenant: Tenant, thread_id: UUID) -> QuerySet[Comment]:
    """Return the comments of a thread, oldest first. Raises NotFound for an unknown thread."""
    get_thread(tenant=tenant, thread_id=thread_id)
    return Comment.objects.filter(tenant=tenant, thread=thread_id).order_by("created_at", "id")


def _select_threads(tenant: Tenant) -> QuerySet[CommentThread]:
    first = Comment.objects.filter(thread=OuterRef("pk")).order_by("created_at", "id")
    return CommentThread.objects.for_tenant(tenant).annotate(
        first_text=Subquery(first.values("text")[:1]), first_author=Subquery(first.values("actor_name")[:1])
    )
