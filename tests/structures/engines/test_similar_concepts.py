"""Pairs of similar concepts in the last question about a course: which are named, and with which lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from structures.engines.base.drafts import DraftNode, NodeType
from structures.engines.base.llm_client import SimilarTexts
from structures.engines.llm.engine import RECONCILIATION_ACTION
from structures.engines.llm.reconciliation import CourseLine
from structures.engines.llm.similar_concepts import find_similar_concepts
from tests.structures.engines.numbered import entry, node
from tests.structures.engines.test_llm_engine import LONG, Clerk, write


class Comparer(Clerk):
    """A clerk that finds these pairs similar, and keeps what it compared."""

    def __init__(
        self,
        pairs: Sequence[tuple[int, int]],
        *,
        further: int = 0,
        answers: Mapping[str, Callable[[list[int]], BaseModel]] | None = None,
        too_much: Callable[[str, list[int]], bool] = lambda _action, _numbers: False,
    ) -> None:
        super().__init__(answers, too_much=too_much)
        self.found = SimilarTexts(pairs=tuple(pairs), count=len(pairs) + further)
        self.compared: list[tuple[list[str], list[int]]] = []

    def find_comparison_price(self) -> Decimal | None:
        return Decimal("0.00001")

    def find_similar_texts(self, texts: Sequence[str], parts: Sequence[int], *, limit: int) -> SimilarTexts:
        self.compared.append((list(texts), list(parts)))
        return self.found

    def list_pairs(self) -> list[list[dict[str, Any]]]:
        """Return the pairs that each question about the course named."""
        asked = [
            str(values["similar_concepts"]) for action, values in self.questions if action == RECONCILIATION_ACTION
        ]
        return [[json.loads(line) for line in lines.splitlines()] for lines in asked]


def build_line(number: int, title: str, *, is_kept: bool = False, definition: str = "") -> CourseLine:
    lesson = CourseLine(number=number - 1, node=DraftNode(node_type=NodeType.LESSON, title="L"), parent=None)
    written = DraftNode(node_type=NodeType.CONCEPT, title=title, description=definition)
    return CourseLine(number=number, node=written, parent=lesson, is_kept=is_kept)


def test_concepts_are_compared_with_their_definitions_and_kept_ones_are_not() -> None:
    clerk = Comparer([(1, 0)])
    lines = [
        build_line(3, "Loop", definition="Repeats."), build_line(5, "Kept", is_kept=True), build_line(8, "Цикл"),
    ]  # fmt: skip

    found = find_similar_concepts(lines, clerk)

    assert clerk.compared == [(["Loop: Repeats.", "Цикл"], [2, 7])]
    assert [json.loads(line) for line in found.render_lines(1, 10).splitlines()] == [
        {"lines": [3, 8], "concepts": ["Loop", "Цикл"], "definitions": ["Repeats.", ""]}
    ]


def test_pairs_go_with_the_lines_of_the_first_when_a_course_is_asked_about_in_halves() -> None:
    def is_too_much(action: str, numbers: list[int]) -> bool:
        return action == RECONCILIATION_ACTION and len(numbers) > 4

    source = node("Water", *(node(f"Part {number}", entry(LONG)) for number in range(4)))
    clerk = Comparer([(0, 3), (2, 3)], too_much=is_too_much)

    write(source, clerk)

    named = clerk.list_pairs()
    assert len(named) > 2
    assert len(named[0]) == 2
    # Each pair once in the questions that were answered, with both titles: the second line may be in another half.
    answered = [pairs for pairs in named[1:] if pairs]
    lines = [tuple(pair["lines"]) for pairs in answered for pair in pairs]
    assert sorted(set(lines)) == sorted(tuple(pair["lines"]) for pair in named[0])
    assert all(pair["concepts"] for pairs in answered for pair in pairs)


def test_pairs_beyond_the_limit_are_counted_in_a_warning() -> None:
    draft = write(node("Water", node("One", entry(LONG)), node("Two", entry(LONG))), Comparer([(0, 1)], further=3))

    assert "3 further pairs of similar concepts were not looked at." in draft.warnings


def test_the_comparison_is_part_of_the_plan() -> None:
    source = node("Water", node("One", entry(LONG)), node("Two", entry(LONG)))
    compared, plain = Comparer([]), Clerk()
    write(source, compared)
    write(source, plain)

    assert (compared.plan["steps"]["similar_concepts"], plain.plan["steps"]["similar_concepts"]) == (True, False)
    assert compared.plan["input_tokens"] > plain.plan["input_tokens"]
    assert Decimal(compared.plan["expected_cost_usd"]) > Decimal(plain.plan["expected_cost_usd"])
    assert compared.plan["calls"] == plain.plan["calls"]
