"""Concepts that may mean the same, found by their vectors: what a model is asked to look at.

Vectors alone decide nothing: the last question about a course names the pairs, and a model says of which that they are
the same. Its corrections are checked and kept like all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from project.counts import format_count
from structures.engines.base.llm_client import LLMClient
from structures.engines.llm.numbering import dump_visible_line
from structures.engines.llm.reconciliation import CourseLine

# Of the course of one question. Each is about a hundred tokens, and the nearest are the most promising.
MAX_PAIRS = 200
# A definition has one or two sentences.
_MAX_DEFINITION = 300
# Assumed for the plan's cost only, before any concept is known: six concepts of a lesson, with their definitions.
COMPARED_TOKENS_PER_LESSON = 400
# The same of the pairs that the last question names: some in a hundred concepts.
PAIR_TOKENS_PER_LESSON = 20


@dataclass(frozen=True, kw_only=True)
class SimilarConcepts:
    """Pairs of concepts that may mean the same, the nearest first, and how many further ones there are."""

    pairs: tuple[tuple[CourseLine, CourseLine], ...] = ()
    further_count: int = 0

    def render_lines(self, first: int, last: int) -> str:
        """Return the lines of JSON for the pairs of which the concept with the lower number is in this range."""
        return "\n".join(_format_pair(pair) for pair in self.pairs if first <= pair[0].number <= last)

    def list_warnings(self) -> list[str]:
        if not self.further_count:
            return []
        return [f"{format_count(self.further_count, 'further pair')} of similar concepts were not looked at."]


def find_similar_concepts(concepts: Sequence[CourseLine], llm: LLMClient) -> SimilarConcepts:
    """Return the pairs of concepts of different lessons that lie near each other. None without a model of vectors.

    Concepts that must be kept are left out: nothing is merged into them, nor they into others.
    """
    free = [line for line in concepts if not line.is_kept]
    texts = [_build_text(line) for line in free]
    parts = [line.parent.number if line.parent is not None else 0 for line in free]
    found = llm.find_similar_texts(texts, parts, limit=MAX_PAIRS)
    pairs = tuple((free[min(pair)], free[max(pair)]) for pair in found.pairs)
    return SimilarConcepts(pairs=pairs, further_count=found.count - len(pairs))


def _build_text(line: CourseLine) -> str:
    definition = line.node.description
    return f"{line.node.title}: {definition}" if definition else line.node.title


def _format_pair(pair: tuple[CourseLine, CourseLine]) -> str:
    return dump_visible_line(
        {
            "lines": [line.number for line in pair],
            "concepts": [line.node.title for line in pair],
            "definitions": [line.node.description[:_MAX_DEFINITION] for line in pair],
        }
    )
