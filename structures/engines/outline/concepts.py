"""Finding concepts: terms that a sentence defines, that a heading names or that the author emphasised.

Each candidate has a weight; a lesson keeps those with the largest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sentences import MAX_SENTENCE_LENGTH, split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names, words
from structures.engines.outline.sections import Section, is_on_slide

# What one lesson can teach and a person can check at a glance. On the sample courses half of it loses headings that
# name what is taught, in every course; twice adds mostly keywords of reference tables and steps of a single task.
MAX_PER_LESSON = 12
# On the sample courses one concept in a hundred has more places; half of it would cut one in thirty.
MAX_REFERENCES = 6
# They decide which candidates stay when a lesson has more than `MAX_PER_LESSON`, so mainly their order matters. A
# heading names a term without defining it, a talk defines loosely; emphasis, or a strong form and a name elsewhere, is
# proof.
_HEADING_WEIGHT, _SPOKEN_WEIGHT, _LIKELY_WEIGHT, _SURE_WEIGHT = 1.0, 1.5, 2.0, 3.0
# A label such as "Definition:" and each further place decide between equals. They are small against the weights, so
# that it takes four places to make up for a missing definition.
_LABEL_BONUS, _REPETITION_BONUS = 0.5, 0.25
# In characters. One letter is a variable; 70 only guards against whole sentences, since the limits in words come first:
# on the sample courses twice as much changes nothing, half loses headings of five to seven long words.
_MIN_TERM_LENGTH, _MAX_TERM_LENGTH = 2, 70
# Keeps out what is mostly digits and signs, such as "HD 1920 1080". Any value from 0.3 to 0.6 gives the same concepts
# on the sample courses, 0.8 nearly so; 0.95 loses terms with a hyphen, an apostrophe or a number.
_MIN_LETTER_SHARE = 0.6
# Term, verb and two words. On the sample courses half of it takes labels with a name for definitions ("Instructor:
# ..."); twice loses one-line definitions.
_MIN_DEFINITION_WORDS = 4
# Two letters are what most inflections change at the end of a word, in Slavic languages, too; four are a stem that
# other words rarely share. On the sample courses stems half as long let headings pass that the text does not have,
# stems twice as long lose headings whose words the text has in another form.
_MIN_STEM_LENGTH, _MAX_ENDING_LENGTH = 4, 2
# Terms no longer than this keep their case: they may be words of a programming language. On the sample courses half of
# it gives types and commands a capital, twice leaves ordinary nouns without one.
_MAX_SHORT_TERM_LENGTH = 6
# For what stands before "is a". On the sample courses 3 loses a few terms, 10 takes whole clauses for terms.
_MAX_TERM_WORDS = 5
# An author writes a heading as a name, so it may have more words. On the sample courses half of it loses many names,
# twice adds instructions ("Get the program from the ...").
_MAX_HEADING_WORDS = 7

_LABEL = re.compile(rf"^\W*(?:{words.DEFINITION_LABELS})\s*[:—–]\s*", re.IGNORECASE)
_GENERIC_HEADING = words.compile_full_match(words.GENERIC_HEADINGS)
_EXERCISE = words.compile_search(words.EXERCISES)
_WHAT_IS = re.compile(
    r"^(?:what(?:'s|’s| is| are)(?: an?| the)?|що таке|що означає|что такое|was (?:ist|sind)(?: eine?| der| die| das)?|"
    r"qu['’]est-ce qu(?:e |['’])(?:une?|les?|la)?|qué (?:es|son)(?: una?| el| la| los| las)?|co to(?: jest| są)?|"
    r"o que (?:é|são)(?: uma?)?|che cos['’]è(?: una?| il| la)?)\s+(?P<term>.+?)\s*\??$",
    re.IGNORECASE,
)
# Signs that stand in code, paths, formulas or quotations, and dots inside a word (`os.path`): a term has none.
_CODE = re.compile(r"[(){}\[\]=<>_;$\\/@#*|+“”«»\"]|\.\w|\w\.\w")
# As few characters as the rest of the pattern allows: "A list is a value that is a ..." defines "list". 61 are more
# than `_MAX_TERM_WORDS` usually have, and bound the work on a long line.
_TERM = r"(?P<term>[^\W\d_][^.,;:!?()\n]{0,60}?)"

# Verbs that only a definition has: they count even where nothing else says that the subject is a term.
_STRONG_PATTERNS = [
    re.compile(rf"^(?:an?|the)?\s*{_TERM}\s+(?:is|are)\s+(?:defined as|short for)\s+\S", re.IGNORECASE),
    re.compile(rf"^(?:an?|the)?\s*{_TERM}\s+(?:means|refers to|stands for|denotes)\s+\S", re.IGNORECASE),
    re.compile(rf"^{_TERM}\s*[—–-]\s*(?:це|это|то)\s+\S", re.IGNORECASE),
    re.compile(rf"^{_TERM}\s+(?:означає|означають|означает)\s+\S", re.IGNORECASE),
    re.compile(rf"^(?:eine?|der|die|das)?\s*{_TERM}\s+(?:bezeichnet|bedeutet)\s+\S", re.IGNORECASE),
    re.compile(rf"^{_TERM}\s+(?:oznacza|significa|désigne|signifie|se define como)\s+\S", re.IGNORECASE),
]
# "X is a ..." is also the form of ordinary statements ("Rain is a problem"), so the term must be named elsewhere.
_WEAK_PATTERNS = [
    re.compile(
        rf"^(?:an?|the)?\s*{_TERM}\s+(?:is|are)\s+(?:an?|the|any|one of|data|code|used|when|where|how)\s+\S",
        re.IGNORECASE,
    ),
    re.compile(rf"^{_TERM}\s*[—–]\s+[^\W\d_]\S*\s+\S", re.IGNORECASE),
    re.compile(rf"^{_TERM}\s+-\s+[^\W\d_]\S*\s+\S", re.IGNORECASE),
    re.compile(rf"^(?:eine?|der|die|das)?\s*{_TERM}\s+(?:ist|sind)\s+(?:eine?|der|die|das)\s+\S", re.IGNORECASE),
    re.compile(rf"^(?:une?|les?|la)?\s*{_TERM}\s+(?:est|sont)\s+(?:une?|les?|la|des)\s+\S", re.IGNORECASE),
    re.compile(rf"^(?:una?|el|la|los|las)?\s*{_TERM}\s+(?:es|son)\s+(?:una?|el|la|los|las)\s+\S", re.IGNORECASE),
    re.compile(rf"^{_TERM}\s+(?:to|jest|są)\s+\S+\s+\S", re.IGNORECASE),
]
# With the indefinite article on both sides, a sentence speaks of any X: "a list is a sequence". That is a definition as
# a rule, also in a talk, where nothing is emphasised.
_SPOKEN_PATTERNS = [
    re.compile(rf"^(?:so |now |and |well,? )?an?\s+{_TERM}\s+is\s+(?:an?|the|any|one of)\s+\S", re.IGNORECASE),
    re.compile(rf"^eine?\s+{_TERM}\s+ist\s+(?:eine?|der|die|das)\s+\S", re.IGNORECASE),
    re.compile(rf"^une?\s+{_TERM}\s+est\s+(?:une?|les?|la)\s+\S", re.IGNORECASE),
    re.compile(rf"^una?\s+{_TERM}\s+es\s+(?:una?|el|la)\s+\S", re.IGNORECASE),
]
# The definition itself has the term once or twice. On the sample transcripts 1 takes a phrase that was said in passing
# for a term, 6 loses a term of its lesson.
_MIN_RECURRENCES = 3
# What follows an emphasised term when the sentence defines it: a dash, a bracket, or the verb.
_DEFINITION_START = re.compile(
    r"^(?:\s+of\s+(?:an?\s+|the\s+)?[\w-]+(?=\s+(?:is|are|means)\b))?\s*(?:[—–=-]|\(|is\b|are\b|means\b|це\b|ist\b|est\b|es\b|to\b|jest\b)\s*\S"
)
# "A tuple is not a list" says what a tuple is not.
_NEGATION = re.compile(
    r"^\s*(?:[—–-]|is|are|це|ist|est|es|to)\s*(?:це\s+)?(?:not|n't|не|nicht|kein|pas|no|nie)\b", re.IGNORECASE
)


@dataclass(kw_only=True)
class _ConceptCandidate:
    """A possible concept with its evidence. `weight` decides which are kept when a lesson has too many."""

    term: str
    weight: float
    order: int = 0
    definition: str = ""
    citations: list[Citation] = field(default_factory=list)


class ModuleVocabulary:
    """The headings, emphasised words and texts of one module: whether they name a term, and how often they use it.

    Of the whole module rather than of a lesson, because a term is often emphasised in one file and defined in another.
    """

    def __init__(self, sections: Iterable[Section]) -> None:
        self._named_keys: set[str] = set()
        self._texts: list[str] = []
        for section in sections:
            for below in section.iter_sections():
                if term := parse_heading_term(below.title):
                    self._named_keys.add(build_term_key(term))
                for chunk in below.body:
                    self._named_keys.update(build_term_key(term) for term in chunk.emphasised if is_term(term))
                    if chunk.kind is not ChunkKind.CODE:
                        self._texts.append(chunk.text.casefold())

    def is_named(self, term: str) -> bool:
        """Tell whether a heading or emphasised words name the term."""
        return build_term_key(term) in self._named_keys

    def count_mentions(self, term: str) -> int:
        """Return how many chunks below headings use all the words of the term, whatever their endings."""
        stems = _build_stems(term)
        return sum(all(stem in text for stem in stems) for text in self._texts)

    def is_recurring(self, term: str) -> bool:
        """Tell whether the texts have the term at least `_MIN_RECURRENCES` times, with any regular ending."""
        stem = re.compile(rf"(?<!\w){re.escape(build_term_key(term))}(?:s|es|n|en)?(?!\w)")
        return sum(len(stem.findall(text)) for text in self._texts) >= _MIN_RECURRENCES

    def supports_heading(self, heading: str, *, on_slide: bool) -> bool:
        """Tell whether texts below headings have the heading's words: one of them; for slides all of them, twice."""
        # The bullets of a slide repeat its title as a rule, so once proves nothing there.
        if on_slide:
            return self.count_mentions(heading) > 1
        return any(stem in text for stem in _build_stems(heading) for text in self._texts)


