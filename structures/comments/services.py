"""Begin, continue, resolve and reopen threads of comments."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials.locks import lock_tree
from materials.queries import get_node
from project.errors import NotFound
from structures.comments.errors import ThreadFull, ThreadsFull, UnknownKey
from structures.comments.queries import get_thread
from structures.editing.trees import COURSE_KEY
from structures.models import Comment, CommentThread, StructureNode, StructureSnapshot, WorkingCopy, WorkingNode
from tenants.actors import Actor
from tenants.models import Tenant

# A thread for each lesson of the largest courses, and a conversation that goes on for a school year.
MAX_THREADS = 10_000
MAX_COMMENTS = 1_000


@transaction.atomic
def start_thread(
    *,
    tenant: Tenant,
    node_id: UUID,
    key: UUID,
    text: str,
    snapshot_id: UUID | None,
    copy_id: UUID | None,
    actor: Actor,
) -> CommentThread:
    """Begin a thread on the node with this key of a snapshot or (one of the two) a working copy of the course.

    Raises NotFound, UnknownKey and ThreadsFull.
    """
    get_node(tenant=tenant, node_id=node_id)
    # So that two requests at once cannot pass the bound together.
    lock_tree(tenant)
    if CommentThread.objects.for_tenant(tenant).filter(node=node_id).count() >= MAX_THREADS:
        raise ThreadsFull(f"The course has {MAX_THREADS} threads; no more are allowed.")
    if copy_id is not None:
        title = _find_title_in_copy(tenant, node_id, copy_id, key)
    else:
        assert snapshot_id is not None  # the caller gives one of the two
        title = _find_title_in_snapshot(tenant, node_id, snapshot_id, key)
    thread = CommentThread.objects.create(
        tenant=tenant, node_id=node_id, key=key, title=title, snapshot_id=snapshot_id, working_copy_id=copy_id
    )
    _add_comment(thread, text=text, actor=actor)
    return get_thread(tenant=tenant, thread_id=thread.pk)


@transaction.atomic
def reply_to_thread(*, tenant: Tenant, thread_id: UUID, text: str, actor: Actor) -> Comment:
    """Add a comment to a thread, resolved or not. Raises NotFound and ThreadFull."""
    return _add_comment(_lock_thread(tenant, thread_id), text=text, actor=actor)


@transaction.atomic
def resolve_thread(*, tenant: Tenant, thread_id: UUID, actor: Actor) -> CommentThread:
    """Mark a thread as resolved. Doing so twice keeps the first time and person. Raises NotFound."""
    thread = _lock_thread(tenant, thread_id)
    if thread.resolved_at is None:
        thread.resolved_at, thread.resolved_by = timezone.now(), actor.name
        thread.save()
    return get_thread(tenant=tenant, thread_id=thread_id)


@transaction.atomic
def reopen_thread(*, tenant: Tenant, thread_id: UUID) -> CommentThread:
    """Mark a thread as not resolved. Raises NotFound."""
    thread = _lock_thread(tenant, thread_id)
    if thread.resolved_at is not None:
        thread.resolved_at, thread.resolved_by = None, ""
        thread.save()
    return get_thread(tenant=tenant, thread_id=thread_id)


def _lock_thread(tenant: Tenant, thread_id: UUID) -> CommentThread:
    thread = CommentThread.objects.for_tenant(tenant).select_for_update().filter(pk=thread_id).first()
    if thread is None:
        raise NotFound(f"There is no comment thread {thread_id}.")
    return thread


def _add_comment(thread: CommentThread, *, text: str, actor: Actor) -> Comment:
    if thread.comment_count >= MAX_COMMENTS:
        raise ThreadFull(f"The thread has {MAX_COMMENTS} comments; no more are allowed.")
    thread.comment_count += 1
    thread.save()
    return Comment.objects.create(
        tenant_id=thread.tenant_id,
        thread=thread,
        text=text,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
    )


def _find_title_in_copy(tenant: Tenant, node_id: UUID, copy_id: UUID, key: UUID) -> str:
    if not WorkingCopy.objects.for_tenant(tenant).filter(pk=copy_id, node=node_id).exists():
        raise NotFound(f"The course has no working copy {copy_id}.")
    nodes = WorkingNode.objects.filter(tenant=tenant, working_copy=copy_id, key=key, content__isnull=False)
    titles = nodes.values_list("content__fields__title", flat=True)
    return _get_title(titles.first(), key)


def _find_title_in_snapshot(tenant: Tenant, node_id: UUID, snapshot_id: UUID, key: UUID) -> str:
    snapshot = StructureSnapshot.objects.for_tenant(tenant).filter(pk=snapshot_id, node=node_id).first()
    if snapshot is None:
        raise NotFound(f"The course has no snapshot {snapshot_id}.")
    if key == COURSE_KEY:
        return snapshot.title
    nodes = StructureNode.objects.filter(tenant=tenant, snapshot=snapshot, key=key)
    return _get_title(nodes.values_list("title", flat=True).first(), key)


def _get_title(found: str | None, key: UUID) -> str:
    if found is None:
        raise UnknownKey(f"There is no node with the key {key}.")
    return found
