"""A structure as Markdown, for people to read and to keep in a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from markdown_it import MarkdownIt
from markdown_it.token import Token

from materials.chunks.markdown import escape_lines, escape_markdown, escape_paragraph, format_timestamp
from project.counts import format_count
from structures.engines.base.drafts import Basis, NodeType
from structures.exports.base import (
    CitedPlace,
    ExportedCourse,
    ExportedNode,
    ExportedNodeFields,
    ExportedSnapshot,
    ExportLoss,
    ValidationReport,
)
from structures.exports.options import ExportOption
from structures.quality.sentences import describe_quality

# CommonMark 0.31, 4.5: a fence of backticks has no backtick in its info string, and the closing one is at least as
# long.
_FENCE_OPENING = re.compile(r"(`{3,})[^`]*$")
_FENCE_CLOSING = re.compile(r" {0,3}(`{3,})[ \t]*$")
_KEY_COMMENT = re.compile(r"<!-- key: [0-9a-f-]{36} -->")


@dataclass(frozen=True)
class MarkdownFormat:
    """One Markdown file (CommonMark), with headings for modules and lessons and a list item for each concept."""

    name: str = "markdown"
    title: str = "Markdown"
    audience: str = "people who read it, and authors who keep courses in a repository"
    media_type: str = "text/markdown"
    extension: str = ".md"
    version: str = "1"
    options: Sequence[ExportOption] = ()
    reads_materials: bool = False

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        for number, part in enumerate(_render_parts(snapshot.course, snapshot.modules)):
            out.write(("\n\n" if number else "").encode() + part.encode())
        out.write(b"\n")

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield the nodes whose evidence is named by its place alone."""
        reason = "Markdown names where the evidence stands, not the words that are quoted."
        for node in snapshot.walk_nodes():
            if any(reference.quote for reference in node.references):
                yield ExportLoss(key=node.row.key, title=node.row.title, field="references.quote", reason=reason)

    def validate(self, path: Path) -> ValidationReport:
        """Read the file as CommonMark: it has headings, and of markup only the keys of nodes."""
        tokens = MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8"))
        inside = [child for token in tokens for child in token.children or ()]
        faults = [f"line {_get_line(token)}: markup {token.content[:50]!r}" for token in tokens if _is_markup(token)]
        faults += [f"markup {token.content[:50]!r}" for token in inside if _is_markup(token)]
        headings = sum(token.type == "heading_open" for token in tokens)
        messages = faults or [format_count(headings, "heading")]
        return ValidationReport(
            validator="markdown-it-py",
            version=version("markdown-it-py"),
            exit=int(bool(faults) or not headings),
            messages=tuple(messages),
        )


def _is_markup(token: Token) -> bool:
    return token.type in {"html_block", "html_inline"} and not _KEY_COMMENT.fullmatch(token.content.strip())


def _get_line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def render_markdown(course: ExportedCourse, nodes: Iterable[ExportedNode]) -> str:
    """Return the whole structure as one Markdown text that ends with a line feed."""
    return "\n\n".join(_render_parts(course, nodes)) + "\n"


