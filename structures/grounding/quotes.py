"""Verification of citations: every quote must stand in the chunk that it names."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType, Prerequisite
from structures.engines.base.sources import SourceChunk
from structures.engines.base.text import make_readable, normalize_quote

# The first code point of the block CJK Radicals Supplement. From here on Unicode has the scripts whose characters stand
# for words or syllables: Chinese, Japanese and Korean.
_IDEOGRAPHS = "\u2e80"
# A Chinese word has two characters on average where a European one has five to six letters.
_IDEOGRAPH_WEIGHT = 3


@dataclass(frozen=True, kw_only=True)
class StatementCounts:
    """How many sentences were checked, in how many something is not proved, and how many were left out for it.

    `sentences_judged` counts those that a second model was asked about, `nodes_not_checked` nodes that cite more text
    than is looked through.
    """

    sentences: int = 0
    sentences_unproved: int = 0
    sentences_left_out: int = 0
    sentences_judged: int = 0
    nodes_not_checked: int = 0


@dataclass(frozen=True, kw_only=True)
class Grounding:
    """How far its sources prove a structure, in counts.

    `cited`, `verified` and `dropped` count the quotes of nodes and of their prerequisites. `coverage` is the share of
    chunks that nodes cite (0 to 1).
    """

    cited: int
    verified: int
    dropped: int
    chunks_cited: int
    chunks_total: int
    coverage: float
    concepts: int
    concepts_without_evidence: int
    statements: StatementCounts = StatementCounts()

    def build_json(self) -> dict[str, int | float]:
        """Return all counts by name."""
        values = asdict(self)
        statements = values.pop("statements")
        return {**values, **statements}


def _find_no_citations(_node: DraftNode) -> Iterable[Citation]:
    return ()


def verify_citations(
    draft: Draft,
    chunks: Mapping[UUID, SourceChunk],
    *,
    min_quote_letters: int = 0,
    find_extra_citations: Callable[[DraftNode], Iterable[Citation]] = _find_no_citations,
    trusted: Container[Citation] = frozenset(),
) -> tuple[Draft, Grounding]:
    """Return the draft with only the citations that hold, and how many did.

    A citation holds when its chunk is among the sources and its quote stands in the chunk's text; white space, the
    shape of quotation marks and dashes, and invisible characters do not matter (Unicode NFC on both sides). What is
    kept is the passage as the chunk shows it. With `min_quote_letters`, a quote with fewer letters, or that begins or
    ends inside a word, holds only when it is all that the chunk says, or when it is `trusted`: verified before, and
    not guessed now. A node that loses all its citations stays, and is
    counted when it is a concept; a prerequisite stays only with both its citations. `find_extra_citations` is called
    with each node once the node's own citations are verified; what it yields is verified and counted like those.
    """
    # One text per cited chunk: normalizing is the expensive part, and many citations share a chunk.
    texts: dict[UUID, QuotableText] = {}
    cited = verified = 0

    def verify_citation(citation: Citation) -> Citation | None:
        chunk = chunks.get(citation.chunk_id)
        if chunk is None:
            return None
        text = texts.get(chunk.id)
        if text is None:
            text = texts[chunk.id] = QuotableText(chunk.text)
        least = 0 if citation in trusted else min_quote_letters
        passage = text.find_passage(citation.quote, min_letters=least)
        return Citation(chunk_id=chunk.id, quote=passage) if passage else None

    def filter_citations(citations: Iterable[Citation]) -> Iterator[Citation]:
        nonlocal cited, verified
        for citation in citations:
            cited += 1
            if (found := verify_citation(citation)) is not None:
                verified += 1
                yield found

    def filter_prerequisites(prerequisites: Iterable[Prerequisite]) -> Iterator[Prerequisite]:
        for prerequisite in prerequisites:
            quotes = tuple(filter_citations((prerequisite.definition, prerequisite.use)))
            if len(quotes) == 2:
                yield replace(prerequisite, definition=quotes[0], use=quotes[1])

    def verify_node(node: DraftNode) -> DraftNode:
        node = replace(node, citations=tuple(filter_citations(node.citations)))
        return replace(
            node,
            citations=(*node.citations, *filter_citations(_list_new(find_extra_citations(node), node))),
            prerequisites=tuple(filter_prerequisites(node.prerequisites)),
            children=tuple(verify_node(child) for child in node.children),
        )

    checked = replace(draft, modules=tuple(verify_node(module) for module in draft.modules))
    nodes = [node for module in checked.modules for node in module.iter_nodes()]
    chunks_cited = len({citation.chunk_id for node in nodes for citation in node.citations})
    concepts = [node for node in nodes if node.node_type is NodeType.CONCEPT]
    return checked, Grounding(
        cited=cited,
        verified=verified,
        dropped=cited - verified,
        chunks_cited=chunks_cited,
        chunks_total=len(chunks),
        coverage=round(chunks_cited / len(chunks), 4) if chunks else 0.0,
        concepts=len(concepts),
        concepts_without_evidence=sum(not concept.citations for concept in concepts),
    )


def _list_new(citations: Iterable[Citation], node: DraftNode) -> list[Citation]:
    return [citation for citation in citations if citation not in node.citations]


def find_quote(text: str, quote: str) -> str:
    """Return the passage of a chunk's text that equals the quote, as people see it; blank when there is none."""
    return QuotableText(text).find_passage(quote)


