"""Checking that evidence holds: every quote must stand in the chunk it is said to come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceChunk
from structures.engines.base.text import make_readable, normalize_quote

_IDEOGRAPHS = "\u2e80"
"""From here on are the scripts that put no spaces between words: Chinese, Japanese, and syllables of Korean."""


@dataclass(frozen=True, kw_only=True)
class Grounding:
    """How far a structure is proved by its sources, in counts; `coverage` is the share of chunks that are cited."""

    cited: int
    verified: int
    dropped: int
    chunks_cited: int
    chunks_total: int
    coverage: float
    concepts: int
    concepts_without_evidence: int


def _find_no_citations(_node: DraftNode) -> Iterable[Citation]:
    return ()


def verify_citations(
    draft: Draft,
    chunks: Mapping[UUID, SourceChunk],
    *,
    min_quote_letters: int = 0,
    find_extra_citations: Callable[[DraftNode], Iterable[Citation]] = _find_no_citations,
) -> tuple[Draft, Grounding]:
    """Return the draft with only the citations that hold, and how many did.

    A citation holds when its chunk is among the sources and its quote stands in the chunk's text; white space, the
    shape of quotation marks and dashes, and invisible characters do not matter (Unicode NFC on both sides). What is
    kept is the passage as the chunk shows it. With `min_quote_letters`, a quote with fewer letters, or that begins or
    ends inside a word, holds only when it is all that the chunk says. A node that loses all its citations stays, and is
    counted when it is a concept. What a node cites `find_extra_citations` is asked once its own citations are checked,
    and is checked and counted like those.
    """
    texts: dict[UUID, _ChunkText] = {}
    cited = 0

    def verify_citation(citation: Citation) -> Citation | None:
        chunk = chunks.get(citation.chunk_id)
        if chunk is None:
            return None
        text = texts.get(chunk.id)
        if text is None:
            text = texts[chunk.id] = _ChunkText(chunk.text)
        passage = text.find_passage(citation.quote, min_letters=min_quote_letters)
        return Citation(chunk_id=chunk.id, quote=passage) if passage else None

    def filter_citations(citations: Iterable[Citation]) -> Iterator[Citation]:
        nonlocal cited
        for citation in citations:
            cited += 1
            if (found := verify_citation(citation)) is not None:
                yield found

    def verify_node(node: DraftNode) -> DraftNode:
        node = replace(node, citations=tuple(filter_citations(node.citations)))
        return replace(
            node,
            citations=(*node.citations, *filter_citations(find_extra_citations(node))),
            children=tuple(verify_node(child) for child in node.children),
        )

    checked = replace(draft, modules=tuple(verify_node(module) for module in draft.modules))
    nodes = [node for module in checked.modules for node in module.iter_nodes()]
    verified = sum(len(node.citations) for node in nodes)
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


def _compute_letter_weight(text: str) -> int:
    """Return how many letters and digits the text has; a sign that stands for a word or syllable counts as three."""
    return sum(3 if character >= _IDEOGRAPHS else 1 for character in text if character.isalnum())


class _ChunkText:
    """A chunk's text, ready to have passages found in it."""

    def __init__(self, text: str) -> None:
        self._text = make_readable(text)
        self._plain = normalize_quote(text)
        self._positions: list[int] | None = None

    def find_passage(self, quote: str, *, min_letters: int) -> str:
        """Return the passage of the text that the quote means; blank when there is none."""
        wanted = normalize_quote(quote)
        if not wanted or (_compute_letter_weight(wanted) < min_letters and wanted != self._plain):
            return ""
        at = self._plain.find(wanted)
        while at >= 0 and min_letters and self._cuts_word(at, at + len(wanted)):
            at = self._plain.find(wanted, at + 1)
        if at < 0:
            return ""
        if not min_letters and quote in self._text:
            return quote
        positions = self._map_positions()
        return self._text[positions[at] : positions[at + len(wanted) - 1] + 1]

    def _cuts_word(self, begin: int, end: int) -> bool:
        """Tell whether a passage of the plain text begins or ends inside a word, where words have spaces between."""
        edges = (self._plain[max(0, begin - 1) : begin + 1], self._plain[end - 1 : end + 1])
        return any(len(edge) == 2 and edge.isalnum() and max(edge) < _IDEOGRAPHS for edge in edges)

    def _map_positions(self) -> list[int]:
        """Return where each character of the plain text stands in the text."""
        if self._positions is None:
            self._positions = []
            was_space = True
            for position, character in enumerate(self._text):
                if not character.isspace() or not was_space:
                    self._positions.append(position)
                was_space = character.isspace()
        return self._positions
