"""Structures as JSON documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from structures.exports import json_checks
from structures.exports.json_document import JSONFormat, read_schema
from tests.structures.exports.courses import build_hostile_course, build_plain_course
from tests.structures.exports.test_formats import write


def test_it_carries_the_whole_tree_with_the_keys_of_nodes() -> None:
    snapshot = build_plain_course().build_snapshot()

    document = json.loads(write(JSONFormat(), snapshot))

    pending, found = list(document["children"]), []
    while pending:
        node = pending.pop(0)
        found.append((node["key"], node["type"], node["title"]))
        pending[:0] = node["children"]
    assert found == [(str(each.row.key), each.node_type.value, each.row.title) for each in snapshot.walk_nodes()]
    steam = document["children"][0]["children"][1]
    assert steam["prerequisites"][0]["lesson"] == document["children"][0]["children"][0]["key"]
    assert "chunk" not in steam["prerequisites"][0]["use"]
    assert document["children"][0]["children"][0]["learning_goals"] == ["Know heat.", "Use it."]
    assert document["children"][0]["children"][0]["references"][0]["locator"] == {"start_ms": 0, "end_ms": 15_000}
    assert document["course"]["title"] == "Water"


def test_it_changes_no_character_of_hostile_texts() -> None:
    snapshot = build_hostile_course().build_snapshot()

    text = write(JSONFormat(), snapshot).decode()

    document = json.loads(text)
    lessons = document["children"][0]["children"]
    assert [each["title"] for each in lessons] == [each.row.title for each in snapshot.modules[0].children]
    assert "הקרח" in text


def test_evidence_is_left_out_when_asked_for_and_that_is_said() -> None:
    snapshot = build_plain_course().build_snapshot()

    text = write(JSONFormat(), snapshot, evidence=False).decode()

    assert "book.pdf" not in text
    losses = list(JSONFormat().list_losses(snapshot, {"evidence": False}))
    assert [(loss.title, loss.field) for loss in losses] == [
        ("Heat", "references"),
        ("Boiling point", "references"),
        ("Boil an egg", "references"),
        ("Steam", "prerequisites.places"),
        ("Vapour", "references"),
        ("Freezing", "references"),
    ]
    assert list(JSONFormat().list_losses(snapshot, {"evidence": True})) == []


def test_the_schema_is_one_and_refuses_what_it_does_not_describe(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(read_schema())
    document = json.loads(write(JSONFormat(), build_plain_course().build_snapshot()))
    del document["children"][0]["children"][0]["key"]
    document["children"][1]["type"] = "chapter"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(document))

    report = JSONFormat().validate(path)

    assert report.exit == 1
    assert sorted(report.messages) == [
        "$.children[0].children[0]: 'key' is a required property",
        "$.children[1].type: 'chapter' is not one of ['module', 'lesson', 'concept', 'exercise']",
    ]


def test_a_document_too_large_to_be_held_is_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_checks, "_MAX_BYTES", 1000)
    path = tmp_path / "large.json"
    path.write_bytes(write(JSONFormat(), build_plain_course().build_snapshot()))

    report = JSONFormat().validate(path)

    assert report.exit is None
    assert "at most 1000 bytes" in report.messages[0]
