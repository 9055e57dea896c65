"""A structure as Markdown, for people to read and to keep in a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from materials.chunks.markdown import escape_lines, escape_markdown, escape_paragraph, format_timestamp
from structures.engines.base.drafts import NodeType
from structures.exports.base import (
    ExportedCourse,
    ExportedNode,
    ExportedNodeFields,
    ExportedReference,
    ExportedSnapshot,
    ExportLoss,
)

# CommonMark 0.31, 4.5: a fence of backticks has no backtick in its info string, and the closing one is at least as
# long.
_FENCE_OPENING = re.compile(r"(`{3,})[^`]*$")
_FENCE_CLOSING = re.compile(r" {0,3}(`{3,})[ \t]*$")


@dataclass(frozen=True)
class MarkdownFormat:
    """One Markdown file (CommonMark), with headings for modules and lessons and a list item for each concept."""

    name: str = "markdown"
    media_type: str = "text/markdown"

    def render(self, snapshot: ExportedSnapshot) -> bytes:
        return render_markdown(snapshot.course, snapshot.modules).encode()

    def list_losses(self, snapshot: ExportedSnapshot) -> list[ExportLoss]:
        """Return the nodes whose evidence is named by its place alone."""
        reason = "Markdown names where the evidence stands, not the words that are quoted."
        return [
            ExportLoss(node_id=node.row.pk, field="references.quote", reason=reason)
            for node in snapshot.walk_nodes()
            if any(reference.quote for reference in node.references)
        ]


def render_markdown(course: ExportedCourse, nodes: Iterable[ExportedNode]) -> str:
    """Return the whole structure as one Markdown text that ends with a line feed."""
    parts = [f"# {escape_markdown(course.title)}"]
    if course.description:
        parts.append(escape_paragraph(course.description))
    if course.learning_goal:
        parts.append(f"**Goal:** {escape_markdown(course.learning_goal)}")
    for heading, expected in (("Knowledge", course.expected_knowledge), ("Skills", course.expected_skills)):
        if expected:
            items = "\n".join(f"- {_format_expectation(each)}" for each in expected)
            parts.append(f"**{heading} after the course:**\n\n{items}")
    if course.prerequisites:
        parts.append("**Needed before:**\n\n" + _format_list(course.prerequisites))
    for number, module in enumerate(nodes, start=1):
        parts.extend(_render_section(module, level=2, number=f"{number}"))
    return "\n\n".join(parts) + "\n"


def format_reference_location(reference: ExportedReference) -> str:
    """Return where a reference points, such as `deck.pptx, slide 4` or `talk.srt, 02:15–02:24`."""
    locator = reference.locator
    if locator.page is not None:
        position = f", p. {locator.page}"
    elif locator.slide is not None:
        position = f", slide {locator.slide}"
    elif locator.start_ms is not None:
        position = f", {format_timestamp(locator.start_ms)}–{format_timestamp(locator.end_ms or locator.start_ms)}"
    elif locator.heading_path:
        position = f", § {locator.heading_path[-1]}"
    else:
        position = ""
    return reference.entry_path + position + (", read by a model" if reference.machine_written else "")


def _render_section(node: ExportedNode, *, level: int, number: str) -> Iterator[str]:
    # CommonMark 4.2: seven number signs are no heading.
    yield f"{'#' * min(level, 6)} {number}. {escape_markdown(node.row.title)}"
    if node.row.learning_goal:
        yield f"**Goal:** {escape_markdown(node.row.learning_goal)}"
    if effort := _format_effort(node.row):
        yield effort
    if node.row.description:
        # A task may hold lists, tables and code, which stay as they are; a definition is one paragraph.
        is_task = node.node_type is NodeType.EXERCISE
        yield _format_quotation(node.row.description) if is_task else escape_paragraph(node.row.description)
    leaves = [child for child in node.children if child.node_type is NodeType.CONCEPT]
    if leaves:
        yield "\n".join(_render_concept(concept) for concept in leaves)
    others = [child for child in node.children if child.node_type is not NodeType.CONCEPT]
    for position, child in enumerate(others, start=1):
        if child.node_type is NodeType.EXERCISE:
            yield from _render_exercise(child)
        else:
            yield from _render_section(child, level=level + 1, number=f"{number}.{position}")


def _render_concept(node: ExportedNode) -> str:
    definition = f": {escape_markdown(node.row.description)}" if node.row.description else ""
    examples = "".join(f"\n  - {escape_paragraph(example)}" for example in node.row.examples)
    return f"- **{escape_markdown(node.row.title)}**{definition}{_format_evidence(node)}{examples}"


def _render_exercise(node: ExportedNode) -> Iterator[str]:
    effort = _format_effort(node.row)
    yield f"**Exercise: {escape_markdown(node.row.title)}**{_format_evidence(node)}" + (f" {effort}" if effort else "")
    if node.row.description:
        yield _format_quotation(node.row.description)
    if node.row.reference_solution:
        yield "Solution:"
        yield _format_quotation(node.row.reference_solution)
    if node.row.grading_criteria:
        yield "Graded by:"
        yield _format_list(node.row.grading_criteria)


def _format_effort(row: ExportedNodeFields) -> str:
    """Return difficulty and minutes as emphasised text; blank when neither is known."""
    facts = [
        f"difficulty {row.difficulty} of 5" if row.difficulty else "",
        f"{row.estimated_minutes} minutes" if row.estimated_minutes else "",
    ]
    joined_facts = ", ".join(filter(None, facts))
    return f"*{joined_facts}*" if joined_facts else ""


def _format_expectation(expected: Mapping[str, str]) -> str:
    details = expected.get("details", "")
    return escape_paragraph(expected["summary"]) + (f": {escape_markdown(details)}" if details else "")


def _format_list(items: Sequence[str]) -> str:
    return "\n".join(f"- {escape_paragraph(item)}" for item in items)


def _format_evidence(node: ExportedNode) -> str:
    locations = list(
        dict.fromkeys(escape_markdown(format_reference_location(reference)) for reference in node.references)
    )
    return f" ({'; '.join(locations)})" if locations else " (no evidence)"


def _format_quotation(text: str) -> str:
    """Return text of several lines as a block quotation: lists, tables and fenced code as is, the rest escaped."""
    quoted, fence = [], ""
    for line in text.strip().splitlines():
        if fence:
            quoted.append(line)
            closing = _FENCE_CLOSING.match(line)
            fence = "" if closing and closing[1].startswith(fence) else fence
        elif opening := _FENCE_OPENING.match(line):
            quoted.append(line)
            fence = opening[1]
        else:
            quoted.append(escape_lines(line))
    return "\n".join(f"> {line}".rstrip() for line in quoted)
