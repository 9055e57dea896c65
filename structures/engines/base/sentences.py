"""Cutting text into sentences that can be quoted: each is literally a part of its chunk."""

from __future__ import annotations

import re
from collections.abc import Iterator

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceChunk

_END = re.compile(r"(?<=[.!?…。])[\"'”»)]*\s+(?=[\"'“«(]?[^\Wa-zа-яіїєґ0-9_])|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|approx|z\.B|d\.h|bzw|т\.д|т\.п|напр|ст|р|рис)\.|\b[A-Z]\.)$"
)
_ITEM = re.compile(r"^\s*(?:-|\d{1,3}\.)\s+")
MAX_SENTENCE_LENGTH = 400


def split_sentences(chunk: SourceChunk) -> Iterator[str]:
    """Yield the sentences of a chunk, or the items of a list, in order.

    Headings, code and tables give none, nor does what a model says of a picture: those are not the author's words.
    """
    if chunk.kind is ChunkKind.LIST:
        for line in chunk.text.split("\n"):
            yield from _split_text(_ITEM.sub("", line))
    elif chunk.kind in {ChunkKind.PARAGRAPH, ChunkKind.NOTES, ChunkKind.TRANSCRIPT, ChunkKind.READING}:
        yield from _split_text(chunk.text)


def _split_text(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        sentence = text[start : end.start()].strip()
        if _ABBREVIATION.search(sentence):
            continue
        if sentence:
            yield sentence
        start = end.end()
    if rest := text[start:].strip():
        yield rest
