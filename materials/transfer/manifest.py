"""`manifest.json` of an export: what names and folders alone cannot say.

Whoever sends an archive may have written the manifest, so it is read as any input is: within bounds, and each part that
is not as it should be is left out with a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from materials.serializers import LANGUAGE
from materials.transfer.names import shown, split, visible
from materials.transfer.sources import Skip
from materials.tree.serializers import NodeFieldsSerializer

NAME = "manifest.json"
FORMAT = "coursewright-materials"
VERSION = 1
MAX_BYTES = 32 * 2**20
_MOST_PARTS = 100_000
_MOST_WARNINGS = 20

Path = tuple[str, ...]


class _EntrySerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=500)
    source_url = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    language = serializers.RegexField(LANGUAGE, max_length=35, required=False, allow_blank=True)
    use_captions = serializers.BooleanField(required=False, default=True)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", required=False, allow_blank=True)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a manifest says of the folders and files below it, by path. `top` is what it says of the node itself."""

    top: Mapping[str, Any] = field(default_factory=dict)
    nodes: Mapping[Path, Mapping[str, Any]] = field(default_factory=dict)
    entries: Mapping[Path, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read(data: bytes) -> Manifest | None:
    """Return what a file named `manifest.json` says, or None when it is not one of ours."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        return None
    if said.get("version") != VERSION:
        return Manifest(warnings=(f"{NAME} is of another version and was not used.",))
    warnings: list[str] = []
    nodes = _parts(said, "nodes", ("title", *_NODE_FIELDS), NodeFieldsSerializer, warnings)
    entries = _parts(said, "entries", tuple(_EntrySerializer().fields), _EntrySerializer, warnings)
    return Manifest(top=nodes.pop((), {}), nodes=nodes, entries=entries, warnings=tuple(warnings))


def write(
    *, nodes: Iterable[Mapping[str, Any]], entries: Iterable[Mapping[str, Any]], version: str, made_at: str
) -> bytes:
    """Return the bytes of a manifest."""
    said = {
        "format": FORMAT,
        "version": VERSION,
        "made_by": f"Coursewright {version}",
        "made_at": made_at,
        "nodes": list(nodes),
        "entries": list(entries),
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


_NODE_FIELDS = ("language", "learning_goal", "expected_knowledge", "expected_skills")


def _parts(
    said: Mapping[str, Any],
    name: str,
    fields: tuple[str, ...],
    shape: type[serializers.Serializer[Any]],
    warnings: list[str],
) -> dict[Path, Mapping[str, Any]]:
    parts = said.get(name)
    if not isinstance(parts, list):
        warnings.append(f"{NAME} has no list `{name}`.")
        return {}
    if len(parts) > _MOST_PARTS:
        warnings.append(f"{NAME}: `{name}` was not used: it has more than {_MOST_PARTS} parts.")
        return {}
    found: dict[Path, Mapping[str, Any]] = {}
    wrong = 0
    for number, part in enumerate(parts):
        path = _path(part)
        serializer = shape(data={key: part[key] for key in fields if key in part} if path is not None else {})
        if path is None or not serializer.is_valid():
            wrong += 1
            if wrong <= _MOST_WARNINGS:
                warnings.append(f"{NAME}: `{name}`[{number}] was left out: {_why(path, serializer)}.")
        else:
            found[path] = serializer.validated_data
    if wrong > _MOST_WARNINGS:
        warnings.append(f"{NAME}: {wrong - _MOST_WARNINGS} more parts of `{name}` were left out.")
    return found


def _path(part: Any) -> Path | None:
    path = part.get("path") if isinstance(part, dict) else None
    if not isinstance(path, str):
        return None
    try:
        return split(path) if path else ()
    except Skip:
        return None


def _why(path: Path | None, serializer: serializers.Serializer[Any]) -> str:
    if path is None:
        return "its path is none"
    return f"{', '.join(map(str, serializer.errors))} cannot be right ({visible(shown(path))[:100]})"
