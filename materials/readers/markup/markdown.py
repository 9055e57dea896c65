"""Read Markdown: render it to HTML by markdown-it and read that, so that raw HTML inside is read too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from materials.documents import Document, LeftOutKind
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.html.reader import parse_html
from materials.readers.markdown.renderer import MarkdownRenderer
from materials.readers.markup import front_matter


def read(path: Path) -> Document:
    """Read a Markdown file: CommonMark with tables, formulas, notes, terms and the directives of site builders.

    The title and the language of a front matter become the document's, all its fields metadata.
    """
    text = decode_with_warnings(path.read_bytes())
    front = front_matter.split_front_matter(text.text)
    left_out = LeftOutCollector()
    if front.source:
        left_out.add(LeftOutKind.METADATA, front.source)
    document = parse_markdown(front.body, title=front.title, left_out=left_out)
    return replace(document, language=front.language, warnings=text.warnings, metadata=front.fields)


def parse_markdown(text: str, *, title: str = "", left_out: LeftOutCollector | None = None) -> Document:
    """Turn Markdown without a front matter into a document; what is left out is added to what `left_out` holds."""
    return parse_html(MarkdownRenderer().render(text), keep_boilerplate=True, title=title, left_out=left_out)
