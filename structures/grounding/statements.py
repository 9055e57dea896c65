"""Checking the sentences of a draft that a model wrote against the chunks that it cites for them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID

from materials.languages import detect_language
from structures.engines.base.drafts import Draft, DraftNode, NodeType, UnprovedStatement
from structures.engines.base.sentences import split_text
from structures.engines.base.sources import SourceChunk
from structures.engines.llm.judging import Judgements, Statement
from structures.grounding.claims.passages import MAX_CHARACTERS, Passages
from structures.grounding.claims.unproved import UnprovedKind, UnprovedSpan
from structures.grounding.claims.verification import find_unproved
from structures.grounding.quotes import StatementCounts

# What models write in whole sentences. Goals and questions say what students do, not what is so.
_TEXT_FIELDS = ("description", "reference_solution")
_LIST_FIELDS = ("examples", "key_points")
NOT_JUDGED = Judgements()
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
    judgements: Judgements = NOT_JUDGED,
) -> tuple[Draft, StatementCounts]:
    """Return the draft with the parts of its sentences marked that their chunks do not prove, and the counts.

    A concept or exercise is checked against the chunks that it cites, a module or lesson against those that are cited
    in it; without citations, or with more text than `Passages` takes, it is not checked. `languages` are those of the
    chunks. With `is_strict` a sentence with such a part is left out, unless it stands in one of the `kept_fields` of
    its node, by key: what people decided is marked, and never cut. `judgements` are what a model said of the statements
    that `list_statements` returns; words that it doubts are parts like those that code finds. Parts that a node has
    already, as they were found before, stay.
    """
    verifier = _StatementVerifier(
        chunks,
        languages,
        detect_language(_iter_texts(draft)),
        is_strict=is_strict,
        kept_fields=kept_fields,
        judgements=judgements,
    )
    titles = (draft.given_title or draft.title,)
    checked = replace(draft, modules=tuple(verifier.verify_node(module, titles) for module in draft.modules))
    return checked, verifier.counts


def list_statements(
    draft: Draft, chunks: Mapping[UUID, SourceChunk], *, settled: Container[UUID] = ()
) -> list[list[Statement]]:
    """Return the sentences that `verify_statements` checks, with the chunks behind them: a list for each lesson.

    What stands outside lessons is a list for each node. Lessons that are `settled`, by key, are left out.
    """
    found: list[list[Statement]] = []

    def visit(node: DraftNode, inside: list[Statement] | None) -> None:
        if node.key is not None and node.key in settled:
            return
        statements = [] if inside is None else inside
        cited = _list_passages(node, chunks)
        if cited and not _exceeds_bound(cited, chunks):
            texts = [getattr(node, name) for name in _TEXT_FIELDS]
            texts += [text for name in _LIST_FIELDS for text in getattr(node, name)]
            statements += [
                Statement(text=each, chunks=cited) for text in texts for each, _, _ in _locate_sentences(text)
            ]
        for child in node.children:
            visit(child, statements if inside is not None or node.node_type is NodeType.LESSON else None)
        if inside is None and statements:
            found.append(statements)

    for module in draft.modules:
        visit(module, None)
    return found


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
        judgements: Judgements,
    ) -> None:
        self.counts = StatementCounts()
        self._chunks, self._languages, self._language = chunks, languages, language
        self._is_strict, self._kept_fields, self._judgements = is_strict, kept_fields, judgements

    def verify_node(self, node: DraftNode, titles: tuple[str, ...]) -> DraftNode:
        """Return the node with all below it, checked. `titles` are those above it."""
        is_arranged = node.node_type in {NodeType.MODULE, NodeType.LESSON}
        # A model that wrote a title, be it of a concept or a correction, must not prove by it what no passage does.
        own = (*titles, node.given_title or node.title) if is_arranged else titles
        node = replace(node, children=tuple(self.verify_node(child, own) for child in node.children))
        known = _list_passages(node, self._chunks)
        if not known:
            return node
        # What is beyond the bound might prove it. Counted before anything is read: a module may cite a whole book.
        if _exceeds_bound(known, self._chunks):
            self.counts = replace(self.counts, nodes_not_checked=self.counts.nodes_not_checked + 1)
            return node
        passages = Passages([self._chunks[chunk_id].text for chunk_id in known], titles=own)
        language = self._language if all(self._languages.get(each) == self._language for each in known) else ""
        proof = _Proof(chunks=known, passages=passages, language=language)
        unproved: list[UnprovedStatement] = []
        changed: dict[str, str | tuple[str, ...]] = {}
        kept_fields: Container[str] = () if node.key is None else self._kept_fields.get(node.key, ())
        for name in _TEXT_FIELDS:
            cuts = self._is_strict and name not in kept_fields
            known_parts = _list_parts(node, name, None)
            changed[name], found = self._check_text(name, None, getattr(node, name), proof, known_parts, cuts=cuts)
            unproved += found
        for name in _LIST_FIELDS:
            cuts = self._is_strict and name not in kept_fields
            kept: list[str] = []
            for item, text in enumerate(getattr(node, name)):
                known_parts = _list_parts(node, name, item)
                checked, found = self._check_text(name, len(kept), text, proof, known_parts, cuts=cuts)
                if checked:
                    kept.append(checked)
                    unproved += found
            changed[name] = tuple(kept)
        return replace(node, unproved=tuple(unproved), **changed)  # type: ignore[arg-type]  # by the fields' own types

    def _check_text(
        self,
        name: str,
        item: int | None,
        text: str,
        proof: _Proof,
        known_parts: Sequence[UnprovedSpan],
        *,
        cuts: bool,
    ) -> tuple[str, list[UnprovedStatement]]:
        """Return the text, when it `cuts` without the sentences with unproved parts, and the parts that are left."""
        found: list[UnprovedStatement] = []
        # The text between sentences is kept as it is: the lines of a solution stay lines.
        kept: list[str] = []
        end = 0
        for sentence, at, sentence_end in _locate_sentences(text):
            known = [each.shift(-at) for each in known_parts if at <= each.start < sentence_end]
            spans = self._find_spans(sentence, proof, known)
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

    def _find_spans(self, sentence: str, proof: _Proof, known: Sequence[UnprovedSpan]) -> list[UnprovedSpan]:
        spans = find_unproved(sentence, proof.passages, language=proof.language)
        statement = Statement(text=sentence, chunks=proof.chunks)
        if statement in self._judgements.judged:
            self.counts = replace(self.counts, sentences_judged=self.counts.sentences_judged + 1)
        doubted = [_locate_doubt(sentence, words) for words in self._judgements.doubts.get(statement, ())]
        added = [each for each in (*doubted, *known) if not any(_lies_within(each, other) for other in spans)]
        return sorted({*spans, *added}, key=lambda span: (span.start, span.end))

    def _count_sentence(self, *, is_unproved: bool, is_left_out: bool) -> None:
        self.counts = replace(
            self.counts,
            sentences=self.counts.sentences + 1,
            sentences_unproved=self.counts.sentences_unproved + is_unproved,
            sentences_left_out=self.counts.sentences_left_out + is_left_out,
        )


@dataclass(frozen=True, kw_only=True)
class _Proof:
    """What may prove the texts of a node. `language` is blank when words cannot be compared."""

    chunks: tuple[UUID, ...]
    passages: Passages
    language: str


def _list_parts(node: DraftNode, name: str, item: int | None) -> list[UnprovedSpan]:
    """Return the parts of a text that its node has already."""
    return [
        UnprovedSpan(kind=UnprovedKind(each.kind), start=each.start, end=each.end)
        for each in node.unproved
        if (each.field, each.item) == (name, item)
    ]


def _locate_doubt(sentence: str, words: str) -> UnprovedSpan:
    """Return where the doubted words stand, rather as whole words; the whole sentence when they are not its own."""
    whole = re.search(rf"(?<!\w){re.escape(words)}(?!\w)", sentence)
    at = sentence.find(words) if whole is None else whole.start()
    start, end = (0, len(sentence)) if at < 0 or not words else (at, at + len(words))
    return UnprovedSpan(kind=UnprovedKind.MEANING, start=start, end=end)


def _lies_within(span: UnprovedSpan, other: UnprovedSpan) -> bool:
    return other.start <= span.start and span.end <= other.end


def _list_passages(node: DraftNode, chunks: Mapping[UUID, SourceChunk]) -> tuple[UUID, ...]:
    """Return the chunks that may prove the texts of a node; none when it has no texts."""
    return tuple(chunk_id for chunk_id in _list_cited(node) if chunk_id in chunks) if _has_text(node) else ()


def _exceeds_bound(cited: Sequence[UUID], chunks: Mapping[UUID, SourceChunk]) -> bool:
    return sum(len(chunks[chunk_id].text) + 1 for chunk_id in cited) - 1 > MAX_CHARACTERS


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
