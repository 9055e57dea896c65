"""Builds the one request in which a model may repair an answer that does not fit its schema."""

from __future__ import annotations

from dataclasses import replace

from llm.errors import AnswerUnusable
from llm.messages import ModelRequest

_PROMPT = """\
You were asked for one JSON object of a given schema. The answer below does not fit the schema.

What does not fit:
{faults}

Return the whole object again with these faults mended. Change nothing else, and add nothing around it.

The answer:
{answer}
"""


def build_repair_request(request: ModelRequest, error: AnswerUnusable) -> ModelRequest:
    """Return a request with the model's answer and its faults, in the place of the original prompt.

    For an answer without any `{` the original request is returned: there is nothing to repair.
    """
    if "{" not in error.text:
        return request
    faults = "\n".join(f"- {fault}" for fault in str(error).split("; "))
    # Without the materials and pictures: they are most of the cost, and the schema's faults do not need them.
    return replace(request, prompt=_PROMPT.format(faults=faults, answer=error.text), pictures=(), clips=())
