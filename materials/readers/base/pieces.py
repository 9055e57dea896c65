"""Collect pieces in order, each with its heading path, and format the text of tables and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice

from materials.documents import ChunkKind, LeftOutKind, Locator, Piece
from materials.readers.base.encodings import clean_text
from materials.readers.base.left_out import LeftOutCollector

_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
# Longer than the name of any programming language; info strings of code fences hold options and file names as well.
MAX_LANGUAGE_LENGTH = 50
# A term is a few words. Bold text longer than a line is an emphasised sentence.
_MAX_TERM_LENGTH = 80
# Every term is searched for in the text of its piece; a piece of nothing but bold words would take quadratic time.
_MAX_TERMS = 500
# A page of nothing but links has hundreds; a piece of it is one list. The length is that of an entry's own URL.
_MAX_LINKS = 500
_MAX_LINK_LENGTH = 2_000
_NO_TARGET = re.compile(r"(?:javascript|data|vbscript|about|blob):", re.IGNORECASE)
# A worksheet's line of underscores or dots, as long as a short word at least. A gap inside a sentence has text around.
_LINE_TO_WRITE_ON = re.compile(r"(?:[_.…]\s*){5,}|(?:…\s*){2,}")
# Characters of one part of a long table, without its header: a few pages, small enough to quote from and to fit into a
# question to a model.
_PART_LENGTH = 6_000
# Rows are padded to the widest one. One hostile row of 100,000 cells above 100,000 short rows would need 10^10 cells.
_MAX_CELLS = 2_000_000


@dataclass
class _Box:
    """A box in a section: the least level of its headings, and how far the first one had to be shifted for that."""

    least_level: int
    shift: int | None = None

    def shift_level(self, level: int) -> int:
        if self.shift is None:
            self.shift = max(0, self.least_level - level)
        return max(self.least_level, level + self.shift)


@dataclass
class PieceCollector:
    """Collect the pieces of one document in reading order and give each the headings above it. Ignore blank text."""

    collected: list[Piece] = field(default_factory=list)
    left_out: LeftOutCollector = field(default_factory=LeftOutCollector)
    # Depths and texts of the headings above. A depth is above 6 where headings are shifted down in boxes.
    _heading_path: list[tuple[int, str]] = field(default_factory=list)
    _boxes: list[_Box] = field(default_factory=list)
    # The locator given last, and its copy with the current heading path: consecutive pieces mostly share both.
    _locator_cache: tuple[Locator | None, Locator] | None = None

    def add_heading(self, text: str, level: int, locator: Locator | None = None, *, links: Iterable[str] = ()) -> None:
        """Add a heading of level 1 to 6; later pieces belong to it until a heading of the same or a smaller level.

        In a box it stands below the section that the box stands in, whatever its level.
        """
        text = collapse_whitespace(text)
        if not text:
            return
        if self._boxes:
            level = self._boxes[-1].shift_level(level)
        while self._heading_path and self._heading_path[-1][0] >= level:
            self._heading_path.pop()
        self._heading_path.append((level, text))
        self._locator_cache = None
        self.add(ChunkKind.HEADING, text, locator, level=min(level, 6), links=links)

    @property
    def next_level(self) -> int:
        """The level of a heading that stands one below the last."""
        return self._heading_path[-1][0] + 1 if self._heading_path else 1

    @contextmanager
    def open_box(self) -> Iterator[None]:
        """Add pieces of a box, such as a note, an exercise or a panel: its headings end with it.

        What follows belongs to the section in which the box stands.
        """
        path = list(self._heading_path)
        self._boxes.append(_Box(least_level=self.next_level))
        try:
            yield
        finally:
            self._boxes.pop()
            if self._heading_path != path:
                self._heading_path = path
                self._locator_cache = None

    def reset_headings(self, *, deeper_than: int = 0) -> None:
        """Clear the heading path, as at the beginning of a new page or slide, below a level."""
        self._heading_path = [heading for heading in self._heading_path if heading[0] <= deeper_than]
        self._locator_cache = None

    def add(
        self,
        kind: ChunkKind,
        text: str,
        locator: Locator | None = None,
        *,
        level: int | None = None,
        emphasised: Iterable[str] = (),
        language: str | None = None,
        links: Iterable[str] = (),
        speaker: str = "",
        word_starts_ms: tuple[int, ...] = (),
    ) -> None:
        """Add a piece under the current heading path.

        Keeps those of the `emphasised` words that can be terms, and of the `links` each once, without blank ones and
        those that are no target (`javascript:`, `data:`).
        """
        # Indentation is content in code; elsewhere it is an accident of the source.
        text = text.strip("\n") if kind is ChunkKind.CODE else text.strip()
        if not text or text.isspace():
            return
        if kind is ChunkKind.PARAGRAPH and _LINE_TO_WRITE_ON.fullmatch(text):
            self.left_out.add(LeftOutKind.FORM_FIELD, text, locator)
            return
        if self._locator_cache is None or self._locator_cache[0] is not locator:
            path = tuple(heading for _, heading in self._heading_path)
            self._locator_cache = locator, replace(locator or Locator(), heading_path=path)
        self.collected.append(
            Piece(
                kind=kind,
                text=text,
                locator=self._locator_cache[1],
                level=level,
                emphasised=tuple(select_terms(emphasised, text)) if emphasised else (),
                language=_clean_language(language) if language else None,
                links=select_links(links) if links else (),
                speaker=speaker,
                word_starts_ms=word_starts_ms,
            )
        )


def _clean_language(said: str) -> str | None:
    """Return the language name of a code block, None for text that cannot be a name."""
    name = collapse_whitespace(said)
    return name if 0 < len(name) <= MAX_LANGUAGE_LENGTH and name.isprintable() and "`" not in name else None


def select_links(targets: Iterable[str]) -> tuple[str, ...]:
    """Return the targets that lead somewhere, each once and in order; at most `_MAX_LINKS` of at most 2,000 characters.

    A bare `#` leads nowhere; `javascript:` and `data:` are no places.
    """
    usable = dict.fromkeys(clean_text(target).strip() for target in targets)
    kept = (target for target in usable if target.strip("#") and not _NO_TARGET.match(target))
    return tuple(islice((target for target in kept if len(target) <= _MAX_LINK_LENGTH), _MAX_LINKS))


def collapse_whitespace(text: str) -> str:
    """Return text with every run of white space as one space."""
    return " ".join(text.split())


def tidy_lines(text: str) -> str:
    """Return text with single spaces inside its lines and without blank lines."""
    if "  " not in text and text.isprintable():  # one line without a tab: the usual case, and nothing to do
        return text.strip()
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def select_terms(emphasised: Iterable[str], text: str) -> list[str]:
    """Return the emphasised words that are short enough for a term and occur in the text, each once, in order."""
    candidates = dict.fromkeys(collapse_whitespace(words).strip(" :;,.") for words in emphasised)
    if not candidates:
        return []
    text = collapse_whitespace(text)
    usable = (term for term in candidates if 0 < len(term) <= _MAX_TERM_LENGTH)
    return [term for term in islice(usable, _MAX_TERMS) if term in text]


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as a Markdown table with the first row as its header; blank when no cell has text."""
    filled = [[collapse_whitespace(cell).replace("|", "\\|") for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    if not filled:
        return ""
    return "\n".join(_format_table_lines(filled))


def format_table_parts(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows of cells as Markdown tables of at most a few pages, each with the first row as its header."""
    filled = [[collapse_whitespace(cell).replace("|", "\\|") for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    if not filled:
        return
    head, rule, *lines = _format_table_lines(filled)
    part, size = [head, rule], 0
    for line in lines:
        # A header longer than a part is not repeated: a table of n rows would take n times its header.
        if len(head) < _PART_LENGTH and size and size + len(line) > _PART_LENGTH:
            yield "\n".join(part)
            part, size = [head, rule], 0
        part.append(line)
        size += len(line) + 1
    yield "\n".join(part)


def _format_table_lines(rows: Sequence[list[str]]) -> list[str]:
    """Return the lines of a Markdown table; short rows are padded unless the table would exceed `_MAX_CELLS`."""
    width = max(len(row) for row in rows)
    least = width if width * len(rows) <= _MAX_CELLS else 1
    lines = ["| " + " | ".join(row + [""] * (least - len(row))) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * width)
    return lines


def format_list_item(text: str, *, depth: int, number: int | None = None) -> str:
    """Return one line of a list, indented by two spaces per level; numbered when `number` is given."""
    mark = "-" if number is None else f"{number}."
    return f"{'  ' * depth}{mark} {collapse_whitespace(text)}"


def format_page_numbers(pages: list[int]) -> str:
    """Return ascending page numbers with runs as ranges: 1, 3–5, 9."""
    spans: list[list[int]] = []
    for page in pages:
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)
