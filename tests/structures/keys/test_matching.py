"""Which node of the snapshot before a node is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from structures.engines.base.drafts import NodeType
from structures.keys.matching import Evidence, MatchedNode, match_nodes
from tests.structures.keys.histories import History, build_structure, digest

Match = Callable[[Sequence[MatchedNode], Sequence[MatchedNode]], list[int | None]]
MODULE, LESSON, CONCEPT, EXERCISE = NodeType


def cite(quote: str, *, chunk: str = "", file: int = 1, version: str = "") -> Evidence:
    return Evidence(
        quote=quote,
        chunk_digest=digest(chunk or quote),
        entry_id=UUID(int=file),
        entry_fingerprint=version or f"fingerprint {file}",
    )


def node(node_type: NodeType, title: str, parent: int | None = None, *evidence: Evidence) -> MatchedNode:
    return MatchedNode(node_type=node_type, title=title, parent=parent, evidence=evidence)


def test_the_same_quote_is_the_same_node_whatever_it_is_called_and_wherever_it_stands() -> None:
    before = [node(LESSON, "Heat"), node(CONCEPT, "Steam", 0, cite("Steam is a gas.")), node(LESSON, "Cold")]
    now = [node(LESSON, "Cold"), node(CONCEPT, "Vapour", 0, cite("Steam  is a gas.", file=2)), node(LESSON, "Heat")]

    assert match_nodes(before, now)[1] == 1


def test_a_title_alone_is_no_evidence() -> None:
    before = [node(CONCEPT, "Overview"), node(CONCEPT, "Steam", None, cite("Steam is a gas.", file=1))]
    now = [node(CONCEPT, "Ice"), node(CONCEPT, "Overview"), node(CONCEPT, "Steam", None, cite("A film.", file=9))]

    assert match_nodes(before, now) == [None, None, None]


def test_what_has_no_evidence_is_known_by_number_and_title_inside_its_parent() -> None:
    before = [node(MODULE, "A", None, cite("a")), node(LESSON, "Quiz", 0), node(LESSON, "Break", 0)]
    now = [node(MODULE, "B", None, cite("a")), node(LESSON, "Quiz", 0), node(LESSON, "Pause", 0)]

    assert match_nodes(before, now) == [0, 1, None]


def test_siblings_are_counted_from_those_that_both_sides_have() -> None:
    before = [node(LESSON, "One", None, cite("one")), node(LESSON, "Quiz")]
    now = [node(LESSON, "New", None, cite("new")), node(LESSON, "One", None, cite("one")), node(LESSON, "Quiz")]

    assert match_nodes(before, now) == [None, 0, 1]


def test_a_node_that_is_split_stays_where_most_of_its_evidence_is() -> None:
    quotes = [cite(f"Sentence {number}.", file=1, version="old") for number in range(5)]
    before = [node(LESSON, "Water"), *(node(CONCEPT, f"Term {n}", 0, quote) for n, quote in enumerate(quotes))]
    parts = [quotes[:2], quotes[2:]]
    now = [node(LESSON, "Water"), *(node(CONCEPT, f"Term {n}", 0, quote) for n, quote in enumerate(parts[0]))]
    now += [node(LESSON, "More"), *(node(CONCEPT, f"Term {n}", 3, quote) for n, quote in enumerate(parts[1]))]

    matched = match_nodes(before, now)

    assert (matched[0], matched[3]) == (None, 0)
    assert [matched[place] for place in (1, 2, 4, 5, 6)] == [1, 2, 3, 4, 5]


def test_nodes_with_the_same_words_are_told_apart_by_file_parent_and_place() -> None:
    task = "Solve the tasks."
    before = [node(LESSON, "A", None, cite("a", file=1)), node(EXERCISE, "Exercise 1", 0, cite(task, file=1))]
    before += [node(LESSON, "B", None, cite("b", file=2)), node(EXERCISE, "Exercise 1", 2, cite(task, file=2))]
    moved = [before[2], node(EXERCISE, "Exercise 1", 0, cite(task, file=2)), before[0]]
    moved += [node(EXERCISE, "Exercise 1", 2, cite(task, file=1))]

    assert match_nodes(before, moved) == [2, 3, 0, 1]


def test_what_every_page_has_makes_no_page_another() -> None:
    footer = cite("All rights reserved.")
    before = [
        node(LESSON, title, None, cite(f"About {title}.", file=number), footer) for number, title in enumerate("abcd")
    ]
    now = [*before[:3], node(LESSON, "e", None, cite("About something else.", file=9), footer)]

    assert match_nodes(before, now) == [0, 1, 2, None]


def test_a_corrected_letter_makes_no_other_node_even_in_the_term_itself() -> None:
    before = [node(LESSON, "A", None, cite("Heat")), node(CONCEPT, "Stem", 0, cite("Stem is water that is a gas."))]
    now = [node(LESSON, "A", None, cite("Heat")), node(CONCEPT, "Steam", 0, cite("Steam is water that is a gas."))]

    assert match_nodes(before, now) == [0, 1]


def test_types_are_not_exchanged_and_nothing_is_given_twice() -> None:
    before = [node(CONCEPT, "Steam", None, cite("Steam is a gas."))]
    now = [node(EXERCISE, "Steam", None, cite("Steam is a gas.")), *before, *before]

    assert match_nodes(before, now) == [None, 0, None]
    assert match_nodes([], now) == [None, None, None]
    assert match_nodes(now, []) == []


def test_the_references_of_old_snapshots_have_no_digests() -> None:
    quote = Evidence(quote="Steam is a gas.", chunk_digest="", entry_id=UUID(int=1), entry_fingerprint="f")
    other = Evidence(quote="Ice is solid.", chunk_digest="", entry_id=UUID(int=2), entry_fingerprint="g")

    assert match_nodes([node(CONCEPT, "S", None, quote)], [node(CONCEPT, "I", None, other)]) == [None]
    assert match_nodes([node(CONCEPT, "S", None, quote)], [node(CONCEPT, "I", None, quote)]) == [0]


def measure_histories(seeds: Sequence[int], match: Match = match_nodes) -> tuple[float, float, float]:
    """Return how many nodes that survive keep their keys, in all and in the worst history, and how many others get one.

    All are shares of the nodes that survive.
    """
    least, total, alive, wrong = 1.0, 0, 0, 0
    for seed in seeds:
        history = History(seed=seed)
        before = build_structure(history)
        kept = survived = 0
        for _ in range(2):
            history.change()
            now = build_structure(history)
            matched = match(before.nodes, now.nodes)
            given = [place for place in matched if place is not None]
            assert len(given) == len(set(given)), f"history {seed}: a key stands for two nodes"
            places = {identity: place for place, identity in enumerate(before.identities)}
            survivors = [
                (places[each], place) for each, place in zip(now.identities, matched, strict=True) if each in places
            ]
            survived += len(survivors)
            kept += sum(expected == place for expected, place in survivors)
            wrong += len(given) - sum(place is not None for _, place in survivors)
            before = now
        least, total, alive = min(least, kept / survived), total + kept, alive + survived
    return total / alive, least, wrong / alive


@pytest.mark.slow
def test_nodes_keep_their_keys_while_a_tenth_of_the_materials_changes() -> None:
    share, least, wrong = measure_histories(range(300))

    assert share >= 0.99
    assert least >= 0.95
    # Measured: 0.0001. A file that goes and another one that comes in its place may share a sentence.
    assert wrong < 0.005


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 10_000, 500))
def test_nodes_keep_their_keys_in_ten_thousand_histories(first: int) -> None:
    share, least, wrong = measure_histories(range(first, first + 500))

    assert share >= 0.99
    # In one of ten thousand courses one of 17 nodes is another one: a module whose only long lesson went elsewhere.
    assert least >= 0.9
    assert wrong < 0.005


def test_who_goes_by_place_fails_that_test() -> None:
    def match_by_place(before: Sequence[MatchedNode], now: Sequence[MatchedNode]) -> list[int | None]:
        return [place if place < len(before) else None for place in range(len(now))]

    share, _, wrong = measure_histories(range(10), match_by_place)

    assert share < 0.95
    assert wrong > 0.005
