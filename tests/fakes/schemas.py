"""What vendors refuse about the JSON schema of a structured answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
Check = Callable[[Mapping[str, Any]], str]


def objection_to(schema: Mapping[str, Any], check: Check) -> tuple[Path, str] | None:
    """Return the path of the first part that `check` objects to or whose `$ref` leads nowhere, and what is wrong."""
    for path, part in _parts(schema, ()):
        if fault := _dangling(part, schema) or check(part):
            return path, fault
    return None


def _parts(schema: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    yield path, schema
    for keyword in ("$defs", "definitions", "properties"):
        for name, part in schema.get(keyword, {}).items():
            yield from _parts(part, (*path, keyword, name))
    for number, part in enumerate(schema.get("anyOf", [])):
        yield from _parts(part, (*path, "anyOf", str(number)))
    if isinstance(items := schema.get("items"), Mapping):
        yield from _parts(items, (*path, "items"))


def _dangling(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    reference = str(part.get("$ref", "#"))
    found: Any = schema
    for name in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(name) if name and isinstance(found, Mapping) else found
    return "" if isinstance(found, Mapping) else f"reference {reference!r} cannot be resolved"
