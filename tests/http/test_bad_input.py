from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from project.http.serializers import StrictListField, StrictSerializer
from tenants.models import Tenant
from tests.conftest import Api, post_raw

NOBODYS = "01a20df2-45b5-73c6-a2c5-3965d609f793"
BAD_BODIES = [
    (b"{", 400, "malformed_body"),
    (b"[]", 400, "malformed_body"),
    (b'"text"', 400, "malformed_body"),
    (b'{"title": NaN}', 400, "malformed_body"),
    (b'{"title": 1e999}', 400, "malformed_body"),
    (b'{"title": "' + b"x" * 2**20 + b'"}', 413, "body_too_large"),
    (b'{"title": "a", "title": "b"}', 400, "malformed_body"),
    (b'{"title": "a\\u0000b"}', 400, "malformed_body"),
    (b'{"title": "\\ud800"}', 400, "malformed_body"),
    (b"\xff\xfe{}", 400, "malformed_body"),
    (b"[" * 100_000, 400, "malformed_body"),
    (b'{"title":' + b"[" * 40 + b"]" * 40 + b"}", 400, "malformed_body"),
    (b"{}", 422, "invalid_input"),
    (b'{"title": ""}', 422, "invalid_input"),
    (b'{"title": null}', 422, "invalid_input"),
    (b'{"title": ["x"]}', 422, "invalid_input"),
    (b'{"title": 5}', 422, "invalid_input"),
    (b'{"title": "x", "expected_skills": [1.5]}', 422, "invalid_input"),
    (b'{"title": "x", "colour": "red"}', 422, "invalid_input"),
    (b'{"title": "x", "parent": "not-a-uuid"}', 422, "invalid_input"),
    (b'{"title": "x", "parent": ' + b"9" * 400 + b"}", 422, "invalid_input"),
    (b'{"title": "' + b"x" * 501 + b'"}', 422, "invalid_input"),
    (b'{"title": "x", "language": "english please"}', 422, "invalid_input"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES)
def test_it_says_what_is_wrong_with_a_body(api: Api, acme: Tenant, body: bytes, status: int, code: str) -> None:
    answer = post_raw(api(acme), "/api/v1/nodes", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["next_step"]
    assert not MaterialNode.objects.exists()


def test_it_points_at_the_wrong_value(api: Api, acme: Tenant) -> None:
    answer = api(acme).post("/api/v1/nodes", {"title": "x", "expected_skills": ["a", ""]}, format="json")

    assert answer.json()["errors"] == [
        {"pointer": "/expected_skills/1", "code": "blank", "detail": "This field may not be blank."}
    ]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"title": "x", **{f"key{number}": 1 for number in range(60_000)}}, 60_000),
        ({"title": "x", "expected_skills": [1] * 200}, 200),
        ({"title": "x", "expected_skills": [""] * 30, "expected_knowledge": [[]] * 30}, 60),
        ({"title": "x", "x" * 500_000: 1}, 1),
        ({"title": "x", "expected_skills": ["x"] * 70_000}, 1),
    ],
    ids=["unknown fields", "numbers", "two lists", "a long name", "a long list"],
)
def test_it_names_at_most_twenty_errors_and_counts_them_all(
    api: Api, acme: Tenant, body: dict[str, Any], count: int
) -> None:
    answer = api(acme).post("/api/v1/nodes", body, format="json")

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == min(count, 20)
    assert answer.json()["error_count"] == count
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    "value",
    [b"[" + b"1," * 400_000 + b"1]", b"[" + b"[[],[]]," * 100_000 + b"1]", b"[" + b"{}," * 300_000 + b"1]"],
    ids=["numbers", "nested lists", "objects"],
)
def test_it_refuses_a_body_of_too_many_values(api: Api, acme: Tenant, value: bytes) -> None:
    body = b'{"title": "x", "expected_skills": ' + value + b"}"

    answer = post_raw(api(acme), "/api/v1/nodes", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    assert "more than 150000" in answer.json()["detail"]


def test_a_wrong_item_of_a_batch_names_a_few_problems_and_counts_the_others(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    items = [{f"key{number}": 0 for number in range(40)}, {"slide": 0}]

    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/mappings", {"items": items}, format="json")

    rejected = [each for each in answer.json()["rejected"] if each["index"] == 0]
    assert len(rejected) == 6
    assert rejected[-1]["hint"] == "35 more problems of this item are not listed."


def test_every_list_of_the_input_looks_at_its_length_first() -> None:
    loose = [
        f"{shape.__name__}.{name}"
        for shape in list_subclasses(StrictSerializer)
        for name, field in shape().fields.items()
        if isinstance(field, (serializers.ListField, serializers.ListSerializer))
        and not isinstance(field, StrictListField)
    ]

    assert loose == []


def list_subclasses(base: type[Any]) -> list[type[Any]]:
    return [found for below in base.__subclasses__() for found in (below, *list_subclasses(below))]


@pytest.mark.parametrize(
    "path",
    [
        "nodes/not-a-uuid",
        "nodes/",
        "nodes/%00",
        f"nodes/{NOBODYS}",
        f"jobs/{NOBODYS}",
        f"snapshots/{NOBODYS}",
        "nothing",
    ],
)
def test_it_answers_404_to_what_is_not_there(api: Api, acme: Tenant, path: str) -> None:
    answer = api(acme).get(f"/api/v1/{path}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.json()["request_id"] == answer["X-Request-Id"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=" + "9" * 50, "cursor=abc", "cursor=a.b", "parent=x", "colour=red"],
)
def test_it_refuses_bad_parameters(api: Api, acme: Tenant, query: str) -> None:
    answer = api(acme).get(f"/api/v1/nodes?{query}")

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"


@pytest.mark.parametrize("query", ["limit=0", "cursor=%00", "colour=red"])
@pytest.mark.parametrize("path", ["jobs", "nodes/{node}/entries", "nodes/{node}/snapshots", "entries/{entry}/chunks"])
def test_every_list_refuses_them(api: Api, acme: Tenant, lecture: MaterialEntry, path: str, query: str) -> None:
    answer = api(acme).get(f"/api/v1/{path.format(node=lecture.node_id, entry=lecture.pk)}?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


@pytest.mark.parametrize("path", ["nodes/not-a-uuid", "nothing"])
def test_it_shows_no_debug_page_for_what_is_not_there(api: Api, acme: Tenant, settings: Settings, path: str) -> None:
    settings.DEBUG = True

    answer = api(acme).post(f"/api/v1/{path}", {}, format="json")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_it_refuses_other_methods_and_types(api: Api, acme: Tenant) -> None:
    client = api(acme)

    assert client.put("/api/v1/nodes").status_code == 405
    assert client.generic("POST", "/api/v1/nodes", "a=b", content_type="text/csv").status_code == 415


@pytest.mark.parametrize("debug", [False, True])
def test_it_hides_a_bug_gives_its_request_id_and_logs_it_once(
    api: Api,
    acme: Tenant,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    debug: bool,
) -> None:
    def broken(**_arguments: Any) -> None:
        raise ValueError("secret detail")

    settings.DEBUG = debug
    monkeypatch.setattr("materials.tree.views.create_node", broken)
    client = api(acme)
    client.raise_request_exception = False

    answer = client.post("/api/v1/nodes", {"title": "x"}, format="json")

    assert answer.status_code == 500
    assert answer.json()["code"] == "unexpected"
    assert answer.json()["request_id"] == answer["X-Request-Id"]
    assert "secret" not in answer.content.decode()
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.exc_info is not None for record in errors] == [True]


@pytest.mark.parametrize(("given_id", "kept"), [("req-42", True), ("x" * 129, False), ("a b", False)])
def test_it_keeps_a_sensible_request_id(given_id: str, kept: bool) -> None:
    answer = APIClient(headers={"X-Request-Id": given_id}).get("/health/live")

    assert (answer["X-Request-Id"] == given_id) is kept


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=10), below, max_size=3),
    max_leaves=10,
)
fields = st.sampled_from(["title", "parent", "language", "learning_goal", "expected_knowledge", "expected_skills", "x"])


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.dictionaries(fields, json_values, max_size=4))
def test_it_never_breaks_on_any_json(api: Api, acme: Tenant, body: dict[str, Any]) -> None:
    answer = api(acme).post("/api/v1/nodes", body, format="json")

    assert answer.status_code in {201, 400, 404, 422}


