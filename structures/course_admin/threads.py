"""The threads of comments on one part of a course, as the editor shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q

from structures.comments.queries import list_threads
from structures.models import Comment, CommentThread, WorkingCopy

# What one reads beside the part. Others, and longer ones, are on pages of their own.
_MAX_THREADS, _MAX_COMMENTS = 20, 20
_IS_OPEN = Q(resolved_at=None)


@dataclass(frozen=True, kw_only=True)
class PanelThread:
    """A thread with its comments; of a long one the first alone, and `left_out` says how many follow."""

    thread: CommentThread
    comments: Sequence[Comment]
    left_out: int


@dataclass(frozen=True, kw_only=True)
class PanelThreads:
    """The threads on a node. The `left_out` say how many more there are, which the page of all comments has."""

    threads: Sequence[PanelThread]
    left_out_open: int
    left_out_resolved: int


def list_panel_threads(copy: WorkingCopy, key: UUID) -> PanelThreads:
    """Return the threads on a node: open ones first, then those that were resolved last. Four statements."""
    rows = list_threads(tenant=copy.tenant, node_id=copy.node_id, key=key)
    counts = rows.order_by().aggregate(open=Count("pk", filter=_IS_OPEN), resolved=Count("pk", filter=~_IS_OPEN))
    threads = list(rows.order_by(F("resolved_at").desc(nulls_first=True), "-created_at", "-id")[:_MAX_THREADS])
    shown_open = sum(thread.resolved_at is None for thread in threads)
    return PanelThreads(
        threads=_load_comments(copy, threads),
        left_out_open=counts["open"] - shown_open,
        left_out_resolved=counts["resolved"] - (len(threads) - shown_open),
    )


def count_open_threads(copy: WorkingCopy) -> dict[UUID, int]:
    """Return how many open threads each node has that has any. One statement."""
    rows = CommentThread.objects.for_tenant(copy.tenant).filter(node=copy.node_id, resolved_at=None).order_by()
    return dict(rows.values_list("key").annotate(count=Count("pk")))


def _load_comments(copy: WorkingCopy, threads: Sequence[CommentThread]) -> list[PanelThread]:
    """Return threads with their comments. One statement."""
    short = [thread.pk for thread in threads if thread.comment_count <= _MAX_COMMENTS]
    comments: dict[UUID, list[Comment]] = defaultdict(list)
    for comment in Comment.objects.filter(tenant=copy.tenant_id, thread__in=short).order_by("created_at", "id"):
        comments[comment.thread_id].append(comment)
    return [
        PanelThread(
            thread=thread,
            comments=comments[thread.pk],
            left_out=thread.comment_count - max(1, len(comments[thread.pk])),
        )
        for thread in threads
    ]