def find_concepts(sections: Iterable[Section], vocabulary: ModuleVocabulary, *, lesson: str) -> list[DraftNode]:
    """Return the concepts of one lesson in the order of the materials, at most MAX_PER_LESSON.

    A sentence of the form "X is a ..." counts only when something else in the module says that X is a term: a heading
    names it, or its author emphasised it. In a talk, where nothing can be emphasised, "an X is a ..." counts when the
    talk has X again. A heading counts only when the text below headings uses its words, and not when it only repeats
    the title of the lesson.
    """
    found: dict[str, _ConceptCandidate] = {}
    for order, candidate in enumerate(_find_candidates(sections, vocabulary)):
        candidate.order = order
        if not candidate.definition and build_term_key(candidate.term) == build_term_key(lesson):
            continue
        same = found.get(build_term_key(candidate.term))
        if same is None:
            found[build_term_key(candidate.term)] = candidate
            continue
        same.weight = max(same.weight, candidate.weight) + _REPETITION_BONUS
        same.definition = same.definition or candidate.definition
        if candidate.definition and not any(c.quote == same.definition for c in same.citations):
            same.citations.insert(0, candidate.citations[0])
        elif candidate.citations[0] not in same.citations:
            same.citations.append(candidate.citations[0])
    best = sorted(found.values(), key=lambda one: (-one.weight, one.order))[:MAX_PER_LESSON]
    return [_build_concept(one) for one in sorted(best, key=lambda one: one.order)]


