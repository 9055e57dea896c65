"""Walking through the lessons of a course for everything that may define a term, with how much speaks for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sentences import MAX_SENTENCE_LENGTH, split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.concepts.definitions import Definition, Form, parse_definition
from structures.engines.outline.concepts.glossaries import (
    GlossaryEntry,
    is_glossary_title,
    read_defined_heading,
    read_glossary,
)
from structures.engines.outline.concepts.languages import Language, detect_language
from structures.engines.outline.concepts.proofs import weigh_definition
from structures.engines.outline.concepts.terms import build_term_key, clean_term, is_chinese, is_everyday, is_term
from structures.engines.outline.concepts.vocabulary import CourseVocabulary, is_question_heading, parse_heading_term
from structures.engines.outline.concepts.word_lists import NAMINGS_OF_WHAT_WAS_SAID
from structures.engines.outline.plans import LessonPart, LessonPlan
from structures.engines.outline.sections import Section

# Weights of `proofs.weigh_definition`: a glossary's definition is the best that a course has, and one that follows a
# heading such as "What is a loop?" is an explanation rather than a definition.
_GLOSSARY_WEIGHT, _ANSWER_WEIGHT = 6.0, 2.5
# In sentences behind a heading that asks. The third one goes into details.
_MAX_ANSWER_SENTENCES = 2
# In words; what is shorter below such a heading is lettering on a slide as a rule.
_MIN_ANSWER_WORDS = 5
# What a sentence names was described in the one before it: less sure than a definition in one.
_DESCRIPTION_LOSS = 1.0
# Words; a shorter sentence before the name describes nothing.
_MIN_DESCRIPTION_WORDS = 8
_NAMED_AFTER = re.compile(
    rf"(?:{NAMINGS_OF_WHAT_WAS_SAID})\s+(?:an?|the|un[ae]?|el|la|le|il|eine?|uma?)?\s*", re.IGNORECASE
)
# In characters: enough words to tell a language by.
_MAX_SAMPLE = 4_000
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A term with a sentence that may define it, in lesson number `lesson`."""

    term: str
    definition: str
    weight: float
    lesson: int
    citation: Citation
    is_from_glossary: bool = False
    is_row: bool = False


def find_candidates(lessons: Sequence[LessonPlan], vocabulary: CourseVocabulary) -> Iterator[Candidate]:
    """Yield what may define a term, in the order of the lessons."""
    for number, lesson in enumerate(lessons):
        for part in lesson.parts:
            language = _detect_part_language(part)
            is_announced = is_glossary_title(names.get_file_stem(part.entry.name).replace("_", " ").replace("-", " "))
            for section in part.sections:
                yield from _find_in_section(section, language, vocabulary, number, is_announced=is_announced)


def _detect_part_language(part: LessonPart) -> Language:
    sample: list[str] = []
    size = 0
    for section in part.sections:
        for chunk in section.iter_chunks():
            if chunk.kind is not ChunkKind.CODE and size < _MAX_SAMPLE:
                sample.append(chunk.text)
                size += len(chunk.text)
    return detect_language("\n".join(sample), stated=part.entry.language)


def _find_in_section(
    section: Section, language: Language, vocabulary: CourseVocabulary, lesson: int, *, is_announced: bool
) -> Iterator[Candidate]:
    is_announced = is_announced or is_glossary_title(section.title)
    previous: SourceChunk | None = None
    answered = False
    for chunk in section.body:
        if chunk.kind is ChunkKind.HEADING:
            continue
        spoken_in = _detect_chunk_language(chunk, language)
        # "Key terms:" may stand in a line of its own above the list.
        is_labelled = previous is not None and previous.kind is ChunkKind.PARAGRAPH and is_glossary_title(previous.text)
        entries = read_glossary(chunk, spoken_in, is_announced=is_announced or is_labelled)
        if not entries and is_announced and previous is not None:
            entries = _read_term_above(previous, chunk)
        previous = chunk
        if entries:
            for entry in entries:
                yield _build_glossary_candidate(entry, chunk, lesson)
            continue
        if not answered and section.heading is not None and chunk.kind is ChunkKind.PARAGRAPH:
            answered = True
            yield from _find_answer(section.heading, chunk, lesson)
        yield from _find_in_sentences(chunk, spoken_in, vocabulary, lesson)
    for below in section.subsections:
        if is_announced and below.heading is not None and not below.subsections:
            found = read_defined_heading(below.heading, below.body)
            if found is not None:
                yield _build_glossary_candidate(*found, lesson)
                continue
        yield from _find_in_section(below, language, vocabulary, lesson, is_announced=is_announced)


def _detect_chunk_language(chunk: SourceChunk, language: Language) -> Language:
    """Return the language of a chunk whose letters are not those of its file."""
    start = chunk.text[:200]
    is_cyrillic = not start.isascii() and len(_CYRILLIC.findall(start)) > len(start) // 4
    if is_cyrillic != (language.code in {"uk", "ru"}) or (language.code != "zh" and is_chinese(start)):
        return detect_language(chunk.text, stated=language.code)
    return language


