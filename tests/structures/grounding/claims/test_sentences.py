"""How many planted falsehoods are found, and how many true sentences are marked by mistake."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from django.conf import settings

from structures.grounding.claims.passages import Passages
from structures.grounding.claims.verification import find_unproved

SETS = ("first", "second")
# What can be looked up: a number, a name, a formula stands in the passage or it does not.
LOOKED_UP = (
    "number_changed", "number_invented", "unit_changed", "date_changed", "person_changed", "place_org_product_changed",
    "formula_changed", "code_changed",
)  # fmt: skip


@cache
def judge(name: str) -> tuple[Counter[str], Counter[str]]:
    """Return how many sentences of each kind there are, and in how many something is not proved."""
    content = json.loads((settings.BASE_DIR / "tests" / "data" / "sentences" / f"{name}.json").read_text())
    passages: dict[str, Any] = {passage["id"]: passage for passage in content["passages"]}
    there: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for case in content["cases"]:
        passage = passages[case["passage"]]
        known = Passages(passage["chunks"], titles=[passage["title"]])
        found = find_unproved(case["sentence"], known, language=passage["language"])
        kind = "true" if case["truth"] else case["kind"]
        there[kind] += 1
        marked[kind] += bool(found)
    return there, marked


@pytest.mark.parametrize("name", SETS)
def test_what_can_be_looked_up_is_found(name: str) -> None:
    there, marked = judge(name)

    assert sum(marked[kind] for kind in LOOKED_UP) >= 0.95 * sum(there[kind] for kind in LOOKED_UP)


@pytest.mark.parametrize("name", SETS)
def test_most_falsehoods_are_found_and_few_true_sentences_marked(name: str) -> None:
    there, marked = judge(name)

    assert (there["true"], there.total()) == (200, 300)
    assert marked["true"] <= 0.08 * there["true"]
    # Terms of the passages in the wrong place, orders and negations are not seen.
    assert marked.total() - marked["true"] >= 0.75 * (there.total() - there["true"])
