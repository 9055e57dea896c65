"""Courses of thousands of nodes, the same each time, some of whose nodes were changed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

_LESSONS_IN_MODULE, _LEAVES = 20, 9
_SPACE = UUID(int=9)
_WORDS = [f"word{number}" for number in range(400)]


def build_course(lessons: int, share: float) -> list[Mapping[str, Any]]:
    """Return modules of lessons with concepts and exercises; a `share` of the nodes has other words and evidence."""
    return [
        _build_node(
            "module",
            f"{module}",
            share,
            [
                _build_node(
                    "lesson",
                    f"{module}.{lesson}",
                    share,
                    [
                        _build_node("exercise" if leaf % 3 == 0 else "concept", f"{module}.{lesson}.{leaf}", share)
                        for leaf in range(_LEAVES)
                    ],
                )
                for lesson in range(_LESSONS_IN_MODULE)
            ],
        )
        for module in range(lessons // _LESSONS_IN_MODULE)
    ]


def _build_node(node_type: str, name: str, share: float, children: list[Any] | None = None) -> Mapping[str, Any]:
    chance = random.Random(name)  # noqa: S311  # nothing is secret
    is_changed = chance.random() < share
    quotes = [
        {"quote": _write(chance, 15), "page": 1, "entry_id": uuid5(_SPACE, "book"), "heading_path": ["One", "Two"]}
        for _ in range(2)
    ]
    return {
        "node_type": node_type,
        "key": uuid5(_SPACE, name),
        "title": _write(chance, 4),
        "description": _write(chance, 25) + " And more." * is_changed,
        "key_points": [_write(chance, 6) for _ in range(2)],
        "quotes": quotes[is_changed:],
        "children": children or (),
    }


def _write(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))
