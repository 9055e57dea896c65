"""The catalogue of error codes: complete, without leftovers, and shown by the server and the documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from project.error_codes.catalogue import build_example, get_areas, get_catalogue
from project.error_codes.pages import build_page
from project.http.schema import declare_problems
from project.settings import BASE_DIR
from tenants.models import Tenant
from tests.conftest import Api
from tests.openapi import build_validator, read_document

APPS = ("project", "tenants", "llm", "materials", "structures")
# What takes a `code` that is none of a problem, a job or an entry: one value of the input, a file of an archive that is
# left out, a change that cannot be undone, a language, a row of the database.
OTHER_THINGS = {"ErrorDetail", "ValidationError", "SkipReason", "LaterChange", "Language", "filter", "exclude", "Q"}
# Given by Django REST framework, by a constant, or by nginx, and of attempts that did not fail.
GIVEN_ELSEWHERE = {
    "integrity_broken", "malformed_body", "method_not_allowed", "not_acceptable", "unavailable",
    "unsupported_media_type",
}  # fmt: skip
NO_ERRORS = {"complete"}


def test_every_code_is_described_and_none_is_left_over() -> None:
    raised, described = find_written_codes() | GIVEN_ELSEWHERE, set(get_catalogue())

    assert raised - described == NO_ERRORS, "Describe the codes in a file of project/error_codes, or see OTHER_THINGS."
    assert described - raised == set(), "Nothing has these codes any more."


def find_written_codes() -> set[str]:
    """Return the codes that stand in the sources: as an attribute of an exception, or as an argument."""
    return {
        code
        for app in APPS
        for path in (BASE_DIR / app).rglob("*.py")
        if "migrations" not in path.parts and re.search(r"\bcode ?= ?", text := path.read_text())
        for node in ast.walk(ast.parse(text))
        for code in list_codes(node)
    }


def list_codes(node: ast.AST) -> Iterator[str]:
    """Yield the codes that a call or a class names by words."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] not in OTHER_THINGS:
        given = [each.value for each in node.keywords if each.arg == "code"]
    elif isinstance(node, ast.ClassDef):
        assigned = [each for each in node.body if isinstance(each, ast.Assign)]
        given = [each.value for each in assigned if ast.unparse(each.targets[0]) == "code"]
    else:
        return
    for value in given:
        branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        yield from (str(each.value) for each in branches if isinstance(each, ast.Constant) and each.value)


def test_codes_are_sorted() -> None:
    for area in get_areas():
        assert list(area.codes) == sorted(area.codes), area.title


def test_the_page_of_the_documentation_is_that_of_the_catalogue() -> None:
    assert (BASE_DIR / "docs" / "errors.md").read_text() == build_page(), "Run make schema."


def test_examples_of_problems_are_problems() -> None:
    problem = build_validator({"$ref": "#/components/schemas/Problem"})
    for code, entry in get_catalogue().items():
        if entry.status:
            problem.validate(build_example(code))


def test_every_code_of_the_document_has_a_page(client: Client) -> None:
    shapes = read_document()["components"]["schemas"].values()
    codes = {code for shape in shapes for part in shape.get("allOf", ()) for code in list_code_enum(part)}

    assert len(codes) > 100
    for code in codes:
        assert client.get(f"/api/errors/{code}").status_code == 200


def list_code_enum(part: dict[str, Any]) -> list[str]:
    enum: list[str] = part.get("properties", {}).get("code", {}).get("enum", [])
    return enum


def test_the_type_of_a_problem_leads_to_the_page_of_its_code(api: Api, acme: Tenant, client: Client) -> None:
    problem = api(acme).get("/api/v1/nodes/01a20df2-45b5-73c6-a2c5-3965d609f793").json()

    page = client.get(problem["type"])
    described = client.get(problem["type"], headers={"Accept": "application/json"}).json()

    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "404 Not Found" in page.content.decode()
    assert described["code"] == problem["code"] == "not_found"
    assert described["answers"] == [{"status": 404, "title": "Not Found"}]
    assert described["example"]["type"] == problem["type"]
    assert client.get("/api/errors/nonsense").status_code == 404


@pytest.mark.parametrize("code", ["409", "nonsense", "worker_lost"])
def test_a_problem_is_declared_by_a_described_code_with_a_status(code: str) -> None:
    with pytest.raises(ValueError, match=r"declare_problems takes codes|Describe the code"):
        declare_problems(code)
