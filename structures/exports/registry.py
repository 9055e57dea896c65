"""The export formats there are, by name."""

from __future__ import annotations

from structures.exports.base import ExportFormat
from structures.exports.markdown import MarkdownFormat

_FORMATS: tuple[ExportFormat, ...] = (MarkdownFormat(),)
EXPORT_FORMATS = {export_format.name: export_format for export_format in _FORMATS}