def _render_parts(course: ExportedCourse, nodes: Iterable[ExportedNode]) -> Iterator[str]:
    """Yield the text in parts, between which there are blank lines."""
    yield f"# {escape_markdown(course.title)}"
    if course.description:
        yield escape_paragraph(course.description)
    yield from _render_goals(course.learning_goal)
    for heading, expected in (("Knowledge", course.expected_knowledge), ("Skills", course.expected_skills)):
        if expected:
            items = "\n".join(f"- {_format_expectation(each)}" for each in expected)
            yield f"**{heading} after the course:**\n\n{items}"
    if course.prerequisites:
        yield "**Needed before:**\n\n" + _format_list(course.prerequisites)
    modules = list(nodes)
    sections = {str(section.node.row.pk): section for section in _list_sections(modules)}
    for section in sections.values():
        yield from _render_section(section, sections)
    if sentences := describe_quality(course.quality):
        yield "## About this structure"
        yield _format_list(sentences)


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A module or lesson with its number, such as `1.2`, and the level of its heading."""

    node: ExportedNode
    number: str
    level: int

    @property
    def title(self) -> str:
        return f"{self.number}. {escape_markdown(self.node.row.title)}"


def _list_sections(nodes: Iterable[ExportedNode], *, prefix: str = "", level: int = 2) -> Iterator[_Section]:
    """Yield the modules and lessons in order, numbered within their parents."""
    numbered = (node for node in nodes if node.node_type in {NodeType.MODULE, NodeType.LESSON})
    for position, node in enumerate(numbered, start=1):
        yield _Section(node=node, number=f"{prefix}{position}", level=level)
        yield from _list_sections(node.children, prefix=f"{prefix}{position}.", level=level + 1)


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


def _render_section(section: _Section, sections: Mapping[str, _Section]) -> Iterator[str]:
    """Yield a module or lesson without the modules and lessons inside it. `sections` are all, by the id of the node."""
    node, row = section.node, section.node.row
    # CommonMark 4.2: seven number signs are no heading.
    yield f"{'#' * min(section.level, 6)} {section.title}{_format_key(row)}"
    yield from _render_goals(row.learning_goal)
    if facts := _format_facts(row):
        yield facts
    if row.required_knowledge:
        yield "**Needed before:**\n\n" + _format_list(row.required_knowledge)
    if row.prerequisites:
        items = (_format_prerequisite(each, sections) for each in row.prerequisites)
        yield "**Builds on:**\n\n" + "\n".join(f"- {item}" for item in items)
    if row.questions:
        yield "**Questions:**\n\n" + _format_list(row.questions)
    if row.topics:
        yield "**Topics:**\n\n" + _format_list(row.topics)
    if row.description:
        yield escape_paragraph(row.description)
    leaves = [child for child in node.children if child.node_type is NodeType.CONCEPT]
    if leaves:
        yield "\n".join(_render_concept(concept) for concept in leaves)
    for child in node.children:
        if child.node_type is NodeType.EXERCISE:
            yield from _render_exercise(child)
    if row.key_points:
        yield "**Key points:**\n\n" + _format_list(row.key_points)


def _format_key(row: ExportedNodeFields) -> str:
    """Return the key of a node as a comment, which a program finds and a reader does not see."""
    return f" <!-- key: {row.key} -->"


def _render_goals(learning_goal: str) -> Iterator[str]:
    goals = learning_goal.splitlines()
    if len(goals) > 1:
        yield "**Goals:**\n\n" + _format_list(goals)
    elif goals:
        yield f"**Goal:** {escape_markdown(learning_goal)}"


def _format_prerequisite(prerequisite: Mapping[str, Any], sections: Mapping[str, _Section]) -> str:
    defined, used = prerequisite["definition"]["entry_path"], prerequisite["use"]["entry_path"]
    places = escape_markdown(f"defined in {defined}, used in {used}")
    return f"**{escape_markdown(prerequisite['term'])}** from {sections[prerequisite['lesson']].title} ({places})"


def _render_concept(node: ExportedNode) -> str:
    definition = f": {escape_markdown(node.row.description)}" if node.row.description else ""
    examples = "".join(f"\n  - {escape_paragraph(example)}" for example in node.row.examples)
    item = f"- **{escape_markdown(node.row.title)}**{definition}{_format_evidence(node)}{_format_key(node.row)}"
    return item + examples


def _render_exercise(node: ExportedNode) -> Iterator[str]:
    facts = _format_facts(node.row)
    heading = f"**Exercise: {escape_markdown(node.row.title)}**{_format_evidence(node)}" + (
        f" {facts}" if facts else ""
    )
    yield heading + _format_key(node.row)
    if node.row.description:
        yield _format_quotation(node.row.description)
    if node.row.reference_solution:
        yield "Solution:"
        yield _format_quotation(node.row.reference_solution)
    if node.row.grading_criteria:
        yield "Graded by:"
        yield _format_list(node.row.grading_criteria)


def _format_facts(row: ExportedNodeFields) -> str:
    """Return difficulty, minutes and what the arrangement follows as emphasised text; blank when none is known."""
    basis = "" if row.minutes_basis in {"", Basis.STATED} else f" ({row.minutes_basis})"
    facts = [
        f"difficulty {row.difficulty} of 5" if row.difficulty else "",
        f"{format_count(row.estimated_minutes, 'minute')}{basis}" if row.estimated_minutes else "",
        f"arranged by {escape_markdown(row.arranged_by)}" if row.arranged_by else "",
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
