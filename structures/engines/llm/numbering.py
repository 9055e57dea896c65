"""The materials as numbered lines of JSON.

A line is one JSON object, so that no text can end the materials early, open new ones or claim a number of its own.
Characters that people cannot see (tags, direction marks, zero-width spaces) are left out: they can hide instructions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from llm.messages import estimate_text_tokens
from materials.chunks.markdown import format_timestamp
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.base.text import strip_invisible

# RFC 8259 lets U+2028 and U+2029 stand in a string, although they end a line or paragraph.
_LINE_ENDS = {0x2028: "\\u2028", 0x2029: "\\u2029"}


@dataclass(frozen=True, kw_only=True)
class ChunkLine:
    """One chunk as a line of the prompt.

    `heading` are the lines with its folder and entry; they are sent before the first line of each entry in a part.
    """

    number: int
    chunk_id: UUID
    heading: tuple[str, ...]
    text: str

    @property
    def estimated_tokens(self) -> int:
        """Return an upper estimate of the line's tokens, without its heading."""
        return estimate_text_tokens(self.text) + 1  # the line feed

    def read_text(self) -> str:
        """Return the text of the chunk, as it is shown to the model."""
        # A line has no text where nothing of the chunk is visible.
        return str(json.loads(self.text).get("text", ""))


@dataclass(frozen=True, kw_only=True)
class NumberedMaterials:
    """All lines in the order of the tree, and the chunks behind the numbers."""

    lines: tuple[ChunkLine, ...]
    chunks: Mapping[int, UUID]


def number_chunks(source: SourceNode) -> NumberedMaterials:
    """Number every chunk of the tree, from 1, in the owner's order."""
    lines: list[ChunkLine] = []
    for path, entry in _iter_entries(source, ()):
        heading = (
            (_dump_visible(folder=" / ".join(path)), _dump_visible(entry=entry.name, title=entry.title))
            if path
            else (_dump_visible(entry=entry.name, title=entry.title),)
        )
        for chunk in entry.chunks:
            number = len(lines) + 1
            lines.append(
                ChunkLine(number=number, chunk_id=chunk.id, heading=heading, text=_format_chunk_line(number, chunk))
            )
    return NumberedMaterials(lines=tuple(lines), chunks={line.number: line.chunk_id for line in lines})


def render_lines(lines: tuple[ChunkLine, ...]) -> str:
    """Return the lines as text; each entry's heading stands before its first line."""
    output: list[str] = []
    heading: tuple[str, ...] = ()
    for line in lines:
        if line.heading != heading:
            heading = line.heading
            output.extend(heading)
        output.append(line.text)
    return "\n".join(output)


def renumber_line(line: ChunkLine, number: int) -> ChunkLine:
    """Return the line with another number."""
    text = dump_json_line({**json.loads(line.text), "chunk": number})
    return ChunkLine(number=number, chunk_id=line.chunk_id, heading=line.heading, text=text)


def halve_line(line: ChunkLine) -> tuple[ChunkLine, ChunkLine]:
    """Cut a line that is too long even alone into two with the same number, at a space near its middle."""
    # The same number: a quote from either half is looked for in the whole chunk.
    value = json.loads(line.text)
    text = value["text"]
    middle = text.find(" ", len(text) // 2)
    if middle < 0:
        middle = len(text) // 2
    first, second = (
        ChunkLine(
            number=line.number,
            chunk_id=line.chunk_id,
            heading=line.heading,
            text=dump_json_line({**value, "text": piece}),
        )
        for piece in (text[:middle], text[middle:])
    )
    return first, second


def _iter_entries(node: SourceNode, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], SourceEntry]]:
    for entry in node.entries:
        yield path, entry
    for child in node.children:
        yield from _iter_entries(child, (*path, child.title))


def _format_chunk_line(number: int, chunk: SourceChunk) -> str:
    return _dump_visible(chunk=number, kind=chunk.kind.value, where=_format_position(chunk), text=chunk.text)


def _format_position(chunk: SourceChunk) -> str:
    locator = chunk.locator
    if locator.page is not None:
        return f"p. {locator.page}"
    if locator.slide is not None:
        return f"slide {locator.slide}"
    if locator.start_ms is not None:
        return format_timestamp(locator.start_ms)
    return ""


def _dump_visible(**values: object) -> str:
    visible_values = {
        name: strip_invisible(value) if isinstance(value, str) else value for name, value in values.items()
    }
    return dump_json_line({name: value for name, value in visible_values.items() if value != ""})


def dump_visible_line(values: Mapping[str, object]) -> str:
    """Return one line of JSON without characters that people cannot see, in texts and lists of texts."""
    return dump_json_line({name: _strip_value(value) for name, value in values.items()})


def _strip_value(value: object) -> object:
    if isinstance(value, list):
        return [_strip_value(item) for item in value]
    return strip_invisible(value) if isinstance(value, str) else value


def dump_json_line(value: object) -> str:
    """Return one line of JSON without `</`: it is written `<\\/`, which means the same (RFC 8259, section 7)."""
    return json.dumps(value, ensure_ascii=False).translate(_LINE_ENDS).replace("</", "<\\/")
