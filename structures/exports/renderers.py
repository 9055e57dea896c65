"""Renderers that let a client ask for an export format with `Accept` or `?format=`."""

from __future__ import annotations

from rest_framework.renderers import BaseRenderer


class MarkdownRenderer(BaseRenderer):
    """Structures as Markdown, for people: `Accept: text/markdown` or `?format=markdown`."""

    media_type = "text/markdown"
    format = "markdown"
    charset = "utf-8"

    def render(self, data: object, *_context: object) -> bytes:
        return str(data).encode()
