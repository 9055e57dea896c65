"""How an answer's representation is chosen: by `Accept`, or by `?format=`, which refuses what it does not know."""

from __future__ import annotations

from collections.abc import Iterable

from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer


class StrictNegotiation(DefaultContentNegotiation):
    """Names the representations there are when `?format=` asks for another (422): Django REST framework answers 404."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:
        known = {renderer.format: renderer for renderer in renderers}
        if format not in known:
            said = f"There is no representation {format[:50]!r} of this. Known: {', '.join(known)}."
            raise serializers.ValidationError({"format": [serializers.ErrorDetail(said, code="unknown_format")]})
        return [known[format]]


class FormatIsAFilter(DefaultContentNegotiation):
    """For lists in which `?format=` chooses rows by their own format, not the representation of the answer."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], _format: str) -> list[BaseRenderer]:
        return list(renderers)
