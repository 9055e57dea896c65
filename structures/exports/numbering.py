"""Modules and lessons with their numbers, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode

_SECTION_TYPES = frozenset({NodeType.MODULE, NodeType.LESSON})


@dataclass(frozen=True, kw_only=True)
class NumberedSection:
    """A module or lesson with its number within its parents, such as `1.2`, and its depth, 0 below the course."""

    node: ExportedNode
    number: str
    depth: int

    @property
    def is_module(self) -> bool:
        return self.node.node_type is NodeType.MODULE

    @property
    def subsections(self) -> list[ExportedNode]:
        return list_subsections(self.node.children)

    @property
    def leaves(self) -> list[ExportedNode]:
        """Return its concepts and exercises."""
        return [child for child in self.node.children if child.node_type not in _SECTION_TYPES]


def list_subsections(nodes: Iterable[ExportedNode]) -> list[ExportedNode]:
    """Return the modules and lessons among the nodes."""
    return [node for node in nodes if node.node_type in _SECTION_TYPES]


def number_sections(nodes: Iterable[ExportedNode]) -> Iterator[NumberedSection]:
    """Yield the modules and lessons with all those inside them, parents first, in order."""
    pending = _number_siblings(nodes, prefix="", depth=0)
    while pending:
        section = pending.pop()
        yield section
        pending += _number_siblings(section.node.children, prefix=f"{section.number}.", depth=section.depth + 1)


def _number_siblings(nodes: Iterable[ExportedNode], *, prefix: str, depth: int) -> list[NumberedSection]:
    """Return sections of one parent, the last first."""
    numbered = [
        NumberedSection(node=node, number=f"{prefix}{position}", depth=depth)
        for position, node in enumerate(list_subsections(nodes), start=1)
    ]
    return numbered[::-1]
