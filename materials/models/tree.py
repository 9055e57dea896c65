"""The material tree: a node is a folder, a node without a parent is a course."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from project.db.fields import UUIDModel
from tenants.models import Tenant


class MaterialNodeQuerySet(models.QuerySet["MaterialNode"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class MaterialNode(UUIDModel):
    """A folder of the material tree. A node without a parent is a course.

    `fingerprint` is blank when something below has changed since it was computed (materials.fingerprints).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    language = models.CharField(max_length=35, blank=True, help_text="BCP 47 tag of the materials, such as en or uk.")
    learning_goal = models.TextField(blank=True)
    expected_knowledge = ArrayField(models.TextField(), default=list, blank=True)
    expected_skills = ArrayField(models.TextField(), default=list, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    changed_since = models.DateTimeField(
        null=True, editable=False, help_text="Of a course: the first change that no event has told of yet."
    )
    changed_at = models.DateTimeField(null=True, editable=False, help_text="The last of those changes.")
    updated_at = models.DateTimeField(auto_now=True)

    # Levels below the node that was asked for. Only rows of `materials.queries.list_subtree` have it.
    depth: int

    objects = MaterialNodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "parent", "position"],
                name="node_position_is_unique_among_siblings",
                # Courses have no parent. To SQL two NULLs are distinct, and courses could share a position.
                nulls_distinct=False,
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="node_is_not_its_own_parent"),
            models.CheckConstraint(condition=~Q(title=""), name="node_has_a_title"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="node_newest_first"),
            models.Index(fields=["changed_since"], condition=Q(changed_since__isnull=False), name="node_changed"),
        ]

    def __str__(self) -> str:
        return self.title
