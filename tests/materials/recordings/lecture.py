"""The recorded lecture, what is said in it, and how it is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from rest_framework.test import APIClient

from tests.conftest import post_raw

FOLDER = Path(__file__).resolve().parents[2] / "data" / "media"
LECTURE = FOLDER / "lecture.mp4"
CAPTIONS = (FOLDER / "lecture.vtt").read_bytes()
TRUTH: dict[str, Any] = json.loads((FOLDER / "lecture.json").read_text())


def send(client: APIClient, node: UUID | str, name: str, content: bytes, *, query: str = "") -> Any:
    """Upload a file as a raw body and return the answer."""
    return post_raw(
        client,
        f"/api/v1/nodes/{node}/entries{query}",
        content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def sent(client: APIClient, node: UUID | str, name: str, content: bytes, *, query: str = "") -> dict[str, Any]:
    """Upload a file and return the entry; fails unless it is taken."""
    answer = send(client, node, name, content, query=query)
    assert answer.status_code == 201, answer.content
    entry: dict[str, Any] = answer.json()
    return entry


def error_rate(said: str, truth: str) -> float:
    """Return the word error rate: the Levenshtein distance of the words over the number of true words."""
    mine, true = _words(said), _words(truth)
    row = list(range(len(true) + 1))
    for i, word in enumerate(mine, start=1):
        before, row[0] = row[0], i
        for j, wanted in enumerate(true, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != wanted))
    return row[-1] / len(true)


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()
