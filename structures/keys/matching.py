"""Matching the nodes of two snapshots, so that a node keeps its key over generations.

Evidence decides: the same quotes, the same chunks by content, the same files. Modules and lessons are matched by the
evidence of what is inside them. What no evidence tells apart is matched by its number and title inside matched
parents; a title alone never matches anything. The time is about linear in the number of nodes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from rapidfuzz import fuzz

from structures.engines.base.drafts import NodeType
from structures.engines.base.text import normalize_quote

# Nodes of each side that may share a piece of evidence. What more nodes share tells none of them apart, and with this
# bound a piece of evidence gives 64 pairs at most, however often it occurs.
_MAX_BUCKET = 8
# Shares of evidence below this are boilerplate, such as a licence under every page. Half of a lesson that was cut in
# two has a share of 1, a footer in ten pages one of less than 0.01.
_MIN_SHARE = 0.1
# A letter or a word that was corrected leaves at least this much of a sentence (0 to 100); sentences about different
# things have about 40.
_MIN_QUOTE_SIMILARITY = 75.0
# Bounds the time of comparing two quotes; the beginnings of two sentences tell them apart.
_COMPARED_CHARACTERS = 400


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A quote with the content of its chunk and its file. `chunk_digest` is blank where it is not known."""

    quote: str
    chunk_digest: str
    entry_id: UUID
    entry_fingerprint: str


@dataclass(frozen=True, kw_only=True)
class MatchedNode:
    """A node as it is compared. `parent` is the parent's place in the same list, in which parents come first."""

    node_type: NodeType
    title: str
    parent: int | None
    evidence: tuple[Evidence, ...] = ()


def match_nodes(previous: Sequence[MatchedNode], nodes: Sequence[MatchedNode]) -> list[int | None]:
    """Return for each node the place of the previous node that it is, or None for a new one.

    Each previous node is given once at most: where several claim it, to the one that shares most evidence. The same
    input gives the same result.
    """
    matching = _Matching(_Side(previous), _Side(nodes))
    for node_type in NodeType:  # outermost first: equal evidence is told apart by the parents
        matching.match_by_evidence(node_type)
    matching.match_by_place()
    return [matching.chosen.get(place) for place in range(len(nodes))]


# Parts of a node's evidence that two nodes may have in common, and what each counts when one node of each side has it,
# else divided by the number of pairs that share it. A quote is what the node was made from; a chunk holds other things
# as well, and a file many more.
_QUOTE, _CHUNK, _QUOTE_IN_FILE, _TITLE_IN_FILE, _FILE = "quote", "chunk", "quote in file", "title in file", "file"
_WEIGHTS = {_QUOTE: 4.0, _CHUNK: 2.0, _QUOTE_IN_FILE: 1.0, _TITLE_IN_FILE: 1.0, _FILE: 1.0}


class _Token(NamedTuple):
    kind: str
    text: str
    file: str = ""


# A node's type, the matched sibling before it, and its number since that sibling.
_Spot = tuple[NodeType, int | None, int]


