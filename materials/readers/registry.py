"""Map formats to their readers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

from materials.documents import Document, Format
from materials.readers.base.contents_limits import limit_contents

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
    Format.QUIZ: "quizzes.reader",
    Format.CONTENTS: "contents.reader",
    Format.SRT: "text.captions",
    Format.VTT: "text.captions",
}


def read_document(path: Path, format_: Format, *, name: str = "") -> Document:
    """Read a file of a known document format (no recording) in the current process. Raises UnreadableDocument.

    `name` is the name that people gave the file, where the path has another: tables of contents are told by theirs.
    """
    module = import_module(f"materials.readers.{READER_MODULES[format_]}")
    if format_ is Format.CONTENTS:
        return limit_contents(module.read(path, name or path.name))
    return limit_contents(cast(Document, module.read(path)))
