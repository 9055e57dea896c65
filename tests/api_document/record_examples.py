"""Records the examples of the API's document: `make examples`.

Each row of the access table is requested once in a world of rows that belong to Acme. Files of `project/api_examples`
that are valid stay as they are; ids, times and secrets are replaced, so that recording again changes little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any

from project.http.schema_examples import FOLDER, is_shown
from tenants.models import Tenant
from tests.api_document.examples import list_faults
from tests.conftest import Api
from tests.openapi import find_operation
from tests.test_access import ACCESS, RAW, World, request, undone, world  # noqa: F401  # a fixture

# Of a list: enough to see that it is one.
MAX_ITEMS = 2
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REPLACED = (
    (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"), "2026-10-05T09:15:27Z"),
    (re.compile(r"http://testserver"), "https://courses.example.org"),
    (re.compile(r"(/shared/)[\w-]+"), r"\1s3cr3t-t0k3n"),
    (re.compile(r"(?<=\?)(?=.*(?:signature|expires)=).*"), "expires=1759655727&signature=5f2b8c"),
    (re.compile(r"\b(cw_(?:live|test)_|whsec_)[\w+/=]+"), r"\1replaced"),
)


def test_examples_are_recorded(api: Api, acme: Tenant, world: World) -> None:  # noqa: F811
    for method, template, scope, _ in ACCESS:
        path = world.path(template)
        operation = find_operation(method, path)
        assert operation is not None, f"{method} {template} is not in docs/api.yaml: run make schema"
        if not list_faults(operation):
            continue
        with undone():
            answer = request(api(acme, scope), method, world, template)
            if answer.status_code >= 300 or not is_shown(answer.get("Content-Type", "")):
                continue
            body = json.loads(world.body(template)) if method in {"POST", "PATCH", "PUT"} else None
            recorded: dict[str, Any] = {} if "requestBody" not in operation else {"request": body}
            if template in RAW:
                recorded = {"request": {"file": "course.zip"}}
            recorded["answers"] = {str(answer.status_code): shorten_lists(answer.json())}
        write_example(operation["operationId"], recorded)


def shorten_lists(value: Any) -> Any:
    """Return the value with the first items of its lists alone."""
    if isinstance(value, list):
        return [shorten_lists(item) for item in value[:MAX_ITEMS]]
    return {name: shorten_lists(item) for name, item in value.items()} if isinstance(value, dict) else value


def write_example(operation_id: str, recorded: dict[str, Any]) -> None:
    """Write an example without what differs each time and what is secret."""
    numbers, seen = count(1), dict[str, str]()

    def clean_text(text: str) -> str:
        text = _UUID.sub(
            lambda found: seen.setdefault(found.group(), f"0192f0c1-7a3e-7c55-9a41-0c52d5a6f{next(numbers):03x}"), text
        )
        for pattern, replacement in _REPLACED:
            text = pattern.sub(replacement, text)
        return text

    text = json.dumps(_map_texts(recorded, clean_text), indent=2, ensure_ascii=False)
    (FOLDER / f"{operation_id}.json").write_text(text + "\n", encoding="utf-8")


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): _map_texts(item, change) for name, item in value.items()}
    return value
