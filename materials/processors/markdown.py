"""Markdown to pieces: rendered to HTML by markdown-it, then read as HTML, so that raw HTML inside is read too."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from materials.documents import Document
from materials.processors.encodings import decode
from materials.processors.html import from_html

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def read(path: Path) -> Document:
    """Read a Markdown file (CommonMark with tables). The title of a front matter becomes the document's."""
    text = decode(path.read_bytes())
    title, body = _split(text)
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return from_html(renderer.render(body), furniture=True, title=title)


def _split(text: str) -> tuple[str, str]:
    found = _FRONT_MATTER.match(text)
    if found is None:
        return "", text
    try:
        fields = yaml.safe_load(found.group(1))
    except (yaml.YAMLError, ValueError):
        return "", text
    if not isinstance(fields, dict):
        return "", text
    return str(fields.get("title") or "").strip(), text[found.end() :]
