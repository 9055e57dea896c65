"""Which functions answer in a sandbox. The apps that own a question register what answers it, by dotted names."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.utils.module_loading import import_string
from pydantic import BaseModel

from llm.errors import ModelUnsuited
from llm.messages import ModelRequest

# What a question without a schema is answered.
TEXT_ANSWER = "ready"

AnswerFunction = Callable[[ModelRequest], BaseModel]

_paths_by_schema: dict[str, str] = {}


def register_sandbox_answer(schema_name: str, function_path: str) -> None:
    """Have questions for objects of a class, by its name, answered by a function in sandboxes. Call it from `ready`.

    The function, given by its dotted name, returns the object. It depends on the request alone, and may raise a
    ProviderError.
    """
    _paths_by_schema[schema_name] = function_path


def list_answered_schemas() -> list[str]:
    """Return the names of the classes whose objects are answered in sandboxes."""
    return sorted(_paths_by_schema)


def write_answer(request: ModelRequest, schema_name: str) -> str:
    """Return the answer to a request as text, JSON where a schema is asked for. Raises a ProviderError."""
    if not schema_name:
        return TEXT_ANSWER
    if schema_name not in _paths_by_schema:
        raise ModelUnsuited(f"the sandbox has no answer of the form {schema_name}")
    answer = cast(AnswerFunction, import_string(_paths_by_schema[schema_name]))(request)
    return answer.model_dump_json()
