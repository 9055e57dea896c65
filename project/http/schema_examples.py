"""The examples in the OpenAPI document: requests and answers that were recorded by `make examples`.

A file of the folder `project/api_examples` is named by the operation's id, and holds `request`, the example of a body,
and `answers`, those of the bodies of successful answers by their status.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "api_examples"


def is_shown(media_type: str) -> bool:
    """Tell whether bodies of the type can be shown as an example: JSON, and events as text."""
    return media_type.endswith("json") or media_type == "text/event-stream"


def read_examples(operation_id: str) -> dict[str, Any]:
    """Return what is recorded of an operation; an empty dict when nothing is."""
    path = FOLDER / f"{operation_id}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def add_examples(operation: dict[str, Any]) -> None:
    """Add the recorded examples to an operation of the document."""
    examples = read_examples(operation["operationId"])
    content = operation.get("requestBody", {}).get("content", {})
    if "request" in examples and content:
        shown = "application/json" if "application/json" in content else next(iter(content))
        content[shown]["example"] = examples["request"]
    for status, answer in examples.get("answers", {}).items():
        for media_type, described in operation["responses"].get(status, {}).get("content", {}).items():
            if is_shown(media_type):
                described["example"] = answer
