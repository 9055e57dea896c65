"""Render Markdown of any dialect as HTML for the HTML reader."""

from __future__ import annotations

from html import escape
from typing import Any

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import format_left_out
from materials.readers.markdown.lines import normalize_markdown
from materials.readers.markdown.rules import build_renderer


class MarkdownRenderer:
    """Renders texts; one for many texts, because to build it takes longer than to render a short one."""

    def __init__(self) -> None:
        self._renderer = build_renderer()

    def render(self, text: str) -> str:
        """Return Markdown without a front matter as HTML."""
        definitions: dict[str, Any] = {}
        html = str(self._renderer.render(normalize_markdown(text), definitions))
        # Definitions of links that nothing refers to are in no link.
        unused = [
            format_left_out(LeftOutKind.METADATA, f"[{label.lower()}]: {definition['href']}")
            for label, definition in definitions.get("references", {}).items()
            if escape(definition["href"], quote=True) not in html
        ]
        return "\n".join([html, *unused])
