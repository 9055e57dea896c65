"""Working copies: editable trees beside immutable snapshots, with the history of what people did to them.

A tree is a row for each node, so that an edit reads and writes only the nodes that it concerns.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from materials.models import MaterialNode
from project.db.fields import UUIDModel
from structures.models.snapshots import StructureSnapshot
from tenants.models import Tenant


class CopyStatus(models.TextChoices):
    """Whether a working copy takes edits."""

    OPEN = "open"
    CLOSED = "closed"


class ReviewState(models.TextChoices):
    """How far a structure has come. A working copy is the first or the second, a snapshot any of them."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"


class WorkingCopyQuerySet(models.QuerySet["WorkingCopy"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class WorkingCopy(UUIDModel):
    """A structure that people edit. `revision` goes up with each change of it.

    `base` is the snapshot that it stands on: at first the one that it was made from, later those onto which it was
    rebased. `base_snapshot` names it also when the snapshot is gone, which takes nothing from the working copy.
    `undo_number` and `redo_number` are the history's records that an undo takes back and a redo does again.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="working_copies")
    base = models.ForeignKey(StructureSnapshot, on_delete=models.SET_NULL, null=True, related_name="+")
    base_snapshot = models.UUIDField()
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=CopyStatus.choices, default=CopyStatus.OPEN)
    review_state = models.CharField(
        max_length=10,
        choices=[(each.value, each.label) for each in (ReviewState.DRAFT, ReviewState.IN_REVIEW)],
        default=ReviewState.DRAFT,
        help_text="Whether colleagues are asked to look at it.",
    )
    revision = models.PositiveIntegerField(default=1)
    node_count = models.PositiveIntegerField(help_text="With the course itself.")
    undo_number = models.PositiveIntegerField(null=True)
    redo_number = models.PositiveIntegerField(null=True)
    created_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()

    objects = WorkingCopyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "name"], condition=Q(status="open"), name="working_copy_is_open_once_by_name"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="working_copy_has_a_name"),
        ]
        indexes = [models.Index(fields=["tenant", "node", "-created_at", "-id"], name="working_copy_newest_first")]

    def __str__(self) -> str:
        return f"{self.name} ({self.status}, revision {self.revision})"

    def change_review_state(self, state: ReviewState) -> None:
        """Store another state of a locked row. The revision goes up: another state is another version."""
        self.review_state, self.changed_at = state, timezone.now()
        self.revision += 1
        self.save()

    def find_last_step(self) -> int:
        """Return the number of the newest step of the tree; 1, the first revision, without any. One statement.

        The revision also goes up with what is no step of the tree, such as a review.
        """
        newest = self.records.order_by("-number").values_list("number", flat=True).first()
        return newest or 1


class WorkingNode(UUIDModel):
    """A node of a working copy as `structures.editing.tree_json` writes it, or why its key is retired."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    working_copy = models.ForeignKey(WorkingCopy, on_delete=models.CASCADE, related_name="nodes")
    key = models.UUIDField()
    # What `content` says of the parent, for walks up and down the tree.
    parent = models.UUIDField(null=True)
    content = models.JSONField(null=True)
    retirement = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["working_copy", "key"], name="working_node_key_is_unique"),
            models.CheckConstraint(
                condition=Q(content__isnull=True, retirement__isnull=False)
                | Q(content__isnull=False, retirement__isnull=True),
                name="working_node_is_there_or_retired",
            ),
        ]
        indexes = [models.Index(fields=["working_copy", "parent"], name="working_node_by_parent")]

    def __str__(self) -> str:
        return str(self.key)


class EditRecord(UUIDModel):
    """One step of a working copy: what was asked, by whom, why, and what it changed. A trigger refuses updates.

    `number` is the revision that the step made. `undoes` and `redoes` name the edit that it took back or did again.
    `below` is the record that an undo, after this edit was undone, takes back next; of an undo, the record that a redo,
    after this one was redone, does next. So neither has to read the history.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    working_copy = models.ForeignKey(WorkingCopy, on_delete=models.CASCADE, related_name="records")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, help_text="The operation, or `undo`, `redo`, `rebase`, `decide`.")
    arguments = models.JSONField(default=dict)
    change = models.JSONField(help_text="What `structures.editing.changes` writes: before and after.")
    change_size = models.PositiveIntegerField(help_text="Characters of the change as JSON.")
    undoes = models.PositiveIntegerField(null=True)
    redoes = models.PositiveIntegerField(null=True)
    below = models.PositiveIntegerField(null=True)
    # Values: keys and users may be deleted, the history stays.
    actor_kind = models.CharField(max_length=10, help_text="`key` or `user`.")
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["working_copy", "number"], name="edit_record_number_is_unique")]

    def __str__(self) -> str:
        return f"{self.number}: {self.kind}"


class EditConflictRow(UUIDModel):
    """A conflict of a rebase. It is open until the record `closed_by` decides it or another rebase takes its place.

    `is_hidden` while the rebase that found it is undone.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    working_copy = models.ForeignKey(WorkingCopy, on_delete=models.CASCADE, related_name="conflicts")
    position = models.PositiveIntegerField(help_text="In the order of the tree.")
    content = models.JSONField(help_text="What `structures.editing.conflicts` writes.")
    opened_by = models.PositiveIntegerField()
    closed_by = models.PositiveIntegerField(null=True)
    decision = models.CharField(max_length=10, blank=True, help_text="`mine`, `theirs`, or blank.")
    is_hidden = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["working_copy", "opened_by", "position"], name="conflict_position_is_unique"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
