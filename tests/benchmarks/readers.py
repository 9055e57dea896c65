"""What reading a file costs beside the bare library: `python -m tests.benchmarks.readers`.

Prints, for each format, the median ratio of our reader's time to the library's over interleaved rounds in one process.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pptx
import pypdfium2
from lxml import etree, html

from materials.documents import Format
from materials.processors.registry import read
from tests.materials.processors.pdfs import pdf

ROUNDS = 7
WORDS = "The boiling point of a liquid is the temperature at which it becomes a gas under the pressure of the air. "


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for format_, made, bare in CASES:
            path = Path(folder) / f"case.{format_.value}"
            path.write_bytes(made())
            ratio, ours = _ratio(lambda path=path, f=format_: read(path, f), lambda path=path, b=bare: b(path))  # type: ignore[misc]
            sys.stdout.write(f"{format_.value:<9} {ratio:5.2f} x the bare library   ({ours * 1000:.0f} ms)\n")


def _ratio(ours: Callable[[], object], bare: Callable[[], object]) -> tuple[float, float]:
    ours()
    bare()
    pairs = [(_time(ours), _time(bare)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs)


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _pdf() -> bytes:
    return pdf([[(18, f"Section {page}"), *((11, WORDS[:80]) for _ in range(30))] for page in range(300)])


def _docx() -> bytes:
    made = docx.Document()
    for number in range(3000):
        if number % 50 == 0:
            made.add_heading(f"Section {number}", 2)
        made.add_paragraph(WORDS)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _pptx() -> bytes:
    made = pptx.Presentation()
    for number in range(150):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text_frame.text = WORDS
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _html() -> bytes:
    sections = "".join(f"<h2>Part {n}</h2><p>{WORDS * 5}</p><ul><li>{WORDS}</li></ul>" for n in range(1000))
    return f"<!doctype html><html><body><main>{sections}</main></body></html>".encode()


def _bare_pdf(path: Path) -> None:
    document = pypdfium2.PdfDocument(path)
    for page in document:
        text = page.get_textpage()
        text.get_text_range()
        text.close()
        page.close()
    document.close()


def _bare_docx(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read("word/document.xml"))
    "".join(map(str, root.itertext()))


def _bare_pptx(path: Path) -> None:
    for slide in pptx.Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                _ = shape.text_frame.text


def _bare_html(path: Path) -> None:
    "".join(map(str, html.fromstring(path.read_bytes()).itertext()))


CASES = (
    (Format.PDF, _pdf, _bare_pdf),
    (Format.DOCX, _docx, _bare_docx),
    (Format.PPTX, _pptx, _bare_pptx),
    (Format.HTML, _html, _bare_html),
)

if __name__ == "__main__":
    main()
