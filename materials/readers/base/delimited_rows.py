"""Parse the delimited text of a directive `csv-table`, of reStructuredText and of MyST."""

from __future__ import annotations

import csv
from collections.abc import Sequence

# As in delimited files.
_MAX_COLUMNS = 100


def parse_csv_rows(lines: Sequence[str], *, delimiter: str, header: str) -> list[list[str]]:
    """Return the rows of a `csv-table`, its header first; `delimiter` is a character, `tab` or `space`."""
    sign = {"tab": "\t", "space": " "}.get(delimiter.strip(), delimiter.strip()[:1]) or ","
    given = ([header] if header else []) + list(lines)
    return [row[:_MAX_COLUMNS] for row in csv.reader(given, delimiter=sign, skipinitialspace=True) if row]
