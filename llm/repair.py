"""The one round in which a model may mend an answer that does not fit."""

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
    """Return the request that shows the model its answer and what is wrong with it, without the materials.

    An answer that does not even begin like an object is asked for anew instead: it holds nothing that could be mended.
    """
    if "{" not in error.text:
        return request
    faults = "\n".join(f"- {fault}" for fault in str(error).split("; "))
    return replace(request, prompt=_PROMPT.format(faults=faults, answer=error.text), pictures=(), clips=())
