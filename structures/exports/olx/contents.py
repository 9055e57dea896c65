"""What a course of Open edX holds, in order: sections at one level, and in each lessons and exercises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot

# Open edX keeps outlines in tables with these lengths (learning_sequences: CourseSection, LearningContext).
MAX_SECTION_TITLE, MAX_COURSE_TITLE = 1000, 255
_BETWEEN_TITLES = " / "
_CUT = "…"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section (`chapter`): lessons and exercises that follow one another in one module.

    `modules` are the modules that they are in, outermost first; none for those that are in no module. A module
    that lessons and modules take turns in is several sections, so that all stay in order.
    """

    identifier: str
    title: str
    modules: tuple[ExportedNode, ...]
    nodes: tuple[ExportedNode, ...]


def list_sections(snapshot: ExportedSnapshot) -> Iterator[Section]:
    """Yield the sections in order. Their identifiers follow from keys of nodes."""
    title = " ".join(snapshot.course.title.split())
    for group in _group_nodes(snapshot.modules):
        if isinstance(group, tuple):
            yield Section(identifier=f"chapter-{group[0].row.key}", title=title, modules=(), nodes=group)
        else:
            yield from _list_sections_of(group, ())


def list_lessons(snapshot: ExportedSnapshot) -> Iterator[ExportedNode]:
    """Yield the lessons in order."""
    return (node for node in snapshot.walk_nodes() if node.node_type is NodeType.LESSON)


def get_exercises(node: ExportedNode) -> list[ExportedNode]:
    """Return the exercises of a lesson in order, or the node when it is an exercise."""
    if node.node_type is NodeType.EXERCISE:
        return [node]
    return [child for child in node.children if child.node_type is NodeType.EXERCISE]


def shorten_title(title: str, length: int) -> str:
    """Return a title as one line of at most so many characters."""
    line = " ".join(title.split())
    return line if len(line) <= length else line[: length - 1] + _CUT


def _list_sections_of(module: ExportedNode, above: tuple[ExportedNode, ...]) -> Iterator[Section]:
    modules, number = (*above, module), 0
    groups = list(_group_nodes(module.children))
    # One without anything in it is a section, too.
    for group in groups or [()]:
        if not isinstance(group, tuple):
            yield from _list_sections_of(group, modules)
            continue
        number += 1
        yield Section(
            identifier=f"chapter-{module.row.key}" + (f"-{number}" if number > 1 else ""),
            title=_join_titles(modules),
            modules=modules,
            nodes=group,
        )


def _group_nodes(nodes: Sequence[ExportedNode]) -> Iterator[ExportedNode | tuple[ExportedNode, ...]]:
    """Yield modules, and between them lessons and exercises together. Concepts have no place outside lessons."""
    placed = (node for node in nodes if node.node_type is not NodeType.CONCEPT)
    for is_module, group in groupby(placed, key=lambda node: node.node_type is NodeType.MODULE):
        if is_module:
            yield from group
        else:
            yield tuple(group)


def _join_titles(modules: Sequence[ExportedNode]) -> str:
    """Return the titles on the way to a module; where they are too long, without the outermost."""
    titles = [" ".join(module.row.title.split()) for module in modules]
    joined = _BETWEEN_TITLES.join(titles)
    while len(joined) > MAX_SECTION_TITLE and len(titles) > 1:
        del titles[0]
        joined = _BETWEEN_TITLES.join([_CUT, *titles])
    return shorten_title(joined, MAX_SECTION_TITLE)