def find_quoted_text(texts: Iterable[tuple[UUID, str]], quote: str) -> UUID | None:
    """Return the key of the first of many texts in which `find_quote` finds the quote; None when it is in none."""
    wanted = normalize_quote(quote)
    return next((key for key, text in texts if wanted and wanted in normalize_quote(text)), None)


def split_at_quote(text: str, quote: str) -> tuple[str, str, str] | None:
    """Return a text, as people see it, before the passage that equals the quote, the passage, and the text after it.

    White space, the shape of quotation marks and dashes, and invisible characters do not matter. None when the quote
    does not stand in the text.
    """
    passage = find_quote(text, quote)
    return make_readable(text).partition(passage) if passage else None


def _compute_letter_weight(text: str) -> int:
    """Return how many letters and digits the text has; a sign that stands for a word or syllable counts as three."""
    return sum(_IDEOGRAPH_WEIGHT if character >= _IDEOGRAPHS else 1 for character in text if character.isalnum())


class QuotableText:
    """A chunk's text, normalized once for finding many passages in it: `normalized` has those that equal a quote."""

    def __init__(self, text: str) -> None:
        self._text = make_readable(text)
        self.normalized = normalize_quote(text)
        self._positions: list[int] | None = None

    def find_passage(self, quote: str, *, min_letters: int = 0) -> str:
        """Return the passage of the text that equals the quote once both are normalized; blank when there is none."""
        wanted = normalize_quote(quote)
        # A chunk may be shorter than `min_letters` (a heading); quoting the whole of it proves as much as it can.
        if not wanted or (_compute_letter_weight(wanted) < min_letters and wanted != self.normalized):
            return ""
        at = self.normalized.find(wanted)
        # "cat" in "concatenate" is no evidence. Engines that copy from the chunk (`min_letters` 0) cannot cut words.
        while at >= 0 and min_letters and self._cuts_word(at, at + len(wanted)):
            at = self.normalized.find(wanted, at + 1)
        if at < 0:
            return ""
        # Usual for such engines, and saves the map of positions, which is as long as the chunk.
        if not min_letters and quote in self._text:
            return quote
        positions = self._map_positions()
        return self._text[positions[at] : positions[at + len(wanted) - 1] + 1]

    def _cuts_word(self, begin: int, end: int) -> bool:
        """Tell whether a passage begins or ends inside a word. Never true of scripts without spaces between words."""
        edges = (self.normalized[max(0, begin - 1) : begin + 1], self.normalized[end - 1 : end + 1])
        return any(len(edge) == 2 and edge.isalnum() and max(edge) < _IDEOGRAPHS for edge in edges)

    def _map_positions(self) -> list[int]:
        """Return for each character of the normalized text its index in the readable one."""
        if self._positions is None:
            # `normalize_quote` replaces typography one for one and drops nothing but white space, so all characters map
            # but the second and further ones of a run of white space.
            self._positions = []
            was_space = True
            for position, character in enumerate(self._text):
                if not character.isspace() or not was_space:
                    self._positions.append(position)
                was_space = character.isspace()
        return self._positions
