"""Read reStructuredText: convert it to HTML, without docutils, and read that."""

from __future__ import annotations

from pathlib import Path

from materials.documents import Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.html.reader import parse_html
from materials.readers.markup.rst_blocks import RstReader


def read(path: Path) -> Document:
    """Return the pieces of a reStructuredText file with directives of Sphinx; included files are named in a warning.

    docutils is not used, because its directives read files (docs/decisions/0037-text-formats-through-html.md).
    """
    text = decode_with_warnings(path.read_bytes())
    reader = RstReader.from_text(text.text)
    html = reader.render_html()
    return parse_html(html, keep_boilerplate=True, warnings=(*text.warnings, *reader.list_warnings()))
