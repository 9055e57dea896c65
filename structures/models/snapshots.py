"""Snapshots, their structure nodes, the references that prove them, and links that show a snapshot to people.

A snapshot is a record of one generation and never changes: what it says of its sources is kept as values, not as
foreign keys, so that deleting or re-ingesting a source cannot rewrite history. A trigger of the database refuses
updates.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from materials.contents import decode_words_place, encode_words_place
from materials.documents import Locator
from materials.models import LocatorMixin, MaterialNode, get_locator_columns, read_locator
from project.db.fields import UUIDModel, new_id
from project.jobs.models import Job
from structures.engines.base.drafts import Basis, NodeType
from tenants.models import Tenant

EDITED_ENGINE = "edited"
"""The engine of snapshots that people made by approving a working copy."""
EDITED_BASIS = "edited"
"""The basis of minutes that a person set."""


class StructureSnapshotQuerySet(models.QuerySet["StructureSnapshot"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def filter_published(self) -> Self:
        """Return the snapshots that readers may see."""
        return self.filter(publication__isnull=False)


class StructureSnapshot(UUIDModel):
    """One generation's result for one node.

    The same node, fingerprint, engine and options give the same snapshot: a unique constraint holds it.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="snapshots")
    # No foreign key, here and in Reference: what it names may be deleted, and the snapshot must not change with it.
    job_id = models.UUIDField(null=True)
    fingerprint = models.CharField(max_length=64)
    sources_digest = models.CharField(
        max_length=64,
        blank=True,
        help_text="Of the contents of all sources, whatever their names and order; blank where they are not known.",
    )
    engine = models.CharField(max_length=30)
    engine_version = models.CharField(max_length=30)
    options = models.JSONField(default=dict)
    # The unique constraint compares this: equal options can be different JSON texts.
    options_digest = models.CharField(max_length=64)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    learning_goal = models.TextField(blank=True)
    expected_knowledge = models.JSONField(default=list, blank=True, help_text="Each with a summary and details.")
    expected_skills = models.JSONField(default=list, blank=True, help_text="Each with a summary and details.")
    prerequisites = ArrayField(models.TextField(), default=list, blank=True)
    counts = models.JSONField(default=dict, help_text="How many structure nodes of each type.")
    grounding = models.JSONField(default=dict, help_text="How many citations were made, hold, and were dropped.")
    quality = models.JSONField(
        default=dict, blank=True, help_text="The counts of `QualityReport`; empty for snapshots that are older than it."
    )
    warnings = ArrayField(models.TextField(), default=list, blank=True)
    provenance = models.JSONField(
        default=dict,
        blank=True,
        help_text="Which models were asked with which prompts, how often, and the cost; in `arrangement`, how the "
        "engine arranged the materials; in `edited`, from which snapshot and by whom an edited one is.",
    )
    edits = models.JSONField(
        default=dict,
        blank=True,
        help_text="Of an edited snapshot the locks and retired keys, with which the next working copy begins.",
    )

    objects = StructureSnapshotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "fingerprint", "engine", "engine_version", "options_digest"],
                name="snapshot_is_one_per_content_and_options",
            )
        ]
        indexes = [models.Index(fields=["tenant", "node", "-created_at", "-id"], name="snapshot_newest_first")]

    def __str__(self) -> str:
        return f"{self.title} ({self.engine}, {self.created_at:%Y-%m-%d %H:%M})"


