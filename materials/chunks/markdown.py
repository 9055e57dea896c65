"""Chunks as Markdown, for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from materials.documents import ChunkKind

_ACTIVE = re.compile(r"(\$\$.+?\$\$|\$[^\s$](?:[^$\n]*[^\s$])?\$)|([\\`*_\[\]<>#|~]|&(?=#?\w+;))", re.DOTALL)
"""Formulas, which stay as they are, and what Markdown takes for markup."""
_ACTIVE_IN_LINES = re.compile(r"(\$\$.+?\$\$|\$[^\s$](?:[^$\n]*[^\s$])?\$)|(\\(?!\|)|[`*_\[\]<>#~]|&(?=#?\w+;))")
"""The same without what makes the cells of a table."""
_ITEM = re.compile(r"( *(?:[-*+]|\d+[.)]) )?(.*)")
_OPENS = re.compile(r"\d{1,9}(?=[.)](?: |$))|(?=[-+](?: |$)|-(?: *-){2,}$)")
"""What comes before the character that would make a list or a rule of a paragraph."""
_FENCE = re.compile(r"`{3,}")


class RenderedSource(Protocol):
    """An entry as it is shown."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def source_url(self) -> str: ...
    @property
    def text_language(self) -> str: ...


class RenderedPiece(Protocol):
    """A chunk as it is shown."""

    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def level(self) -> int | None: ...
    @property
    def language(self) -> str: ...
    @property
    def page(self) -> int | None: ...
    @property
    def slide(self) -> int | None: ...
    @property
    def start_ms(self) -> int | None: ...


def rendered(entry: RenderedSource, chunks: Iterable[RenderedPiece]) -> Iterator[str]:
    """Yield an entry's text piece by piece, beginning with what is known of the source.

    Where a page or slide begins, a comment says so; what was said begins with its time.
    """
    yield "---\n"
    yield f"source: {_quoted(entry.name)}\n"
    for name, value in (("title", entry.title), ("address", entry.source_url), ("language", entry.text_language)):
        if value:
            yield f"{name}: {_quoted(value)}\n"
    yield "---\n"
    place = ""
    for chunk in chunks:
        if (begins := _place(chunk)) != place:
            place = begins
            yield f"\n<!-- {place} -->\n" if place else ""
        yield f"\n{_piece(chunk)}\n"


def escaped(text: str) -> str:
    """Return text as one line, with the characters that Markdown would take as markup made plain."""
    return _ACTIVE.sub(_plain, " ".join(text.split()))


def escaped_paragraph(text: str) -> str:
    """Return `escaped` text whose beginning makes no list and no rule of it."""
    return _opening_plainly(escaped(text))


def escaped_lines(text: str) -> str:
    """Return a list or a table with its marks and cells as they are, the rest as `escaped`."""
    return "\n".join(map(_escaped_line, text.splitlines()))


def clock(milliseconds: int) -> str:
    """Return a time as m:ss or h:mm:ss."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def _piece(chunk: RenderedPiece) -> str:
    match chunk.kind:
        case ChunkKind.HEADING:
            return f"{'#' * (chunk.level or 2)} {escaped(chunk.text)}"
        case ChunkKind.LIST | ChunkKind.TABLE:
            return escaped_lines(chunk.text)
        case ChunkKind.CODE:
            fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(chunk.text)), default=0))
            return f"{fence}{chunk.language}\n{chunk.text}\n{fence}"
        case ChunkKind.TRANSCRIPT if chunk.start_ms is not None:
            return f"**{clock(chunk.start_ms)}** {escaped(chunk.text)}"
        case ChunkKind.READING:
            return f"> Read off the picture by a model: {escaped(chunk.text)}"
        case ChunkKind.DESCRIPTION:
            return f"> Seen in the picture by a model: {escaped(chunk.text)}"
        case ChunkKind.NOTES:
            return f"> {escaped_paragraph(chunk.text)}"
        case _:
            return escaped_paragraph(chunk.text)


def _place(chunk: RenderedPiece) -> str:
    if chunk.page is not None:
        return f"page {chunk.page}"
    return f"slide {chunk.slide}" if chunk.slide is not None else ""


def _plain(found: re.Match[str]) -> str:
    return found[1] or f"\\{found[2]}"


def _escaped_line(line: str) -> str:
    if (found := _ITEM.fullmatch(line)) and found[1]:
        return found[1] + _opening_plainly(_ACTIVE_IN_LINES.sub(_plain, found[2]))
    return _ACTIVE_IN_LINES.sub(_plain, line)


def _opening_plainly(line: str) -> str:
    return f"{found[0]}\\{line[found.end() :]}" if (found := _OPENS.match(line)) else line


def _quoted(value: str) -> str:
    """Return a YAML string."""
    inner = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'
