"""The document beside that of the last release: what breaks programs must be meant to."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api_document.changes import RELEASED, list_breaking_changes, strip_texts
from tests.openapi import read_document

# Each with the reason why it has to be. Emptied when a release is kept (CONTRIBUTING.md).
MEANT: dict[str, str] = {}


def test_nothing_breaks_programs_that_were_written_for_the_last_release() -> None:
    broken = list_breaking_changes(json.loads(RELEASED.read_text()), read_document())

    assert broken == sorted(MEANT), (
        "Keep the old form beside the new one, deprecated, or say in MEANT why it cannot be."
    )


BEFORE = {
    "paths": {
        "/things": {
            "get": {
                "x-scope": "check",
                "parameters": [{"in": "query", "name": "state", "schema": {"type": "string", "enum": ["a", "b"]}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/c/Thing"}}}}},
            },
            "post": {
                "x-scope": "prep",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/c/New"}}}},
                "responses": {"201": {}},
            },
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "below": {"type": "array", "items": {"$ref": "#/c/Thing"}}},
                "required": ["id"],
            },
            "New": {"type": "object", "properties": {"title": {"type": "string", "maxLength": 9}}, "required": []},
        }
    },
}


def change(*path: str, to: Any = None) -> Callable[[dict[str, Any]], None]:
    """Return a change of one member of the document; None takes it out."""

    def apply(document: dict[str, Any]) -> None:
        part: Any = document
        for step in path[:-1]:
            part = part[int(step) if isinstance(part, list) else step]
        if to is None:
            del part[path[-1]]
        else:
            part[path[-1]] = to

    return apply


GET, POST = ("paths", "/things", "get"), ("paths", "/things", "post")
THING, NEW = ("components", "schemas", "Thing"), ("components", "schemas", "New")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (change(*GET), "GET /things: the operation is gone"),
        (change(*GET, "x-scope", to="prep"), "GET /things: needs the scope prep, and needed check"),
        (change(*GET, "parameters", "0", "name", to="status"), "GET /things: the parameter state is gone"),
        (change(*GET, "parameters", "0", "required", to=True), "GET /things: the parameter state is required"),
        (change(*GET, "parameters", "0", "schema", "enum", to=["a"]), "GET /things ?state: does not take b"),
        (change(*GET, "responses", to={"202": {}}), "GET /things: does not answer 200 any more"),
        (change(*THING, "properties", "id"), "GET /things 200.id: is gone"),
        (
            change(*THING, "properties", "id", "type", to=["string", "null"]),
            "GET /things 200.id: is null or string, and was string",
        ),
        (change(*THING, "required", to=[]), "GET /things 200.id: may be missing"),
        (change(*POST, "requestBody", "required", to=True), "POST /things: the body is required"),
        (change(*NEW, "required", to=["title"]), "POST /things request.title: is required"),
        (change(*NEW, "properties", "title", "maxLength", to=5), "POST /things request.title: maxLength is 5"),
        (
            change(*NEW, "properties", "title", "type", to="integer"),
            "POST /things request.title: is integer, and was string",
        ),
    ],
)  # fmt: skip
def test_it_says_what_broke(changed: Callable[[dict[str, Any]], None], said: str) -> None:
    after = copy.deepcopy(BEFORE)
    changed(after)

    assert said in list_breaking_changes(BEFORE, after)


@pytest.mark.parametrize(
    "changed",
    [
        change("paths", "/others", to={"get": {"responses": {"200": {}}}}),
        change(*GET, "parameters", "0", "schema", "enum", to=["a", "b", "c"]),
        change(*THING, "properties", "name", to={"type": "string"}),
        change(*NEW, "properties", "title", "type", to=["string", "null"]),
        change(*NEW, "properties", "title", "maxLength", to=20),
    ],
)
def test_what_is_added_breaks_nobody(changed: Callable[[dict[str, Any]], None]) -> None:
    after = copy.deepcopy(BEFORE)
    changed(after)

    assert list_breaking_changes(BEFORE, after) == []


def test_what_was_deprecated_may_go() -> None:
    before, after = copy.deepcopy(BEFORE), copy.deepcopy(BEFORE)
    change(*GET, "deprecated", to=True)(before)
    change(*GET)(after)

    assert list_breaking_changes(before, after) == []


def test_a_kept_document_has_no_texts_and_all_members() -> None:
    shape = {"description": "x", "schemas": {"A": {"properties": {"summary": {"type": "string", "description": "x"}}}}}

    assert strip_texts(shape) == {"schemas": {"A": {"properties": {"summary": {"type": "string"}}}}}
