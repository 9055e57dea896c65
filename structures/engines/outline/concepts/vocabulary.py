"""The words of a course: which terms its headings and its emphasis name, and which chunks mention a term."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from materials.documents import ChunkKind
from structures.engines.base.sentences import MAX_SENTENCE_LENGTH, split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.concepts.terms import (
    build_stem,
    build_term_key,
    build_text_key,
    clean_term,
    is_chinese,
    is_term,
)
from structures.engines.outline.sections import Section

# An author writes a heading as a name, so it may have more words than a term in a sentence.
_MAX_HEADING_WORDS = 6
# In signs: the longest Chinese term that is sought inside headings.
_MAX_CHINESE_TERM = 8

_WHAT_IS = re.compile(
    r"^(?:what(?:'s|’s| is| are)(?: an?| the)?|що таке|що означає|что такое|was (?:ist|sind)(?: eine?| der| die| das)?|"
    r"qu['’]est-ce qu(?:e |['’])(?:une?|les?|la)?|qué (?:es|son)(?: una?| el| la| los| las)?|co to(?: jest| są)?|"
    r"o que (?:é|são)(?: uma?)?|che cos['’]è(?: una?| il| la)?|什么是)\s*(?P<term>.+?)\s*[?？]?$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[\u4e00-\u9fff]+|[^\W_\u4e00-\u9fff]+(?:['’][^\W_\u4e00-\u9fff]+)*")


class CourseVocabulary:
    """What the texts of a course name and mention. Reads each chunk once; a question costs the rarest of its words."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._heading_keys: set[str] = set()
        self._emphasised_keys: set[str] = set()
        self._chinese_headings: set[str] = set()
        self._chunks: list[SourceChunk] = []
        self._places: dict[str, list[int]] = defaultdict(list)
        self._keys: dict[str, tuple[str, ...]] = {}
        for section in sections:
            for below in section.iter_sections():
                self._add_section(below)

    def is_in_heading(self, term: str) -> bool:
        """Tell whether a heading names the term."""
        return build_term_key(term) in self._heading_keys or (
            is_chinese(term) and clean_term(term) in self._chinese_headings
        )

    def is_named(self, term: str) -> bool:
        """Tell whether a heading or emphasised words name the term."""
        return self.is_in_heading(term) or build_term_key(term) in self._emphasised_keys

    def count_mentions(self, term: str) -> int:
        """Return how many chunks have all the words of the term, whatever their endings."""
        return len(self._find_places(term))

    def iter_mentions(self, term: str) -> Iterator[SourceChunk]:
        """Yield the chunks that have all the words of the term, in order."""
        for place in self._find_places(term):
            yield self._chunks[place]

    def recurs(self, term: str, times: int) -> bool:
        """Tell whether at least so many sentences have all the words of the term, whatever their endings."""
        stems = _list_stems(term)
        found = 0
        for chunk in self.iter_mentions(term):
            for sentence in split_sentences(chunk):
                said = {key for token in _TOKEN.findall(sentence.casefold()) for key in self._keys.get(token, ())}
                found += said.issuperset(stems)
                if found >= times:
                    return True
        return False

    def find_sentence(self, term: str, chunks: Iterable[SourceChunk]) -> tuple[SourceChunk, str] | None:
        """Return the first sentence that has the words of the term side by side, with its chunk."""
        wanted = build_term_key(term)
        for chunk in chunks:
            for sentence in split_sentences(chunk):
                if len(sentence) <= MAX_SENTENCE_LENGTH and (
                    clean_term(term) in sentence
                    if is_chinese(term)
                    else f" {wanted} " in f" {build_text_key(sentence)} "
                ):
                    return chunk, sentence
        return None

    def _add_section(self, section: Section) -> None:
        if section.heading is not None:
            self._chunks.append(section.heading)
            if term := parse_heading_term(section.title):
                self._heading_keys.add(build_term_key(term))
            self._add_chinese_heading(section.title)
            self._add_places(section.heading)
        for chunk in section.body:
            if chunk.kind in {ChunkKind.CODE, ChunkKind.DESCRIPTION}:
                continue
            self._emphasised_keys.update(build_term_key(term) for term in chunk.emphasised if is_term(term))
            self._chunks.append(chunk)
            self._add_places(chunk)

    def _add_chinese_heading(self, title: str) -> None:
        for run in re.findall(r"[\u4e00-\u9fff]+", title[:80]):
            for start in range(len(run)):
                self._chinese_headings.update(run[start:end] for end in range(start + 1, start + 1 + _MAX_CHINESE_TERM))

    def _add_places(self, chunk: SourceChunk) -> None:
        at = len(self._chunks) - 1
        for token in set(_TOKEN.findall(chunk.text.casefold())):
            keys = self._keys.get(token)
            if keys is None:
                keys = self._keys[token] = _build_keys(token)
            for key in keys:
                places = self._places[key]
                if not places or places[-1] != at:
                    places.append(at)

    def _find_places(self, term: str) -> list[int]:
        stems = _list_stems(term)
        if not stems:
            return []
        rarest, *others = sorted((self._places.get(stem, []) for stem in stems), key=len)
        # Not sets of all places: a word like "function" stands in most chunks, and the rarest may stand in two.
        return [place for place in rarest if all(_has(places, place) for places in others)]


def _has(places: list[int], place: int) -> bool:
    """Tell whether a sorted list has a number."""
    at = bisect_left(places, place)
    return at < len(places) and places[at] == place


def parse_heading_term(heading: str) -> str:
    """Return the term that a heading names; blank when it names none."""
    title = names.clean_title(heading)
    question = _WHAT_IS.match(title)
    term = question["term"] if question else title
    # A colon joins two things ("Week 3: lists"), and a question or an exclamation names none.
    if not question and (title.endswith(("?", "!", "...", "…", "？", "！")) or ":" in title):
        return ""
    return clean_term(term) if is_term(term, longest=_MAX_HEADING_WORDS) else ""


def is_question_heading(heading: str) -> bool:
    """Tell whether a heading asks what something is: "What is a loop?"."""
    return _WHAT_IS.match(names.clean_title(heading)) is not None


def _list_stems(term: str) -> list[str]:
    """Return what the words of a term are found by, each once."""
    tokens = _TOKEN.findall(clean_term(term).casefold())
    return list(dict.fromkeys(key for token in tokens for key in _build_keys(token)))


def _build_keys(token: str) -> tuple[str, ...]:
    """Return what a word is found by: its stem; of a run of Chinese signs, which has no spaces, each sign and pair."""
    if not is_chinese(token):
        return (build_stem(token),)
    return (*token, *(token[at : at + 2] for at in range(len(token) - 1)))
