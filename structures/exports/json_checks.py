"""Checks of written JSON documents against their schemas, which are files of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from structures.exports.base import ValidationReport
from structures.exports.validation_limits import refuse_large

_FOLDER = Path(__file__).parent / "schemas"
_VALIDATOR = "jsonschema"
# Enough to see what is wrong; a wrong member is wrong in every node.
_MAX_MESSAGES = 20
# It takes some five times the bytes, so 80 MB, and a second for each million. 1,000 lessons have 2.4 MB.
_MAX_BYTES = 16 * 1024 * 1024


@cache
def read_schema(name: str) -> dict[str, Any]:
    """Return a JSON Schema (2020-12) by the name of its file."""
    schema: dict[str, Any] = json.loads((_FOLDER / name).read_text(encoding="utf-8"))
    return schema


def check_json(
    path: Path,
    schema: Mapping[str, Any],
    *,
    find_faults: Callable[[str, Any], Iterator[str]] = lambda text, document: iter(()),
) -> ValidationReport:
    """Return what is wrong with a document by its schema, and when that holds what `find_faults` finds in it."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # for the jobs that write documents, no web process

    if refused := refuse_large(_VALIDATOR, version(_VALIDATOR), size=path.stat().st_size, limit=_MAX_BYTES):
        return refused
    try:
        text = path.read_bytes().decode()
        document = json.loads(text)
        checked = Draft202012Validator(schema).iter_errors(document)
        faults = [f"{fault.json_path}: {fault.message[:200]}" for fault in islice(checked, _MAX_MESSAGES)]
        faults = faults or list(islice(find_faults(text, document), _MAX_MESSAGES))
    except ValueError as exc:
        faults = [f"No JSON: {exc}"]
    except RecursionError:
        faults = ["It is nested too deeply to be checked."]
    return ValidationReport(
        validator=_VALIDATOR, version=version(_VALIDATOR), exit=int(bool(faults)), messages=tuple(faults)
    )