def add_spoken_citations(concepts: Iterable[DraftNode], talks: Sequence[SourceChunk]) -> list[DraftNode]:
    """Return the concepts, each with a citation of the first sentence of a talk that names it, unless it has one."""
    timed = {chunk.id for chunk in talks}
    sentences = [
        (chunk, sentence)
        for chunk in talks
        for sentence in split_sentences(chunk)
        if len(sentence) <= MAX_SENTENCE_LENGTH
    ]
    found = []
    for concept in concepts:
        if not any(citation.chunk_id in timed for citation in concept.citations):
            pattern = re.compile(rf"(?<!\w){re.escape(concept.title)}(?:s|es)?(?!\w)", re.IGNORECASE)
            moment = next(((chunk, words) for chunk, words in sentences if pattern.search(words)), None)
            if moment is not None:
                cited = Citation(chunk_id=moment[0].id, quote=moment[1])
                concept = replace(concept, citations=(*concept.citations, cited))
        found.append(concept)
    return found


def merge_concepts(lessons: list[list[DraftNode]]) -> list[list[DraftNode]]:
    """Keep each concept of a module in the first lesson that has it, with the citations of all, up to MAX_REFERENCES.

    `lessons` are the concepts of each lesson, in order; the result has the same shape.
    """
    first: dict[str, tuple[int, int]] = {}
    merged = [list(lesson) for lesson in lessons]
    for at, lesson in enumerate(lessons):
        kept: list[DraftNode] = []
        for concept in lesson:
            place = first.setdefault(build_term_key(concept.title), (at, len(kept)))
            if place == (at, len(kept)):
                kept.append(concept)
                merged[at] = kept
                continue
            earlier = merged[place[0]][place[1]]
            citations = tuple(dict.fromkeys([*earlier.citations, *concept.citations]))[:MAX_REFERENCES]
            merged[place[0]][place[1]] = replace(
                earlier, description=earlier.description or concept.description, citations=citations
            )
        merged[at] = kept
    return merged


