"""What is wrong with the examples of an operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from project.http.schema_examples import is_shown, read_examples
from tests.openapi import build_validator


def list_faults(operation: dict[str, Any]) -> list[str]:
    """Return what its recorded examples lack, and where they do not fit the document."""
    return list(_find_faults(operation, read_examples(operation["operationId"])))


def _find_faults(operation: dict[str, Any], recorded: dict[str, Any]) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {})
    shown = next((content[kind]["schema"] for kind in content if is_shown(kind)), None)
    if (shown is not None or "multipart/form-data" in content) and "request" not in recorded:
        yield "no example of a request"
    elif shown is not None:
        yield from _validate("request", recorded["request"], shown)
    answers = recorded.get("answers", {})
    described = {
        status: answer["content"][kind]["schema"]
        for status, answer in operation["responses"].items()
        for kind in answer.get("content", {})
        if status < "300" and is_shown(kind)
    }
    if described and not answers.keys() & described.keys():
        yield "no example of an answer"
    for status, answer in answers.items():
        if status not in described:
            yield f"an example of an answer {status}, which the operation does not have"
        else:
            yield from _validate(f"answer {status}", answer, described[status])


def _validate(what: str, example: Any, schema: dict[str, Any]) -> Iterator[str]:
    for error in build_validator(schema).iter_errors(example):
        yield f"{what}: {error.json_path} {error.message[:200]}"