def _read_term_above(above: SourceChunk, chunk: SourceChunk) -> list[GlossaryEntry]:
    """Return the entry of a glossary whose term stands alone, emphasised, above its meaning."""
    if (
        above.kind is not ChunkKind.PARAGRAPH
        or chunk.kind is not ChunkKind.PARAGRAPH
        or above.text not in above.emphasised
    ):
        return []
    first = next(split_sentences(chunk), "")
    return (
        [GlossaryEntry(term=above.text, text=first, quote=first)]
        if first and is_term(above.text, is_listed=True)
        else []
    )


def _build_glossary_candidate(entry: GlossaryEntry, chunk: SourceChunk, lesson: int) -> Candidate:
    return Candidate(
        term=entry.term,
        definition=entry.text,
        weight=_GLOSSARY_WEIGHT,
        lesson=lesson,
        citation=Citation(chunk_id=chunk.id, quote=entry.quote),
        is_from_glossary=True,
    )


def _find_answer(heading: SourceChunk, chunk: SourceChunk, lesson: int) -> Iterator[Candidate]:
    """Yield the sentence that answers a heading such as "What is a loop?": it begins with the term."""
    term = parse_heading_term(heading.text) if is_question_heading(heading.text) else ""
    if not term:
        return
    key = build_term_key(term)
    for number, sentence in enumerate(split_sentences(chunk)):
        if number >= _MAX_ANSWER_SENTENCES:
            return
        is_sentence = is_chinese(sentence) or len(sentence.split()) >= _MIN_ANSWER_WORDS
        if (
            is_sentence
            and len(sentence) <= MAX_SENTENCE_LENGTH
            and f"{build_term_key(sentence)} ".startswith(f"{key} ")
        ):
            cited = Citation(chunk_id=chunk.id, quote=sentence)
            yield Candidate(term=term, definition=sentence, weight=_ANSWER_WEIGHT, lesson=lesson, citation=cited)
            return


def _find_in_sentences(
    chunk: SourceChunk, language: Language, vocabulary: CourseVocabulary, lesson: int
) -> Iterator[Candidate]:
    is_spoken = chunk.kind is ChunkKind.TRANSCRIPT
    previous = ""
    for sentence in split_sentences(chunk):
        described, previous = previous, sentence
        if len(sentence) > MAX_SENTENCE_LENGTH:
            continue
        emphasised = [term for term in chunk.emphasised if term in sentence]
        definition = parse_definition(sentence, language, emphasised=emphasised)
        if definition is None and described:
            yield from _find_named_after(described, sentence, chunk, emphasised, vocabulary, lesson)
        if definition is None:
            continue
        weight = weigh_definition(definition, vocabulary, is_spoken=is_spoken)
        if weight:
            yield _build_candidate(definition, sentence, chunk, lesson, weight)


def _find_named_after(
    described: str,
    sentence: str,
    chunk: SourceChunk,
    emphasised: list[str],
    vocabulary: CourseVocabulary,
    lesson: int,
) -> Iterator[Candidate]:
    """Yield the term that a sentence gives to what the sentence before it has described: "This is called X"."""
    found = _NAMED_AFTER.match(sentence)
    if found is None:
        return
    said = sentence[found.end() :]
    term = next((marked for marked in emphasised if said.startswith(marked)), None)
    if chunk.kind is ChunkKind.TRANSCRIPT:
        # Nothing is emphasised in a talk, so a heading or a slide must have the name.
        heard = re.split(r"[,.;:!?]", said, maxsplit=1)[0].strip()
        term = heard if vocabulary.is_named(heard) and not is_everyday(heard) else None
    start = chunk.text.find(described)
    end = chunk.text.find(sentence, start) + len(sentence)
    if (
        term is None
        or not is_term(term)
        or len(described.split()) < _MIN_DESCRIPTION_WORDS
        or not (0 <= start < end <= start + MAX_SENTENCE_LENGTH)
    ):
        return
    both = chunk.text[start:end]
    cited = Citation(chunk_id=chunk.id, quote=both)
    yield Candidate(
        term=clean_term(term), definition=both, weight=_ANSWER_WEIGHT - _DESCRIPTION_LOSS, lesson=lesson, citation=cited
    )


def _build_candidate(
    definition: Definition, sentence: str, chunk: SourceChunk, lesson: int, weight: float
) -> Candidate:
    # A row is quoted whole; what defines is its second half.
    cited = Citation(chunk_id=chunk.id, quote=sentence)
    return Candidate(
        term=definition.term,
        definition=definition.text,
        weight=weight,
        lesson=lesson,
        citation=cited,
        is_row=definition.form is Form.ROW,
    )
