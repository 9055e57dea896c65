"""How long the outline engine takes, by the number of files: `python -m tests.benchmarks.outline [FILES ...]`.

Prints seconds of the processor, per file, the growth from row to row, and the most memory that the engine asked for.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from uuid import UUID, uuid5

from materials.documents import ChunkKind, Format, Locator
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.outline.engine import build_outline

CHUNKS_A_FILE = 20
_SPACE = UUID(int=20)
_FILES_A_FOLDER = 10
_SYLLABLES = ("ba", "cor", "den", "fil", "gor", "hum", "lan", "mer", "nor", "pil", "que", "ras", "sol", "tem", "vin")


def build_course(files: int, shape: str = "folders") -> SourceNode:
    """Return a course of so many files of CHUNKS_A_FILE chunks, in English, in one of the SHAPES."""
    return SHAPES[shape](files)


def _build_folders(files: int) -> SourceNode:
    """Return parts of ten chapters of ten files."""
    chapters = [
        _build_node(
            f"{number + 1:02} {_draw_words(number, 2).title()}",
            entries=[
                _build_entry(place, f"{place % _FILES_A_FOLDER + 1:02} {_draw_words(place + 9**9, 2)}.md")
                for place in range(first, min(files, first + _FILES_A_FOLDER))
            ],
        )
        for number, first in enumerate(range(0, files, _FILES_A_FOLDER))
    ]
    if len(chapters) <= _FILES_A_FOLDER:
        return _build_node("Course", children=chapters)
    parts = [
        _build_node(f"Part {number + 1}", children=chapters[first : first + _FILES_A_FOLDER])
        for number, first in enumerate(range(0, len(chapters), _FILES_A_FOLDER))
    ]
    return _build_node("Course", children=parts)


def _build_numbered(files: int) -> SourceNode:
    """Return one folder of files whose names number chapters and lessons."""
    names = [
        f"ch{place // _FILES_A_FOLDER + 1:04}-{place % _FILES_A_FOLDER + 1:02}-{_draw_words(place + 9**9, 1)}.md"
        for place in range(files)
    ]
    return _build_node("Course", entries=[_build_entry(place, name) for place, name in enumerate(names)])


def _build_nameless(files: int) -> SourceNode:
    """Return one folder of files whose names say nothing."""
    return _build_node(
        "Course", entries=[_build_entry(place, f"scan_{(place * 7919) % 99991:05}.md") for place in range(files)]
    )


SHAPES: Mapping[str, Callable[[int], SourceNode]] = {
    "folders": _build_folders,
    "numbered": _build_numbered,
    "nameless": _build_nameless,
}


def _build_node(
    title: str, *, entries: list[SourceEntry] | None = None, children: list[SourceNode] | None = None
) -> SourceNode:
    return SourceNode(
        id=uuid5(_SPACE, title), title=title, entries=tuple(entries or ()), children=tuple(children or ())
    )


def _build_entry(number: int, name: str) -> SourceEntry:
    """Return a text with headings, definitions, lists, code, exercises with solutions, and prose."""
    title, entry_id = _draw_words(number, 2).capitalize(), uuid5(_SPACE, str(number))
    texts: list[tuple[ChunkKind, str, int | None]] = [(ChunkKind.HEADING, title, 1)]
    for section in range(4):
        seed = number * 31 + section
        term, other, more = _draw_words(seed, 1), _draw_words(seed + 7, 1), _draw_words(seed + 13, 9)
        texts += [
            (ChunkKind.HEADING, f"{term} and {other}".capitalize(), 2),
            (ChunkKind.PARAGRAPH, f"A {term} is a {other} that keeps the {more} within its limits.", None),
            (ChunkKind.PARAGRAPH, f"When the {other} is warm, {more}. Then the {term} is closed: {more}.", None),
            (ChunkKind.LIST, f"- {other}: the part that {more}\n- {more}", None),
        ]
    texts += [
        (ChunkKind.HEADING, f"Exercise: the {_draw_words(number + 3, 1)}", 2),
        (ChunkKind.PARAGRAPH, f"Measure the {_draw_words(number + 5, 4)} and write it down.", None),
        (ChunkKind.CODE, "value = 1", None),
    ]
    assert len(texts) == CHUNKS_A_FILE
    path: list[str] = []
    chunks = []
    for place, (kind, text, level) in enumerate(texts):
        if level is not None:
            path = [*path[: level - 1], text]
        locator = Locator(heading_path=tuple(path))
        chunks.append(SourceChunk(id=uuid5(entry_id, str(place)), kind=kind, text=text, locator=locator, level=level))
    return SourceEntry(
        id=entry_id, name=name, title=title, format=Format.MARKDOWN, chunks=tuple(chunks), sha256=f"{number:064}"
    )


def _draw_words(seed: int, count: int) -> str:
    """Return words that are no real ones, the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311  # no secret
    return " ".join("".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4))) for _ in range(count))


def measure_seconds(course: SourceNode) -> float:
    """Return the seconds of the processor that the engine takes, without looking for garbage."""
    gc.collect()
    gc.disable()
    try:
        begin = time.process_time()
        build_outline(course)
        return time.process_time() - begin
    finally:
        gc.enable()


def measure_peak_bytes(course: SourceNode) -> int:
    """Return the most memory that the engine asks for above what its input takes."""
    gc.collect()
    tracemalloc.start()
    try:
        build_outline(course)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=int, default=[10, 100, 1000, 10000])
    parser.add_argument("--shape", action="append", choices=SHAPES)
    parser.add_argument("--memory", action="store_true", help="measure memory, too (takes ten times as long)")
    asked = parser.parse_args()
    for shape in asked.shape or SHAPES:
        before: tuple[int, float] | None = None
        for files in asked.files:
            course = build_course(files, shape)
            seconds = measure_seconds(course)
            growth = f"{seconds / before[1]:6.1f} x for {files / before[0]:.0f} x the files" if before else ""
            memory = f"{measure_peak_bytes(course) / 2**20:7.0f} MiB" if asked.memory else ""
            each = f"{seconds / files * 1000:.2f} ms a file"
            sys.stdout.write(f"{shape:<10}{files:>7} files {seconds:8.2f} s {each:>18}{memory} {growth}\n")
            before = files, seconds


if __name__ == "__main__":
    main()
