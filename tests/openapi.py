"""A test client that holds every answer of the API against the OpenAPI document."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from project.settings import BASE_DIR


class DescribedClient(APIClient):
    """Fails a test whose request is answered in a way that docs/api.yaml does not describe."""

    def request(self, **kwargs: Any) -> Any:
        answer = super().request(**kwargs)
        check_answer(kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"], answer)
        return answer


def check_answer(method: str, path: str, answer: Any) -> None:
    """Fail unless the document describes the status, the media type and the shape of an answer."""
    operation = find_operation(method, urlsplit(path).path)
    if operation is None:
        return
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{method} {path}: docs/api.yaml does not describe status {answer.status_code}"
    contents = described.get("content", {})
    if answer.status_code == 204 or not contents:
        return
    media_type = answer.get("Content-Type", "").split(";")[0]
    described_types = {media_type, f"{media_type.partition('/')[0]}/*"}
    assert described_types & contents.keys(), f"{method} {path}: docs/api.yaml does not describe {media_type}"
    if media_type.endswith("json"):
        assert b"+00:00" not in answer.content, f"{method} {path}: a time ends in +00:00, and all others in Z"
        errors = list(build_validator(contents[media_type]["schema"]).iter_errors(answer.json()))
        if errors and errors[0].json_path == "$.code":
            raise AssertionError(
                f"{method} {path}: docs/api.yaml does not describe the code {answer.json()['code']!r} with the status "
                f"{answer.status_code}. Add it to @declare_problems of the view's action, and run make schema."
            )
        assert not errors, f"{method} {path}: {errors[0].json_path} {errors[0].message}"


@cache
def read_document() -> dict[str, Any]:
    """Return docs/api.yaml."""
    document: dict[str, Any] = yaml.load((BASE_DIR / "docs" / "api.yaml").read_bytes(), yaml.CSafeLoader)
    return document


@cache
def _list_paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    found = read_document()["paths"].items()
    return [(re.compile(re.sub(r"\\?\{\w+\\?\}", "[^/]+", re.escape(path))), operations) for path, operations in found]


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation of the document that answers a request; None when there is none."""
    for pattern, operations in _list_paths():
        if pattern.fullmatch(path):
            operation: dict[str, Any] | None = operations.get(method.lower())
            return operation
    return None


def build_validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Return a validator for a shape that the document has in one place or another."""
    return _build_validator(json.dumps(schema))


@cache
def _build_validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": read_document()["components"]})
