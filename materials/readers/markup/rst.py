"""reStructuredText to pieces, by a light reader: turned into HTML, then read as HTML is."""

from __future__ import annotations

from pathlib import Path

from materials.documents import Document
from materials.readers.base.encodings import decoded
from materials.readers.html.reader import from_html
from materials.readers.markup.rst_blocks import Reader


def read(path: Path) -> Document:
    """Read a reStructuredText file, with the directives of Sphinx."""
    text = decoded(path.read_bytes())
    reader = Reader.of(text.text)
    html = reader.html()
    return from_html(html, furniture=True, warnings=(*text.warnings, *reader.warnings()))
