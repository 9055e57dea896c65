"""A structure as one Markdown file, for people to read and to keep in a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from markdown_it import MarkdownIt
from markdown_it.token import Token

from project.counts import format_count
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.losses import find_node_losses
from structures.exports.markdown import render_parts
from structures.exports.options import ExportOption

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


def find_markdown_losses(snapshot: ExportedSnapshot) -> Iterator[ExportLoss]:
    """Yield fields that have no place in Markdown, because nodes of their type mostly lack them."""
    return find_node_losses(
        snapshot, _CARRIED, lambda node, _: f"Markdown has no place for it below nodes of the type {node.node_type}."
    )


def _is_markup(token: Token) -> bool:
    return token.type in {"html_block", "html_inline"} and not _KEY_COMMENT.fullmatch(token.content.strip())


def _get_line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
