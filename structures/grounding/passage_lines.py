"""The text around a quote, as lines with the quote marked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from materials.chunks.markdown import format_timestamp
from materials.documents import ChunkKind, WordsPlace
from structures.grounding.quotes import split_at_quote

# Chunks before and after the one that is quoted: of a text its neighbours, of a talk about a minute.
TEXT_NEIGHBOURS, TALK_NEIGHBOURS = 1, 4
# On each side of the quote, and of each chunk beside it: a chunk may be a listing of a thousand lines.
_MAX_CHARACTERS = 1500
_CODE_KINDS = {ChunkKind.CODE.value, ChunkKind.TABLE.value}


class PassageChunk(Protocol):
    """The fields of a chunk that a line shows."""

    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def start_ms(self) -> int | None: ...
    @property
    def end_ms(self) -> int | None: ...
    @property
    def speaker(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class PassageLine:
    """A chunk around the quote. `marked` is the part that is quoted, between `before` and `after`.

    `marked_ms` is when it begins to be said, where that is known and something is said before.
    """

    kind: str
    before: str
    marked: str = ""
    after: str = ""
    start_ms: int | None = None
    end_ms: int | None = None
    speaker: str = ""
    marked_ms: int | None = None

    @property
    def marked_time(self) -> str:
        return format_timestamp(self.marked_ms or 0)

    @property
    def marked_seconds(self) -> str:
        return format_seconds(self.marked_ms or 0)

    @property
    def time(self) -> str:
        return format_timestamp(self.start_ms or 0)

    @property
    def seconds(self) -> str:
        return format_seconds(self.start_ms or 0)

    @property
    def end_seconds(self) -> str:
        return format_seconds(self.end_ms or 0)

    @property
    def is_code(self) -> bool:
        return self.kind in _CODE_KINDS

    @property
    def is_heading(self) -> bool:
        return self.kind == ChunkKind.HEADING.value

    @property
    def is_machine_written(self) -> bool:
        return ChunkKind(self.kind).is_machine_written


def build_line(chunk: PassageChunk, quote: str = "", words: WordsPlace | None = None) -> PassageLine:
    """Return a chunk as a line; the quote in it marked, where it stands in it, and its ends cut."""
    line = PassageLine(
        kind=chunk.kind, before=chunk.text, start_ms=chunk.start_ms, end_ms=chunk.end_ms, speaker=chunk.speaker
    )
    split = split_at_quote(chunk.text, quote) if quote else None
    if split is None:
        return replace(line, before=_cut_end(chunk.text))
    before, marked, after = split
    marked_ms = words.start_ms if words is not None and before.strip() else None
    return replace(line, before=_cut_start(before), marked=marked, after=_cut_end(after), marked_ms=marked_ms)


def _cut_start(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else "…" + text[-_MAX_CHARACTERS:]


def _cut_end(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "…"


def format_seconds(milliseconds: int) -> str:
    """Return seconds as a media fragment has them, such as `12.3` (W3C Media Fragments 1.0, 4.2.1)."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")
