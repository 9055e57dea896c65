"""What our own import makes of exported courses, to be compared with what went in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from materials.documents import ChunkKind
from materials.readers.quizzes import reader as quizzes
from materials.transfer.archive import open_archive
from materials.transfer.archive_rules import ArchiveLimits
from materials.transfer.plan import ImportPlan
from materials.transfer.planning import build_import_plan
from materials.transfer.sources import open_item
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot
from structures.exports.choice_tasks import find_choice_task
from structures.exports.lesson_html import render_blocks

LIMITS = ArchiveLimits(max_members=100_000, max_unpacked_bytes=10**9)


@dataclass(frozen=True, kw_only=True)
class Reimport:
    """The plan of an import, and the bytes of each file that it takes, by its path in the tree."""

    plan: ImportPlan
    files: dict[str, bytes]

    def collect_text(self) -> str:
        return html.unescape("\n".join(content.decode() for content in self.files.values()))


@dataclass(frozen=True, kw_only=True)
class Quiz:
    """A question with choices. Of the longer texts the words, as a table or code is written in another way."""

    stem: tuple[str, ...]
    choices: tuple[str, ...]
    right: tuple[str, ...]
    explanation: tuple[str, ...]


def plan_import(tmp_path: Path, content: bytes) -> ImportPlan:
    """Return what our own import makes of a package."""
    return reimport(tmp_path, content).plan


def reimport(tmp_path: Path, content: bytes) -> Reimport:
    """Return what our own import makes of a package, with the files that it would store."""
    path = tmp_path / "course.package"
    path.write_bytes(content)
    files = {}
    with open_archive(path, LIMITS) as source:
        plan = build_import_plan(source, takes_packages=True)
        for planned in plan.files:
            with open_item(source, planned.item) as file:
                files["/".join(planned.path)] = file.read(10**8)
    return Reimport(plan=plan, files=files)


def read_contents(plan: ImportPlan) -> list[tuple[int, str]]:
    """Return the lines of the table of contents that an import writes, as depth and title."""
    text = (plan.files[0].item.data or b"").decode()
    lines = re.findall(r"^( *)- (?:\[(.*)\]\(<.*>\)|(.*))$", text, re.MULTILINE)
    return [(len(indent) // 2, re.sub(r"\\(.)", r"\1", linked or plain)) for indent, linked, plain in lines]


def list_outline(nodes: Sequence[ExportedNode], depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield modules, lessons and exercises as depth and title; a lesson with exercises has its page in it."""
    for node in nodes:
        inside = [child for child in node.children if child.node_type is not NodeType.CONCEPT]
        title = " ".join(node.row.title.split())
        yield depth, title
        if inside and node.node_type is NodeType.LESSON:
            yield depth + 1, title
        yield from list_outline(inside, depth + 1)


def list_flat_outline(nodes: Sequence[ExportedNode], above: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """Yield the same with all modules at one level, each with the titles of those around it in its own."""
    is_begun = False
    for node in nodes:
        if node.node_type is NodeType.MODULE:
            yield from list_flat_outline(node.children, (*above, " ".join(node.row.title.split())))
            is_begun = False
        elif node.node_type is not NodeType.CONCEPT:
            if not is_begun:
                yield 0, " / ".join(above)
            yield from list_outline([node], 1)
            is_begun = True


def read_quizzes(tmp_path: Path, found: Reimport) -> list[Quiz]:
    """Return the quizzes of an import in order, as they are read."""
    return [_read_quiz(tmp_path, content) for path, content in found.files.items() if path.endswith(".xml")]


def list_quizzes(snapshot: ExportedSnapshot) -> list[Quiz]:
    """Return the exercises with choices of a structure in order."""
    exercises = (node for node in snapshot.walk_nodes() if node.node_type is NodeType.EXERCISE)
    return [
        Quiz(
            stem=_list_words(re.sub(r"<[^>]*>", " ", render_blocks(task.stem))),
            choices=task.choices,
            right=tuple(task.choices[at] for at in task.right),
            explanation=_list_words(re.sub(r"<[^>]*>", " ", render_blocks(task.explanation))),
        )
        for exercise in exercises
        if (task := find_choice_task(exercise)) is not None
    ]


def _read_quiz(tmp_path: Path, content: bytes) -> Quiz:
    path = tmp_path / "quiz.xml"
    path.write_bytes(content)
    pieces = [(piece.kind, piece.text) for piece in quizzes.read(path).pieces]
    solution = pieces.index((ChunkKind.HEADING, "Solution"))
    right = pieces[solution + 1]
    return Quiz(
        stem=_list_words("\n".join(text for _, text in pieces[1 : solution - 1])),
        choices=_split_list(pieces[solution - 1][1]),
        right=_split_list(right[1]) if right[0] is ChunkKind.LIST else (right[1],),
        explanation=_list_words("\n".join(text for _, text in pieces[solution + 2 :])),
    )


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(line.removeprefix("- ") for line in text.split("\n"))


def _list_words(text: str) -> tuple[str, ...]:
    # The numbers of a list stand in a text and not in HTML.
    return tuple(re.findall(r"\w+", re.sub(r"^\s*\d+\. ", "", html.unescape(text), flags=re.MULTILINE)))
