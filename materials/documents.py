"""The result of reading a source, as frozen values.

Imports neither Django nor the database, so that readers in a child process can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Format(StrEnum):
    """The file formats that can be ingested. `materials.readers.formats` detects them from the bytes."""

    MARKDOWN = "markdown"
    PLAIN = "plain"
    HTML = "html"
    NOTEBOOK = "notebook"
    RST = "rst"
    CSV = "csv"
    DOCX = "docx"
    PDF = "pdf"
    PPTX = "pptx"
    QUIZ = "quiz"
    CONTENTS = "contents"
    SRT = "srt"
    VTT = "vtt"
    VIDEO = "video"
    AUDIO = "audio"

    @property
    def is_recording(self) -> bool:
        """Tell whether files of the format have to be transcribed."""
        return self in {Format.VIDEO, Format.AUDIO}

    @property
    def is_captions(self) -> bool:
        return self in {Format.SRT, Format.VTT}


class ChunkKind(StrEnum):
    """What a chunk is in its source."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    NOTES = "notes"
    TRANSCRIPT = "transcript"
    # Two kinds for what a model says about a picture, because only one of them may be quoted: READING has the words
    # that stand in the picture (a scanned page), DESCRIPTION the model's own words about what it shows.
    READING = "reading"
    DESCRIPTION = "description"

    @property
    def is_machine_written(self) -> bool:
        """Tell whether a model wrote the chunk, which may be wrong and is not the author's text."""
        return self in {ChunkKind.READING, ChunkKind.DESCRIPTION}


