"""The time of matching grows with the number of nodes, not faster."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from uuid import UUID

import pytest

from structures.engines.base.drafts import NodeType
from structures.keys.matching import Evidence, MatchedNode, match_nodes
from tests.structures.keys.histories import digest

SMALL, LARGE = 500, 5_000


def build_distinct(number: int) -> Evidence:
    """Return evidence that no other node has, ten nodes of a file."""
    return build_evidence(f"Sentence {number} of many says that {number * 7919} is a number.", number // 10)


def build_equal(number: int) -> Evidence:
    """Return evidence with the same words for every node, from one file."""
    return build_evidence("Solve the tasks above.", 1)


def build_evidence(quote: str, file: int) -> Evidence:
    return Evidence(
        quote=quote, chunk_digest=digest(quote), entry_id=UUID(int=file), entry_fingerprint=digest(str(file))
    )


def build_nodes(number: int, build: Callable[[int], Evidence]) -> list[MatchedNode]:
    """Return modules of ten lessons of ten concepts."""
    nodes: list[MatchedNode] = []
    for place in range(number):
        if place % 100 == 0:
            module = len(nodes)
            nodes.append(MatchedNode(node_type=NodeType.MODULE, title="Part", parent=None))
        if place % 10 == 0:
            lesson = len(nodes)
            nodes.append(MatchedNode(node_type=NodeType.LESSON, title="Exercises", parent=module))
        nodes.append(MatchedNode(node_type=NodeType.CONCEPT, title="Exercise", parent=lesson, evidence=(build(place),)))
    return nodes


def measure_seconds(nodes: list[MatchedNode]) -> float:
    now = nodes[:-1]
    gc.collect()
    gc.disable()
    try:
        begin = time.process_time()
        match_nodes(nodes, now)
        return time.process_time() - begin
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("build", [build_distinct, build_equal])
def test_ten_times_the_nodes_take_ten_times_as_long(build: Callable[[int], Evidence]) -> None:
    small = min(measure_seconds(build_nodes(SMALL, build)) for _ in range(3))

    large = measure_seconds(build_nodes(LARGE, build))

    # Measured: 10 to 13. What compares every node with every other takes a hundred times as long.
    assert large < 25 * small


def test_equal_nodes_keep_their_order() -> None:
    nodes = build_nodes(SMALL, build_equal)

    assert match_nodes(nodes, nodes) == list(range(len(nodes)))
