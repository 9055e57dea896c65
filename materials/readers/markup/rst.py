"""reStructuredText to pieces, by a light reader: turned into HTML, then read as HTML is."""

from __future__ import annotations

from pathlib import Path

from materials.documents import Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.html.reader import parse_html
from materials.readers.markup.rst_blocks import RstReader


def read(path: Path) -> Document:
    """Read a reStructuredText file, with the directives of Sphinx."""
    text = decode_with_warnings(path.read_bytes())
    reader = RstReader.from_text(text.text)
    html = reader.render_html()
    return parse_html(html, keep_boilerplate=True, warnings=(*text.warnings, *reader.list_warnings()))
