"""Checking that evidence holds: every quote must stand in the chunk it is said to come from."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from structures.drafts import Citation, Draft, DraftNode, NodeType
from structures.sources import SourceChunk


@dataclass(frozen=True, kw_only=True)
class Grounding:
    """How far a structure is proved by its sources, in counts."""

    cited: int
    verified: int
    dropped: int
    chunks_cited: int
    chunks_total: int
    concepts: int
    concepts_without_evidence: int


def verify(draft: Draft, chunks: Mapping[UUID, SourceChunk]) -> tuple[Draft, Grounding]:
    """Return the draft with only the citations that hold, and how many did.

    A citation holds when its chunk is among the sources and its quote stands in the chunk's text, whatever the white
    space (Unicode NFC on both sides). A node that loses all its citations stays, and is counted when it is a concept.
    """
    texts: dict[UUID, str] = {}
    cited = 0
    kept: set[Citation] = set()

    def holds(citation: Citation) -> bool:
        chunk = chunks.get(citation.chunk_id)
        if chunk is None:
            return False
        text = texts.get(chunk.id)
        if text is None:
            text = texts[chunk.id] = normalised(chunk.text)
        quote = normalised(citation.quote)
        return bool(quote) and quote in text

    def check(node: DraftNode) -> DraftNode:
        nonlocal cited
        cited += len(node.citations)
        good = tuple(citation for citation in node.citations if holds(citation))
        kept.update(good)
        return replace(node, citations=good, children=tuple(check(child) for child in node.children))

    checked = replace(draft, modules=tuple(check(module) for module in draft.modules))
    nodes = [node for module in checked.modules for node in module.walk()]
    verified = sum(len(node.citations) for node in nodes)
    concepts = [node for node in nodes if node.node_type is NodeType.CONCEPT]
    return checked, Grounding(
        cited=cited,
        verified=verified,
        dropped=cited - verified,
        chunks_cited=len({citation.chunk_id for citation in kept}),
        chunks_total=len(chunks),
        concepts=len(concepts),
        concepts_without_evidence=sum(not concept.citations for concept in concepts),
    )


def normalised(text: str) -> str:
    """Return text as quotes are compared: NFC, every run of white space one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())
