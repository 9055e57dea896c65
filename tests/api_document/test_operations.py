"""What the document says of every operation: an operation that lacks any of it fails here, with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from project.error_codes.catalogue import get_catalogue
from project.http.schema_examples import FOLDER
from project.http.schema_tags import TAGS
from tests.api_document.examples import list_faults
from tests.openapi import read_document
from tests.test_access import ACCESS

SCHEMAS = "#/components/schemas/"


def list_operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the operations with a name for messages."""
    for path, operations in read_document()["paths"].items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_has_operations() -> None:
    assert len(list(list_operations())) > 100


def test_every_operation_is_described() -> None:
    wrong = [
        name
        for name, operation in list_operations()
        if not operation.get("summary") or len(operation["summary"]) > 120 or not operation.get("description")
    ]

    assert wrong == [], "Give the action of the view a docstring whose first sentence has at most 120 characters."


def test_every_operation_has_an_id_of_its_own_that_programs_can_use() -> None:
    ids = [operation["operationId"] for _, operation in list_operations()]

    assert [each for each in ids if not each.isidentifier()] == [], "Give operation_id to extend_schema."
    assert len(set(ids)) == len(ids)


def test_every_operation_says_its_scope_and_what_comes_of_sending_it_twice() -> None:
    wrong = [
        name
        for name, operation in list_operations()
        if not operation.get("x-scope")
        or operation.get("x-idempotency") not in {"safe", "key", "idempotent"}
        or (operation["x-idempotency"] == "key")
        != any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    ]

    assert wrong == [], "Let the view use project.http.schema.DescribedSchema, and state read_scope and write_scope."


def test_every_tag_is_explained_and_used() -> None:
    used = {tag for _, operation in list_operations() for tag in operation["tags"]}

    assert used == {tag["name"] for tag in TAGS}, "Say in project/http/schema_tags.py what they group."
    assert read_document()["tags"] == TAGS, "Run make schema."
    assert read_document()["servers"]


def test_every_operation_has_valid_examples() -> None:
    wrong = {name: faults for name, operation in list_operations() if (faults := list_faults(operation))}

    assert wrong == {}, (
        "Run make examples, which records them by the rows of tests/test_access.py. Write what cannot succeed there by "
        "hand into a file of project/api_examples."
    )


def test_every_example_is_one_of_an_operation_and_in_the_document() -> None:
    operations = {operation["operationId"]: operation for _, operation in list_operations()}
    shown = {
        name
        for name, operation in operations.items()
        for body in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in body.get("content", {}).values()
        if "example" in content
    }

    assert {path.stem for path in FOLDER.glob("*.json")} == shown, "Run make schema, or delete what is left over."


def test_every_problem_lists_its_codes_with_the_status_of_the_catalogue() -> None:
    wrong = []
    for name, operation in list_operations():
        for status, answer in operation["responses"].items():
            if status < "400" or not answer.get("content"):
                continue
            codes = list_codes(answer)
            if not codes or any(int(status) not in get_catalogue()[code].status for code in codes):
                wrong.append(f"{name} {status}")

    assert wrong == [], "Declare problems with @declare_problems, not in the responses of extend_schema."


def test_every_operation_says_what_may_always_happen() -> None:
    for name, operation in list_operations():
        needs_key = operation["x-scope"] != "none"
        expected = {"422", "500", "503"} | ({"401", "403", "406", "429"} if needs_key else set())

        assert expected <= operation["responses"].keys(), name


def list_codes(answer: dict[str, Any]) -> list[str]:
    """Return the codes that a problem of the document may have."""
    reference = answer["content"].get("application/problem+json", {}).get("schema", {}).get("$ref", "")
    shape = read_document()["components"]["schemas"].get(reference.removeprefix(SCHEMAS), {})
    codes: list[str] = next(
        (part["properties"]["code"]["enum"] for part in shape.get("allOf", ()) if "properties" in part), []
    )
    return codes


def test_the_scope_of_every_operation_is_that_of_the_access_table() -> None:
    stated = {
        (name.partition(" ")[0], re.sub(r"\{\w+\}", "*", name.partition(" ")[2])): operation["x-scope"]
        for name, operation in list_operations()
    }

    for method, template, scope, _ in ACCESS:
        assert stated[method, "/api/v1/" + re.sub(r"\{\w+\}", "*", template)] == scope.value, f"{method} {template}"
