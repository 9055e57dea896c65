"""Read delimited text (CSV, TSV) as one table, in parts that each repeat its head."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from materials.documents import ChunkKind, Document, LeftOutKind
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import PieceCollector, format_table_parts
from materials.readers.text.schedules import find_schedule

# Bytes. Rows that are left out are parsed, too, to count them for the warning.
MAX_BYTES = 50 * 2**20
# Rows that are read besides the head: tables that an author writes have fewer, and data sets are not text of a course.
MAX_ROWS = 1_000
# A round number above the width of tables of words; what is wider is a matrix of data.
MAX_COLUMNS = 100

_DELIMITERS = ",;\t|"
# The text is parsed once for each delimiter to find the right one: a hundred rows show how regular its columns are.
_SAMPLE_ROWS = 100
_SAMPLE_CHARACTERS = 64 * 1024
# The first line by which Excel is told the delimiter.
_SEPARATOR_LINE = re.compile(r"sep=(.)\n")


def read(path: Path) -> Document:
    """Return delimited text as a table, whatever its delimiter, and the schedule in it.

    Warnings name the rows and columns that are left out. Raises UnreadableDocument for a file larger than MAX_BYTES.
    """
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(
            f"The table is larger than {MAX_BYTES // 2**20} MiB.",
            code="too_large",
            next_step="Send the part of it that the course is about.",
        )
    text = decode_with_warnings(data)
    said = _SEPARATOR_LINE.match(text.text)
    body = text.text[said.end() :] if said else text.text
    rows = _parse_rows(body, said.group(1) if said else detect_delimiter(body))
    head_and_rows = list(islice(rows, MAX_ROWS + 1))
    more = sum(1 for _ in rows)
    widest = max(map(len, head_and_rows), default=0)
    pieces = PieceCollector()
    if more:
        pieces.left_out.add(LeftOutKind.EXCESS, f"Rows from {MAX_ROWS + 1:,} on", count=more)
    if widest > MAX_COLUMNS:
        pieces.left_out.add(LeftOutKind.EXCESS, f"Columns from {MAX_COLUMNS + 1} on", count=widest - MAX_COLUMNS)
    for part in format_table_parts([row[:MAX_COLUMNS] for row in head_and_rows]):
        pieces.add(ChunkKind.TABLE, part)
    return Document(
        pieces=tuple(pieces.collected),
        warnings=(*text.warnings, *_build_truncation_warnings(len(head_and_rows), more, widest)),
        left_out=pieces.left_out.build(),
        contents=find_schedule([row[:MAX_COLUMNS] for row in head_and_rows]),
    )


def detect_delimiter(text: str) -> str:
    """Return the delimiter that gives the most regular columns; a comma when none gives any."""
    sample = text[:_SAMPLE_CHARACTERS]
    return max(_DELIMITERS, key=lambda sign: _score_delimiter(sample, sign))


def _score_delimiter(sample: str, delimiter: str) -> tuple[float, int]:
    widths = [len(row) for row in islice(_build_csv_reader(sample, delimiter, strict=False), _SAMPLE_ROWS) if row]
    if not widths:
        return 0.0, 0
    (width, count), *_ = Counter(widths).most_common(1)
    # In tenths, so that a stray row does not decide; among equals, more columns do.
    return (round(count / len(widths), 1), width) if width > 1 else (0.0, 0)


def _parse_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Return the rows that have text; when a quotation mark is never closed, none quotes anything."""
    # Only a strict reader reports the open quotation; a lenient one would swallow the rest of the file as one cell.
    quoted = True
    try:
        for _ in _build_csv_reader(text, delimiter, strict=True):
            pass
    except csv.Error as exc:
        if "end of data" in str(exc):
            quoted = False
    return (
        row
        for row in _build_csv_reader(text, delimiter, strict=False, quoted=quoted)
        if any(cell.strip() for cell in row)
    )


def _build_csv_reader(text: str, delimiter: str, *, strict: bool, quoted: bool = True) -> Iterator[list[str]]:
    # The default of 128 KiB raises an error in the middle of a file.
    csv.field_size_limit(MAX_BYTES)
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=strict,
        skipinitialspace=True,
    )


def _build_truncation_warnings(row_count: int, more: int, widest: int) -> Iterator[str]:
    if more:
        yield f"Only the first {MAX_ROWS:,} of {row_count - 1 + more:,} rows were read; {more:,} were left out."
    if widest > MAX_COLUMNS:
        yield f"Only the first {MAX_COLUMNS} of {widest:,} columns were read; {widest - MAX_COLUMNS:,} were left out."
