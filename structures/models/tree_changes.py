"""Structures that the material tree was made to follow, and which material node a module or lesson has since."""

from __future__ import annotations

from typing import Self

from django.db import models

from materials.models import MaterialNode
from project.db.fields import UUIDModel
from tenants.actors import Actor
from tenants.models import Tenant


class TreeChangeState(models.TextChoices):
    """What has become of a change of the tree. The first two are never stored."""

    PLANNED = "planned"
    UNCHANGED = "unchanged"
    APPLIED = "applied"
    UNDONE = "undone"


class TreeChangeQuerySet(models.QuerySet["TreeChange"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class TreeChange(UUIDModel):
    """One application of a snapshot to the material tree below `node`.

    `changes` is what `structures.tree_changes.undoing` needs: created nodes, titles, and lists of children and entries,
    before and after. `report` tells people what was done.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="tree_changes")
    # A value: the snapshot may be deleted, and the change can still be undone.
    snapshot_id = models.UUIDField()
    counts = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    # Values: keys and users may be deleted, the change stays.
    actor_kind = models.CharField(max_length=10, help_text="`key` or `user`.")
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=200, blank=True)

    objects = TreeChangeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "node", "-created_at", "-id"], name="tree_change_newest_first")]

    def __str__(self) -> str:
        return f"{self.snapshot_id} ({self.state})"

    @property
    def state(self) -> TreeChangeState:
        """Return what has become of it; of a row that is not stored, whether it would change anything."""
        if self._state.adding:
            return TreeChangeState.PLANNED if self.report["operations"] else TreeChangeState.UNCHANGED
        return TreeChangeState.APPLIED if self.undone_at is None else TreeChangeState.UNDONE

    def get_actor(self) -> Actor:
        """Return who applied the snapshot."""
        return Actor(kind=self.actor_kind, id=self.actor_id, name=self.actor_name)


class AppliedNode(UUIDModel):
    """The material node of a module or lesson of the structures of `node`, since `change`."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="applied_nodes")
    key = models.UUIDField()
    material_node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="+")
    change = models.ForeignKey(TreeChange, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "key"], name="applied_key_is_once_in_node")]

    def __str__(self) -> str:
        return f"{self.key}: {self.material_node_id}"
