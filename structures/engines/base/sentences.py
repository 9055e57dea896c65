"""Splitting chunks into sentences that can be quoted: each is literally a part of its chunk."""

from __future__ import annotations

import re
from collections.abc import Iterator

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk, SourceEntry

# A full stop ends a sentence only before a letter that can begin one, as those of scripts without capitals can. Before
# a small letter or a digit it ends an abbreviation more often: "e.g. this", "No. 5".
# Chinese has no spaces, and its full stop ends nothing but sentences.
_END = re.compile(
    r"(?<=[.!?…。])[\"'”»)]*\s+(?=[\"'“«(]?[^\Wa-zа-яіїєґ0-9_])|(?<=[。！？])[”」』）]*(?=[^\s”」』）])|\n+"
)
# Abbreviations that stand before a capital letter, too, and initials, as in "J. Smith".
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|approx|z\.B|d\.h|bzw|т\.д|т\.п|напр|ст|р|рис)\.|\b[A-Z]\.)$"
)
# In characters, with the sign before it: no abbreviation is longer.
_ABBREVIATION_LENGTH = 8
_ITEM = re.compile(r"^\s*(?:-|\d{1,3}\.)\s+")
# In characters, some 60 words. Transcripts without punctuation make one "sentence" of minutes, which would be a useless
# quote; sentences that people write are rarely so long. On the sample courses half of
# it loses some definitions, twice changes nothing.
MAX_SENTENCE_LENGTH = 400


def split_sentences(chunk: SourceChunk) -> Iterator[str]:
    """Yield the sentences of a chunk, or the items of a list, in order.

    Headings, code and tables have none. Neither has a model's description of a picture: those are not the author's
    words.
    """
    if chunk.kind is ChunkKind.LIST:
        for line in chunk.text.split("\n"):
            yield from split_text(_ITEM.sub("", line))
    elif chunk.kind in {ChunkKind.PARAGRAPH, ChunkKind.NOTES, ChunkKind.TRANSCRIPT, ChunkKind.READING}:
        yield from split_text(chunk.text)


def cite_first_words(entry: SourceEntry) -> Citation:
    """Return a citation of an entry's first sentence, or of its first line when that is a heading or code.

    The entry has chunks.
    """
    first = entry.chunks[0]
    return Citation(chunk_id=first.id, quote=next(split_sentences(first), first.text.split("\n")[0]))


def split_text(text: str) -> Iterator[str]:
    """Yield the sentences of a text, in order."""
    start = 0
    for end in _END.finditer(text):
        sentence = text[start : end.start()].strip()
        # Without moving `start`: what follows the abbreviation joins this sentence.
        if sentence.endswith(".") and _ABBREVIATION.search(sentence, max(0, len(sentence) - _ABBREVIATION_LENGTH)):
            continue
        if sentence:
            yield sentence
        start = end.end()
    if rest := text[start:].strip():
        yield rest
