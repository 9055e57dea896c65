"""How the time of reading text grows with its size: `python -m tests.benchmarks.texts [kilobytes]`.

Prints, for each format, the seconds for texts of one, two and four times the size, and what the last doubling cost.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from materials.documents import Format
from materials.readers.registry import read_document

WORDS = "The *boiling point* of a liquid is the temperature at which it becomes a gas under the pressure of the air. "
PART = f"{WORDS * 4}\n\n- one\n- two\n\n"


def main() -> None:
    size = int(sys.argv[1] if len(sys.argv) > 1 else 500) * 1024
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text"
        for name, (format_, make) in CASES.items():
            taken = []
            for times in (1, 2, 4):
                path.write_bytes(make(size * times))
                started = time.process_time()
                read_document(path, format_)
                taken.append(time.process_time() - started)
            shown = " ".join(f"{seconds:6.2f}" for seconds in taken)
            sys.stdout.write(f"{name:<20} {shown} s   x {taken[2] / taken[1]:.2f}\n")


def _repeated(before: str, part: str, encoding: str = "utf-8") -> Callable[[int], bytes]:
    return lambda size: (before + part * (size // len(part))).encode(encoding)


def _notebook(size: int) -> bytes:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": PART},
        {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [{"output_type": "stream", "text": PART}]},
    ]
    return json.dumps({"cells": cells * (size // (2 * len(PART))), "metadata": {}}).encode()


CUE = "1\n00:00:01,000 --> 00:00:02,000\nWords that are said.\n\n"
CASES: dict[str, tuple[Format, Callable[[int], bytes]]] = {
    "html": (Format.HTML, _repeated("<!doctype html>", f"<h2 id=a>Part</h2><p>{WORDS * 4}</p><ul><li>one<li>two</ul>")),
    "html, paragraphs": (Format.HTML, _repeated("", "<p>some words of a text</p>")),
    "html, nested": (Format.HTML, _repeated("", "<div>word ")),
    "html, one table": (Format.HTML, _repeated("<table>", "<tr><td>one<td>two</td>")),
    "markdown": (Format.MARKDOWN, _repeated("", f"## Part\n\n{PART}")),
    "markdown, formulas": (Format.MARKDOWN, _repeated("", "$a_b$ and \\(c\\) cost $5 more.\n\n$$\nx\n$$\n\n")),
    "markdown, directives": (
        Format.MARKDOWN,
        _repeated("", f":::{{note}} Title\n{PART}:::\n\n!!! tip\n    Words.\n\n"),
    ),
    "notebook": (Format.NOTEBOOK, _notebook),
    "rst": (Format.RST, _repeated("", f"Part\n====\n\n{PART}.. note:: Words\n\n   More.\n\n")),
    "csv": (Format.CSV, _repeated("a,b\n", 'one,"two, three"\n')),
    "srt": (Format.SRT, _repeated("", CUE)),
    "plain, cp1251": (Format.PLAIN, _repeated("", "Вода кипить за температури сто градусів.\n\n", "cp1251")),
}

if __name__ == "__main__":
    main()
