"""Making one concept of all that defines a term, in the lesson that explains it best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.concepts.candidates import Candidate
from structures.engines.outline.concepts.terms import build_term_key
from structures.engines.outline.concepts.vocabulary import CourseVocabulary

# Of one concept. On the sample courses one in a hundred has more places; half of it would cut one in thirty.
MAX_REFERENCES = 6
# Sentences that define the same term: a third rarely adds anything.
_MAX_DEFINITIONS = 3
# Different texts behind one term and a colon or dash. A term is defined twice at times; on the sample courses what
# comes more often is a label of the author's ("MDN: ...", "Result: ...").
_MAX_ROWS = 2
# Chunks of talks with all words of a term that are looked through for a sentence with the words side by side.
_MAX_TRIES = 8
# Terms no longer than this keep their case: they may be words of a programming language. On the sample courses half of
# it gives types and commands a capital, twice leaves ordinary nouns without one.
_MAX_SHORT_TERM_LENGTH = 6


def select_concepts(
    candidates: Iterable[Candidate], vocabulary: CourseVocabulary, *, lesson_count: int
) -> list[list[DraftNode]]:
    """Return the concepts of each lesson, in the order of the materials, each once in the course.

    A concept has the best definition that the course gives. It stands in the lesson that explains it, so a glossary at
    the end of the course keeps only what no lesson explains.
    """
    by_key: dict[str, list[Candidate]] = defaultdict(list)
    order: dict[str, int] = {}
    for position, candidate in enumerate(candidates):
        key = build_term_key(candidate.term)
        by_key[key].append(candidate)
        order.setdefault(key, position)
    placed: list[list[tuple[int, DraftNode]]] = [[] for _ in range(lesson_count)]
    for key, candidates_of_key in by_key.items():
        found = _remove_labels(candidates_of_key)
        if not found:
            continue
        # `max` takes the first of equals, which is where the term is introduced.
        best = max(found, key=lambda one: one.weight)
        home = max(found, key=lambda one: (not one.is_from_glossary, one.weight))
        placed[home.lesson].append((order[key], _build_concept(best, home, found, vocabulary)))
    return [[concept for _, concept in sorted(lesson, key=lambda one: one[0])] for lesson in placed]


def _remove_labels(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates without rows whose beginning stands before many texts: that is a label ("Result: ...")."""
    rows = {candidate.definition for candidate in candidates if candidate.is_row}
    return [one for one in candidates if not one.is_row] if len(rows) > _MAX_ROWS else candidates


def _build_concept(
    best: Candidate, home: Candidate, found: Sequence[Candidate], vocabulary: CourseVocabulary
) -> DraftNode:
    defining = sorted(found, key=lambda one: (one is not best, one is not home, -one.weight))[:_MAX_DEFINITIONS]
    citations = list(dict.fromkeys([*(one.citation for one in defining), *_find_mentions(best.term, vocabulary)]))
    cited: dict[object, Citation] = {}
    for citation in citations:
        cited.setdefault(citation.chunk_id, citation)
    return DraftNode(
        node_type=NodeType.CONCEPT,
        title=names.capitalize_title(best.term) if len(best.term) > _MAX_SHORT_TERM_LENGTH else best.term,
        description=best.definition,
        citations=tuple(cited.values())[:MAX_REFERENCES],
    )


def _find_mentions(term: str, vocabulary: CourseVocabulary) -> Iterator[Citation]:
    """Yield where a term comes up: the first heading that names it, and the first words of a talk."""
    heading = None
    spoken: list[SourceChunk] = []
    key = build_term_key(term)
    for chunk in vocabulary.iter_mentions(term):
        if chunk.kind is ChunkKind.HEADING and heading is None and build_term_key(names.clean_title(chunk.text)) == key:
            heading = chunk
            yield Citation(chunk_id=chunk.id, quote=chunk.text)
        if chunk.kind is ChunkKind.TRANSCRIPT and len(spoken) < _MAX_TRIES:
            spoken.append(chunk)
    said = vocabulary.find_sentence(term, spoken)
    if said is not None:
        yield Citation(chunk_id=said[0].id, quote=said[1])
