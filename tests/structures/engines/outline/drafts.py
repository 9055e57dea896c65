"""What tests ask of the structures that the outline engine makes."""

from __future__ import annotations

from uuid import UUID

from materials.documents import Format
from structures.engines.base.drafts import Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.outline.engine import build_outline
from tests.structures.trees import Files, tree


def build(files: Files, title: str = "Course") -> Draft:
    """Return the structure of a course of these files."""
    return build_outline(tree(title, files))


def outline(draft: Draft) -> list[str]:
    """Return modules and lessons as one line each, indented by two spaces a level."""
    lines: list[str] = []

    def add(node: DraftNode, depth: int) -> None:
        if node.node_type in {NodeType.MODULE, NodeType.LESSON}:
            lines.append("  " * depth + node.title)
            for child in node.children:
                add(child, depth + 1)

    for module in draft.modules:
        add(module, 0)
    return lines


def outline_of(files: Files, title: str = "Course") -> list[str]:
    """Return the modules and lessons of a course of these files; see `outline`."""
    return outline(build(files, title))


def nodes_of(draft: Draft, node_type: NodeType) -> list[DraftNode]:
    """Return the nodes of a type, in order."""
    return [node for module in draft.modules for node in module.iter_nodes() if node.node_type is node_type]


def titles_of(draft: Draft, node_type: NodeType) -> list[str]:
    """Return the titles of the nodes of a type, in order."""
    return [node.title for node in nodes_of(draft, node_type)]


def list_entries(root: SourceNode, folder: str = "") -> list[tuple[str, SourceEntry]]:
    """Return the entries of a tree with their paths below the course."""
    found = [(folder + entry.name, entry) for entry in root.entries]
    for child in root.children:
        found += list_entries(child, f"{folder}{child.title}/")
    return found


def list_files_by_lesson(files: Files, title: str = "Course") -> dict[str, list[str]]:
    """Return the paths of the files that each lesson and the nodes inside it cite, in the order of the materials."""
    root = tree(title, files)
    entries = list_entries(root)
    owners = {chunk.id: path for path, entry in entries for chunk in entry.chunks}
    found: dict[str, list[str]] = {}
    for lesson in nodes_of(build_outline(root), NodeType.LESSON):
        cited = {owners[chunk_id] for chunk_id in _list_cited(lesson)}
        found[lesson.title] = [path for path, _ in entries if path in cited]
    return found


def list_unmentioned(root: SourceNode) -> list[str]:
    """Return the paths of entries that no node of the structure cites and no warning names.

    Tables of contents have no text to cite.
    """
    draft = build_outline(root)
    cited = {chunk_id for module in draft.modules for chunk_id in _list_cited(module)}
    said = "\n".join(draft.warnings)
    return [
        path
        for path, entry in list_entries(root)
        if entry.format is not Format.CONTENTS
        and path not in said
        and not any(chunk.id in cited for chunk in entry.chunks)
    ]


def _list_cited(node: DraftNode) -> set[UUID]:
    return {citation.chunk_id for each in node.iter_nodes() for citation in each.citations}
