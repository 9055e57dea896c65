"""Plain texts of materials as HTML: paragraphs, lists, tables and fenced code; every other character stays as it is."""

from __future__ import annotations

import re
from functools import cache

from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

# The blocks that `materials.documents.Piece` promises, and the fences in which exercises hold code.
_BLOCKS = ("fence", "list", "table")
# What is parsed of one text: longer ones are program outputs and whole files, which are shown as they are.
MAX_PARSED_CHARACTERS = 50_000
# A text of one line that begins with none of their signs is a paragraph. Most are, and parsing takes ten times as long.
_MAY_BE_BLOCKS = re.compile(r"\n|^\s*(?:[-+*|`~]|\d+[.)])|^\s*$")


def render_text_blocks(text: str) -> SafeString:
    """Return the text as HTML in which nothing of it is markup but lists, tables and fenced code."""
    if len(text) > MAX_PARSED_CHARACTERS:
        return SafeString(f"<pre>{escape(text)}</pre>")
    if not _MAY_BE_BLOCKS.search(text):
        return SafeString(f"<p>{escape(text)}</p>\n")
    return SafeString(_create_parser().render(text))


@cache
def _create_parser() -> MarkdownIt:
    # The preset `zero` knows paragraphs and plain words alone, and passes no HTML on. So no character of a text becomes
    # a link, a picture or emphasis that its author did not mean.
    return MarkdownIt("zero", {"html": False}).enable(list(_BLOCKS))
