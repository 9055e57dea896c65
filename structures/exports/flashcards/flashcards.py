"""The concepts of a structure as a deck of Anki, for learning them by heart."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import genanki

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.flashcards.decks import build_decks, has_concepts
from structures.exports.flashcards.validation import COLLECTION, MEDIA, validate_deck
from structures.exports.losses import (
    WHOLE,
    build_loss,
    find_carried_replacements,
    find_course_losses,
    list_filled_fields,
)
from structures.exports.options import ExportOption
from structures.exports.packages import PackageWriter
from structures.exports.places import QUOTES, find_place_losses

_CARRIED = {
    NodeType.MODULE: frozenset({"description"}),
    NodeType.LESSON: frozenset(),
    NodeType.CONCEPT: frozenset({"description", "examples", "references"}),
}
_COURSE_FIELDS = frozenset({"title", "description"})
# Of a structure that is in no database: what genanki gives decks, too.
_TIME_WITHOUT_DATABASE = 1_425_278_051
_PAGE_BYTES = 4096
# Where SQLite says which version of it wrote the file ("Database File Format", 1.3), and what stands there instead.
_VERSION_AT, _WRITTEN_BY = 96, (3_045_000).to_bytes(4, "big")
_PIECE_BYTES = 2**16


@dataclass(frozen=True)
class FlashcardsFormat:
    """One package of Anki: a deck of the course and in it one of each module, a note of each concept."""

    name: str = "anki"
    title: str = "Anki deck of concepts"
    audience: str = "learners"
    media_type: str = "application/zip"
    extension: str = ".apkg"
    version: str = "1"
    options: Sequence[ExportOption] = (QUOTES,)
    reads_materials: bool = True

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        made_at = snapshot.course.created_at
        # Anki takes over a note that it has when the time of the package's is later.
        timestamp = int(made_at.timestamp()) if made_at else _TIME_WITHOUT_DATABASE
        with TemporaryDirectory(prefix="coursewright-anki-") as folder:
            path = Path(folder) / COLLECTION
            package = genanki.Package(build_decks(snapshot, with_quotes=options[QUOTES.name]))
            with closing(sqlite3.connect(path)) as database:
                database.executescript(f"PRAGMA page_size = {_PAGE_BYTES}; PRAGMA auto_vacuum = NONE;")
                package.write_to_db(database.cursor(), timestamp, itertools.count(timestamp * 1000))
                database.commit()
                # Without the pages that were used in between.
                database.execute("VACUUM")
            with PackageWriter(out) as archive:
                archive.add_file(COLLECTION, _read_collection(path))
                archive.add_file(MEDIA, [b"{}"])

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what is no concept, but for titles and descriptions of modules and titles of lessons that hold some."""
        reason = "A deck says of the course its title and its description."
        yield from find_course_losses(snapshot.course, carried=_COURSE_FIELDS, reason=reason)
        for node in snapshot.walk_nodes():
            if node.node_type is NodeType.EXERCISE:
                yield build_loss(node, WHOLE, "A deck has the concepts; exercises are no cards.")
            elif not has_concepts(node):
                yield build_loss(node, WHOLE, "There is no concept in it.")
            else:
                carried = _CARRIED[node.node_type]
                for field in list_filled_fields(node):
                    if field not in carried:
                        yield build_loss(node, field, "Cards have no place for it.")
                if node.node_type is NodeType.CONCEPT:
                    yield from find_place_losses(node, snapshot, with_quotes=options[QUOTES.name])
        yield from find_carried_replacements(snapshot, _list_written_fields, of_course=_COURSE_FIELDS)

    def validate(self, path: Path) -> ValidationReport:
        """Check the package, its database, and that notes, cards and decks belong together."""
        return validate_deck(path)


def _list_written_fields(node: ExportedNode) -> frozenset[str]:
    is_written = node.node_type is not NodeType.EXERCISE and has_concepts(node)
    return _CARRIED[node.node_type] | {"title"} if is_written else frozenset()


def _read_collection(path: Path) -> Iterator[bytes]:
    """Yield a database in pieces, without the version of SQLite that happened to write it."""
    with path.open("rb") as file:
        head = file.read(_PAGE_BYTES)
        yield head[:_VERSION_AT] + _WRITTEN_BY + head[_VERSION_AT + len(_WRITTEN_BY) :]
        yield from iter(lambda: file.read(_PIECE_BYTES), b"")
