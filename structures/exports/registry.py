"""The export formats there are, by name."""

from __future__ import annotations

from structures.exports.base import ExportFormat
from structures.exports.cartridge.cartridge import CartridgeFormat
from structures.exports.chapters import ChaptersFormat
from structures.exports.csv_tables import CSVFormat
from structures.exports.flashcards.flashcards import FlashcardsFormat
from structures.exports.h5p.question_sets import H5PFormat
from structures.exports.h5p.videos import H5PVideoFormat
from structures.exports.html.evidence import HTMLEvidenceFormat
from structures.exports.html.format import HTMLFormat
from structures.exports.json_document import JSONFormat
from structures.exports.jsonld.jsonld import JSONLDFormat
from structures.exports.markdown_format import MarkdownFormat
from structures.exports.mkdocs.format import MkDocsFormat
from structures.exports.olx.olx import OLXFormat
from structures.exports.qti.qti import QTIFormat
from structures.exports.scorm.scorm import ScormFormat
from structures.exports.syllabus.syllabus import SyllabusFormat
from structures.exports.transcripts import TranscriptsFormat

_FORMATS: tuple[ExportFormat, ...] = (
    MarkdownFormat(),
    JSONFormat(),
    CSVFormat(),
    HTMLFormat(),
    HTMLEvidenceFormat(),
    MkDocsFormat(),
    ChaptersFormat(),
    TranscriptsFormat(),
    CartridgeFormat(),
    SyllabusFormat(),
    FlashcardsFormat(),
    ScormFormat(),
    OLXFormat(),
    QTIFormat(),
    JSONLDFormat(),
    H5PFormat(),
    H5PVideoFormat(),
)
EXPORT_FORMATS = {export_format.name: export_format for export_format in _FORMATS}
# What a structure is also read as in one answer, with `?format=` or `Accept`: texts, which are made in a moment.
INLINE_FORMATS = {name: EXPORT_FORMATS[name] for name in ("markdown",)}