class _Side:
    """The nodes of one snapshot with what they are compared by."""

    def __init__(self, nodes: Sequence[MatchedNode]) -> None:
        self.nodes = nodes
        self.titles = [" ".join(node.title.casefold().split()) for node in nodes]
        self.children: dict[int | None, list[int]] = defaultdict(list)
        self.numbers: list[int] = []
        counts: Counter[tuple[int | None, NodeType]] = Counter()
        for place, node in enumerate(nodes):
            self.children[node.parent].append(place)
            self.numbers.append(counts[node.parent, node.node_type])
            counts[node.parent, node.node_type] += 1
        self._quotes: dict[str, str] = {}
        self._evidence = self._collect_evidence()

    def _collect_evidence(self) -> list[dict[Evidence, None]]:
        """Return the evidence of each node and of all below it, each once and in order."""
        found: list[dict[Evidence, None]] = [dict.fromkeys(node.evidence) for node in self.nodes]
        for place in reversed(range(len(self.nodes))):
            parent = self.nodes[place].parent
            if parent is not None:
                found[parent].update(found[place])
        return found

    def index_tokens(self, node_type: NodeType) -> dict[_Token, list[int]]:
        """Return the nodes of a type by each token of their evidence."""
        index: dict[_Token, list[int]] = defaultdict(list)
        for place, node in enumerate(self.nodes):
            if node.node_type is node_type:
                for token in dict.fromkeys(self._iter_tokens(place)):
                    index[token].append(place)
        return index

    def _iter_tokens(self, place: int) -> Iterator[_Token]:
        node_type, title = self.nodes[place].node_type, self.titles[place]
        is_leaf = node_type in {NodeType.CONCEPT, NodeType.EXERCISE}
        files: dict[str, None] = {}
        for evidence in self._evidence[place]:
            # The same file is one that kept its id or, sent again, its content.
            here = (evidence.entry_id.hex, evidence.entry_fingerprint)
            files.update(dict.fromkeys(here))
            if evidence.chunk_digest:
                yield _Token(_CHUNK, evidence.chunk_digest)
            # The chunks of a module say as much as its quotes, and there are fewer of them.
            if node_type is not NodeType.MODULE and (quote := self._normalize(evidence.quote)):
                yield _Token(_QUOTE, quote)
                if is_leaf:
                    yield from (_Token(_QUOTE_IN_FILE, quote, file) for file in here)
        for file in files:
            yield _Token(_TITLE_IN_FILE, title, file)
            if not is_leaf:
                yield _Token(_FILE, "", file)

    def get_first_quote(self, place: int) -> str:
        evidence = self.nodes[place].evidence
        return self._normalize(evidence[0].quote)[:_COMPARED_CHARACTERS] if evidence else ""

    def get_name(self, place: int) -> tuple[NodeType, str, int]:
        """Return the node's type, title and number among its siblings."""
        return self.nodes[place].node_type, self.titles[place], self.numbers[place]

    def _normalize(self, quote: str) -> str:
        # Each quote is asked for by its node and the lesson above it, and normalizing takes longest.
        known = self._quotes.get(quote)
        if known is None:
            known = self._quotes[quote] = normalize_quote(quote).casefold()
        return known


