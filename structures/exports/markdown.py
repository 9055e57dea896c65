"""A structure as Markdown, for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from materials.chunks.markdown import escape_lines, escape_markdown, escape_paragraph, format_timestamp
from materials.documents import Locator
from structures.engines.base.drafts import NodeType

_OPENING = re.compile(r"(`{3,})[^`]*$")
_CLOSING = re.compile(r" {0,3}(`{3,})[ \t]*$")


class RenderedReference(Protocol):
    """Evidence as it is shown."""

    @property
    def entry_path(self) -> str: ...
    @property
    def locator(self) -> Locator: ...
    @property
    def quote(self) -> str: ...
    @property
    def machine_written(self) -> bool: ...


class RenderedCourse(Protocol):
    """What is said of the course as a whole."""

    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def learning_goal(self) -> str: ...
    @property
    def expected_knowledge(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def expected_skills(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def prerequisites(self) -> Sequence[str]: ...


class Described(Protocol):
    """What is said of a structure node."""

    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def learning_goal(self) -> str: ...
    @property
    def difficulty(self) -> int | None: ...
    @property
    def estimated_minutes(self) -> int | None: ...
    @property
    def examples(self) -> Sequence[str]: ...
    @property
    def reference_solution(self) -> str: ...
    @property
    def grading_criteria(self) -> Sequence[str]: ...


class RenderedNode(Protocol):
    """A structure node as it is shown: what is said of it, its evidence and its children."""

    @property
    def node_type(self) -> NodeType: ...
    @property
    def row(self) -> Described: ...
    @property
    def references(self) -> Sequence[RenderedReference]: ...
    @property
    def children(self) -> Sequence[RenderedNode]: ...


def render(course: RenderedCourse, nodes: Iterable[RenderedNode]) -> str:
    """Return the whole structure as one Markdown text."""
    parts = [f"# {escape_markdown(course.title)}"]
    if course.description:
        parts.append(escape_paragraph(course.description))
    if course.learning_goal:
        parts.append(f"**Goal:** {escape_markdown(course.learning_goal)}")
    for heading, expected in (("Knowledge", course.expected_knowledge), ("Skills", course.expected_skills)):
        if expected:
            items = "\n".join(f"- {_expectation(each)}" for each in expected)
            parts.append(f"**{heading} after the course:**\n\n{items}")
    if course.prerequisites:
        parts.append("**Needed before:**\n\n" + _list(course.prerequisites))
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
        where = f", {format_timestamp(locator.start_ms)}–{format_timestamp(locator.end_ms or locator.start_ms)}"
    elif locator.heading_path:
        where = f", § {locator.heading_path[-1]}"
    else:
        where = ""
    return reference.entry_path + where + (", read by a model" if reference.machine_written else "")


def _section(node: RenderedNode, *, level: int, number: str) -> Iterator[str]:
    yield f"{'#' * min(level, 6)} {number}. {escape_markdown(node.row.title)}"
    if node.row.learning_goal:
        yield f"**Goal:** {escape_markdown(node.row.learning_goal)}"
    if effort := _effort(node.row):
        yield effort
    if node.row.description:
        is_task = node.node_type is NodeType.EXERCISE
        yield _quoted(node.row.description) if is_task else escape_paragraph(node.row.description)
    leaves = [child for child in node.children if child.node_type is NodeType.CONCEPT]
    if leaves:
        yield "\n".join(_concept(concept) for concept in leaves)
    others = [child for child in node.children if child.node_type is not NodeType.CONCEPT]
    for position, child in enumerate(others, start=1):
        if child.node_type is NodeType.EXERCISE:
            yield from _exercise(child)
        else:
            yield from _section(child, level=level + 1, number=f"{number}.{position}")


def _concept(node: RenderedNode) -> str:
    definition = f": {escape_markdown(node.row.description)}" if node.row.description else ""
    examples = "".join(f"\n  - {escape_paragraph(example)}" for example in node.row.examples)
    return f"- **{escape_markdown(node.row.title)}**{definition}{_evidence(node)}{examples}"


def _exercise(node: RenderedNode) -> Iterator[str]:
    effort = _effort(node.row)
    yield f"**Exercise: {escape_markdown(node.row.title)}**{_evidence(node)}" + (f" {effort}" if effort else "")
    if node.row.description:
        yield _quoted(node.row.description)
    if node.row.reference_solution:
        yield "Solution:"
        yield _quoted(node.row.reference_solution)
    if node.row.grading_criteria:
        yield "Graded by:"
        yield _list(node.row.grading_criteria)


def _effort(row: Described) -> str:
    """Say how hard it is and how long it takes, as far as that is known."""
    facts = [
        f"difficulty {row.difficulty} of 5" if row.difficulty else "",
        f"{row.estimated_minutes} minutes" if row.estimated_minutes else "",
    ]
    shown = ", ".join(filter(None, facts))
    return f"*{shown}*" if shown else ""


def _expectation(expected: Mapping[str, str]) -> str:
    details = expected.get("details", "")
    return escape_paragraph(expected["summary"]) + (f": {escape_markdown(details)}" if details else "")


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {escape_paragraph(item)}" for item in items)


def _evidence(node: RenderedNode) -> str:
    places = list(dict.fromkeys(escape_markdown(place(reference)) for reference in node.references))
    return f" ({'; '.join(places)})" if places else " (no evidence)"


def _quoted(text: str) -> str:
    """Return a text of several lines as a quotation: its lists, tables and blocks of code as such, the rest plain."""
    shown, fence = [], ""
    for line in text.strip().splitlines():
        if fence:
            shown.append(line)
            closing = _CLOSING.match(line)
            fence = "" if closing and closing[1].startswith(fence) else fence
        elif opening := _OPENING.match(line):
            shown.append(line)
            fence = opening[1]
        else:
            shown.append(escape_lines(line))
    return "\n".join(f"> {line}".rstrip() for line in shown)