@dataclass(frozen=True, kw_only=True)
class WordsPlace:
    """Where quoted words themselves stand, as far as it is known: in a recording, or on a page.

    `start_ms` is when the first word begins, `end_ms` when the last one has ended. `rectangles` are (left, top, right,
    bottom), one a line, in points from the upper left corner of the page as viewers show it, which is `page_width` by
    `page_height` points.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    page_width: int | None = None
    page_height: int | None = None
    rectangles: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Locator:
    """The place of a chunk in its source, or of a quote in a chunk.

    Which fields are set depends on the source: `page` for documents and `slide` for presentations (1-based, as a viewer
    shows them), `start_ms` and `end_ms` for captions and media (milliseconds from the start), `heading_path` for texts
    (the headings above the chunk, outermost first, the chunk's own heading included), `fragment` for web pages and HTML
    (the `id` of the nearest anchor above, without `#`). `words` is set for quotes alone, where it is known; locators
    that differ in it are equal, as the place is the same however exactly it is known.
    """

    page: int | None = None
    slide: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    heading_path: tuple[str, ...] = ()
    fragment: str | None = None
    words: WordsPlace | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One ordered piece of a source's text, which becomes a `Chunk` row.

    `text` is never blank. It is plain text (inline markup removed, words never glued), except that a list keeps one
    item a line (`- ` or `1. `, nested items indented by two spaces), a table is a Markdown table, and code is kept
    whole and verbatim. `level` is a heading's depth (1 to 6), else None. `emphasised` holds the terms that the author
    set in bold, italics or as a defined term, in order of appearance; each occurs in `text`. `language` is the
    programming language that the author named for a code block (`python`), None for other kinds. `links` are the
    targets of the links in the text, as the source has them, each once and in order. `speaker` names who says a piece
    of a transcript, blank where that is unknown. `word_starts_ms` is the start of each white-space separated word of a
    transcript's `text`; empty where the times are unknown. `word_boxes` says where the words of `text` stand on a page,
    as `materials.word_boxes` packs it; empty where that is unknown.
    """

    kind: ChunkKind
    text: str
    locator: Locator = field(default_factory=Locator)
    level: int | None = None
    emphasised: tuple[str, ...] = ()
    language: str | None = None
    links: tuple[str, ...] = ()
    speaker: str = ""
    word_starts_ms: tuple[int, ...] = ()
    word_boxes: bytes = b""


class LeftOutKind(StrEnum):
    """Why something of a source is not part of its text."""

    # Heads, feet and numbers of pages, and the date, footer and number of a slide.
    RUNNING_HEAD = "running_head"
    # What a viewer does not show: hidden by a property, white on white, too small to be seen.
    HIDDEN_TEXT = "hidden_text"
    HIDDEN_LAYER = "hidden_layer"
    OUTSIDE_PAGE = "outside_page"
    # A text layer that is not what the page shows.
    NOISE = "noise"
    COMMENT = "comment"
    DELETED_REVISION = "deleted_revision"
    # Menus, notices, sharing buttons and other parts of a site that do not belong to the page's own text.
    NAVIGATION = "navigation"
    # A table of contents or an index, which repeats what the text says.
    CONTENTS = "contents"
    FORM_FIELD = "form_field"
    ATTACHMENT = "attachment"
    EMBEDDED_OBJECT = "embedded_object"
    # Front matter, imports and exports of components, scripts: instructions for programs.
    METADATA = "metadata"
    # Prompts that nobody replaced ("Click to add text"), and alternative texts that a program wrote.
    PLACEHOLDER = "placeholder"
    # The same words again: repeats in rolling captions, a format that holds its text twice.
    REPETITION = "repetition"
    TRACK = "track"
    # Outputs of a notebook's cells: error messages, and what is longer than is kept.
    OUTPUT = "output"
    DAMAGED = "damaged"
    # What is beyond a limit on how much is read: rows of a table, lines of a program's output.
    EXCESS = "excess"


@dataclass(frozen=True, kw_only=True)
class LeftOutText:
    """One text that a reader left out: how often it occurred, and where it did first. `text` may be blank."""

    text: str
    count: int
    locator: Locator = field(default_factory=Locator)


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What a reader left out for one reason.

    `count` is exact. `pages` are the pages or slides of all of it, ascending; empty for sources without. `texts` holds
    different texts in order of appearance, the first ones where there are many; a long one is cut.
    """

    kind: LeftOutKind
    count: int
    pages: tuple[int, ...] = ()
    texts: tuple[LeftOutText, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContentsItem:
    """One line of a table of contents, with the lines below it in `children`.

    `title` may be blank: then what it leads to has its own. `target` is the path of another file, with `/`, relative to
    the file that holds the table (percent-decoded, without query and fragment), or an address of the web; blank for a
    line that leads nowhere or into the same file. `fragment` is the anchor in the target, without `#`. `locator` is set
    for the lines of a file's own table of contents (bookmarks, sections of a deck, chapter marks) and says where in the
    file the part begins.
    """

    title: str = ""
    target: str = ""
    fragment: str = ""
    locator: Locator | None = None
    children: tuple[ContentsItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A table of contents that a source holds.

    `dialect` names its form for people, such as `SUMMARY.md` or `mkdocs.yml`. `title` is what it calls the whole, blank
    without. `position` is the place that it gives its own folder among the siblings of that folder, None without.
    `folders` are folders, relative to the file, below which its targets may lie besides its own.
    """

    dialect: str
    items: tuple[ContentsItem, ...] = ()
    title: str = ""
    position: float | None = None
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Document:
    """The result of reading one source: its pieces in order, its properties, and warnings about what was not read.

    `title` is the source's own (first top heading, title slide, document property), blank without one. `language` is
    the BCP 47 tag that the source declares, blank without one. `page_count` includes pages and slides without text;
    None for sources without pages. `duration_ms` is the end of the last cue of captions, None for other formats.
    `blank_pages` are those known to show nothing, neither text nor pictures, ascending.
    `warnings` are sentences for the teacher. `left_out` is what is not part of the pieces, one value a kind.
    `contents` is the table of contents that the source holds, None without one. `metadata` are the fields of a front
    matter and the like as JSON values, with the names that the source gives them.
    """

    pieces: tuple[Piece, ...]
    title: str = ""
    language: str = ""
    page_count: int | None = None
    blank_pages: tuple[int, ...] = ()
    duration_ms: int | None = None
    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    contents: Contents | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_other_content(self) -> bool:
        """Tell whether the document says something besides its text: a table of contents or metadata."""
        return self.contents is not None or bool(self.metadata)