def test_a_browser_that_strays_gets_a_page_and_a_program_a_problem(db: None) -> None:
    page = APIClient().get("/nowhere", headers={"Accept": "text/html"})
    problem = APIClient().get("/nowhere", headers={"Accept": "application/json"})

    assert (page.status_code, problem.status_code) == (404, 404)
    assert "There is nothing at /nowhere." in page.content.decode()
    assert problem.json()["code"] == "not_found"


def test_a_form_of_too_many_parts_is_refused(api: Api, acme: Tenant, course: MaterialNode) -> None:
    for disposition in ('form-data; name="f{}"', 'form-data; name="f{0}"; filename="{0}.md"'):
        part = "--x\r\nContent-Disposition: " + disposition + "\r\n\r\nv\r\n"
        body = "".join(part.format(number) for number in range(2_000)) + "--x--\r\n"

        answer = post_raw(
            api(acme),
            f"/api/v1/nodes/{course.pk}/entries",
            body.encode(),
            content_type="multipart/form-data; boundary=x",
        )

        assert answer.status_code in {413, 422}, answer.content
        assert "file" in answer.json()["next_step"]


def test_a_number_of_too_many_digits_is_refused_in_our_words(api: Api, acme: Tenant) -> None:
    body = b'{"title": ' + b"9" * 100_000 + b"}"

    answer = post_raw(api(acme), "/api/v1/nodes", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["detail"] == "The body is not JSON: a number has more than 1000 digits."


@pytest.mark.parametrize(
    ("path", "pointer", "code", "known"),
    [
        ("jobs?kind=bogus", "/kind", "unknown_kind", "describe_entry"),
        ("nodes?format=bogus", "/format", "unknown_format", "json"),
        (f"snapshots/{NOBODYS}?format=bogus", "/format", "unknown_format", "json, markdown"),
    ],
)
def test_a_value_that_does_not_exist_is_refused_with_those_that_do(
    api: Api, acme: Tenant, path: str, pointer: str, code: str, known: str
) -> None:
    answer = api(acme).get(f"/api/v1/{path}")

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert known in error["detail"]


class NoFields(StrictSerializer):
    """Takes nothing."""


def test_a_body_that_takes_nothing_says_so() -> None:
    serializer = NoFields(data={"colour": "red"})

    assert not serializer.is_valid()
    assert serializer.errors == {"colour": ["Unknown field: none is taken here."]}
