"""What of the API's document breaks programs that were written for an older one.

`python -m tests.api_document.changes` keeps the present document, without its texts, as that of the last release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from project.settings import BASE_DIR
from tests.openapi import read_document

RELEASED = BASE_DIR / "tests" / "data" / "openapi" / "released-api.json"
_TEXTS = {"description", "summary", "example", "examples"}
# A smaller one of the first, or a larger one of the others, refuses input that was taken before.
_UPPER_BOUNDS = ("maxLength", "maxItems", "maximum")
_LOWER_BOUNDS = ("minLength", "minItems", "minimum")
_Shape = dict[str, Any]


def list_breaking_changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what a program written for `before` cannot do any more, or reads no more, with a server of `after`."""
    return sorted(set(_Comparison(before, after).compare_operations()))


def strip_texts(value: Any, *, is_shape: bool = False) -> Any:
    """Return a document without descriptions and examples. Properties of a shape may have these names."""
    if isinstance(value, list):
        return [strip_texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: item for name, item in value.items() if is_shape or name not in _TEXTS}
    return {name: strip_texts(item, is_shape=name in {"properties", "schemas"}) for name, item in kept.items()}


class _Comparison:
    def __init__(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        self._before, self._after = before, after
        self._compared: set[str] = set()

    def compare_operations(self) -> Iterator[str]:
        for path, operations in self._before["paths"].items():
            for method, old in operations.items():
                name = f"{method.upper()} {path}"
                new = self._after["paths"].get(path, {}).get(method)
                if new is not None:
                    yield from self._compare_operation(name, old, new)
                elif not old.get("deprecated"):
                    yield f"{name}: the operation is gone"

    def _compare_operation(self, name: str, old: _Shape, new: _Shape) -> Iterator[str]:
        if "x-scope" in old and old["x-scope"] != new.get("x-scope"):
            yield f"{name}: needs the scope {new.get('x-scope')}, and needed {old['x-scope']}"
        yield from self._compare_parameters(name, old, new)
        taken, sent = old.get("requestBody", {}), new.get("requestBody", {})
        if sent.get("required") and not taken.get("required"):
            yield f"{name}: the body is required"
        yield from self._compare_contents(f"{name} request", taken, sent, is_request=True)
        for status, answer in old["responses"].items():
            if status >= "300":
                continue
            if status not in new["responses"]:
                yield f"{name}: does not answer {status} any more"
            else:
                yield from self._compare_contents(
                    f"{name} {status}", answer, new["responses"][status], is_request=False
                )

    def _compare_parameters(self, name: str, old: _Shape, new: _Shape) -> Iterator[str]:
        known = {(each["in"], each["name"]): each for each in old.get("parameters", ())}
        present = {(each["in"], each["name"]): each for each in new.get("parameters", ())}
        for key, parameter in present.items():
            if parameter.get("required") and not known.get(key, {}).get("required"):
                yield f"{name}: the parameter {key[1]} is required"
        for key, parameter in known.items():
            if key not in present:
                yield f"{name}: the parameter {key[1]} is gone"
            else:
                where = f"{name} ?{key[1]}"
                yield from self._compare(where, parameter["schema"], present[key]["schema"], is_request=True)

    def _compare_contents(self, where: str, old: _Shape, new: _Shape, *, is_request: bool) -> Iterator[str]:
        for media_type, content in old.get("content", {}).items():
            if media_type not in new.get("content", {}):
                yield f"{where}: {media_type} is gone"
            elif "schema" in content:
                present = new["content"][media_type]["schema"]
                yield from self._compare(where, content["schema"], present, is_request=is_request)

    def _compare(self, where: str, old: _Shape, new: _Shape, *, is_request: bool) -> Iterator[str]:
        mark = json.dumps([old, new, is_request])
        if "$ref" in mark and mark in self._compared:
            return
        self._compared.add(mark)
        old, new = _resolve(self._before, old), _resolve(self._after, new)
        types, present_types = _list_types(old), _list_types(new)
        wider, narrower = (present_types, types) if is_request else (types, present_types)
        if types and present_types and not narrower <= wider:
            yield f"{where}: is {' or '.join(sorted(present_types))}, and was {' or '.join(sorted(types))}"
        if is_request:
            yield from _compare_bounds(where, old, new)
        yield from self._compare_properties(where, old, new, is_request=is_request)
        if "items" in old and "items" in new:
            yield from self._compare(f"{where}[]", old["items"], new["items"], is_request=is_request)

    def _compare_properties(self, where: str, old: _Shape, new: _Shape, *, is_request: bool) -> Iterator[str]:
        known, present = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(is_required - was_required if is_request else ()):
            yield f"{where}.{name}: is required"
        for name, shape in known.items():
            if name not in present:
                yield f"{where}.{name}: is gone"
                continue
            if not is_request and name in was_required - is_required:
                yield f"{where}.{name}: may be missing"
            yield from self._compare(f"{where}.{name}", shape, present[name], is_request=is_request)


def _compare_bounds(where: str, old: _Shape, new: _Shape) -> Iterator[str]:
    """Yield what the input may not be any more. New values of answers break nobody who expects some."""
    if "enum" in old and "enum" in new and (gone := [value for value in old["enum"] if value not in new["enum"]]):
        yield f"{where}: does not take {', '.join(map(str, gone))}"
    for bound in _UPPER_BOUNDS:
        if bound in new and new[bound] < old.get(bound, float("inf")):
            yield f"{where}: {bound} is {new[bound]}"
    for bound in _LOWER_BOUNDS:
        if bound in new and new[bound] > old.get(bound, float("-inf")):
            yield f"{where}: {bound} is {new[bound]}"


def _resolve(document: dict[str, Any], shape: _Shape) -> _Shape:
    """Return a shape without references at its top, with the parts of `allOf` put together."""
    while "$ref" in shape:
        shape = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    joined = {name: value for name, value in shape.items() if name != "allOf"}
    for part in shape.get("allOf", ()):
        joined = {**_resolve(document, part), **joined}
    return joined


def _list_types(shape: _Shape) -> set[str]:
    given = shape.get("type", [])
    types = {given} if isinstance(given, str) else set(given)
    # Each whole number is a number.
    return types | {"integer"} if "number" in types else types


if __name__ == "__main__":
    RELEASED.write_text(json.dumps(strip_texts(read_document())) + "\n", encoding="utf-8")