class _Matching:
    """Pairs of nodes, one to one: `chosen` maps places of new nodes to those of previous ones."""

    def __init__(self, old: _Side, new: _Side) -> None:
        self._old, self._new = old, new
        self.chosen: dict[int, int] = {}
        self._partners: dict[int, int] = {}

    def _match(self, old: int, new: int) -> None:
        """Make the two a pair, unless one of them has a partner."""
        if old not in self._partners and new not in self.chosen:
            self.chosen[new], self._partners[old] = old, new

    def match_by_evidence(self, node_type: NodeType) -> None:
        """Match the nodes of a type that share evidence, those with most first."""
        scores = self._score_pairs(node_type)
        for old, new in sorted(scores, key=lambda pair: self._rank_pair(pair, scores[pair])):
            self._match(old, new)

    def _score_pairs(self, node_type: NodeType) -> dict[tuple[int, int], float]:
        """Return how much evidence pairs of nodes share; rare evidence counts more."""
        old_index, new_index = self._old.index_tokens(node_type), self._new.index_tokens(node_type)
        old_totals, new_totals = _sum_weights(old_index), _sum_weights(new_index)
        scores: dict[tuple[int, int], float] = defaultdict(float)
        by_file: set[tuple[int, int]] = set()
        for token, olds in old_index.items():
            news = new_index.get(token, [])
            if not news or len(olds) > _MAX_BUCKET or len(news) > _MAX_BUCKET:
                continue
            # A file that several nodes share tells them apart together with their titles alone.
            if token.kind == _FILE and len(olds) * len(news) > 1:
                continue
            pairs = [(old, new) for old in olds for new in news]
            share = _WEIGHTS[token.kind] / len(pairs)
            for pair in pairs:
                scores[pair] += share
            if token.kind in {_FILE, _TITLE_IN_FILE}:
                by_file.update(pairs)
        return {
            pair: score
            for pair, score in scores.items()
            if pair in by_file or score >= _MIN_SHARE * min(old_totals[pair[0]], new_totals[pair[1]])
        }

    def _rank_pair(self, pair: tuple[int, int], score: float) -> tuple[float, bool, bool, int, int, int]:
        """Return the order of a pair among others: by evidence, then the same parents, title and number."""
        old, new = pair
        return (
            -round(score, 9),  # sums of the same fractions in another order differ in their last digits
            not self._have_one_parent(old, new),
            self._old.titles[old] != self._new.titles[new],
            abs(self._old.numbers[old] - self._new.numbers[new]),
            old,
            new,
        )

    def _have_one_parent(self, old: int, new: int) -> bool:
        old_parent, new_parent = self._old.nodes[old].parent, self._new.nodes[new].parent
        return old_parent == (None if new_parent is None else self.chosen.get(new_parent, -1))

    def match_by_place(self) -> None:
        """Match what is left by number and title inside matched parents, parents first."""
        self._match_children(None, None)
        for new in range(len(self._new.nodes)):
            if new in self.chosen:
                self._match_children(self.chosen[new], new)

    def _match_children(self, old_parent: int | None, new_parent: int | None) -> None:
        """Match children of two nodes that are one: by the number since a matched sibling, then from the beginning."""
        olds, news = self._old.children[old_parent], self._new.children[new_parent]
        free = [old for old in olds if old not in self._partners]
        if not free:
            return
        inside = set(olds)
        # Siblings are counted from the last one that both sides have, so that what was inserted before it does not
        # matter. Each anchor is named by its place among the previous nodes.
        old_anchors = {old: old for old in olds if self._get_parent_of_partner(old) == new_parent}
        new_anchors = {new: old for new in news if (old := self.chosen.get(new)) in inside}
        waiting = {spot: old for old, spot in self._iter_spots(self._old, olds, self._partners, old_anchors)}
        for new, spot in list(self._iter_spots(self._new, news, self.chosen, new_anchors)):
            old = waiting.get(spot)
            if old is not None and (self._old.titles[old] == self._new.titles[new] or self._quote_alike(old, new)):
                self._match(old, new)
        named = {self._old.get_name(old): old for old in free}
        for new in news:
            if (old := named.get(self._new.get_name(new))) is not None:
                self._match(old, new)

    def _get_parent_of_partner(self, old: int) -> int | None:
        """Return the parent of the new node that this one is; -1, which is no place, when there is none."""
        return self._new.nodes[self._partners[old]].parent if old in self._partners else -1

    @staticmethod
    def _iter_spots(
        side: _Side, places: Iterable[int], matched: Mapping[int, int], anchors: Mapping[int, int | None]
    ) -> Iterator[tuple[int, _Spot]]:
        """Yield the nodes that are not matched, each with its type, the last anchor and the number since that."""
        anchor: int | None = None
        counts: Counter[NodeType] = Counter()
        for place in places:
            if place in anchors:
                anchor = anchors[place]
                counts.clear()
            elif place not in matched:
                node_type = side.nodes[place].node_type
                yield place, (node_type, anchor, counts[node_type])
                counts[node_type] += 1

    def _quote_alike(self, old: int, new: int) -> bool:
        """Tell whether both quote about the same words: one was corrected, perhaps with its title."""
        quotes = self._old.get_first_quote(old), self._new.get_first_quote(new)
        return all(quotes) and fuzz.ratio(*quotes) >= _MIN_QUOTE_SIMILARITY


def _sum_weights(index: Mapping[_Token, Sequence[int]]) -> dict[int, float]:
    """Return for each node how much evidence it would share with itself."""
    totals: dict[int, float] = defaultdict(float)
    for token, places in index.items():
        share = _WEIGHTS[token.kind] / len(places) ** 2
        for place in places:
            totals[place] += share
    return totals
