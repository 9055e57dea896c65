"""Services that create, correct, accept, reject and delete mappings of slides to videos.

Each holds the tree lock and clears the fingerprints of the nodes whose evidence may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials.errors import MappingExists, MappingRefused
from materials.fingerprints import clear_fingerprints
from materials.locks import lock_tree
from materials.mappings import validation
from materials.mappings.queries import get_mapping
from materials.mappings.validation import MappingProblem
from materials.models import MappingState, MaterialEntry, SlideVideoMapping
from materials.queries import get_node, select_node_ids_below
from project.db.fields import new_id
from project.http.preconditions import CheckVersion, accept_any_version
from tenants.models import Tenant

# Bounds the SQL text of one INSERT. Nothing depends on the exact number.
_COPY_BATCH = 1000
_ClaimKey = tuple[UUID, int, UUID, int]


@dataclass(frozen=True, kw_only=True)
class MappingClaim:
    """One item of a batch: `slide` of `presentation` is shown in `video` from `start_ms` to `end_ms`."""

    index: int
    presentation: UUID
    slide: int
    video: UUID
    start_ms: int
    end_ms: int

    @property
    def key(self) -> _ClaimKey:
        """Return the columns of the unique constraint: two claims with the same key are one mapping."""
        # Without the end: a claim that only ends at another time corrects the one that is there.
        return (self.presentation, self.slide, self.video, self.start_ms)


@dataclass(frozen=True, kw_only=True)
class SkippedMapping:
    """An item whose key an accepted mapping has, or an earlier item of the same batch (`repeated`)."""

    index: int
    mapping: SlideVideoMapping
    repeated: bool


@dataclass(kw_only=True)
class MappingBatchResult:
    """What became of a batch, by index. An item with several problems is rejected once for each."""

    created: list[tuple[int, SlideVideoMapping]] = field(default_factory=list)
    skipped: list[SkippedMapping] = field(default_factory=list)
    rejected: list[tuple[int, MappingProblem]] = field(default_factory=list)


@transaction.atomic
def create_mappings(*, tenant: Tenant, node_id: UUID, claims: Sequence[MappingClaim]) -> MappingBatchResult:
    """Store claims as accepted mappings. Claims that cannot be true are rejected one by one and do not affect others.

    Both entries must be below the node. A claim whose entries are not ready yet is stored, too. A claim that an
    accepted mapping or an earlier item makes is skipped; a mapping that was proposed or rejected is accepted with the
    new end. Takes a constant number of statements. Raises NotFound for an unknown node.
    """
    lock_tree(tenant)
    get_node(tenant=tenant, node_id=node_id)
    entries = _get_claimed_entries(tenant, claims)
    inside = _find_entry_ids_below(tenant, node_id, entries)
    known = _find_stored_mappings(tenant, claims)
    result = MappingBatchResult()
    stored_by_key: dict[_ClaimKey, SlideVideoMapping] = {}
    created: list[SlideVideoMapping] = []
    updated: list[SlideVideoMapping] = []
    for claim in claims:
        problems = list(_find_placement_problems(claim, entries, inside))
        problems = problems or list(validation.validate_mapping(_build_mapping(claim, entries)).problems)
        if problems:
            result.rejected.extend((claim.index, problem) for problem in problems)
            continue
        before = known.get(claim.key)
        mapping = stored_by_key.get(claim.key) or before or SlideVideoMapping(id=new_id(), tenant=tenant)
        if claim.key in stored_by_key or (before is not None and before.state == MappingState.ACCEPTED):
            result.skipped.append(
                SkippedMapping(index=claim.index, mapping=mapping, repeated=claim.key in stored_by_key)
            )
            continue
        _apply_claim(mapping, _build_mapping(claim, entries))
        (created if before is None else updated).append(mapping)
        stored_by_key[claim.key] = mapping
        result.created.append((claim.index, mapping))
    SlideVideoMapping.objects.bulk_create(created)
    SlideVideoMapping.objects.bulk_update(updated, ["end_ms", "confidence", "state", "decided_at", "updated_at"])
    _clear_node_fingerprints(*created, *updated)
    return result


@transaction.atomic
def update_mapping(
    *,
    tenant: Tenant,
    mapping_id: UUID,
    changes: Mapping[str, int],
    check_version: CheckVersion = accept_any_version,
) -> SlideVideoMapping:
    """Correct a mapping's slide or times and accept it.

    A proposal with the same slide, video and start is deleted. Raises NotFound, what `check_version` does,
    MappingRefused when the slide or the times are not valid, and MappingExists when a mapping that was accepted or
    rejected has the same key.
    """
    lock_tree(tenant)
    mapping = get_mapping(tenant=tenant, mapping_id=mapping_id)
    check_version(mapping)
    if not changes:
        return mapping
    for name, value in changes.items():
        setattr(mapping, name, value)
    if problems := validation.validate_mapping(mapping).problems:
        raise _build_mapping_error(problems)
    same = SlideVideoMapping.objects.for_tenant(tenant).filter(
        presentation=mapping.presentation_id, slide=mapping.slide, video=mapping.video_id, start_ms=mapping.start_ms
    )
    others = same.exclude(pk=mapping.pk)
    if (other := others.exclude(state=MappingState.PROPOSED).first()) is not None:
        raise MappingExists(
            f"Mapping {other.pk} says of the same slide that it is shown from the same time on.",
            extra={"mapping": str(other.pk)},
        )
    others.delete()
    _mark_accepted(mapping)
    mapping.save(update_fields=[*changes, "confidence", "state", "decided_at", "updated_at"])
    _clear_node_fingerprints(mapping)
    return mapping


@transaction.atomic
def decide_mapping(*, tenant: Tenant, mapping_id: UUID, state: MappingState) -> SlideVideoMapping:
    """Accept or reject a mapping; the last decision counts. Raises NotFound."""
    lock_tree(tenant)
    mapping = get_mapping(tenant=tenant, mapping_id=mapping_id)
    if mapping.state != state:
        mapping.state, mapping.decided_at = state, timezone.now()
        mapping.save(update_fields=["state", "decided_at", "updated_at"])
        _clear_node_fingerprints(mapping)
    return mapping


@transaction.atomic
def delete_mapping(*, tenant: Tenant, mapping_id: UUID, check_version: CheckVersion = accept_any_version) -> None:
    """Delete a mapping. Unlike one that was rejected, it may be proposed again.

    Raises NotFound and what `check_version` does.
    """
    lock_tree(tenant)
    mapping = get_mapping(tenant=tenant, mapping_id=mapping_id)
    check_version(mapping)
    mapping.delete()
    _clear_node_fingerprints(mapping)


def copy_mappings(*, tenant: Tenant, entries: Mapping[UUID, UUID]) -> None:
    """Copy the mappings between copied entries, given each entry's copy, in the caller's transaction."""
    rows = list(SlideVideoMapping.objects.for_tenant(tenant).filter(presentation__in=entries, video__in=entries))
    for row in rows:
        row.pk = new_id()
        row.presentation_id, row.video_id = entries[row.presentation_id], entries[row.video_id]
    SlideVideoMapping.objects.bulk_create(rows, batch_size=_COPY_BATCH)


def _get_claimed_entries(tenant: Tenant, claims: Sequence[MappingClaim]) -> dict[UUID, MaterialEntry]:
    named = {pk for claim in claims for pk in (claim.presentation, claim.video)}
    return MaterialEntry.objects.for_tenant(tenant).with_job().in_bulk(named)


def _find_entry_ids_below(tenant: Tenant, node_id: UUID, entries: Mapping[UUID, MaterialEntry]) -> set[UUID]:
    rows = MaterialEntry.objects.for_tenant(tenant).filter(
        pk__in=list(entries), node__in=select_node_ids_below(tenant=tenant, node_id=node_id)
    )
    return set(rows.values_list("pk", flat=True))


def _find_stored_mappings(tenant: Tenant, claims: Sequence[MappingClaim]) -> dict[_ClaimKey, SlideVideoMapping]:
    """Return stored mappings by their key, those of all claims among them. One statement."""
    # Four IN conditions find every combination of their values, so more than the claims' own; looking up by key sorts
    # them out. An OR over hundreds of claims would be a far longer statement.
    rows = SlideVideoMapping.objects.for_tenant(tenant).filter(
        presentation__in={claim.presentation for claim in claims},
        video__in={claim.video for claim in claims},
        slide__in={claim.slide for claim in claims},
        start_ms__in={claim.start_ms for claim in claims},
    )
    return {(row.presentation_id, row.slide, row.video_id, row.start_ms): row for row in rows}


def _find_placement_problems(
    claim: MappingClaim, entries: Mapping[UUID, MaterialEntry], inside: set[UUID]
) -> Iterator[MappingProblem]:
    for name in validation.ENTRY_FIELDS:
        pk: UUID = getattr(claim, name)
        if pk not in entries:
            yield MappingProblem(field=name, reason="not_found", hint=f"There is no entry {pk}. Check the id.")
        elif pk not in inside:
            yield MappingProblem(
                field=name,
                reason="not_below_node",
                hint=f"{entries[pk].name} does not stand below this node. Send the item to a node above both entries.",
            )


def _build_mapping(claim: MappingClaim, entries: Mapping[UUID, MaterialEntry]) -> SlideVideoMapping:
    return SlideVideoMapping(
        presentation=entries[claim.presentation],
        slide=claim.slide,
        video=entries[claim.video],
        start_ms=claim.start_ms,
        end_ms=claim.end_ms,
    )


def _apply_claim(mapping: SlideVideoMapping, claimed: SlideVideoMapping) -> None:
    mapping.presentation, mapping.slide, mapping.video = claimed.presentation, claimed.slide, claimed.video
    mapping.start_ms, mapping.end_ms = claimed.start_ms, claimed.end_ms
    _mark_accepted(mapping)


def _mark_accepted(mapping: SlideVideoMapping) -> None:
    """Mark a mapping as accepted by a person, unsaved. Its confidence was the proposal's and is cleared."""
    # `updated_at` by hand: bulk_update does not call the field's `auto_now`.
    now = timezone.now()
    mapping.state, mapping.confidence = MappingState.ACCEPTED, None
    mapping.decided_at = mapping.updated_at = now


def _build_mapping_error(problems: Sequence[MappingProblem]) -> MappingRefused:
    errors: list[dict[str, Any]] = [
        {"pointer": f"/{problem.field}", "code": problem.reason, "detail": problem.hint} for problem in problems
    ]
    return MappingRefused("The mapping cannot be so.", extra={"errors": errors})


def _clear_node_fingerprints(*mappings: SlideVideoMapping) -> None:
    nodes = {entry.node_id for mapping in mappings for entry in (mapping.presentation, mapping.video)}
    if nodes:
        clear_fingerprints(*nodes)
