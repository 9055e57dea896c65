"""Rendering an entry's chunks as Markdown (CommonMark with tables), and escaping text for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Protocol

from materials.documents import ChunkKind

# Group 1: formulas, which stay as they are. Group 2: characters that Markdown takes for markup; `&` only where it
# begins a character reference.
_MARKUP = re.compile(r"(\$\$.+?\$\$|\$[^\s$](?:[^$\n]*[^\s$])?\$)|([\\`*_\[\]<>#|~]|&(?=#?\w+;))", re.DOTALL)
# For lists and tables: without `|`, which separates cells, and with `\|` as it is, an escaped bar inside a cell.
_MARKUP_IN_LINES = re.compile(r"(\$\$.+?\$\$|\$[^\s$](?:[^$\n]*[^\s$])?\$)|(\\(?!\|)|[`*_\[\]<>#~]|&(?=#?\w+;))")
_ITEM = re.compile(r"( *(?:[-*+]|\d+[.)]) )?(.*)")
# Matches up to the character that would make a list or a thematic break of a paragraph, so that a backslash can go
# before it. CommonMark 5.2: a list number has at most nine digits; 4.1: a break has three hyphens or more. `*` and `_`
# are escaped everywhere.
_LIST_OR_RULE_START = re.compile(r"\d{1,9}(?=[.)](?: |$))|(?=[-+](?: |$)|-(?: *-){2,}$)")
_FENCE = re.compile(r"`{3,}")


class MarkdownEntry(Protocol):
    """The fields of an entry that are rendered."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def source_url(self) -> str: ...
    @property
    def text_language(self) -> str: ...


class MarkdownChunk(Protocol):
    """The fields of a chunk that are rendered."""

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
    @property
    def speaker(self) -> str: ...


class LeftOutRow(Protocol):
    """The fields of a left-out passage that are rendered."""

    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def page(self) -> int | None: ...
    @property
    def slide(self) -> int | None: ...


def render_markdown(entry: MarkdownEntry, chunks: Iterable[MarkdownChunk]) -> Iterator[str]:
    """Yield an entry's text piece by piece, after front matter (YAML) with its name, title, URL and language.

    A comment marks where a page or slide begins; a chunk of a transcript begins with its time, and with its speaker
    where another one spoke before.
    """
    yield "---\n"
    yield f"source: {_quote_yaml(entry.name)}\n"
    for name, value in (("title", entry.title), ("address", entry.source_url), ("language", entry.text_language)):
        if value:
            yield f"{name}: {_quote_yaml(value)}\n"
    yield "---\n"
    place = speaker = ""
    for chunk in chunks:
        if (begins := _format_page_marker(chunk)) != place:
            place = begins
            yield f"\n<!-- {place} -->\n" if place else ""
        if chunk.kind == ChunkKind.TRANSCRIPT and chunk.speaker != speaker:
            speaker = chunk.speaker
            yield f"\n**{escape_markdown(speaker)}:**\n" if speaker else ""
        yield f"\n{_render_chunk(chunk)}\n"


def render_left_out(summary: Iterable[Mapping[str, Any]], passages: Iterable[LeftOutRow]) -> Iterator[str]:
    """Yield a part that lists what is not part of an entry's text: a heading a kind, with its number and its passages.

    `summary` has a `kind`, a `count` and `pages` for each kind, in the order of the passages.
    """
    groups = {kind: list(rows) for kind, rows in groupby(passages, key=lambda row: row.kind)}
    kinds = list(summary)
    yield "\n---\n\n## Not part of the text\n"
    if not kinds:
        yield "\nNothing was left out.\n"
    for group in kinds:
        pages = f", on {group['pages']}" if group["pages"] else ""
        yield f"\n### {str(group['kind']).replace('_', ' ').capitalize()}: {group['count']}{pages}\n\n"
        for row in groups.get(group["kind"], []):
            place = ", ".join(filter(None, [_format_page_marker(row), f"{row.count} times" if row.count > 1 else ""]))
            yield f"- {escape_markdown(row.text) or '(without text)'}{f' ({place})' if place else ''}\n"


def escape_markdown(text: str) -> str:
    """Return text as one line, with a backslash before the characters that Markdown would take as markup."""
    return _MARKUP.sub(_escape_match, " ".join(text.split()))


def escape_paragraph(text: str) -> str:
    """Return text as `escape_markdown` does, and so that its beginning makes no list and no thematic break of it."""
    return _escape_line_start(escape_markdown(text))


def escape_lines(text: str) -> str:
    """Return a list or a table with its marks and cells as they are, the rest as `escape_markdown`."""
    return "\n".join(map(_escape_line, text.splitlines()))


def format_timestamp(milliseconds: int) -> str:
    """Return a time as mm:ss or h:mm:ss."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def _render_chunk(chunk: MarkdownChunk) -> str:
    match chunk.kind:
        case ChunkKind.HEADING:
            return f"{'#' * (chunk.level or 2)} {escape_markdown(chunk.text)}"
        case ChunkKind.LIST | ChunkKind.TABLE:
            return escape_lines(chunk.text)
        case ChunkKind.CODE:
            # CommonMark 4.5: longer than any run of backticks inside, so that none of them closes it.
            fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(chunk.text)), default=0))
            return f"{fence}{chunk.language}\n{chunk.text}\n{fence}"
        case ChunkKind.TRANSCRIPT if chunk.start_ms is not None:
            return f"**{format_timestamp(chunk.start_ms)}** {escape_markdown(chunk.text)}"
        case ChunkKind.READING:
            return f"> Read off the picture by a model: {escape_markdown(chunk.text)}"
        case ChunkKind.DESCRIPTION:
            return f"> Seen in the picture by a model: {escape_markdown(chunk.text)}"
        case ChunkKind.NOTES:
            return f"> {escape_paragraph(chunk.text)}"
        case _:
            return escape_paragraph(chunk.text)


def _format_page_marker(chunk: MarkdownChunk | LeftOutRow) -> str:
    if chunk.page is not None:
        return f"page {chunk.page}"
    return f"slide {chunk.slide}" if chunk.slide is not None else ""


def _escape_match(found: re.Match[str]) -> str:
    return found[1] or f"\\{found[2]}"


def _escape_line(line: str) -> str:
    if (found := _ITEM.fullmatch(line)) and found[1]:
        return found[1] + _escape_line_start(_MARKUP_IN_LINES.sub(_escape_match, found[2]))
    return _MARKUP_IN_LINES.sub(_escape_match, line)


def _escape_line_start(line: str) -> str:
    return f"{found[0]}\\{line[found.end() :]}" if (found := _LIST_OR_RULE_START.match(line)) else line


def _quote_yaml(value: str) -> str:
    """Return a double-quoted YAML string, the only style in which no text has a special meaning (YAML 1.2, 7.3.1)."""
    inner = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'
