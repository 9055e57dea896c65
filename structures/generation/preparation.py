"""From the options of a generation to what its engine is asked: materials, outline and instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from materials.models import MaterialNode
from structures.engines.base.outlines import Outline
from structures.engines.base.requests import EngineRequest
from structures.errors import NothingLeft
from structures.generation.exclusion import Exclusion, exclude_materials
from structures.generation.guided import build_guided_outline, check_guided_tree
from structures.generation.options import GenerationOptions, Mode, Verification
from structures.generation.queries import GenerationSources
from structures.generation.stored_outlines import StoredOutline, check_refined_node, get_outline_snapshot
from structures.tree_changes.queries import load_applied_keys
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class PreparedRequest:
    """What an engine is asked, and what is needed to store its answer.

    `fixed_keys` are those of the outline's nodes that the result must have.
    """

    request: EngineRequest
    exclusion: Exclusion
    stored_outline: StoredOutline | None = None
    fixed_keys: frozenset[UUID] = frozenset()


def check_outline_options(*, tenant: Tenant, subtree: Sequence[MaterialNode], options: GenerationOptions) -> None:
    """Raise what `prepare_request` would raise for the outline that is to be kept. `subtree` has its root first."""
    if options.mode is Mode.GUIDED:
        root = subtree[0].pk
        check_guided_tree(sum(node.parent_id == root for node in subtree), len(subtree) - 1)
    if options.outline is not None:
        snapshot = get_outline_snapshot(tenant=tenant, node_id=subtree[0].pk, snapshot_id=options.outline)
        if options.refinement is not None:
            check_refined_node(snapshot, options.refinement.key)


def prepare_request(
    *, tenant: Tenant, node_id: UUID, sources: GenerationSources, options: GenerationOptions
) -> PreparedRequest:
    """Return what the engine is asked.

    Raises NothingLeft, TreeNotHeld, OutlineGone, OutlineOfAnotherNode, OutlineWithoutLessons, and LimitExceeded for an
    outline that is too large.
    """
    exclusion = exclude_materials(sources.root, options.instructions.leave_out)
    entries = [entry for node in exclusion.root.iter_nodes() for entry in node.entries]
    if sources.entries and not any(entry.chunks for entry in entries) and (exclusion.entries or exclusion.sections):
        raise NothingLeft("What the request leaves out is all that there is.")
    stored: StoredOutline | None = None
    outline: Outline | None = None
    if options.mode is Mode.GUIDED:
        outline = build_guided_outline(exclusion.root, load_applied_keys(tenant=tenant, node_id=node_id))
    elif options.outline is not None:
        snapshot = get_outline_snapshot(tenant=tenant, node_id=node_id, snapshot_id=options.outline)
        refined = None if options.refinement is None else options.refinement.key
        stored = StoredOutline(snapshot, refined=refined)
        outline = stored.build_outline(exclusion.root, entries, sources.fingerprints, sources.paths)
    return PreparedRequest(
        request=EngineRequest(
            source=exclusion.root,
            outline=outline,
            instructions=options.instructions,
            stops_after_outline=options.stop_after is not None,
            keeps_partial=options.keeps_partial,
            refinement="" if options.refinement is None else options.refinement.instruction,
            is_judged=options.verify is Verification.MODEL,
        ),
        exclusion=exclusion,
        stored_outline=stored,
        fixed_keys=frozenset(stored.tree.nodes) if stored is not None else frozenset(),
    )