def _build_stems(term: str) -> list[str]:
    """Return the beginnings of a term's words, which their inflected forms share."""
    return [
        word[: max(_MIN_STEM_LENGTH, len(word) - _MAX_ENDING_LENGTH)]
        for word in build_term_key(term).split()
        if len(word) > _MAX_ENDING_LENGTH
    ] or [build_term_key(term)]


def build_term_key(term: str) -> str:
    """Return a term as terms are compared: without article, case and a plural s."""
    bare = re.sub(r"^(?:an?|the)\s+", "", names.build_title_key(term))
    # "lists" is "list", but "class" stays, and so does "os".
    return re.sub(r"(?<=\w{3})(?<!s)s$", "", bare)


def _find_candidates(sections: Iterable[Section], vocabulary: ModuleVocabulary) -> Iterator[_ConceptCandidate]:
    for section in sections:
        for below in section.iter_sections():
            heading = below.heading
            # A heading with nothing directly below it groups others: "Part II", "Data structures".
            term = parse_heading_term(below.title) if heading is not None and below.body else ""
            if term and heading is not None and vocabulary.supports_heading(term, on_slide=is_on_slide(heading)):
                yield _ConceptCandidate(
                    term=term, weight=_HEADING_WEIGHT, citations=[Citation(chunk_id=heading.id, quote=below.title)]
                )
            for chunk in below.body:
                yield from _find_chunk_candidates(chunk, vocabulary)


def _find_chunk_candidates(chunk: SourceChunk, vocabulary: ModuleVocabulary) -> Iterator[_ConceptCandidate]:
    if chunk.kind is ChunkKind.TABLE:
        return
    for sentence in split_sentences(chunk):
        if len(sentence) > MAX_SENTENCE_LENGTH or sentence.endswith("?"):
            continue
        label = _LABEL.match(sentence)
        statement = sentence[label.end() :] if label else sentence
        term, weight = _find_defined_term(statement, chunk, vocabulary)
        if term:
            cited = Citation(chunk_id=chunk.id, quote=sentence)
            yield _ConceptCandidate(
                term=term, weight=weight + (_LABEL_BONUS if label else 0), definition=statement, citations=[cited]
            )


