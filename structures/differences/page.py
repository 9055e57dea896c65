"""A difference as a page for people, grouped by module: values for its templates, and the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from structures.course_page.labels import FIELD_LABELS, format_minutes
from structures.course_page.rendering import build_frame
from structures.differences.paths import TreePaths, compute_paths
from structures.differences.queries import ComparedTree, StructureDifference
from structures.differences.words import GAP, render_words
from structures.editing.differences import EvidenceChange, FieldChange, NodeMove, write_field_text
from structures.editing.fields import FieldValue, Minutes
from structures.editing.references import TreeReference
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree
from structures.editing.words import WordChange, WordOperation
from structures.engines.base.drafts import NodeType
from structures.exports.html.labels import BASIS_NOTES
from structures.exports.languages import find_language
from structures.exports.markdown import format_reference_location

ADDED, REMOVED = WordOperation.ADDED, WordOperation.REMOVED
_DESCRIPTION_LABELS = {NodeType.CONCEPT: "Definition", NodeType.EXERCISE: "Task"}
_COUNT_WORDS = {
    "added": ("part added", "parts added"),
    "removed": ("part removed", "parts removed"),
    "moved": ("part moved", "parts moved"),
    "reordered": ("part in another order", "parts in another order"),
    "changed": ("field changed", "fields changed"),
    "evidence": ("part with other evidence", "parts with other evidence"),
}


@dataclass(frozen=True, kw_only=True)
class ComparedField:
    """A field with its label and its texts compared. `is_reworded` is false when only what it points at changed."""

    label: str
    html: SafeString
    is_reworded: bool = True


@dataclass(frozen=True, kw_only=True)
class ComparedEvidence:
    """A reference that a node gained or lost."""

    place: str
    path: str
    heading: str
    quote: str
    is_machine_written: bool


@dataclass(kw_only=True)
class ComparedNode:
    """A node with all that changed about it. `state` is `added`, `removed` or blank for one that both trees have.

    `moved_from` is the path where it stood, None when it stands below the same parent; `places` says from which place
    among its siblings to which it came, counted from 1.
    """

    key: UUID
    kind: str
    title: str
    path: Sequence[str]
    state: str = ""
    moved_from: Sequence[str] | None = None
    places: tuple[int, int] | None = None
    fields: list[ComparedField] = field(default_factory=list)
    gained: Sequence[ComparedEvidence] = ()
    lost: Sequence[ComparedEvidence] = ()


@dataclass(kw_only=True)
class DifferenceGroup:
    """The nodes of one module that changed. The first group may be the course itself."""

    number: int
    title: str
    is_course: bool
    nodes: list[ComparedNode] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return f"g{self.number}"


@dataclass(frozen=True, kw_only=True)
class DifferencePage:
    """All that the page of a difference shows."""

    title: str
    before: ComparedTree
    after: ComparedTree
    counts: Sequence[str]
    groups: Sequence[DifferenceGroup]
    language: str
    gap: str = GAP


def render_difference_page(page: DifferencePage) -> str:
    """Return the page: one file that needs no script."""
    # Labels are English, as the page says at its top; texts of the course say their own language.
    language = SafeString("" if page.language in {"", "en"} else f' lang="{page.language}"')
    context = {"page": page, "text_language": language}
    return render_to_string("differences/page.html", {**build_frame(is_file=True), **context})


def build_difference_page(compared: StructureDifference) -> DifferencePage:
    """Return what the page of a difference shows."""
    nodes = _PageNodes(compared)
    return DifferencePage(
        title=compared.after.tree.nodes[COURSE_KEY].title,
        before=compared.before,
        after=compared.after,
        counts=_describe_counts(compared.tree_difference.counts),
        groups=_group_nodes(compared, nodes),
        language=find_language(_list_texts(compared.after.tree)),
    )


class _PageNodes:
    """The nodes of a difference by key, each with all its changes."""

    def __init__(self, compared: StructureDifference) -> None:
        self.old_paths, self.paths = compute_paths(compared.before.tree), compute_paths(compared.after.tree)
        self.changed: dict[UUID, ComparedNode] = {}
        self.removed: dict[UUID, ComparedNode] = {}
        self._tree = compared.after.tree
        difference = compared.tree_difference
        for added in difference.added:
            self.changed[added.node.key] = _build_whole_node(added.node, self.paths, ADDED)
        for node in difference.removed:
            self.removed[node.key] = _build_whole_node(node, self.old_paths, REMOVED)
        for move in difference.moved:
            self._get(move.key).moved_from = self._describe_old_place(move, compared.before.tree)
        for move in difference.reordered:
            self._get(move.key).places = (move.position_before + 1, move.position + 1)
        for change in difference.changed:
            self._get(change.key).fields.append(_compare_field(change, self._tree.nodes[change.key]))
        for evidence in difference.evidence:
            self._set_evidence(evidence)

    def _get(self, key: UUID) -> ComparedNode:
        if key not in self.changed:
            self.changed[key] = _build_node(self._tree.nodes[key], self.paths)
        return self.changed[key]

    def _describe_old_place(self, move: NodeMove, before: KeyedTree) -> Sequence[str]:
        return self.old_paths.titles[move.key] or (before.nodes[COURSE_KEY].title,)

    def _set_evidence(self, change: EvidenceChange) -> None:
        node = self._get(change.key)
        node.gained, node.lost = _build_evidence(change.gained), _build_evidence(change.lost)


def _group_nodes(compared: StructureDifference, nodes: _PageNodes) -> list[DifferenceGroup]:
    """Return the changed nodes by module: those of the later tree in order, then modules that are gone.

    A removed node is with the nearest node above it that is still there, wherever that is now.
    """
    before, after = compared.before.tree, compared.after.tree
    members: dict[tuple[bool, UUID], list[ComparedNode]] = {}
    for node in after.iter_nodes():
        if node.key in nodes.changed:
            members.setdefault((False, nodes.paths.modules[node.key]), []).append(nodes.changed[node.key])
    homes: dict[UUID, UUID] = {}
    for node in before.iter_nodes():
        if node.key in after.nodes:
            homes[node.key] = node.key
        else:
            assert node.parent is not None
            homes[node.key] = home = homes[node.parent]
            is_gone = home == COURSE_KEY
            module = nodes.old_paths.modules[node.key] if is_gone else nodes.paths.modules[home]
            members.setdefault((is_gone, module), []).append(nodes.removed[node.key])
    order = {key: place for place, key in enumerate((COURSE_KEY, *after.nodes[COURSE_KEY].children))}
    places = sorted(members, key=lambda group: (group[0], order.get(group[1], 0)))
    return [
        DifferenceGroup(
            number=number,
            title=(before if is_gone else after).nodes[module].title,
            is_course=module == COURSE_KEY,
            nodes=members[is_gone, module],
        )
        for number, (is_gone, module) in enumerate(places, start=1)
    ]


def _build_node(node: KeyedNode, paths: TreePaths) -> ComparedNode:
    kind = "course" if node.node_type is None else node.node_type.value
    return ComparedNode(key=node.key, kind=kind, title=node.title, path=paths.titles[node.key])


def _build_whole_node(node: KeyedNode, paths: TreePaths, operation: WordOperation) -> ComparedNode:
    """Return a node that only one of the snapshots has, with all that it says."""
    built = _build_node(node, paths)
    built.state = operation.value
    built.fields = [
        ComparedField(label=_label_field(name, node), html=_mark_value(node.fields[name], operation))
        for name in node.field_kinds
        if name != "title" and name in node.fields
    ]
    evidence = _build_evidence(node.references)
    built.gained, built.lost = (evidence, ()) if operation is ADDED else ((), evidence)
    return built


def _compare_field(change: FieldChange, node: KeyedNode) -> ComparedField:
    label = _label_field(change.field, node)
    if change.words:
        is_reworded = any(word.operation is not WordOperation.SAME for word in change.words)
        return ComparedField(label=label, html=render_words(change.words), is_reworded=is_reworded)
    parts = ((REMOVED, change.before), (ADDED, change.after))
    html = " ".join(_mark_value(value, operation) for operation, value in parts if value is not None)
    return ComparedField(label=label, html=SafeString(html))


def _label_field(name: str, node: KeyedNode) -> str:
    if name == "description" and node.node_type in _DESCRIPTION_LABELS:
        return _DESCRIPTION_LABELS[node.node_type]
    if name == "prerequisites" and node.node_type is None:
        return FIELD_LABELS["required_knowledge"]
    return FIELD_LABELS[name]


def _mark_value(value: FieldValue, operation: WordOperation) -> SafeString:
    return render_words([WordChange(operation, _write_value(value))])


def _write_value(value: FieldValue) -> str:
    if isinstance(value, Minutes):
        note = BASIS_NOTES.get(value.basis, value.basis)
        return format_minutes(value.minutes) + (f" ({note})" if note else "")
    return f"{value} of 5" if isinstance(value, int) else write_field_text(value)


def _build_evidence(references: Iterable[TreeReference]) -> list[ComparedEvidence]:
    return [
        ComparedEvidence(
            place=format_reference_location(reference).removeprefix(
                reference.entry_path.removesuffix(reference.entry_name)
            ),
            path=reference.entry_path,
            heading=" › ".join(reference.locator.heading_path),
            quote=reference.quote,
            is_machine_written=reference.machine_written,
        )
        for reference in references
    ]


def _describe_counts(counts: Mapping[str, int]) -> list[str]:
    return [f"{count} {_COUNT_WORDS[name][count != 1]}" for name, count in counts.items() if count]


def _list_texts(tree: KeyedTree) -> Iterator[str]:
    """Yield the texts of a course, descriptions first: a language is found by whole sentences."""
    names = ("description", "learning_goal", "title")
    return chain.from_iterable((str(node.get_field(name)) for node in tree.iter_nodes()) for name in names)
