"""Renderers by which a client reads a structure in a text format at once, with `Accept` or `?format=`."""

from __future__ import annotations

from io import BytesIO
from typing import ClassVar

from rest_framework.renderers import BaseRenderer

from structures.exports.base import ExportedSnapshot, ExportFormat
from structures.exports.options import complete_options
from structures.exports.registry import INLINE_FORMATS


class ExportRenderer(BaseRenderer):
    """Writes a snapshot in an export format; what is no snapshot, such as an error, as text."""

    export_format: ClassVar[ExportFormat]

    def render(self, data: object, *_context: object) -> bytes:
        if not isinstance(data, ExportedSnapshot):
            return str(data).encode()
        return render_export(self.export_format, data)


def render_export(export_format: ExportFormat, snapshot: ExportedSnapshot) -> bytes:
    """Return a snapshot in an export format, with the defaults of its options, as bytes."""
    out = BytesIO()
    export_format.write(snapshot, complete_options(export_format.options, {}), out)
    return out.getvalue()


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
        for export_format in INLINE_FORMATS.values()
    ]
