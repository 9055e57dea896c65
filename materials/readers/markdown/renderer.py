"""Render Markdown of any dialect as HTML for the HTML reader."""

from __future__ import annotations

from materials.readers.markdown.lines import normalize_markdown
from materials.readers.markdown.rules import build_renderer


class MarkdownRenderer:
    """Renders texts; one for many texts, because to build it takes longer than to render a short one."""

    def __init__(self) -> None:
        self._renderer = build_renderer()

    def render(self, text: str) -> str:
        """Return Markdown without a front matter as HTML."""
        return str(self._renderer.render(normalize_markdown(text)))
