"""Map formats to their readers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

from materials.documents import Document, Format

# Names, imported on use: a child process that reads one file need not load the libraries of all readers.
READER_MODULES = {
    Format.MARKDOWN: "markup.markdown",
    Format.PLAIN: "text.plain",
    Format.HTML: "html.reader",
    Format.NOTEBOOK: "markup.notebook",
    Format.RST: "markup.rst",
    Format.CSV: "text.delimited",
    Format.DOCX: "office.docx",
    Format.PDF: "pdf.reader",
    Format.PPTX: "office.pptx",
    Format.SRT: "text.captions",
    Format.VTT: "text.captions",
}


def read_document(path: Path, format_: Format) -> Document:
    """Read a file of a known document format (no recording) in the current process. Raises UnreadableDocument."""
    module = import_module(f"materials.readers.{READER_MODULES[format_]}")
    return cast(Document, module.read(path))