def _find_defined_term(sentence: str, chunk: SourceChunk, vocabulary: ModuleVocabulary) -> tuple[str, float]:
    """Return the term that the sentence defines and its weight; blank and 0 when it defines none."""
    bare = re.sub(r"^[^\w\"'«“]+", "", sentence)
    if len(bare.split()) < _MIN_DEFINITION_WORDS:
        return "", 0.0
    spoken = chunk.kind is ChunkKind.TRANSCRIPT
    named = re.sub(r"^(?:an?|the)\s+", "", bare, flags=re.IGNORECASE)
    for term in chunk.emphasised:
        rest = named[len(term) :]
        if (
            named.casefold().startswith(term.casefold())
            and is_term(term)
            and _is_definition(term, rest, chunk, vocabulary)
        ):
            return clean_term(term), _SURE_WEIGHT
    for pattern in _STRONG_PATTERNS:
        found = pattern.match(bare)
        if found is not None and is_term(found["term"]) and not _NEGATION.match(bare[found.end("term") :]):
            sure = vocabulary.is_named(found["term"])
            return (
                (clean_term(found["term"]), _SURE_WEIGHT if sure else _LIKELY_WEIGHT)
                if sure or not spoken
                else ("", 0.0)
            )
    for pattern in _SPOKEN_PATTERNS if spoken else ():
        found = pattern.match(bare)
        if found is None or not is_term(found["term"]) or _NEGATION.match(bare[found.end("term") :]):
            continue
        if vocabulary.is_named(found["term"]) or vocabulary.is_recurring(found["term"]):
            return clean_term(found["term"]), _SPOKEN_WEIGHT
    for pattern in _WEAK_PATTERNS:
        found = None if spoken else pattern.match(bare)
        if found is None or not is_term(found["term"]) or _NEGATION.match(bare[found.end("term") :]):
            continue
        if vocabulary.is_named(found["term"]):
            return clean_term(found["term"]), _LIKELY_WEIGHT
    return "", 0.0


def _is_definition(term: str, rest: str, chunk: SourceChunk, vocabulary: ModuleVocabulary) -> bool:
    """Tell whether what follows an emphasised term defines it. A colon may also end a mere label, as in `Careful:`."""
    if _NEGATION.match(rest):
        return False
    if rest.lstrip().startswith(":"):
        return _is_glossary(chunk) or vocabulary.count_mentions(term) > 1
    return _DEFINITION_START.match(rest) is not None


def _is_glossary(chunk: SourceChunk) -> bool:
    """Tell whether a list is made of terms and their definitions, as a definition list is."""
    lines = chunk.text.split("\n")
    starts = tuple(f"- {term}:" for term in chunk.emphasised)
    return chunk.kind is ChunkKind.LIST and len(lines) > 1 and all(line.startswith(starts) for line in lines)


def parse_heading_term(heading: str) -> str:
    """Return the term that a heading names; blank when it names nothing to learn."""
    title = names.clean_title(heading)
    question = _WHAT_IS.match(title)
    term = question["term"] if question else title
    # A colon joins two things ("Week 3: lists"), and a question or an exclamation names none.
    if not question and (title.endswith(("?", "!", "...", "…")) or ":" in title):
        return ""
    if (
        _GENERIC_HEADING.fullmatch(term.strip(" .:"))
        or _EXERCISE.search(term)
        or len(term.split()) > _MAX_HEADING_WORDS
    ):
        return ""
    return clean_term(term) if is_term(term, longest=_MAX_HEADING_WORDS) else ""


def is_term(term: str, *, longest: int = _MAX_TERM_WORDS) -> bool:
    """Tell whether words can be a term: few, not beginning with a stop word, no code, no generic heading."""
    bare = clean_term(term)
    parts = names.build_title_key(bare).split()
    if (
        not parts
        or len(parts) > longest
        or parts[0] in words.TERM_STOP_WORDS
        or parts[-1] in {"and", "or", "of", "the", "та", "і"}
    ):
        return False
    if (
        not _MIN_TERM_LENGTH <= len(bare) <= _MAX_TERM_LENGTH
        or _CODE.search(bare)
        or _GENERIC_HEADING.fullmatch(bare)
        or bare.endswith("?")
    ):
        return False
    if re.fullmatch(rf"\W*(?:{words.DEFINITION_LABELS})\W*", bare, re.IGNORECASE) or _EXERCISE.search(bare):
        return False
    letters = sum(c.isalpha() for c in bare)
    return letters >= _MIN_TERM_LENGTH and letters >= _MIN_LETTER_SHARE * len(bare.replace(" ", ""))


def clean_term(term: str) -> str:
    """Return a term without its article and the marks around it."""
    return re.sub(r"^(?:an?|the)\s+(?=\w)", "", " ".join(term.split()).strip(" :;.,—–-\"'“”«»"), flags=re.IGNORECASE)


def _build_concept(candidate: _ConceptCandidate) -> DraftNode:
    return DraftNode(
        node_type=NodeType.CONCEPT,
        title=names.capitalize_title(candidate.term)
        if len(candidate.term) > _MAX_SHORT_TERM_LENGTH
        else candidate.term,
        description=candidate.definition,
        citations=tuple(candidate.citations[:MAX_REFERENCES]),
    )
