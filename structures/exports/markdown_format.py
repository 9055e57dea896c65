"""A structure as one Markdown file, for people to read and to keep in a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from markdown_it import MarkdownIt
from markdown_it.token import Token

from project.counts import format_count
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.losses import find_node_losses, find_outside_losses
from structures.exports.markdown import render_parts
from structures.exports.options import ExportOption
from structures.exports.validation_limits import refuse_large

_OF_EVERY_NODE = frozenset({"description", "minutes_basis", "unproved", "references"})
_OF_SECTIONS = _OF_EVERY_NODE | {
    "learning_goal", "difficulty", "estimated_minutes", "key_points", "questions", "topics", "required_knowledge",
    "prerequisites", "arranged_by",
}  # fmt: skip
_CARRIED = {
    NodeType.MODULE: _OF_SECTIONS,
    NodeType.LESSON: _OF_SECTIONS,
    NodeType.CONCEPT: _OF_EVERY_NODE | {"examples"},
    NodeType.EXERCISE: _OF_EVERY_NODE
    | {"difficulty", "estimated_minutes", "arranged_by", "reference_solution", "grading_criteria"},
}
_VALIDATOR = "markdown-it-py"
# Enough to see what is wrong.
_MAX_MESSAGES = 20
# In characters. The tokens take some 35 times as many bytes, so 2 MB at a time, and 140 MB of the largest section.
_SECTION, _MAX_SECTION = 64 * 1024, 4 * 1024 * 1024
_KEY_COMMENT = re.compile(r"<!-- key: [0-9a-f-]{36} -->")


@dataclass(frozen=True)
class MarkdownFormat:
    """One Markdown file (CommonMark), with headings for modules and lessons and a list item for each concept."""

    name: str = "markdown"
    title: str = "Markdown"
    audience: str = "people who read it, and authors who keep courses in a repository"
    media_type: str = "text/markdown"
    extension: str = ".md"
    version: str = "2"
    options: Sequence[ExportOption] = ()
    reads_materials: bool = False

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        for number, part in enumerate(render_parts(snapshot.course, snapshot.modules)):
            out.write(("\n\n" if number else "").encode() + part.encode())
        out.write(b"\n")

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield the nodes whose evidence is named by its place alone."""
        yield from find_markdown_losses(snapshot)
        reason = "Markdown names where the evidence stands, not the words that are quoted."
        for node in snapshot.walk_nodes():
            row = node.row
            if any(reference.quote for reference in node.references):
                yield ExportLoss(key=row.key, title=row.title, field="references.quote", reason=reason)
            if row.prerequisites:
                yield ExportLoss(key=row.key, title=row.title, field="prerequisites.quote", reason=reason)

    def validate(self, path: Path) -> ValidationReport:
        """Read the file as CommonMark: it has headings, and of markup only the keys of nodes."""
        number = version(_VALIDATOR)
        headings = 0
        faults: list[str] = []
        try:
            for line, section in _read_sections(path):
                if refused := refuse_large(_VALIDATOR, number, size=len(section), limit=_MAX_SECTION):
                    return refused
                tokens = MarkdownIt("commonmark").parse(section)
                headings += sum(token.type == "heading_open" for token in tokens)
                faults += islice(_find_markup(tokens, line), _MAX_MESSAGES - len(faults))
        except UnicodeDecodeError as exc:
            faults.append(f"no UTF-8: {exc}")
        return ValidationReport(
            validator=_VALIDATOR,
            version=number,
            exit=int(bool(faults) or not headings),
            messages=tuple(faults or [format_count(headings, "heading")]),
        )


def find_markdown_losses(snapshot: ExportedSnapshot) -> Iterator[ExportLoss]:
    """Yield fields that have no place in Markdown, because nodes of their type mostly lack them."""
    yield from find_outside_losses(snapshot, "It is in no lesson and no module, and headings are of these alone.")
    yield from find_node_losses(
        snapshot, _CARRIED, lambda node, _: f"Markdown has no place for it below nodes of the type {node.node_type}."
    )


def _read_sections(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the sections of a file, each of some length from one heading to another, with the lines before it.

    A heading ends whatever stands before it but fenced code, which nothing here writes outside of quotations.
    """
    lines: list[str] = []
    first = length = 0
    with path.open(encoding="utf-8", newline="") as file:
        while line := file.readline(_MAX_SECTION):
            # Beyond that the section is refused anyway.
            if (length >= _SECTION and line.startswith("#")) or length > _MAX_SECTION:
                yield first, "".join(lines)
                first += len(lines)
                lines, length = [], 0
            lines.append(line)
            length += len(line)
    if lines:
        yield first, "".join(lines)


def _find_markup(tokens: Sequence[Token], line: int) -> Iterator[str]:
    for token in tokens:
        if _is_markup(token):
            yield f"line {line + _get_line(token)}: markup {token.content[:50]!r}"
        yield from (f"markup {child.content[:50]!r}" for child in token.children or () if _is_markup(child))


def _is_markup(token: Token) -> bool:
    return token.type in {"html_block", "html_inline"} and not _KEY_COMMENT.fullmatch(token.content.strip())


def _get_line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
