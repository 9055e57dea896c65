"""Checks of a written package of Anki: its database is whole, and its notes, cards and decks belong together."""

from __future__ import annotations

import json
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from structures.exports.base import ValidationReport
from structures.exports.flashcards.decks import FIELDS

COLLECTION, MEDIA = "collection.anki2", "media"
_VALIDATOR, _RULES_VERSION = "SQLite integrity + coursewright-anki", "1"
_MAX_MESSAGES = 20
# As much as the largest file of an export may have by default, and what a check of it takes at most.
_MAX_BYTES, _MAX_SECONDS = 2**30, 60
_STEPS_BETWEEN_LOOKS = 100_000
_PIECE_BYTES = 2**20
# Each finds rows that may not be; the sentence takes what it finds.
_RULES = (
    ("SELECT guid FROM notes GROUP BY guid HAVING count(*) > 1", "note {}: two have this identifier"),
    ("SELECT guid FROM notes WHERE guid = ''", "a note has no identifier"),
    ("SELECT guid FROM notes WHERE mid NOT IN (SELECT id FROM temp.note_types)", "note {}: its type is not there"),
    (
        "SELECT guid FROM notes WHERE length(flds) - length(replace(flds, char(31), '')) != 2",
        "note {}: it has more or fewer fields than its type",
    ),
    (
        "SELECT guid FROM notes WHERE trim(substr(flds, 1, instr(flds, char(31)) - 1)) = ''",
        "note {}: its front is blank",
    ),
    (
        "SELECT guid FROM notes WHERE (SELECT count(*) FROM cards WHERE nid = notes.id) != 1",
        "note {}: it has not one card",
    ),
    ("SELECT id FROM cards WHERE nid NOT IN (SELECT id FROM notes)", "card {}: its note is not there"),
    ("SELECT id FROM cards WHERE did NOT IN (SELECT id FROM temp.decks)", "card {}: its deck is not there"),
)


def validate_deck(path: Path) -> ValidationReport:
    """Return what is wrong with a package of Anki, the first faults of it."""
    faults: list[str] = []
    notes: list[str] = []
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory(prefix="coursewright-anki-") as folder:
            for fault in islice(_find_faults(archive, Path(folder), notes), _MAX_MESSAGES):
                faults.append(fault)  # noqa: PERF402  # what was found before an exception stays
    except (zipfile.BadZipFile, sqlite3.Error, ValueError, KeyError, TypeError, AttributeError, OSError) as exc:
        faults.append(f"no package of Anki: {exc}")
    return ValidationReport(
        validator=_VALIDATOR,
        version=f"{sqlite3.sqlite_version} + {_RULES_VERSION}",
        exit=int(bool(faults)),
        messages=(*faults, *notes),
    )


def _find_faults(archive: zipfile.ZipFile, folder: Path, notes: list[str]) -> Iterator[str]:
    if archive.namelist() != [COLLECTION, MEDIA]:
        yield f"the package holds {archive.namelist()[:5]} and not {COLLECTION} and {MEDIA}"
        return
    if json.loads(archive.read(MEDIA)) != {}:
        yield f"{MEDIA}: it names files, and there are none"
    if archive.getinfo(COLLECTION).file_size > _MAX_BYTES:
        yield f"{COLLECTION}: it is larger than {_MAX_BYTES} bytes"
        return
    path = folder / COLLECTION
    with archive.open(COLLECTION) as source, path.open("wb") as target:
        for piece in iter(lambda: source.read(_PIECE_BYTES), b""):
            target.write(piece)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.execute("PRAGMA trusted_schema = OFF")
        ends_at = time.monotonic() + _MAX_SECONDS
        database.set_progress_handler(lambda: int(time.monotonic() > ends_at), _STEPS_BETWEEN_LOOKS)
        for (said,) in database.execute(f"PRAGMA integrity_check({_MAX_MESSAGES})"):
            if said != "ok":
                yield f"{COLLECTION}: {said}"
        yield from _find_collection_faults(database, notes)


def _find_collection_faults(database: sqlite3.Connection, notes: list[str]) -> Iterator[str]:
    rows = database.execute("SELECT models, decks FROM col").fetchall()
    if len(rows) != 1:
        yield f"col: {len(rows)} rows and not one"
        return
    note_types, decks = (json.loads(value) for value in rows[0])
    for note_type in note_types.values():
        if [field["name"] for field in note_type["flds"]] != list(FIELDS) or len(note_type["tmpls"]) != 1:
            yield f"note type {note_type['name'][:50]}: it has other fields than {', '.join(FIELDS)}, or not one card"
    names = [deck["name"].casefold() for deck in decks.values()]
    if len(set(names)) != len(names):
        yield "decks: two have one name, but for case"
    _keep_ids(database, "note_types", note_types)
    _keep_ids(database, "decks", decks)
    for query, said in _RULES:
        for (found,) in database.execute(f"{query} LIMIT {_MAX_MESSAGES}"):
            yield said.format(found)
    if database.execute("SELECT count(*) FROM notes").fetchone() == (0,):
        notes.append("There is no concept: the deck is empty.")


def _keep_ids(database: sqlite3.Connection, table: str, described: dict[str, Any]) -> None:
    """Keep the ids that a JSON column names in a table for the time of the check."""
    database.execute(f"CREATE TEMP TABLE {table} (id INTEGER PRIMARY KEY)")
    ids = ((int(each),) for each in described)
    database.executemany(f"INSERT INTO temp.{table} VALUES (?)", ids)  # noqa: S608  # our own names
