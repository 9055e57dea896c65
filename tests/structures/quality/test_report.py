"""The quality report, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from materials.documents import ChunkKind, Format, Locator
from structures.engines.base.drafts import Basis, Citation, Draft, DraftNode, NodeType, OrderFaults, Prerequisite
from structures.engines.base.sources import SourceChunk, SourceEntry
from structures.quality.report import compute_quality, find_unused_entries
from structures.quality.sentences import build_quality_warnings, describe_quality

SPACE = UUID(int=1)


def entry(name: str, *chunks: tuple[ChunkKind, Locator], **more: int) -> SourceEntry:
    return SourceEntry(
        id=uuid5(SPACE, name),
        name=name,
        title="",
        format=Format.PDF,
        chunks=tuple(
            SourceChunk(id=uuid5(SPACE, f"{name} {number}"), kind=kind, text="Text.", locator=locator)
            for number, (kind, locator) in enumerate(chunks)
        ),
        **more,  # type: ignore[arg-type]  # the fields that are numbers
    )


BOOK = entry(
    "book.pdf",
    (ChunkKind.HEADING, Locator(page=1)),
    (ChunkKind.PARAGRAPH, Locator(page=1)),
    (ChunkKind.PARAGRAPH, Locator(page=3)),
    page_count=4,
)
TALK = entry(
    "talk.vtt",
    (ChunkKind.TRANSCRIPT, Locator(start_ms=10_000, end_ms=50_000)),
    (ChunkKind.TRANSCRIPT, Locator(start_ms=50_000, end_ms=70_000)),
    (ChunkKind.TRANSCRIPT, Locator(start_ms=130_000, end_ms=150_000)),
    duration_ms=150_000,
)
STUB = entry("stub.md", (ChunkKind.HEADING, Locator()))
UNUSED = entry("unused.md", (ChunkKind.PARAGRAPH, Locator()))
CONTENTS = entry("SUMMARY.md")
ENTRIES = [BOOK, TALK, STUB, UNUSED, CONTENTS]


def cite(source: SourceEntry, number: int) -> Citation:
    return Citation(chunk_id=source.chunks[number].id, quote="Text.")


def leaf(kind: NodeType, title: str, *citations: Citation, description: str = "", solution: str = "") -> DraftNode:
    return DraftNode(
        node_type=kind, title=title, citations=citations, description=description, reference_solution=solution
    )


def lesson(title: str, *citations: Citation, children: tuple[DraftNode, ...] = ()) -> DraftNode:
    return DraftNode(node_type=NodeType.LESSON, title=title, citations=citations, children=children)


def module(title: str, *lessons: DraftNode) -> DraftNode:
    return DraftNode(node_type=NodeType.MODULE, title=title, children=lessons)


STEAM = leaf(NodeType.CONCEPT, "Steam", cite(BOOK, 1), description="Water as a gas.")
DRAFT = Draft(
    title="Water",
    modules=(
        module(
            "Heat",
            replace(
                lesson("Boiling", cite(BOOK, 0), children=(STEAM, leaf(NodeType.CONCEPT, "Ice", cite(BOOK, 2)))),
                learning_goal="Explain boiling",
                estimated_minutes=20,
                minutes_basis=Basis.STATED,
                prerequisites=(Prerequisite(term="ice", lesson=0, definition=cite(BOOK, 2), use=cite(BOOK, 1)),),
            ),
            replace(lesson("boiling ", cite(STUB, 0)), estimated_minutes=3, minutes_basis=Basis.COMPUTED),
            lesson("Nothing found", cite(UNUSED, 0)),
        ),
        module(
            "Talks",
            replace(
                lesson(
                    "Talk",
                    cite(TALK, 0),
                    children=(
                        leaf(NodeType.CONCEPT, "STEAM", cite(TALK, 1), description="A gas."),
                        leaf(NodeType.EXERCISE, "Boil an egg", cite(TALK, 2), description="Do it."),
                        leaf(NodeType.EXERCISE, "Boil an egg", cite(TALK, 2), description="Do it.", solution="Done."),
                    ),
                ),
                prerequisites=(Prerequisite(term="steam", lesson=0, definition=cite(BOOK, 1), use=cite(TALK, 0)),),
            ),
        ),
    ),
)


def test_every_count_is_what_stands_there() -> None:
    without_unused = replace(
        DRAFT, modules=(replace(DRAFT.modules[0], children=DRAFT.modules[0].children[:2]), DRAFT.modules[1])
    )

    without_unused = replace(without_unused, order_faults=OrderFaults(early_uses=3, mutual_uses=1))

    report = compute_quality(without_unused, ENTRIES, cited=12, verified=11).build_json()

    assert report == {
        "references": {"cited": 12, "verified": 11},
        "lessons": {"total": 3, "nothing_found": 0, "without_text": 1},
        # A table of contents has no text, and is no source of a lesson.
        "entries": {"total": 4, "in_lessons": 3, "quoted": 3},
        "chunks": {"total": 8, "in_lessons": 7, "quoted": 7},
        "pages": {"total": 4, "in_lessons": 4, "quoted": 2},
        # Two passages begin in the first minute, none in the second.
        "minutes": {"total": 3, "in_lessons": 3, "quoted": 2},
        "concepts": {"total": 3, "without_definition": 1},
        "exercises": {"total": 2, "without_solution": 1},
        # "boiling " beside "Boiling", the two exercises beside one another.
        "duplicates": {"sibling_titles": 2, "concepts": 1, "exercises": 1},
        "order": {"prerequisites": 2, "used_before_definition": 3, "mutual_uses": 1},
        "stated": {
            "minutes_stated": 1, "minutes_computed": 1, "minutes_estimated": 0, "minutes_missing": 1, "goals": 1,
        },
    }  # fmt: skip
    assert [each.name for each in find_unused_entries(without_unused, ENTRIES)] == ["unused.md"]


def test_a_lesson_of_which_nothing_came_is_told_from_one_without_text() -> None:
    report = compute_quality(DRAFT, ENTRIES, cited=11, verified=11).build_json()

    assert report["lessons"] == {"total": 4, "nothing_found": 1, "without_text": 1}
    assert build_quality_warnings(report, []) == [
        "2 of 4 lessons have neither concepts nor exercises; the sources of 1 hold no text."
    ]


def test_warnings_have_numbers_and_not_all_names() -> None:
    report = compute_quality(DRAFT, ENTRIES, cited=11, verified=11).build_json()

    warning = build_quality_warnings(report, [f"{number}.md" for number in range(23)])[1]

    assert warning.startswith("Nothing of 23 of 4 sources is in the structure: 0.md; 1.md; ")
    assert warning.endswith("19.md; and 3 more.")


def test_an_empty_structure_has_a_report_without_divisions() -> None:
    report = compute_quality(Draft(title="", modules=()), [], cited=0, verified=0).build_json()

    assert {count for group in report.values() for count in group.values()} == {0}
    assert describe_quality(report) == ["0 of 0 quotes stand where they are said to."]
    assert build_quality_warnings(report, []) == []
    assert describe_quality({}) == []


def test_people_read_sentences() -> None:
    report = compute_quality(DRAFT, ENTRIES, cited=12, verified=11).build_json()

    assert describe_quality(report) == [
        "11 of 12 quotes stand where they are said to.",
        "2 of 4 lessons have neither concepts nor exercises; the sources of 1 hold no text.",
        "In lessons: 4 of 4 entries, 8 of 8 chunks, 4 of 4 pages, 3 of 3 minutes.",
        "1 of 3 concepts has no definition.",
        "1 of 2 exercises has no solution.",
        "Twice: 2 titles beside one another, 1 concept, 1 exercise.",
        "Order of lessons: 2 prerequisites between them, 0 uses of a term before its definition, "
        "0 pairs that use terms of each other.",
        "Minutes of lessons: 1 stated, 1 computed, 0 estimated by a model, 2 unknown. 1 of 4 lessons has goals.",
    ]
