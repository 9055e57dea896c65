"""Structures that were exported as JSON are imported as materials, which give the same structure again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from materials.models import MaterialNode
from materials.readers.packages.package import MAX_ITEMS
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot
from structures.exports.json_document import JSONFormat, read_schema
from structures.models import StructureNode, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.materials.transfer.test_import import bring, imported, items, packed
from tests.structures.exports.courses import build_hostile_course, build_plain_course
from tests.structures.exports.round_trips import plan_import, read_contents, reimport


def write(snapshot: ExportedSnapshot) -> bytes:
    out = io.BytesIO()
    JSONFormat().write(snapshot, {"evidence": True}, out)
    return out.getvalue()


def build(children: Sequence[Any], **fields: Any) -> bytes:
    """Return a document with these nodes, which need not follow the schema."""
    document = {"schema": read_schema()["$id"], "course": {"title": "Water"}, "children": children, **fields}
    return json.dumps(document).encode()


def list_outline(nodes: Sequence[ExportedNode], depth: int = 0) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if node.node_type in {NodeType.MODULE, NodeType.LESSON}:
            yield depth, " ".join(node.row.title.split())
            yield from list_outline(node.children, depth + 1)


def list_arranged(snapshot: StructureSnapshot) -> list[tuple[str, str, str | None]]:
    rows = StructureNode.objects.filter(snapshot=snapshot, node_type__in=["module", "lesson"]).order_by("position")
    return list(rows.values_list("node_type", "title", "parent__title"))


def test_a_structure_that_is_imported_and_generated_has_the_same_modules_and_lessons(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    client = api(acme)

    report = imported(client, course.pk, write(build_plain_course().build_snapshot()))

    assert (report["package"], report["files"]["taken"]) == ("Structure as JSON", 4)
    drain()
    client.post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json")
    drain()
    snapshot = StructureSnapshot.objects.get()
    assert list_arranged(snapshot) == [
        ("module", "Hot", None),
        ("lesson", "Heat", "Hot"),
        ("lesson", "Steam", "Hot"),
        ("module", "Cold", None),
        ("lesson", "Ice", "Cold"),
    ]
    nodes = StructureNode.objects.filter(snapshot=snapshot)
    assert nodes.filter(node_type="concept", title="Boiling point").exists()
    assert nodes.get(title="Heat").learning_goal.splitlines() == ["Know heat.", "Use it."]
    assert nodes.get(node_type="exercise").reference_solution == "Ten minutes."


def test_titles_of_any_kind_come_back_in_order(tmp_path: Path) -> None:
    course = build_hostile_course().build_snapshot()

    found = reimport(tmp_path, write(course))

    expected = list(list_outline(course.modules))
    assert len(expected) > 10
    assert read_contents(found.plan) == expected


def test_it_is_known_by_its_content_in_an_archive_too(tmp_path: Path) -> None:
    document = write(build_plain_course().build_snapshot())
    plain = read_contents(plan_import(tmp_path, document))

    assert plain == [(0, "Hot"), (1, "Heat"), (1, "Steam"), (0, "Cold"), (1, "Ice")]
    assert read_contents(plan_import(tmp_path, packed({"structure.json": document}))) == plain
    assert read_contents(plan_import(tmp_path, b"\xef\xbb\xbf  " + document)) == plain
    other = plan_import(tmp_path, packed({"structure.json": b'{"schema": "other"}'}))
    assert (other.package, [each.skip.code for each in other.skipped]) == ("", ["type_unsupported"])


LESSON: Mapping[str, Any] = {"type": "lesson", "title": "Ice"}


def nest(levels: int) -> list[Any]:
    node: dict[str, Any] = dict(LESSON)
    for _ in range(levels):
        node = {"type": "module", "title": "Deep", "children": [node]}
    return [node]


@pytest.mark.parametrize(
    ("build_document", "said"),
    [
        (lambda: build([LESSON] * (MAX_ITEMS + 1)), "more than 20,000"),
        (lambda: build([LESSON] * 100_000), "more than 20,000"),
        (lambda: build(nest(65)), "64 levels"),
        (lambda: build([]).replace(b"[]", b"[" * 200_000), "no JSON"),
        (lambda: build([LESSON])[:-2], "no JSON"),
    ],
)
def test_a_document_that_is_too_large_or_damaged_is_not_used(
    tmp_path: Path, build_document: Callable[[], bytes], said: str
) -> None:
    document = build_document()

    plan = plan_import(tmp_path, document)

    assert not plan.files
    assert said in " ".join(plan.warnings)
    assert [each.skip.code for each in plan.skipped] == ["type_unsupported"]


def test_a_document_is_bounded_before_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("materials.readers.packages.structure_json._MAX_BYTES", 100)

    plan = plan_import(tmp_path, build([LESSON]))

    assert "MiB" in " ".join(plan.warnings)


@pytest.mark.parametrize(
    "children",
    [
        None,
        {"type": "lesson"},
        [None, 7, "lesson", [], {}, {"type": ["lesson"]}, {"type": "lesson"}, {"type": "lesson", "title": 7}],
        [{**LESSON, "children": "concept", "key_points": {"a": 1}, "questions": [None, 3, "Why?"], "description": []}],
        [{**LESSON, "title": "\ud800 \x00 ice", "description": "\udfff\x00", "learning_goals": ["\ud800"]}],
        [{**LESSON, "title": "../../etc/passwd", "description": "# Not a lesson\n\n<script>alert(1)</script>"}],
    ],
)
def test_what_no_export_writes_does_no_harm(tmp_path: Path, children: Any) -> None:
    plan = plan_import(tmp_path, build(children))

    for file in plan.files:
        assert not {"..", "/"} & set(file.path)
        assert (file.item.data or b"").decode().count("\n# ") == 0


def test_json_of_another_kind_is_refused_at_once(api: Api, acme: Tenant, course: MaterialNode) -> None:
    for content in (b'{"a": 1}', b"[]", b'"urn:coursewright:structure:1"'):
        answer = bring(api(acme), course.pk, content)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_a_zip")


def test_a_title_without_words_is_imported_in_the_database(api: Api, acme: Tenant, course: MaterialNode) -> None:
    document = build([{"type": "module", "title": "\ud800\x00", "children": [{"type": "lesson", "title": "\x00"}]}])

    report = imported(api(acme), course.pk, document)

    assert [each["path"] for each in items(api(acme), report, outcome="skipped")] == ["structure.json"]
