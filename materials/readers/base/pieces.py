"""Collecting pieces in order, with the heading path that each stands under."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from materials.documents import ChunkKind, Locator, Piece

_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
MAX_LANGUAGE_LENGTH = 50
_MAX_TERM_LENGTH = 80
_MAX_TERMS = 500
_PART_LENGTH = 6_000
"""Characters of one part of a long table, beside its head."""
_MAX_CELLS = 2_000_000


@dataclass
class PieceCollector:
    """Pieces in the making. Blank text adds nothing."""

    collected: list[Piece] = field(default_factory=list)
    _heading_path: list[tuple[int, str]] = field(default_factory=list)
    _locator_cache: tuple[Locator | None, Locator] | None = None
    """The locator given last, and the same with the present heading path."""

    def add_heading(self, text: str, level: int, locator: Locator | None = None) -> None:
        """Add a heading; what follows stands below it until a heading of the same or a higher level."""
        text = collapse_whitespace(text)
        if not text:
            return
        while self._heading_path and self._heading_path[-1][0] >= level:
            self._heading_path.pop()
        self._heading_path.append((level, text))
        self._locator_cache = None
        self.add(ChunkKind.HEADING, text, locator, level=level)

    def reset_headings(self) -> None:
        """Forget the heading path: a new page or slide begins."""
        self._heading_path.clear()
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
    ) -> None:
        """Add a piece below the present heading path."""
        text = text.strip("\n") if kind is ChunkKind.CODE else text.strip()
        if not text or text.isspace():
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
            )
        )


def _clean_language(said: str) -> str | None:
    """Return the name of a code's language; None for what is no name."""
    name = collapse_whitespace(said)
    return name if 0 < len(name) <= MAX_LANGUAGE_LENGTH and name.isprintable() and "`" not in name else None


def collapse_whitespace(text: str) -> str:
    """Return text with every run of white space as one space."""
    return " ".join(text.split())


def tidy_lines(text: str) -> str:
    """Return text whose lines have single spaces and no blank line between them."""
    if "  " not in text and text.isprintable():
        return text.strip()
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def select_terms(emphasised: Iterable[str], text: str) -> list[str]:
    """Return the emphasised words that are short enough for a term and stand in the text, each once."""
    candidates = dict.fromkeys(collapse_whitespace(words).strip(" :;,.") for words in emphasised)
    if not candidates:
        return []
    text = collapse_whitespace(text)
    usable = (term for term in candidates if 0 < len(term) <= _MAX_TERM_LENGTH)
    return [term for term in islice(usable, _MAX_TERMS) if term in text]


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as a Markdown table whose first row is the head; blank when no cell has text."""
    filled = [[collapse_whitespace(cell).replace("|", "\\|") for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    if not filled:
        return ""
    return "\n".join(_format_table_lines(filled))


def format_table_parts(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows of cells as Markdown tables of a readable size, each with the first row as its head."""
    filled = [[collapse_whitespace(cell).replace("|", "\\|") for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    if not filled:
        return
    head, rule, *lines = _format_table_lines(filled)
    part, size = [head, rule], 0
    for line in lines:
        if len(head) < _PART_LENGTH and size and size + len(line) > _PART_LENGTH:
            yield "\n".join(part)
            part, size = [head, rule], 0
        part.append(line)
        size += len(line) + 1
    yield "\n".join(part)


def _format_table_lines(rows: Sequence[list[str]]) -> list[str]:
    """Return the lines of a table; short rows are filled up, unless that would take more than there is."""
    width = max(len(row) for row in rows)
    least = width if width * len(rows) <= _MAX_CELLS else 1
    lines = ["| " + " | ".join(row + [""] * (least - len(row))) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * width)
    return lines


def format_list_item(text: str, *, depth: int, number: int | None = None) -> str:
    """Return one line of a list; nested items are indented by two spaces a level."""
    mark = "-" if number is None else f"{number}."
    return f"{'  ' * depth}{mark} {collapse_whitespace(text)}"


def format_page_numbers(pages: list[int]) -> str:
    """Return page numbers as a short text: 1, 3–5, 9."""
    spans: list[list[int]] = []
    for page in pages:
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)
