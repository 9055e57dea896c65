"""What the page of a course shows, in a constant number of statements: materials, structures, working copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from materials.models import EntryState, MaterialEntry, MaterialNode
from materials.queries import Branch, get_tree
from structures.course_admin.outline import limit_indent
from structures.engines.base.drafts import NodeType
from structures.models import (
    EDITED_ENGINE,
    EditConflictRow,
    EditRecord,
    ReviewState,
    StructureNode,
    StructureSnapshot,
    WorkingCopy,
)
from structures.queries import list_snapshots
from structures.reviews.queries import SnapshotReview, find_publication, load_review, with_approvals
from structures.staleness.queries import StructureMark, find_structure_marks
from tenants.actors import Actor
from tenants.models import Tenant

# What a person scrolls through. What is beyond is counted, and the API has it.
MAX_NODES, MAX_ENTRIES, MAX_SECTIONS = 500, 2_000, 2_000
MAX_SNAPSHOTS, MAX_COPIES = 20, 50
_OUTLINE_TYPES = (NodeType.MODULE.value, NodeType.LESSON.value)
STATE_WORDS = {
    EntryState.RAW: "not read yet",
    EntryState.PENDING: "being read",
    EntryState.READY: "ready",
    EntryState.ERROR: "could not be read",
    EntryState.INTEGRITY_BROKEN: "stored file is damaged",
}


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """An entry in the tree of materials."""

    entry: MaterialEntry
    state: str
    is_bad: bool
    problem: str


@dataclass(frozen=True, kw_only=True)
class MaterialRow:
    """A node in the tree of materials. `structure` says whether its newest structure is up to date, if it has one."""

    node: MaterialNode
    depth: int
    entries: Sequence[EntryRow]
    structure: StructureMark | None

    @property
    def indent_level(self) -> int:
        return limit_indent(self.depth)


@dataclass(frozen=True, kw_only=True)
class SectionRow:
    """A module or lesson of a structure. `number` is its place, such as `1.2`."""

    title: str
    number: str
    depth: int
    is_module: bool

    @property
    def indent_level(self) -> int:
        return limit_indent(self.depth)


@dataclass(frozen=True, kw_only=True)
class SnapshotRow:
    """A snapshot in the list of a node's structures."""

    snapshot: StructureSnapshot
    origin: str
    previous: StructureSnapshot | None
    review: SnapshotReview

    @property
    def approved_by(self) -> str:
        return ", ".join(each.actor_name for each in self.review.approvals)

    def is_approved_by(self, actor: Actor) -> bool:
        """Tell whether the actor is one of those who approved."""
        return any((each.actor_kind, each.actor_id) == (actor.kind, actor.id) for each in self.review.approvals)


@dataclass(frozen=True, kw_only=True)
class ShownStructure:
    """A structure beside the materials: its modules and lessons. `left_out` says how many of them are not shown."""

    snapshot: StructureSnapshot
    state: str
    sections: Sequence[SectionRow]
    left_out: int


@dataclass(frozen=True, kw_only=True)
class CourseOverview:
    """All that the page of a course shows. The `left_out` say how many rows are not shown."""

    node: MaterialNode
    materials: Sequence[MaterialRow]
    left_out_nodes: int
    left_out_entries: int
    newest: ShownStructure | None
    published: ShownStructure | None
    is_stale: bool | None
    snapshots: Sequence[SnapshotRow]
    copies: Sequence[WorkingCopy]
    state_counts: Sequence[tuple[str, int]] = field(default_factory=tuple)


def list_courses(tenant: Tenant | None) -> QuerySet[MaterialNode]:
    """Return the courses of a tenant, of all tenants for None, by title, with how many structures each has."""
    rows = MaterialNode.objects.filter(parent=None) if tenant is None else _list_roots(tenant)
    counted = StructureSnapshot.objects.filter(node=OuterRef("pk")).order_by().values("node").annotate(n=Count("pk"))
    open_copies = (
        WorkingCopy.objects.filter(node=OuterRef("pk"), status="open").order_by().values("node").annotate(n=Count("pk"))
    )
    return (
        rows.select_related("tenant")
        .annotate(
            snapshot_count=Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0),
            copy_count=Coalesce(Subquery(open_copies.values("n"), output_field=IntegerField()), 0),
        )
        .order_by("title", "id")
    )


def load_course_overview(*, tenant: Tenant, node_id: UUID) -> CourseOverview:
    """Return what the page of a node shows. Eight statements. Raises NotFound."""
    tree = get_tree(tenant=tenant, node_id=node_id)
    marks = find_structure_marks(tenant=tenant, tree=tree, is_published_only=False)
    # The one before the last of the list is what the last is compared with.
    rows = with_approvals(list_snapshots(tenant=tenant, node_id=node_id).select_related("publication"))
    snapshots = describe_snapshots(list(rows[: MAX_SNAPSHOTS + 1]))
    publication = find_publication(tenant=tenant, node_id=node_id)
    shown = {each.snapshot.pk: each.snapshot for each in snapshots[:1]}
    if publication is not None:
        shown[publication.snapshot_id] = publication.snapshot
    outlines = _list_outlines(tenant, shown)
    materials, left_out_nodes, left_out_entries = _list_material_rows(tree, marks)
    return CourseOverview(
        node=tree.node,
        materials=materials,
        left_out_nodes=left_out_nodes,
        left_out_entries=left_out_entries,
        newest=_describe_structure(snapshots[0].snapshot, outlines, snapshots[0].review.state) if snapshots else None,
        published=None
        if publication is None
        else _describe_structure(publication.snapshot, outlines, ReviewState.PUBLISHED),
        is_stale=marks[node_id].is_stale if node_id in marks else None,
        snapshots=snapshots[:MAX_SNAPSHOTS],
        copies=list(_list_copies(tenant, node_id)[:MAX_COPIES]),
        state_counts=_count_states(tree),
    )


