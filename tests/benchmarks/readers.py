"""What reading a file costs beside the bare library: `python -m tests.benchmarks.readers`.

Prints, for each format, the median ratio of our reader's time to the library's over interleaved rounds in one process,
which is set up as the child process of a parsing is; then what the memory of that child is for PDFs of more and more
pages, and how long as many PDFs as there are processors take, one after the other and at once.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docx
import pptx
import pypdfium2
from lxml import etree, html

from materials.documents import Format
from materials.readers.isolation import read_isolated
from materials.readers.reader_child import spare_collections
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import pdf

ROUNDS = 7
WORDS = "The boiling point of a liquid is the temperature at which it becomes a gas under the pressure of the air. "


def main() -> None:
    spare_collections()
    with tempfile.TemporaryDirectory() as folder:
        for format_, made, bare in CASES:
            path = Path(folder) / f"case.{format_.value}"
            path.write_bytes(made())
            ratio, ours = _ratio(lambda path=path, f=format_: read_document(path, f), lambda path=path, b=bare: b(path))  # type: ignore[misc]
            sys.stdout.write(f"{format_.value:<9} {ratio:5.2f} x the bare library   ({ours * 1000:.0f} ms)\n")
        for count in (100, 300, 1000, 3000):
            path = Path(folder) / f"{count}.pdf"
            path.write_bytes(_pdf(count))
            sys.stdout.write(f"{count} pages of PDF: {_peak(path) / 2**20:.0f} MiB\n")
        _at_once([Path(folder) / "1000.pdf"] * (os.cpu_count() or 1))


def _peak(path: Path) -> int:
    """Return the most memory that a child held while it read a PDF."""
    script = "import resource, sys; from pathlib import Path; from materials.documents import Format; "
    script += "from materials.readers.isolation import ReaderLimits, read_isolated; "
    script += (
        "read_isolated(Path(sys.argv[1]), Format.PDF, limits=ReaderLimits(memory_bytes=2**32, result_bytes=2**30)); "
    )
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return 1024 * int(subprocess.check_output([sys.executable, "-c", script, str(path)]))


def _at_once(paths: list[Path]) -> None:
    started = time.perf_counter()
    for path in paths:
        read_isolated(path, Format.PDF)
    alone = time.perf_counter() - started
    started = time.perf_counter()
    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(lambda path: read_isolated(path, Format.PDF), paths))
    together = time.perf_counter() - started
    sys.stdout.write(f"{len(paths)} PDFs at once: {alone / together:.2f} x as fast as one after the other\n")


def _ratio(ours: Callable[[], object], bare: Callable[[], object]) -> tuple[float, float]:
    ours()
    bare()
    pairs = [(_time(ours), _time(bare)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs)


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _pdf(pages: int = 300) -> bytes:
    lines = [[(18, f"Section {page}"), *((11, f"{line} {WORDS[:78]}") for line in range(30))] for page in range(pages)]
    return pdf(lines)


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
