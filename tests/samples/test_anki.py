"""Decks of concepts, read by Anki's own importer: make test-exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.flashcards.flashcards import FlashcardsFormat
from tests.samples.test_exports import COURSES, load_course
from tests.structures.exports.courses import build_hostile_course, build_node
from tests.structures.exports.test_formats import write


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Any]:
    """A collection of Anki without notes."""
    opened = Collection(str(tmp_path / "collection.anki2"))
    yield opened
    opened.close()


def import_deck(collection: Any, tmp_path: Path, snapshot: ExportedSnapshot) -> Any:
    """Import a snapshot as a person does with Anki's own choices, and return what Anki says."""
    path = tmp_path / "deck.apkg"
    path.write_bytes(write(FlashcardsFormat(), snapshot))
    request = ImportAnkiPackageRequest(package_path=str(path), options=ImportAnkiPackageOptions())
    log = collection.import_anki_package(request).log
    said, is_whole = collection.fix_integrity()
    assert is_whole, said
    return log


def list_titles(snapshot: ExportedSnapshot, kind: NodeType) -> list[str]:
    return [node.row.title for node in snapshot.walk_nodes() if node.node_type is kind]


@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_a_sample_course_imported_twice_is_there_once(collection: Any, tmp_path: Path, course: Path) -> None:
    snapshot = load_course(course)
    concepts = list_titles(snapshot, NodeType.CONCEPT)

    first, second = (import_deck(collection, tmp_path, snapshot) for _ in range(2))

    assert (len(first.new), len(first.updated), len(second.new)) == (len(concepts), 0, 0)
    assert collection.note_count() == collection.card_count() == len(concepts)


def test_a_later_export_updates_notes_and_decks_instead_of_doubling(collection: Any, tmp_path: Path) -> None:
    before, after = build_hostile_course(), build_hostile_course()
    before.course.created_at = datetime(2026, 5, 1, tzinfo=UTC)
    after.course.created_at = datetime(2026, 6, 1, tzinfo=UTC)
    after.modules[0].children[0].children[0].row.description = "Said anew."
    after.modules[0].children[1].children.append(build_node(NodeType.CONCEPT, "Added"))
    concepts = list_titles(after.build_snapshot(), NodeType.CONCEPT)

    import_deck(collection, tmp_path, before.build_snapshot())
    decks = [each.name for each in collection.decks.all_names_and_ids()]
    log = import_deck(collection, tmp_path, after.build_snapshot())

    assert (len(log.new), len(log.updated)) == (1, len(concepts) - 1)
    assert collection.note_count() == collection.card_count() == len(concepts)
    assert len(collection.find_notes('"Said anew."')) == 1
    assert [each.name for each in collection.decks.all_names_and_ids()] == decks
    assert len(decks) == 1 + 1 + len(list_titles(after.build_snapshot(), NodeType.MODULE))
