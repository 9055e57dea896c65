"""Checking the sentences of a draft that a model wrote against the chunks that it cites for them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from materials.languages import detect_language
from structures.engines.base.drafts import Draft, DraftNode, NodeType, UnprovedStatement
from structures.engines.base.sentences import split_text
from structures.engines.base.sources import SourceChunk
from structures.grounding.claims.passages import MAX_CHARACTERS, Passages
from structures.grounding.claims.verification import find_unproved
from structures.grounding.quotes import StatementCounts

# What models write in whole sentences. Goals and questions say what students do, not what is so.
_TEXT_FIELDS = ("description", "reference_solution")
_LIST_FIELDS = ("examples", "key_points")
NOTHING_KEPT: Mapping[UUID, Container[str]] = MappingProxyType({})
_NO_SPACE = re.compile(r"\S*")
# What closes a quotation or bracket, and what opened it.
_OPENING = {'"': '"', "”": "“", "“": "„", "»": "«", ")": "(", "」": "「", "』": "『", "）": "（"}


def verify_statements(
    draft: Draft,
    chunks: Mapping[UUID, SourceChunk],
    languages: Mapping[UUID, str],
    *,
    is_strict: bool,
    kept_fields: Mapping[UUID, Container[str]] = NOTHING_KEPT,
) -> tuple[Draft, StatementCounts]:
    """Return the draft with the parts of its sentences marked that their chunks do not prove, and the counts.

    A concept or exercise is checked against the chunks that it cites, a module or lesson against those that are cited
    in it; without citations, or with more text than `Passages` takes, it is not checked. `languages` are those of the
    chunks. With `is_strict` a sentence with such a part is left out, unless it stands in one of the `kept_fields` of
    its node, by key: what people decided is marked, and never cut.
    """
    verifier = _StatementVerifier(
        chunks, languages, detect_language(_iter_texts(draft)), is_strict=is_strict, kept_fields=kept_fields
    )
    checked = replace(draft, modules=tuple(verifier.verify_node(module, (draft.title,)) for module in draft.modules))
    return checked, verifier.counts


def _iter_texts(draft: Draft) -> Iterator[str]:
    for module in draft.modules:
        for node in module.iter_nodes():
            yield node.description


class _StatementVerifier:
    """Checks node by node, and counts."""

    def __init__(
        self,
        chunks: Mapping[UUID, SourceChunk],
        languages: Mapping[UUID, str],
        language: str,
        *,
        is_strict: bool,
        kept_fields: Mapping[UUID, Container[str]],
    ) -> None:
        self.counts = StatementCounts()
        self._chunks, self._languages, self._language = chunks, languages, language
        self._is_strict, self._kept_fields = is_strict, kept_fields

    def verify_node(self, node: DraftNode, titles: tuple[str, ...]) -> DraftNode:
        """Return the node with all below it, checked. `titles` are those above it."""
        is_arranged = node.node_type in {NodeType.MODULE, NodeType.LESSON}
        # The model that wrote a concept also wrote its title, which must not prove what the passages do not.
        own = (*titles, node.title) if is_arranged else titles
        node = replace(node, children=tuple(self.verify_node(child, own) for child in node.children))
        if not _has_text(node):
            return node
        known = [chunk_id for chunk_id in _list_cited(node) if chunk_id in self._chunks]
        if not known:
            return node
        texts = [self._chunks[chunk_id].text for chunk_id in known]
        # What is beyond the bound might prove it. Counted before anything is read: a module may cite a whole book.
        if sum(len(text) + 1 for text in texts) - 1 > MAX_CHARACTERS:
            self.counts = replace(self.counts, nodes_not_checked=self.counts.nodes_not_checked + 1)
            return node
        passages = Passages(texts, titles=own)
        language = self._language if all(self._languages.get(each) == self._language for each in known) else ""
        unproved: list[UnprovedStatement] = []
        changed: dict[str, str | tuple[str, ...]] = {}
        kept_fields: Container[str] = () if node.key is None else self._kept_fields.get(node.key, ())
        for name in _TEXT_FIELDS:
            cuts = self._is_strict and name not in kept_fields
            changed[name], found = self._check_text(name, None, getattr(node, name), passages, language, cuts=cuts)
            unproved += found
        for name in _LIST_FIELDS:
            cuts = self._is_strict and name not in kept_fields
            kept: list[str] = []
            for text in getattr(node, name):
                checked, found = self._check_text(name, len(kept), text, passages, language, cuts=cuts)
                if checked:
                    kept.append(checked)
                    unproved += found
            changed[name] = tuple(kept)
        return replace(node, unproved=tuple(unproved), **changed)  # type: ignore[arg-type]  # by the fields' own types

    def _check_text(
        self, name: str, item: int | None, text: str, passages: Passages, language: str, *, cuts: bool
    ) -> tuple[str, list[UnprovedStatement]]:
        """Return the text, when it `cuts` without the sentences with unproved parts, and the parts that are left."""
        found: list[UnprovedStatement] = []
        # The text between sentences is kept as it is: the lines of a solution stay lines.
        kept: list[str] = []
        end = 0
        for sentence, at, sentence_end in _locate_sentences(text):
            spans = find_unproved(sentence, passages, language=language)
            self._count_sentence(is_unproved=bool(spans), is_left_out=cuts and bool(spans))
            if not spans:
                kept.append(text[end:sentence_end])
            else:
                kept.append(_find_closing(text[at:sentence_end], "".join(kept)))
            found += [
                UnprovedStatement(field=name, item=item, start=at + span.start, end=at + span.end, kind=span.kind)
                for span in spans
            ]
            end = sentence_end
        if found and cuts:
            return "".join(kept).strip(), []
        return text, found

    def _count_sentence(self, *, is_unproved: bool, is_left_out: bool) -> None:
        self.counts = replace(
            self.counts,
            sentences=self.counts.sentences + 1,
            sentences_unproved=self.counts.sentences_unproved + is_unproved,
            sentences_left_out=self.counts.sentences_left_out + is_left_out,
        )


def _has_text(node: DraftNode) -> bool:
    return any(getattr(node, name) for name in (*_TEXT_FIELDS, *_LIST_FIELDS))


def _locate_sentences(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each sentence with where it begins and ends; the quotes and brackets that close it are inside the end."""
    places: list[tuple[str, int]] = []
    at = 0
    for sentence in split_text(text):
        begin = text.index(sentence, at)
        places.append((sentence, begin))
        at = begin + len(sentence)
    ends = [*(begin for _, begin in places), len(text)]
    for (sentence, begin), next_begin in zip(places, ends[1:], strict=True):
        # Between two sentences are what closes the first one, and white space.
        closing = _NO_SPACE.match(text, begin + len(sentence), next_begin)
        yield sentence, begin, closing.end() if closing else begin + len(sentence)


def _find_closing(left_out: str, kept: str) -> str:
    """Return the quote or bracket at the end of what is left out that closes one which was opened in what is kept."""
    end = left_out[-1:]
    opening = _OPENING.get(end)
    is_open = opening is not None and _is_open(kept, opening, end) and not _is_open(left_out[:-1], opening, end)
    return end if is_open else ""


def _is_open(text: str, opening: str, closing: str) -> bool:
    return text.count(opening) % 2 == 1 if opening == closing else text.count(opening) > text.count(closing)


def _list_cited(node: DraftNode) -> list[UUID]:
    """Return the chunks that prove a node, each once: of modules and lessons those of all inside."""
    inside = node.iter_nodes() if node.node_type in {NodeType.MODULE, NodeType.LESSON} else (node,)
    return list(dict.fromkeys(citation.chunk_id for each in inside for citation in each.citations))
