"""Answers that are no JSON: a view that builds its response itself takes whatever a browser accepts."""

from __future__ import annotations

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request


class AnyMediaType(DefaultContentNegotiation):
    """Refuses no `Accept`: the type of the answer follows from its address, and problems are JSON or HTML."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return JSONRenderer(), "application/json"
