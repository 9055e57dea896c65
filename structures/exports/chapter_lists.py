"""Which nodes are chapters of which recordings: those that say where in it they begin."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedRecording, ExportedSnapshot

AUTO, LESSONS, CONCEPTS = "auto", "lessons", "concepts"


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A part of a recording: a node, and from where to where, in milliseconds."""

    key: UUID
    title: str
    start_ms: int
    end_ms: int


@dataclass(kw_only=True)
class ChapterList:
    """The chapters of one recording in order, without gaps or overlaps; and why other nodes are none, by their keys."""

    recording: ExportedRecording
    chapters: Sequence[Chapter] = ()
    refused: dict[UUID, str] = field(default_factory=dict)


def list_chapters(snapshot: ExportedSnapshot, level: str) -> list[ChapterList]:
    """Return the chapters of each recording that nodes cite by time, in the order of `ExportedSnapshot.recordings`.

    There are none where all begin after the end of the recording, which `ChapterList.refused` says.

    A lesson begins where the first of its own references to the recording does, else the first of what is in it.
    With `auto` lessons are the chapters of recordings that two of them cite, concepts those of others.
    """
    starts = _find_starts(snapshot)
    found = []
    for recording in snapshot.recordings:
        of_recording = starts[recording.entry_id]
        chosen = level if level != AUTO else (LESSONS if len(of_recording.lessons) > 1 else CONCEPTS)
        nodes = of_recording.lessons if chosen == LESSONS else of_recording.concepts
        if nodes:
            found.append(_build_list(recording, nodes, of_recording.last_ms))
    return found


def clean_title(title: str) -> str:
    """Return a title in one line without control characters, which chapters of no program may have."""
    shown = (" " if unicodedata.category(letter) == "Cc" else letter for letter in title)
    return " ".join("".join(shown).split()) or "-"


def explain_absence(node: ExportedNode, present: Collection[UUID]) -> str:
    """Return in a sentence why a node is no chapter. `present` are the recordings that still exist."""
    timed = [reference for reference in node.references if reference.locator.start_ms is not None]
    for reference in timed:
        if reference.entry_id not in present:
            return f"It cites {reference.entry_path}, which was deleted since."
    return "Others are the chapters of what it cites." if timed else "It cites no place in a recording."


@dataclass(kw_only=True)
class _Starts:
    """Where lessons and concepts begin in one recording, and the last moment that is cited of it."""

    lessons: list[tuple[int, ExportedNode]] = field(default_factory=list)
    concepts: list[tuple[int, ExportedNode]] = field(default_factory=list)
    last_ms: int = 0


def _find_starts(snapshot: ExportedSnapshot) -> defaultdict[UUID, _Starts]:
    starts: defaultdict[UUID, _Starts] = defaultdict(_Starts)
    for node in snapshot.walk_nodes():
        cited = _find_cited_starts(node)
        for reference in node.references:
            if (start_ms := reference.locator.start_ms) is not None:
                of_entry = starts[reference.entry_id]
                of_entry.last_ms = max(of_entry.last_ms, start_ms, reference.locator.end_ms or 0)
        if node.node_type is NodeType.LESSON:
            inside: dict[UUID, int] = {}
            for child in node.children:
                for entry_id, start_ms in _find_cited_starts(child).items():
                    inside[entry_id] = min(start_ms, inside.get(entry_id, start_ms))
            for entry_id, start_ms in {**inside, **cited}.items():
                starts[entry_id].lessons.append((start_ms, node))
        elif node.node_type is NodeType.CONCEPT:
            for entry_id, start_ms in cited.items():
                starts[entry_id].concepts.append((start_ms, node))
    return starts


def _find_cited_starts(node: ExportedNode) -> dict[UUID, int]:
    """Return the first moment that a node itself cites of each recording."""
    found: dict[UUID, int] = {}
    for reference in node.references:
        if (start_ms := reference.locator.start_ms) is not None:
            found[reference.entry_id] = min(start_ms, found.get(reference.entry_id, start_ms))
    return found


def _build_list(recording: ExportedRecording, nodes: list[tuple[int, ExportedNode]], last_ms: int) -> ChapterList:
    made = ChapterList(recording=recording)
    kept: list[tuple[int, ExportedNode]] = []
    for start_ms, node in sorted(
        nodes, key=lambda each: each[0]
    ):  # it is stable: of two at once the first in the course
        if recording.duration_ms is not None and start_ms >= recording.duration_ms:
            made.refused[node.row.key] = f"It begins after the end of {recording.name}."
        elif kept and kept[-1][0] == start_ms:
            made.refused[node.row.key] = f"In {recording.name} it begins at the same moment as another chapter."
        else:
            kept.append((start_ms, node))
    made.chapters = list(_close_chapters(kept, recording.duration_ms or last_ms))
    return made


def _close_chapters(kept: Sequence[tuple[int, ExportedNode]], end_ms: int) -> Iterator[Chapter]:
    """Yield chapters of which each ends where the next begins, and the last where the recording does."""
    for position, (start_ms, node) in enumerate(kept):
        next_ms = kept[position + 1][0] if position + 1 < len(kept) else max(end_ms, start_ms + 1)
        yield Chapter(key=node.row.key, title=clean_title(node.row.title), start_ms=start_ms, end_ms=next_ms)