def describe_snapshots(snapshots: Sequence[StructureSnapshot]) -> list[SnapshotRow]:
    """Return snapshots, newest first, with how they came about and the one before each."""
    return [
        SnapshotRow(
            snapshot=each,
            origin="edited by people" if each.engine == EDITED_ENGINE else f"generated ({each.engine})",
            previous=snapshots[place + 1] if place + 1 < len(snapshots) else None,
            review=load_review(each),
        )
        for place, each in enumerate(snapshots)
    ]


def _list_roots(tenant: Tenant) -> QuerySet[MaterialNode]:
    return MaterialNode.objects.for_tenant(tenant).filter(parent=None)


def _list_copies(tenant: Tenant, node_id: UUID) -> QuerySet[WorkingCopy]:
    """Return the working copies of a node, open ones first, with who edited last and how much is to be decided."""
    steps = EditRecord.objects.filter(tenant=tenant, working_copy=OuterRef("pk")).order_by("-number")
    conflicts = (
        EditConflictRow.objects.filter(tenant=tenant, working_copy=OuterRef("pk"))
        .filter(closed_by__isnull=True, is_hidden=False)
        .order_by()
        .values("working_copy")
        .annotate(n=Count("pk"))
    )
    return (
        WorkingCopy.objects.for_tenant(tenant)
        .filter(node=node_id)
        .annotate(
            edited_by=Coalesce(Subquery(steps.values("actor_name")[:1]), "created_by"),
            conflict_count=Coalesce(Subquery(conflicts.values("n"), output_field=IntegerField()), 0),
        )
        .order_by("-status", "-changed_at", "-id")  # `open` is behind `closed`
    )


def _list_material_rows(tree: Branch, marks: dict[UUID, StructureMark]) -> tuple[list[MaterialRow], int, int]:
    rows: list[MaterialRow] = []
    shown = left_out_entries = left_out_nodes = 0
    for branch in tree.iter_branches():
        if len(rows) == MAX_NODES:
            left_out_nodes += 1
            left_out_entries += len(branch.entries)
            continue
        entries = branch.entries[: MAX_ENTRIES - shown]
        shown += len(entries)
        left_out_entries += len(branch.entries) - len(entries)
        rows.append(
            MaterialRow(
                node=branch.node,
                depth=branch.depth,
                entries=[_describe_entry(entry) for entry in entries],
                structure=marks.get(branch.node.pk),
            )
        )
    return rows, left_out_nodes, left_out_entries


def _describe_entry(entry: MaterialEntry) -> EntryRow:
    problem = entry.error
    return EntryRow(
        entry=entry,
        state=STATE_WORDS[entry.state],
        is_bad=entry.state in {EntryState.ERROR, EntryState.INTEGRITY_BROKEN},
        problem="" if problem is None else f"{problem.message} {problem.next_step}",
    )


def _count_states(tree: Branch) -> list[tuple[str, int]]:
    counts = dict.fromkeys(EntryState, 0)
    for branch in tree.iter_branches():
        for entry in branch.entries:
            counts[entry.state] += 1
    return [(STATE_WORDS[state], count) for state, count in counts.items() if count]


def _list_outlines(
    tenant: Tenant, snapshots: Mapping[UUID, StructureSnapshot]
) -> dict[UUID, tuple[list[SectionRow], int]]:
    """Return the modules and lessons of each snapshot, and how many are left out. One statement."""
    nodes = StructureNode.objects.filter(tenant=tenant, snapshot__in=list(snapshots), node_type__in=_OUTLINE_TYPES)
    columns: dict[UUID, list[tuple[UUID, UUID | None, str, str]]] = {pk: [] for pk in snapshots}
    rows = nodes.order_by("position").values_list("snapshot", "pk", "parent", "node_type", "title")
    for snapshot_id, pk, parent, node_type, title in rows:
        columns[snapshot_id].append((pk, parent, node_type, title))
    return {pk: _number_sections(each) for pk, each in columns.items()}


def _describe_structure(
    snapshot: StructureSnapshot, outlines: Mapping[UUID, tuple[list[SectionRow], int]], state: ReviewState
) -> ShownStructure:
    sections, left_out = outlines[snapshot.pk]
    return ShownStructure(snapshot=snapshot, state=state.label.lower(), sections=sections, left_out=left_out)


def _number_sections(columns: Iterable[tuple[UUID, UUID | None, str, str]]) -> tuple[list[SectionRow], int]:
    places: dict[UUID | None, tuple[str, int]] = {None: ("", -1)}
    counts: dict[UUID | None, int] = {}
    rows: list[SectionRow] = []
    left_out = 0
    for pk, parent, node_type, title in columns:
        prefix, depth = places[parent]
        counts[parent] = counts.get(parent, 0) + 1
        places[pk] = (f"{prefix}{counts[parent]}.", depth + 1)
        if len(rows) == MAX_SECTIONS:
            left_out += 1
            continue
        number = places[pk][0].rstrip(".")
        rows.append(
            SectionRow(title=title, number=number, depth=depth + 1, is_module=node_type == NodeType.MODULE.value)
        )
    return rows, left_out
