"""Run the outline engine over the small courses in every shape, print the table, and write it into docs/quality.md."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django


def main() -> int:
    """Print the table; with `--check` fail when docs/quality.md has another, else write it there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page has another table")
    parser.add_argument("--course", action="append", help="only this course (may be repeated); writes nothing")
    parser.add_argument("--shape", action="append", help="only this shape (may be repeated); writes nothing")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()

    from tests.evaluation.table import PAGE, compute_cells, format_table, read_table, replace_table  # noqa: PLC0415

    cells = compute_cells(courses=asked.course, shapes=asked.shape, report=lambda line: print(line, file=sys.stderr))  # noqa: T201
    table = format_table(cells)
    print(table)  # noqa: T201
    if asked.course or asked.shape:
        return 0
    page = Path(PAGE)
    if asked.check:
        return int(read_table(page.read_text(encoding="utf-8")) != table)
    page.write_text(replace_table(page.read_text(encoding="utf-8"), table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