class SnapshotSource(UUIDModel):
    """An entry that a snapshot was made from, as it was then. Snapshots that are older than this table have none."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    snapshot = models.ForeignKey(StructureSnapshot, on_delete=models.CASCADE, related_name="sources")
    entry_id = models.UUIDField()
    name = models.CharField(max_length=500)
    path = models.TextField(help_text="The entry's name behind the titles of the nodes below the course.")
    fingerprint = models.CharField(max_length=64)
    raw_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "entry_id"], name="source_is_once_in_snapshot")]

    def __str__(self) -> str:
        return self.path


class CachedAnswer(UUIDModel):
    """A model's answer to one question of a generation.

    The digest is of all that was asked, so that whoever asks the same again, in a generation that is tried again or
    after a change elsewhere in the course, does not pay twice. `node` is the one whose generation used it last; with
    that node the answer goes, because it quotes its materials.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, help_text="Of everything that was asked.")
    model = models.CharField(max_length=100)
    answer = models.TextField()
    used_at = models.DateTimeField(default=timezone.now, help_text="When a generation used it last.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "digest"], name="answer_is_kept_once")]
        indexes = [models.Index(fields=["used_at"], name="answer_longest_unused")]

    def __str__(self) -> str:
        return f"{self.node_id}: {self.digest[:12]}"


class StepState(models.TextChoices):
    """How far a lesson of a generation is."""

    WAITING = "waiting"
    WRITTEN = "written"
    FAILED = "failed"


class GenerationStep(UUIDModel):
    """A module or lesson of a generation that is not complete, with what has been written of it so far."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField(help_text="Order in a walk of the whole tree, parents first.")
    key = models.UUIDField()
    parent = models.UUIDField(null=True, help_text="The key of the module around it.")
    node_type = models.CharField(max_length=20, choices=[(t.value, t.value) for t in NodeType])
    title = models.TextField()
    state = models.CharField(max_length=10, choices=StepState, blank=True, help_text="Blank for modules.")
    content = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="step_is_once_in_job")]
        indexes = [models.Index(fields=["job", "position"], name="steps_in_order")]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"


class StructureNode(UUIDModel):
    """One module, lesson, concept or exercise of a snapshot.

    `key` says which node of the course this is: it is the same in the next snapshot of the same material node, and
    never given to another one (`structures.keys`).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    snapshot = models.ForeignKey(StructureSnapshot, on_delete=models.CASCADE, related_name="nodes")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    key = models.UUIDField(default=new_id, editable=False)
    # One order for the whole snapshot, so that a sorted read needs no recursion.
    position = models.PositiveIntegerField(help_text="Order in a walk of the whole tree, parents first.")
    node_type = models.CharField(max_length=20, choices=[(t.value, t.value) for t in NodeType])
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    learning_goal = models.TextField(blank=True, help_text="One goal a line.")
    difficulty = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 for beginners to 5 for experts.")
    estimated_minutes = models.PositiveIntegerField(null=True, blank=True)
    minutes_basis = models.CharField(
        max_length=10,
        blank=True,
        choices=[*((b.value, b.value) for b in Basis), (EDITED_BASIS, EDITED_BASIS)],
        help_text="Where the minutes come from; blank without minutes.",
    )
    key_points = ArrayField(models.TextField(), default=list, blank=True)
    questions = ArrayField(models.TextField(), default=list, blank=True, help_text="What the node answers.")
    topics = ArrayField(models.TextField(), default=list, blank=True, help_text="The headings of a lesson's materials.")
    required_knowledge = ArrayField(
        models.TextField(), default=list, blank=True, help_text="The prerequisites that the materials state."
    )
    # Values and not rows of their own: they are read with the node alone, and nothing is looked up by them.
    prerequisites = models.JSONField(
        default=list,
        blank=True,
        help_text="Terms that an earlier lesson defines and this one uses: `term`, the id of that `lesson`, and where "
        "both stand (`definition`, `use`).",
    )
    examples = ArrayField(models.TextField(), default=list, blank=True)
    reference_solution = models.TextField(blank=True)
    grading_criteria = ArrayField(models.TextField(), default=list, blank=True)
    unproved = models.JSONField(
        default=list,
        blank=True,
        help_text="Parts of texts that a model wrote and that the cited passages do not prove: `field`, `item` of a "
        "list, `start`, `end`, `kind` and the `text`.",
    )
    arranged_by = models.TextField(
        blank=True, help_text="What a module's place and lessons follow, such as `SUMMARY.md` or `folders`."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(difficulty__isnull=True) | Q(difficulty__gte=1, difficulty__lte=5),
                name="structure_node_difficulty_is_1_to_5",
            ),
            models.UniqueConstraint(fields=["snapshot", "position"], name="structure_node_position_is_unique"),
            models.UniqueConstraint(fields=["snapshot", "key"], name="structure_node_key_is_unique"),
            models.CheckConstraint(condition=~Q(title=""), name="structure_node_has_a_title"),
        ]

    def __str__(self) -> str:
        return f"{self.node_type} {self.title}"


class Reference(LocatorMixin, UUIDModel):
    """A structure node's evidence: the quote stood in this chunk of this entry when the snapshot was made."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    snapshot = models.ForeignKey(StructureSnapshot, on_delete=models.CASCADE, related_name="references")
    structure_node = models.ForeignKey(StructureNode, on_delete=models.CASCADE, related_name="references")
    position = models.PositiveIntegerField()
    entry_id = models.UUIDField()
    entry_name = models.CharField(max_length=500)
    entry_path = models.TextField(help_text="The entry's name behind the titles of the nodes below the course.")
    entry_fingerprint = models.CharField(max_length=64)
    chunk_id = models.UUIDField()
    chunk_digest = models.CharField(
        max_length=32, blank=True, help_text="Of the chunk's text; blank for references that are older than it."
    )
    quote = models.TextField()
    machine_written = models.BooleanField(
        default=False, help_text="The quote is what a model read off a picture or said of one, not the author's text."
    )
    words = models.JSONField(
        null=True, blank=True, help_text="Where the quoted words themselves stand (`WordsPlace`), where it is known."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["structure_node", "position"], name="reference_position_is_unique"),
            models.CheckConstraint(condition=~Q(quote=""), name="reference_has_a_quote"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_name}: {self.quote[:50]}"

    @property
    def locator(self) -> Locator:
        return read_reference_locator(self)


def read_reference_locator(row: Any) -> Locator:
    """Return the locator of a row of references, be it a model or a tuple with names."""
    locator = read_locator(row)
    return locator if row.words is None else replace(locator, words=decode_words_place(row.words))


def get_reference_locator_columns(locator: Locator) -> dict[str, Any]:
    """Return the values of the columns of a reference that hold its locator."""
    words = None if locator.words is None else encode_words_place(locator.words)
    return {**get_locator_columns(locator), "words": words}


class SharedLinkQuerySet(models.QuerySet["SharedLink"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class SharedLink(UUIDModel):
    """A link that shows a course page to whoever has it, until it expires or is revoked.

    It shows one snapshot, or, without one, what is published of its node at the time. Only the SHA-256 of its token is
    kept; `prefix` is what may be shown of it.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="shared_links")
    snapshot = models.ForeignKey(StructureSnapshot, on_delete=models.CASCADE, null=True, related_name="shared_links")
    label = models.CharField(max_length=100, blank=True, help_text="Whom the link was given to.")
    prefix = models.CharField(max_length=20, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # a SHA-256 as 64 hexadecimal digits
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SharedLinkQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "snapshot", "-created_at", "-id"], name="shared_link_newest_first"),
            models.Index(fields=["tenant", "node", "-created_at", "-id"], name="shared_link_of_node"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.label})"

    def get_state(self, now: datetime) -> str:
        """Return `active`, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "active"
