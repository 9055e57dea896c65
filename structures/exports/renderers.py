"""Renderers of Django REST framework by which a client asks for an export format, with `Accept` or `?format=`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rest_framework.renderers import BaseRenderer

from structures.exports.base import ExportFormat
from structures.exports.registry import EXPORT_FORMATS


class ExportRenderer(BaseRenderer):
    """Writes the bytes that an export format made of a snapshot; what is not bytes, such as an error, as text."""

    export_format: ClassVar[ExportFormat]

    def render(self, data: object, *_context: object) -> bytes:
        if isinstance(data, bytes):
            return data
        return b"".join(data) if isinstance(data, Iterator) else str(data).encode()


def build_renderers() -> list[type[ExportRenderer]]:
    """Return a renderer class for each format. Django REST framework reads media type and format from the class."""
    return [
        type(
            f"{export_format.name.title()}Renderer",
            (ExportRenderer,),
            {
                "export_format": export_format,
                "format": export_format.name,
                "media_type": export_format.media_type,
                # RFC 6657: a text type without a charset may be read as US-ASCII. Binary types have none.
                "charset": "utf-8" if export_format.media_type.startswith("text/") else None,
            },
        )
        for export_format in EXPORT_FORMATS.values()
    ]
