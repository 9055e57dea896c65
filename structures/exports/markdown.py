"""Structures as Markdown text, in the style of the program that reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from materials.chunks.markdown import escape_lines, escape_markdown, escape_paragraph, format_timestamp
from project.counts import format_count
from structures.engines.base.drafts import Basis, NodeType
from structures.exports.base import (
    CitedPlace,
    ExportedCourse,
    ExportedNode,
    ExportedNodeFields,
    ExportedReference,
)
from structures.exports.numbering import NumberedSection, number_sections
from structures.quality.sentences import describe_quality

# CommonMark 0.31, 4.5: a fence of backticks has no backtick in its info string, and the closing one is at least as
# long.
_FENCE_OPENING = re.compile(r"(`{3,})[^`]*$")
_FENCE_CLOSING = re.compile(r" {0,3}(`{3,})[ \t]*$")


@dataclass(frozen=True, kw_only=True)
class MarkdownStyle:
    """How a program reads Markdown, and how a document names its lessons and the places of evidence.

    `escape_line` makes one line of a text, `escape_paragraph` one that may begin a block, `quote_text` a block of a
    text of several lines. `nested_indent` stands before an item inside an item, `before_key` between a heading and the
    key of its node. With `quotes` the quoted words stand below concepts and exercises, and below sections.
    """

    escape_line: Callable[[str], str]
    escape_paragraph: Callable[[str], str]
    quote_text: Callable[[str], str]
    name_section: Callable[[NumberedSection], str]
    name_place: Callable[[ExportedReference], str]
    nested_indent: str = "  "
    before_key: str = " "
    quotes: bool = False


def render_markdown(course: ExportedCourse, nodes: Iterable[ExportedNode]) -> str:
    """Return the whole structure as one Markdown text that ends with a line feed."""
    return "\n\n".join(render_parts(course, nodes)) + "\n"


def render_parts(course: ExportedCourse, nodes: Iterable[ExportedNode]) -> Iterator[str]:
    """Yield the text in parts, between which there are blank lines."""
    yield from render_course(course, _STYLE)
    sections = {str(section.node.row.pk): section for section in number_sections(nodes)}
    for section in sections.values():
        yield from render_section(section, sections, _STYLE, level=section.depth + 2)
    yield from render_quality(course, _STYLE)


def render_course(course: ExportedCourse, style: MarkdownStyle) -> Iterator[str]:
    """Yield the title of a course and what is said of it as a whole."""
    yield f"# {style.escape_line(course.title)}"
    if course.description:
        yield style.escape_paragraph(course.description)
    yield from _render_goals(course.learning_goal, style)
    for heading, expected in (("Knowledge", course.expected_knowledge), ("Skills", course.expected_skills)):
        if expected:
            items = "\n".join(f"- {_format_expectation(each, style)}" for each in expected)
            yield f"**{heading} after the course:**\n\n{items}"
    if course.prerequisites:
        yield "**Needed before:**\n\n" + _format_list(course.prerequisites, style)


def render_quality(course: ExportedCourse, style: MarkdownStyle) -> Iterator[str]:
    """Yield what the report of the structure says; nothing without one."""
    if sentences := describe_quality(course.quality):
        yield "## About this structure"
        yield _format_list(sentences, style)


def render_section(
    section: NumberedSection, sections: Mapping[str, NumberedSection], style: MarkdownStyle, *, level: int
) -> Iterator[str]:
    """Yield a module or lesson without the modules and lessons inside it. `sections` are all, by the id of the node."""
    node, row = section.node, section.node.row
    # CommonMark 4.2: seven number signs are no heading.
    yield f"{'#' * min(level, 6)} {name_section(section, style)}{style.before_key}{_format_key(row)}"
    fields = list(_render_fields(row, sections, style))
    yield from fields
    leaves = [child for child in node.children if child.node_type is NodeType.CONCEPT]
    if leaves and fields and fields[-1].rpartition("\n")[2].lstrip().startswith("- "):
        yield "**Concepts:**"  # else they would go on with the list before them
    if leaves:
        yield "\n".join(_render_concept(concept, style) for concept in leaves)
    for child in node.children:
        if child.node_type is NodeType.EXERCISE:
            yield from _render_exercise(child, style)
    if row.key_points:
        yield "**Key points:**\n\n" + _format_list(row.key_points, style)
    if node.references:
        yield "**Sources:**\n\n" + "\n".join(_list_sources(node, style))


def _render_fields(
    row: ExportedNodeFields, sections: Mapping[str, NumberedSection], style: MarkdownStyle
) -> Iterator[str]:
    """Yield what is said of a section before its concepts."""
    yield from _render_goals(row.learning_goal, style)
    if facts := _format_facts(row, style):
        yield facts
    if row.required_knowledge:
        yield "**Needed before:**\n\n" + _format_list(row.required_knowledge, style)
    if row.prerequisites:
        items = (_format_prerequisite(each, sections, style) for each in row.prerequisites)
        yield "**Builds on:**\n\n" + "\n".join(f"- {item}" for item in items)
    if row.questions:
        yield "**Questions:**\n\n" + _format_list(row.questions, style)
    if row.topics:
        yield "**Topics:**\n\n" + _format_list(row.topics, style)
    if row.description:
        yield style.escape_paragraph(row.description)
    yield from _render_unproved(row, style)


def name_section(section: NumberedSection, style: MarkdownStyle) -> str:
    """Return the number and the title of a module or lesson."""
    return f"{section.number}. {style.escape_line(section.node.row.title)}"


def _format_key(row: ExportedNodeFields) -> str:
    """Return the key of a node as a comment, which a program finds and a reader does not see."""
    return f"<!-- key: {row.key} -->"


def _render_goals(learning_goal: str, style: MarkdownStyle) -> Iterator[str]:
    goals = learning_goal.splitlines()
    if len(goals) > 1:
        yield "**Goals:**\n\n" + _format_list(goals, style)
    elif goals:
        yield f"**Goal:** {style.escape_line(learning_goal)}"


def _format_prerequisite(
    prerequisite: Mapping[str, Any], sections: Mapping[str, NumberedSection], style: MarkdownStyle
) -> str:
    places = [
        f"{word} in {prerequisite[name]['entry_path']}" for word, name in (("defined", "definition"), ("used", "use"))
    ]
    section = sections.get(str(prerequisite["lesson"]))
    lesson = f" from {style.name_section(section)}" if section is not None else ""
    item = f"**{style.escape_line(prerequisite['term'])}**{lesson} ({style.escape_line(', '.join(places))})"
    quotes = [prerequisite[name]["quote"] for name in ("definition", "use")] if style.quotes else []
    return item + "".join(f"\n{style.nested_indent}- {_format_quote(quote, style)}" for quote in quotes)


def _render_unproved(row: ExportedNodeFields, style: MarkdownStyle) -> Iterator[str]:
    if row.unproved:
        yield _format_unproved(row, style)


def _format_unproved(row: ExportedNodeFields, style: MarkdownStyle) -> str:
    quoted = ", ".join(f"“{style.escape_line(each['text'])}”" for each in row.unproved)
    return f"*Not proved by the cited passages:* {quoted}"


def _render_concept(node: ExportedNode, style: MarkdownStyle) -> str:
    row = node.row
    definition = f": {style.escape_line(row.description)}" if row.description else ""
    item = f"- **{style.escape_line(row.title)}**{definition}{_format_evidence(node, style)} {_format_key(row)}"
    inside = [style.escape_paragraph(example) for example in row.examples]
    if row.unproved:
        inside.append(_format_unproved(row, style))
    if style.quotes:
        inside += [source.removeprefix("- ") for source in _list_sources(node, style)]
    return item + "".join(f"\n{style.nested_indent}- {each}" for each in inside)


def _render_exercise(node: ExportedNode, style: MarkdownStyle) -> Iterator[str]:
    row = node.row
    facts = _format_facts(row, style)
    heading = f"**Exercise: {style.escape_line(row.title)}**{_format_evidence(node, style)}" + (
        f" {facts}" if facts else ""
    )
    yield f"{heading} {_format_key(row)}"
    if row.description:
        yield style.quote_text(row.description)
    yield from _render_unproved(row, style)
    if row.reference_solution:
        yield "Solution:"
        yield style.quote_text(row.reference_solution)
    if row.grading_criteria:
        yield "Graded by:"
        yield _format_list(row.grading_criteria, style)
    if style.quotes and node.references:
        yield "Sources:"
        yield "\n".join(_list_sources(node, style))


def _format_facts(row: ExportedNodeFields, style: MarkdownStyle) -> str:
    """Return difficulty, minutes and what the arrangement follows as emphasised text; blank when none is known."""
    basis = "" if row.minutes_basis in {"", Basis.STATED} else f" ({row.minutes_basis})"
    facts = [
        f"difficulty {row.difficulty} of 5" if row.difficulty else "",
        f"{format_count(row.estimated_minutes, 'minute')}{basis}" if row.estimated_minutes else "",
        f"arranged by {style.escape_line(row.arranged_by)}" if row.arranged_by else "",
    ]
    joined_facts = ", ".join(filter(None, facts))
    return f"*{joined_facts}*" if joined_facts else ""


def _format_expectation(expected: Mapping[str, str], style: MarkdownStyle) -> str:
    details = expected.get("details", "")
    return style.escape_paragraph(expected["summary"]) + (f": {style.escape_line(details)}" if details else "")


def _format_list(items: Sequence[str], style: MarkdownStyle) -> str:
    return "\n".join(f"- {style.escape_paragraph(item)}" for item in items)


def _format_evidence(node: ExportedNode, style: MarkdownStyle) -> str:
    locations = list(dict.fromkeys(map(style.name_place, node.references)))
    return f" ({'; '.join(locations)})" if locations else " (no evidence)"


def _list_sources(node: ExportedNode, style: MarkdownStyle) -> list[str]:
    """Return a list item for each place of evidence, perhaps with the quoted words."""
    items = [
        f"- {style.name_place(each)}" + (f": {_format_quote(each.quote, style)}" if style.quotes else "")
        for each in node.references
    ]
    return list(dict.fromkeys(items))


def _format_quote(quote: str, style: MarkdownStyle) -> str:
    return f"“{style.escape_line(quote)}”"


def format_reference_location(reference: CitedPlace) -> str:
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


_STYLE: MarkdownStyle = MarkdownStyle(
    escape_line=escape_markdown,
    escape_paragraph=escape_paragraph,
    quote_text=_format_quotation,
    name_section=lambda section: name_section(section, _STYLE),
    name_place=lambda reference: escape_markdown(format_reference_location(reference)),
)
