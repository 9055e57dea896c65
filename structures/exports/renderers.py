"""Renderers that let a client ask for an export format, by `Accept` or by `?format=`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rest_framework.renderers import BaseRenderer

from structures.exports.base import ExportFormat
from structures.exports.registry import EXPORT_FORMATS


class ExportRenderer(BaseRenderer):
    """Passes on what one export format has made of a snapshot; an error's problem document as it is."""

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
                "charset": "utf-8" if export_format.media_type.startswith("text/") else None,
            },
        )
        for export_format in EXPORT_FORMATS.values()
    ]
