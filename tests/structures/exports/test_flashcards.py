"""Structures as decks of Anki."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.flashcards.flashcards import FlashcardsFormat
from structures.models import StructureSnapshot
from tests.structures.exports.courses import TALK, ExampleNode, build_hostile_course, build_node, cite_talk
from tests.structures.exports.test_formats import write

MADE_AT = datetime(2026, 5, 1, tzinfo=UTC)


def build_snapshot(*nodes: ExampleNode, **fields: Any) -> ExportedSnapshot:
    addresses = fields.pop("addresses", {})
    return ExportedSnapshot(course=StructureSnapshot(title="Water", **fields), modules=nodes, addresses=addresses)


@contextmanager
def open_collection(content: bytes) -> Iterator[sqlite3.Connection]:
    """Open the database of a package."""
    with zipfile.ZipFile(io.BytesIO(content)) as package, closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(package.read("collection.anki2"))
        yield database


def list_notes(content: bytes) -> list[tuple[str, str, str, str]]:
    """Return for each card its deck, and the fields of its note: concept, lesson and back."""
    with open_collection(content) as database:
        decks = json.loads(database.execute("SELECT decks FROM col").fetchone()[0])
        rows = database.execute("SELECT did, flds FROM cards JOIN notes ON notes.id = nid ORDER BY cards.id")
        return [(decks[str(deck)]["name"], *fields.split("\x1f")) for deck, fields in rows]


def test_concepts_are_cards_in_the_deck_of_their_module() -> None:
    boiling = build_node(
        NodeType.CONCEPT, "Boiling", description="Liquid\n\n- to gas", examples=["Tea"], references=[cite_talk(1, 2)]
    )
    inner = build_node(
        NodeType.MODULE, "Deep", build_node(NodeType.LESSON, "Sea", build_node(NodeType.CONCEPT, "Salt"))
    )
    outer = build_node(NodeType.MODULE, "Hot: a", build_node(NodeType.LESSON, "Heat", boiling), inner)
    alone = build_node(NodeType.CONCEPT, "Water")
    snapshot = build_snapshot(outer, alone, addresses={TALK: "https://example.org/talk.mp4"})

    notes = list_notes(write(FlashcardsFormat(), snapshot, quotes=True))

    assert [note[:3] for note in notes] == [
        ("Water", "Water", ""),
        ("Water::Hot: a", "Boiling", "Heat"),
        ("Water::Hot: a::Deep", "Salt", "Sea"),
    ]
    assert notes[1][3] == (
        "<p>Liquid</p>\n<ul>\n<li>to gas</li>\n</ul>\n<p>Examples:</p>\n<ul>\n<li>Tea</li>\n</ul>\n<p>Sources:</p>\n"
        "<ul>\n"
        '<li><a href="https://example.org/talk.mp4#t=0.001,0.002" target="_blank" rel="noopener noreferrer">'
        "Part/talk.mp4, 00:00–00:00</a>\n<blockquote>What is quoted.</blockquote></li>\n</ul>"
    )


def test_names_of_decks_part_at_no_colons_of_titles_and_differ_also_without_case() -> None:
    titles = ["Rivers::Seas:", "RIVERS:SEAS", "::", "a\x00b\ufffe"]
    modules = [
        build_node(NodeType.MODULE, title, build_node(NodeType.LESSON, title, build_node(NodeType.CONCEPT, title)))
        for title in titles
    ]

    notes = list_notes(write(FlashcardsFormat(), build_snapshot(*modules)))

    assert [note[0] for note in notes] == [
        "Water::Rivers:Seas",
        "Water::RIVERS:SEAS (2)",
        "Water::-",
        "Water::a b\ufffd",
    ]
    assert [note[1] for note in notes] == ["Rivers::Seas:", "RIVERS:SEAS", "::", "a b\ufffd"]


def test_titles_run_nothing() -> None:
    titles = ["<script>alert(1)</script>", "[latex]x[/latex]", "[sound:a.mp3]"]
    nodes = [build_node(NodeType.CONCEPT, title, description=title, examples=[title]) for title in titles]

    content = str(list_notes(write(FlashcardsFormat(), build_snapshot(*nodes))))

    assert "<script" not in content
    assert "[latex" not in content
    assert "[sound" not in content
    assert "&#91;latex]x&#91;/latex]" in content


def read_identifiers(content: bytes) -> dict[str, tuple[int, int]]:
    """Return by their identifiers the types and times of notes."""
    with open_collection(content) as database:
        return {guid: (mid, mod) for guid, mid, mod in database.execute("SELECT guid, mid, mod FROM notes")}


def test_a_later_export_has_the_identifiers_of_an_earlier_one_and_a_later_time() -> None:
    before, after = build_hostile_course(), build_hostile_course()
    before.course.created_at = MADE_AT
    after.course.created_at = MADE_AT.replace(year=2027)
    for node in after.build_snapshot().walk_nodes():
        node.row.title += " again"  # type: ignore[misc]  # a row of an example
    after.modules.reverse()

    old, new = (read_identifiers(write(FlashcardsFormat(), each.build_snapshot())) for each in (before, after))

    concepts = [each for each in before.build_snapshot().walk_nodes() if each.node_type is NodeType.CONCEPT]
    assert set(old) == set(new) == {str(concept.row.key) for concept in concepts}
    assert {mid for mid, _ in old.values()} == {mid for mid, _ in new.values()}
    assert {mod for _, mod in old.values()} == {int(MADE_AT.timestamp())}
    assert min(mod for _, mod in new.values()) > max(mod for _, mod in old.values())


def test_the_deck_of_a_course_has_the_id_of_its_material_node_whatever_its_title() -> None:
    node = UUID(int=2**128 - 5)
    for title in ("Water", "Ice"):
        snapshot = ExportedSnapshot(
            course=StructureSnapshot(title=title, node_id=node), modules=[build_node(NodeType.CONCEPT, "Salt")]
        )
        with open_collection(write(FlashcardsFormat(), snapshot)) as database:
            decks = json.loads(database.execute("SELECT decks FROM col").fetchone()[0])
        assert {each["id"]: each["name"] for each in decks.values()} == {1: "Default", 2**40 - 3: title}


def test_losses_are_what_cards_do_not_say() -> None:
    concept = build_node(NodeType.CONCEPT, "Boiling", description="It.", examples=["Tea"], references=[cite_talk(1, 2)])
    lesson = build_node(
        NodeType.LESSON, "Heat", concept, build_node(NodeType.EXERCISE, "Boil", description="Do it."),
        description="About heat.", estimated_minutes=5, minutes_basis="computed",
    )  # fmt: skip
    empty = build_node(NodeType.MODULE, "Cold", build_node(NodeType.LESSON, "Ice"), description="About ice.")
    module = build_node(NodeType.MODULE, "Hot", lesson, description="About hot.", arranged_by="folders")
    snapshot = build_snapshot(module, empty, description="About water.", learning_goal="Know it.")

    losses = [(loss.title, loss.field) for loss in FlashcardsFormat().list_losses(snapshot, {"quotes": False})]
    content = write(FlashcardsFormat(), snapshot)

    assert losses == [
        ("Water", "learning_goal"), ("Hot", "arranged_by"), ("Heat", "description"), ("Heat", "estimated_minutes"),
        ("Heat", "minutes_basis"), ("Boiling", "references.link"), ("Boiling", "references.quote"), ("Boil", "all"),
        ("Cold", "all"), ("Ice", "all"),
    ]  # fmt: skip
    with open_collection(content) as database:
        said = "\n".join(database.iterdump())
    for text in ("About water.", "About hot.", "It.", "Tea", "Part/talk.mp4", "Heat"):
        assert text in said
    for text in ("Know it.", "folders", "About heat.", "Do it.", "Boil<", "Cold", "Ice", "What is quoted."):
        assert text not in said


def test_characters_for_which_a_sign_stands_are_lost_where_they_are_written() -> None:
    lesson = build_node(NodeType.LESSON, "Heat\x07", build_node(NodeType.CONCEPT, "Boiling", description="\x07"))
    snapshot = build_snapshot(lesson, build_node(NodeType.LESSON, "Ice\x07"), description="\x07")

    losses = [(loss.title, loss.field) for loss in FlashcardsFormat().list_losses(snapshot, {"quotes": False})]

    assert losses == [
        ("Ice\x07", "all"), ("Water", "description"), ("Heat\x07", "title"), ("Boiling", "description")
    ]  # fmt: skip


def test_a_course_without_concepts_is_an_empty_deck_and_said(tmp_path: Path) -> None:
    path = tmp_path / "empty.apkg"
    path.write_bytes(write(FlashcardsFormat(), build_snapshot(build_node(NodeType.MODULE, "Soon"))))

    report = FlashcardsFormat().validate(path)

    assert (report.exit, *report.messages) == (0, "There is no concept: the deck is empty.")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE notes SET guid = (SELECT min(guid) FROM notes)", "two have this identifier"),
        ("UPDATE notes SET guid = ''", "has no identifier"),
        ("UPDATE notes SET mid = 5", "its type is not there"),
        ("UPDATE notes SET flds = flds || char(31)", "more or fewer fields"),
        ("UPDATE notes SET flds = ' ' || char(31) || char(31)", "its front is blank"),
        ("DELETE FROM cards", "it has not one card"),
        ("DELETE FROM notes", "its note is not there"),
        ("UPDATE cards SET did = 7", "its deck is not there"),
        ("DELETE FROM col", "0 rows and not one"),
        ("UPDATE col SET decks = '['", "no package of Anki"),
        ("UPDATE col SET decks = '[1]'", "no package of Anki"),
        (
            "UPDATE col SET decks = replace(decks, '\"Default\"', '\"Deck\"'), models = replace(models, 'Back', 'B')",
            "fields",
        ),
        ("DROP TABLE cards", "no package of Anki"),
    ],
)
def test_its_validator_finds_each_fault(tmp_path: Path, statement: str, said: str) -> None:
    path = tmp_path / "deck.apkg"
    with open_collection(write(FlashcardsFormat(), build_hostile_course().build_snapshot())) as database:
        database.execute(statement)
        database.commit()
        content = database.serialize()
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("collection.anki2", content)
        package.writestr("media", "{}")

    report = FlashcardsFormat().validate(path)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


def test_a_damaged_database_and_other_files_are_findings(tmp_path: Path) -> None:
    path = tmp_path / "deck.apkg"
    content = write(FlashcardsFormat(), build_hostile_course().build_snapshot())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        database = bytearray(package.read("collection.anki2"))
    database[len(database) // 2 : len(database) // 2 + 3000] = b"\xff" * 3000
    for files, said in (
        ({"collection.anki2": bytes(database), "media": b"{}"}, ""),
        ({"collection.anki2": b"text", "media": b"{}"}, "no package of Anki"),
        ({"collection.anki2": b"", "media": b'{"0": "a.png"}'}, "it names files"),
        ({"other": b""}, "the package holds ['other']"),
    ):
        with zipfile.ZipFile(path, "w") as package:
            for name, part in files.items():
                package.writestr(name, part)

        report = FlashcardsFormat().validate(path)

        assert report.exit == 1
        assert any(said in message for message in report.messages), report.messages
