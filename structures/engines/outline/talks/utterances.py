"""Dividing the transcript of one recording into utterances: sentences, or pieces of speech without punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.talks.cues import CueLexicon, find_sounds

# Words. A sentence that people speak is rarely longer, so a longer one is speech without punctuation, as is what ends
# without a sign.
_MAX_WORDS = 40
# Words of a piece of such speech: about a sentence, some eight seconds.
_PIECE_WORDS = 20
# Words at least of a piece, so that it is more than the phrase with which it begins.
_MIN_PIECE_WORDS = 5

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”»)\]]*\s+|(?<=[。！？])")
_ENDED = re.compile(r"[.!?…。！？][\"'”»)\]]*\s*$")
# In scripts without spaces two characters are a word on average.
_WORD = re.compile(r"[぀-ヿ㐀-鿿]{1,2}|[^\s぀-ヿ㐀-鿿]+")


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A sentence or so of a talk. Its times are exact at the ends of a chunk and interpolated inside.

    `chunk` is the chunk's place among the chunks of the talk, `start` where the text begins in it.
    """

    text: str
    chunk: int
    start: int
    start_ms: int
    end_ms: int
    opening: float
    closing: float
    is_sound: bool = False


def split_utterances(chunks: Sequence[SourceChunk], lexicon: CueLexicon) -> list[Utterance]:
    """Return the utterances of a talk in order, with the weights of their cues. Chunks without times have none."""
    found = []
    for place, chunk in enumerate(chunks):
        start_ms, end_ms = chunk.locator.start_ms, chunk.locator.end_ms
        if chunk.kind is not ChunkKind.TRANSCRIPT or start_ms is None:
            continue
        length = (end_ms if end_ms is not None else start_ms) - start_ms
        for begin, end, is_sound in _split_text(chunk.text, lexicon):
            text = chunk.text[begin:end].strip()
            found.append(
                Utterance(
                    text=text,
                    chunk=place,
                    start=begin,
                    start_ms=start_ms + length * begin // len(chunk.text),
                    end_ms=start_ms + length * end // len(chunk.text),
                    opening=0.0 if is_sound else lexicon.weigh_opening(text),
                    closing=0.0 if is_sound else lexicon.weigh_closing(text),
                    is_sound=is_sound,
                )
            )
    return found


def _split_text(text: str, lexicon: CueLexicon) -> Iterator[tuple[int, int, bool]]:
    """Yield where each utterance begins and ends, and whether it is a noted sound. They cover the text."""
    at = 0
    for begin, end in find_sounds(text):
        yield from ((*span, False) for span in _split_speech(text, at, begin, lexicon))
        yield begin, end, True
        at = end
    yield from ((*span, False) for span in _split_speech(text, at, len(text), lexicon))


def _split_speech(text: str, begin: int, end: int, lexicon: CueLexicon) -> Iterator[tuple[int, int]]:
    at = begin
    ends = [found.end() for found in _SENTENCE_END.finditer(text, begin, end)]
    for until in (*ends, end):
        if text[at:until].strip():
            yield from _split_sentence(text, at, until, lexicon)
            at = until


def _split_sentence(text: str, begin: int, end: int, lexicon: CueLexicon) -> Iterator[tuple[int, int]]:
    """Yield the parts of a sentence: itself as a rule, else pieces that begin at cue phrases or after so many words."""
    words = [found.start() for found in _WORD.finditer(text, begin, end)]
    has_end = _ENDED.search(text[begin:end]) is not None
    if len(words) <= (_MAX_WORDS if has_end else _PIECE_WORDS):
        yield begin, end
        return
    openings = lexicon.find_strong_openings(text, begin, end)
    at, count = begin, 0
    for place, word in enumerate(words):
        rest = len(words) - place
        if (count >= _MIN_PIECE_WORDS and word in openings) or (count >= _PIECE_WORDS and rest > _MIN_PIECE_WORDS):
            yield at, word
            at, count = word, 0
        count += 1
    yield at, end
