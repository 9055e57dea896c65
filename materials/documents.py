"""What a source says, as frozen values: no database, no Django, so that a parser in a child process can make them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Format(StrEnum):
    """The file formats that can be ingested. Found from the bytes, never from a client's word alone."""

    MARKDOWN = "markdown"
    PLAIN = "plain"
    HTML = "html"
    NOTEBOOK = "notebook"
    RST = "rst"
    CSV = "csv"
    DOCX = "docx"
    PDF = "pdf"
    PPTX = "pptx"
    SRT = "srt"
    VTT = "vtt"
    VIDEO = "video"
    AUDIO = "audio"

    @property
    def is_recording(self) -> bool:
        """Tell whether it has to be transcribed."""
        return self in {Format.VIDEO, Format.AUDIO}

    @property
    def is_captions(self) -> bool:
        return self in {Format.SRT, Format.VTT}


class ChunkKind(StrEnum):
    """What a chunk was in its source."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    NOTES = "notes"
    TRANSCRIPT = "transcript"
    READING = "reading"
    """Words that a model read off a picture, such as a scanned page."""
    DESCRIPTION = "description"
    """What a picture shows, in the words of a model."""

    @property
    def is_machine_written(self) -> bool:
        """Tell whether a model wrote it. It may be wrong, and is not what the author wrote."""
        return self in {ChunkKind.READING, ChunkKind.DESCRIPTION}


@dataclass(frozen=True, kw_only=True)
class Locator:
    """Where in its source a chunk stands.

    Which fields are set depends on the source: `page` for documents and `slide` for presentations (1-based, as a viewer
    shows them), `start_ms` and `end_ms` for captions and media (milliseconds from the start), `heading_path` for texts
    (the headings above the chunk, outermost first, the chunk's own heading included), `fragment` for web pages and HTML
    (the `id` of the nearest anchor above, without `#`).
    """

    page: int | None = None
    slide: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    heading_path: tuple[str, ...] = ()
    fragment: str | None = None


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One ordered piece of a source's text: what becomes a `Chunk` row.

    `text` is never blank. It is plain text (inline markup removed, words never glued), except that a list keeps one
    item a line (`- ` or `1. `, nested items indented by two spaces), a table is a Markdown table, and code is kept
    whole and verbatim. `level` is a heading's depth (1 to 6), else None. `emphasised` holds the terms that the author
    set in bold, italics or as a defined term, in order of appearance; each occurs in `text`.
    """

    kind: ChunkKind
    text: str
    locator: Locator = field(default_factory=Locator)
    level: int | None = None
    emphasised: tuple[str, ...] = ()
    language: str | None = None
    """Of a code block: the language its author named (`python`). Of anything else: None."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A source, read: its pieces in order and what could not be read.

    `title` is the source's own (first top heading, title slide, document property), blank when it has none, `language`
    the BCP 47 tag that the source gives itself, if any.
    `page_count` counts every page or slide, also those without text; None where the source has no pages.
    `duration_ms` is the end of the last cue of captions, else None. `warnings` are sentences for the teacher.
    """

    pieces: tuple[Piece, ...]
    title: str = ""
    language: str = ""
    page_count: int | None = None
    duration_ms: int | None = None
    warnings: tuple[str, ...] = ()
