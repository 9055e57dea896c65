"""Prerequisites between lessons: terms that one lesson defines and a later one uses, both quoted."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType, OrderFaults, Prerequisite
from structures.engines.base.sentences import MAX_SENTENCE_LENGTH, split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import words
from structures.engines.outline.concepts.word_lists import GLOSSARY_TITLES
from structures.engines.outline.design.stems import build_stem
from structures.engines.outline.plans import LessonPlan, Role
from structures.engines.outline.titles import clean_title

# What a person can check at a glance. On the sample courses half of it leaves 255 of 496 prerequisites, twice adds 174,
# mostly terms that a lesson names once.
MAX_PER_LESSON = 5
# A course of so few lessons says too little about how common a term is.
_MIN_LESSONS_FOR_WEIGHTS = 6
# The natural logarithm of 3: a term that a lesson names once counts when at most a third of the lessons use it, one
# that it names four times when three quarters do. On the sample courses half of it makes 532 prerequisites of 496, with
# the subject of the course among them; twice leaves 422.
_MIN_WEIGHT = 1.1
# An introduction names once what is to come, which is no fault in the order; a lesson that needs a term names it again.
# On the sample courses half of it counts 258 early uses instead of 159, twice 88.
_MIN_EARLY_USES = 2
_MAX_EXAMPLES = 5
# Words of a sentence besides the term. With fewer it is a link or a label ("Loops and lists"), which uses nothing. On
# the sample courses half of it adds one prerequisite, twice loses eight.
_MIN_OTHER_WORDS = 2
# Words on each side of a term in a talk without punctuation, where no sentence can be quoted.
_QUOTED_WORDS = 8
_UNREAD_ROLES = frozenset({Role.SOLUTION, Role.CONTENTS, Role.ADMINISTRATION, Role.TEACHER_NOTES})
_UNREAD_KINDS = frozenset({ChunkKind.HEADING, ChunkKind.CODE, ChunkKind.TABLE, ChunkKind.DESCRIPTION})
_GLOSSARY = words.compile_full_match(GLOSSARY_TITLES)
# Chinese signs one by one: words are not set apart.
_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’ʼ-][^\W_\u3400-\u9fff]+)*")


# Without comparison by value: terms are keys, and their citations are slow to hash.
@dataclass(frozen=True, kw_only=True, eq=False)
class _Term:
    """A term with the first lesson that defines it, by its number."""

    title: str
    stems: tuple[str, ...]
    lesson: int
    definition: Citation


@dataclass(kw_only=True)
class _Use:
    """How often a lesson uses a term, and the first place."""

    count: int
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class CoursePrerequisites:
    """The prerequisites of each lesson, strongest first, and what speaks against the order of the lessons."""

    by_lesson: list[tuple[Prerequisite, ...]]
    order_faults: OrderFaults
    warnings: tuple[str, ...]


def find_prerequisites(
    lessons: Sequence[LessonPlan], concepts: Sequence[Sequence[DraftNode]], languages: Sequence[str]
) -> CoursePrerequisites:
    """Return what each lesson takes from earlier ones; `concepts` and `languages` are those of the lessons.

    A term is found whole, in its inflected forms; of terms within one another ("loop", "for loop") the longest counts.
    The time taken grows with the length of the texts, whatever the number of terms.
    """
    is_small = len(lessons) < _MIN_LESSONS_FOR_WEIGHTS
    # A glossary explains what all lessons have, wherever it stands: nothing comes before or after it.
    glossaries = {number for number, lesson in enumerate(lessons) if _GLOSSARY.fullmatch(clean_title(lesson.title))}
    index = _TermIndex([[] if number in glossaries else found for number, found in enumerate(concepts)], languages)
    uses = [
        index.find_uses(lesson, language) if number not in glossaries else {}
        for number, (lesson, language) in enumerate(zip(lessons, languages, strict=True))
    ]
    lesson_counts: dict[_Term, int] = {}
    for found in uses:
        for term in found:
            lesson_counts[term] = lesson_counts.get(term, 0) + 1
    by_lesson: list[tuple[Prerequisite, ...]] = []
    early: list[tuple[int, _Term]] = []
    for number, found in enumerate(uses):
        weighed = {term: use.count * math.log((len(lessons) + 1) / lesson_counts[term]) for term, use in found.items()}
        if not is_small:
            weighed = {term: weight for term, weight in weighed.items() if weight >= _MIN_WEIGHT}
        earlier = sorted(
            (term for term in weighed if term.lesson < number), key=lambda term: (-weighed[term], term.title)
        )
        by_lesson.append(
            tuple(
                Prerequisite(term=term.title, lesson=term.lesson, definition=term.definition, use=found[term].citation)
                for term in earlier[:MAX_PER_LESSON]
            )
        )
        early += [
            (number, term)
            for term in weighed
            if term.lesson > number and (is_small or found[term].count >= _MIN_EARLY_USES)
        ]
    mutual = _find_mutual_uses(by_lesson, early)
    return CoursePrerequisites(
        by_lesson=by_lesson,
        order_faults=OrderFaults(early_uses=len(early), mutual_uses=len(mutual)),
        warnings=tuple(_describe_order(lessons, early, mutual)),
    )


def _find_mutual_uses(
    by_lesson: Sequence[Iterable[Prerequisite]], early: Sequence[tuple[int, _Term]]
) -> list[tuple[int, int]]:
    """Return the pairs of lessons, the earlier first, of which each uses a term that the other defines."""
    backward = {(each.lesson, later) for later, found in enumerate(by_lesson) for each in found}
    return sorted(backward & {(number, term.lesson) for number, term in early})


def _describe_order(
    lessons: Sequence[LessonPlan], early: Sequence[tuple[int, _Term]], mutual: Sequence[tuple[int, int]]
) -> Iterable[str]:
    if early:
        examples = [
            f'"{term.title}" in "{lessons[number].title}" (defined in "{lessons[term.lesson].title}")'
            for number, term in early[:_MAX_EXAMPLES]
        ]
        yield (
            f"Uses of a term in a lesson before the lesson that defines it: {len(early)}, such as "
            f"{'; '.join(examples)}{_format_more(len(early))}."
        )
    if mutual:
        examples = [f'"{lessons[one].title}" and "{lessons[other].title}"' for one, other in mutual[:_MAX_EXAMPLES]]
        yield (
            f"Pairs of lessons that use terms of each other: {len(mutual)}, such as "
            f"{'; '.join(examples)}{_format_more(len(mutual))}."
        )


def _format_more(count: int) -> str:
    return f"; and {count - _MAX_EXAMPLES} more" if count > _MAX_EXAMPLES else ""


class _TermIndex:
    """The defined terms of a course by the stem of their first word."""

    def __init__(self, concepts: Sequence[Sequence[DraftNode]], languages: Sequence[str]) -> None:
        self._by_first: dict[str, list[_Term]] = {}
        self._stems: dict[str, dict[str, str]] = defaultdict(dict)
        known: set[tuple[str, ...]] = set()
        for number, (found, language) in enumerate(zip(concepts, languages, strict=True)):
            for concept in found:
                stems = tuple(self._stem(token, language) for token in _TOKEN.findall(concept.title))
                is_defined = concept.node_type is NodeType.CONCEPT and concept.description and concept.citations
                # One or two letters ("x", "is") stand in any text, but as a Chinese word.
                if (
                    not is_defined
                    or not stems
                    or stems in known
                    or (len("".join(stems)) < 3 and concept.title.isascii())
                ):
                    continue
                known.add(stems)
                term = _Term(title=concept.title, stems=stems, lesson=number, definition=concept.citations[0])
                self._by_first.setdefault(stems[0], []).append(term)
        for terms in self._by_first.values():
            terms.sort(key=lambda term: -len(term.stems))

    def find_uses(self, lesson: LessonPlan, language: str) -> dict[_Term, _Use]:
        """Return the terms that a lesson uses in its texts, with the sentence of the first use."""
        uses: dict[_Term, _Use] = {}
        for part in lesson.parts:
            if part.role in _UNREAD_ROLES:
                continue
            for section in part.sections:
                for chunk in section.iter_chunks():
                    if chunk.kind not in _UNREAD_KINDS:
                        self._add_uses(uses, chunk, language)
        return uses

    def _add_uses(self, uses: dict[_Term, _Use], chunk: SourceChunk, language: str) -> None:
        by_first, known = self._by_first, self._stems[language]
        # Inlined for speed: it runs for every word of the course.
        stems = [known.get(token) or self._stem(token, language) for token in _TOKEN.findall(chunk.text)]
        if by_first.keys().isdisjoint(stems):
            return
        sentences: list[_Sentence] | None = None
        at = 0
        while at < len(stems):
            term = self._match(stems, at) if stems[at] in by_first else None
            if term is None:
                at += 1
                continue
            if (use := uses.get(term)) is not None:
                use.count += 1
            else:
                sentences = sentences if sentences is not None else list(_iter_sentences(chunk))
                if (citation := _quote_use(chunk, sentences, at, len(term.stems))) is not None:
                    uses[term] = _Use(count=1, citation=citation)
            at += len(term.stems)

    def _match(self, stems: list[str], at: int) -> _Term | None:
        """Return the longest term that begins at a place of a sentence."""
        for term in self._by_first[stems[at]]:
            if len(term.stems) == 1 or tuple(stems[at : at + len(term.stems)]) == term.stems:
                return term
        return None

    def _stem(self, token: str, language: str) -> str:
        stem = self._stems[language][token] = build_stem(token, language)
        return stem


@dataclass(frozen=True, kw_only=True)
class _Sentence:
    """A sentence of a chunk with the numbers of its first token and of the one behind it."""

    text: str
    start: int
    end: int


def _iter_sentences(chunk: SourceChunk) -> Iterator[_Sentence]:
    at = place = 0
    for text in split_sentences(chunk):
        # Between sentences stand marks of lists and the like, which have tokens, too: "1." has one.
        begin = chunk.text.find(text, place)
        at += len(_TOKEN.findall(chunk.text[place:begin]))
        count = len(_TOKEN.findall(text))
        yield _Sentence(text=text, start=at, end=at + count)
        at, place = at + count, begin + len(text)


def _quote_use(chunk: SourceChunk, sentences: Sequence[_Sentence], at: int, length: int) -> Citation | None:
    """Return a citation of the sentence with the term at token `at`, or of the words around it in a long one.

    None where the term stands in no sentence, or with hardly another word.
    """
    # The last that begins before the term: a list may hold thousands of sentences, and a term in each.
    place = bisect_right(sentences, at, key=lambda each: each.start) - 1
    sentence = sentences[place] if place >= 0 and at < sentences[place].end else None
    if sentence is None or sentence.end - sentence.start < length + _MIN_OTHER_WORDS:
        return None
    quote = sentence.text
    if len(quote) > MAX_SENTENCE_LENGTH:
        tokens = list(_TOKEN.finditer(quote))
        first = tokens[max(0, at - sentence.start - _QUOTED_WORDS)]
        last = tokens[min(len(tokens) - 1, at - sentence.start + _QUOTED_WORDS)]
        quote = quote[first.start() : last.end()]
    return Citation(chunk_id=chunk.id, quote=quote)
