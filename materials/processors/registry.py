"""Which reader reads which format; a reader's library is loaded when it is needed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

from materials.documents import Document, Format

_MODULES = {
    Format.MARKDOWN: "markdown",
    Format.PLAIN: "plain",
    Format.HTML: "html",
    Format.NOTEBOOK: "notebook",
    Format.RST: "rst",
    Format.CSV: "delimited",
    Format.DOCX: "docx",
    Format.PDF: "pdf",
    Format.PPTX: "pptx",
    Format.SRT: "captions",
    Format.VTT: "captions",
}


def read(path: Path, format_: Format) -> Document:
    """Read a file of a known format in this process. Raises UnreadableDocument."""
    module = import_module(f"materials.processors.{_MODULES[format_]}")
    return cast(Document, module.read(path))
