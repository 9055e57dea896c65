"""What a SCORM package holds, in order: modules as headings, lessons and lone exercises as pages that are tracked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode

SCRIPT, STYLE = "shared/lesson.js", "shared/page.css"
"""Files of the package that all pages load."""


@dataclass(frozen=True, kw_only=True)
class ScormItem:
    """One item, made of a node: the heading of a module, or a page (SCO)."""

    node: ExportedNode

    @property
    def is_page(self) -> bool:
        return self.node.node_type is not NodeType.MODULE

    @property
    def identifier(self) -> str:
        """Return the name of the item, under which platforms keep what learners have done."""
        return f"{self.node.node_type}-{self.node.row.key}"

    @property
    def resource_identifier(self) -> str:
        return f"resource-{self.identifier}"

    @property
    def path(self) -> str:
        return f"pages/{self.node.row.key}.html"


def walk_items(modules: Sequence[ExportedNode]) -> Iterator[ScormItem | None]:
    """Yield the items in order, parents first; None ends the module that was begun last."""
    pending: list[ExportedNode | None] = list(reversed(modules))
    while pending:
        node = pending.pop()
        if node is None:
            yield None
        elif node.node_type is not NodeType.CONCEPT:
            yield ScormItem(node=node)
            if node.node_type is NodeType.MODULE:
                pending += [None, *reversed(node.children)]


def list_pages(modules: Sequence[ExportedNode]) -> Iterator[ScormItem]:
    """Yield the items that are pages, in order."""
    for item in walk_items(modules):
        if item is not None and item.is_page:
            yield item


def list_exercises(node: ExportedNode) -> list[ExportedNode]:
    """Return the exercises of a page: those of a lesson, or the lone one that it is made of."""
    if node.node_type is NodeType.EXERCISE:
        return [node]
    return [child for child in node.children if child.node_type is NodeType.EXERCISE]
