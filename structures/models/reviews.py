"""Who reviewed what: the steps of reviews, what is published of a node, and comments on nodes of a structure."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from materials.models import MaterialNode
from project.db.fields import UUIDModel
from structures.models.snapshots import StructureSnapshot
from structures.models.working_copies import WorkingCopy
from tenants.actors import Actor
from tenants.models import Tenant


class ReviewAction(models.TextChoices):
    """What somebody did in a review."""

    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"


class ReviewEvent(UUIDModel):
    """One step of a review: who did what, when and why. A trigger refuses updates.

    `submitted` and `withdrawn` are of a working copy, `approved` and `published` of a snapshot, `unpublished` of what
    was current then.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="review_events")
    working_copy = models.ForeignKey(WorkingCopy, on_delete=models.CASCADE, null=True, related_name="review_events")
    snapshot = models.ForeignKey(StructureSnapshot, on_delete=models.CASCADE, null=True, related_name="review_events")
    action = models.CharField(max_length=20, choices=ReviewAction.choices)
    # Values: keys and users may be deleted, the trail stays.
    actor_kind = models.CharField(max_length=10, help_text="`key` or `user`.")
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "actor_kind", "actor_id"],
                condition=Q(action="approved"),
                name="approval_is_once_by_actor",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "node", "-created_at", "-id"], name="review_event_newest_first"),
            models.Index(fields=["snapshot", "action"], name="review_event_by_snapshot"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name}"

    def get_actor(self) -> Actor:
        """Return who did it."""
        return Actor(kind=self.actor_kind, id=self.actor_id, name=self.actor_name)


class Publication(UUIDModel):
    """A snapshot that readers may see. The current one of its node is what they get by default.

    Earlier ones stay readable by their ids, so that a page that is open goes on to work, until the node is unpublished.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="publications")
    snapshot = models.OneToOneField(StructureSnapshot, on_delete=models.CASCADE, related_name="publication")
    is_current = models.BooleanField(default=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node"], condition=Q(is_current=True), name="publication_is_current_once")
        ]

    def __str__(self) -> str:
        return f"{self.snapshot_id} ({'current' if self.is_current else 'earlier'})"


class CommentThreadQuerySet(models.QuerySet["CommentThread"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class CommentThread(UUIDModel):
    """A conversation about one node of a course's structure, until somebody resolves it.

    It hangs on the node's key, which is the same in later snapshots. Where it began is kept as values: the snapshot or
    the working copy may be gone.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="comment_threads")
    key = models.UUIDField()
    title = models.CharField(max_length=500, help_text="Of the structure node when the thread began.")
    snapshot_id = models.UUIDField(null=True)
    working_copy_id = models.UUIDField(null=True)
    comment_count = models.PositiveIntegerField(default=0)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=200, blank=True)

    objects = CommentThreadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(snapshot_id__isnull=True) ^ Q(working_copy_id__isnull=True),
                name="comment_thread_began_in_one_place",
            )
        ]
        indexes = [models.Index(fields=["tenant", "node", "-created_at", "-id"], name="comment_thread_newest_first")]

    def __str__(self) -> str:
        return f"{self.title} ({'resolved' if self.resolved_at else 'open'})"


class Comment(UUIDModel):
    """What one person said in a thread. A trigger refuses updates."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    thread = models.ForeignKey(CommentThread, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["thread", "created_at", "id"], name="comment_oldest_first")]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.text[:50]}"

    def get_actor(self) -> Actor:
        """Return who said it."""
        return Actor(kind=self.actor_kind, id=self.actor_id, name=self.actor_name)
