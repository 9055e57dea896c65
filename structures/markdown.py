"""A structure as Markdown, for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from materials.documents import Locator
from structures.drafts import NodeType

_ACTIVE = re.compile(r"([\\`*_\[\]<>#|])")


class RenderedReference(Protocol):
    """Evidence as it is shown."""

    @property
    def entry_path(self) -> str: ...
    @property
    def locator(self) -> Locator: ...
    @property
    def quote(self) -> str: ...


class RenderedNode(Protocol):
    """A structure node as it is shown."""

    @property
    def node_type(self) -> NodeType: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def references(self) -> Sequence[RenderedReference]: ...
    @property
    def children(self) -> Sequence[RenderedNode]: ...


def render(*, title: str, description: str, nodes: Iterable[RenderedNode]) -> str:
    """Return the whole structure as one Markdown text."""
    parts = [f"# {escaped(title)}"]
    if description:
        parts.append(escaped(description))
    for number, module in enumerate(nodes, start=1):
        parts.extend(_section(module, level=2, number=f"{number}"))
    return "\n\n".join(parts) + "\n"


def place(reference: RenderedReference) -> str:
    """Return where a reference points, such as `deck.pptx, slide 4` or `talk.srt, 02:15–02:24`."""
    locator = reference.locator
    if locator.page is not None:
        where = f", p. {locator.page}"
    elif locator.slide is not None:
        where = f", slide {locator.slide}"
    elif locator.start_ms is not None:
        where = f", {clock(locator.start_ms)}–{clock(locator.end_ms or locator.start_ms)}"
    elif locator.heading_path:
        where = f", § {locator.heading_path[-1]}"
    else:
        where = ""
    return reference.entry_path + where


def clock(milliseconds: int) -> str:
    """Return a time as m:ss or h:mm:ss."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def escaped(text: str) -> str:
    """Return text with the characters that Markdown would take as markup made plain."""
    return _ACTIVE.sub(r"\\\1", " ".join(text.split()))


def _section(node: RenderedNode, *, level: int, number: str) -> Iterator[str]:
    yield f"{'#' * min(level, 6)} {number}. {escaped(node.title)}"
    if node.description:
        yield _quoted(node.description) if node.node_type is NodeType.EXERCISE else escaped(node.description)
    leaves = [child for child in node.children if child.node_type is NodeType.CONCEPT]
    if leaves:
        yield "\n".join(_concept(concept) for concept in leaves)
    others = [child for child in node.children if child.node_type is not NodeType.CONCEPT]
    for position, child in enumerate(others, start=1):
        if child.node_type is NodeType.EXERCISE:
            yield f"**Exercise: {escaped(child.title)}**{_evidence(child)}"
            if child.description:
                yield _quoted(child.description)
        else:
            yield from _section(child, level=level + 1, number=f"{number}.{position}")


def _concept(node: RenderedNode) -> str:
    definition = f": {escaped(node.description)}" if node.description else ""
    return f"- **{escaped(node.title)}**{definition}{_evidence(node)}"


def _evidence(node: RenderedNode) -> str:
    places = list(dict.fromkeys(escaped(place(reference)) for reference in node.references))
    return f" ({'; '.join(places)})" if places else " (no evidence)"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))
