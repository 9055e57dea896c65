"""`manifest.json` of an export: the fields of nodes and entries that names of files and folders cannot hold.

A manifest in an archive is untrusted input: it is bounded, and a part of it that is invalid is left out with a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from materials.serializers import LANGUAGE_TAG_PATTERN
from materials.transfer.names import format_path, split_path, strip_invisible
from materials.transfer.sources import SkipItem
from materials.tree.serializers import NodeFieldsSerializer

FILE_NAME = "manifest.json"
FORMAT = "coursewright-materials"
VERSION = 1
# Parsed whole in memory. An export writes about 500 bytes for each entry, so the most files of an import need 10 MB.
MAX_BYTES = 32 * 2**20
# Each part is validated by a serializer. Five times the default of IMPORT_MAX_FILES.
_MAX_PARTS = 100_000
# Stored with the import and shown whole; the rest is counted.
_MAX_WARNINGS = 20

PathParts = tuple[str, ...]


class _ManifestEntrySerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=500)
    source_url = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    language = serializers.RegexField(LANGUAGE_TAG_PATTERN, max_length=35, required=False, allow_blank=True)
    use_captions = serializers.BooleanField(required=False, default=True)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", required=False, allow_blank=True)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The fields of nodes and entries by their path from the manifest's folder; `root_fields` are the node's own."""

    root_fields: Mapping[str, Any] = field(default_factory=dict)
    nodes: Mapping[PathParts, Mapping[str, Any]] = field(default_factory=dict)
    entries: Mapping[PathParts, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def parse_manifest(data: bytes) -> Manifest | None:
    """Return the manifest in a file named `manifest.json`, or None for a file of another kind with that name."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):  # deeply nested brackets exhaust json's recursion
        return None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return None
    if document.get("version") != VERSION:
        return Manifest(warnings=(f"{FILE_NAME} is of another version and was not used.",))
    warnings: list[str] = []
    nodes = _parse_parts(document, "nodes", ("title", *_NODE_FIELDS), NodeFieldsSerializer, warnings)
    entries = _parse_parts(
        document, "entries", tuple(_ManifestEntrySerializer().fields), _ManifestEntrySerializer, warnings
    )
    return Manifest(root_fields=nodes.pop((), {}), nodes=nodes, entries=entries, warnings=tuple(warnings))


def build_manifest(
    *, nodes: Iterable[Mapping[str, Any]], entries: Iterable[Mapping[str, Any]], version: str, made_at: str
) -> bytes:
    """Return a manifest as JSON in UTF-8. `made_at` is a time in ISO 8601."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "made_by": f"Coursewright {version}",
        "made_at": made_at,
        "nodes": list(nodes),
        "entries": list(entries),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


_NODE_FIELDS = ("language", "learning_goal", "expected_knowledge", "expected_skills")


def _parse_parts(
    data: Mapping[str, Any],
    name: str,
    fields: tuple[str, ...],
    serializer_class: type[serializers.Serializer[Any]],
    warnings: list[str],
) -> dict[PathParts, Mapping[str, Any]]:
    parts = data.get(name)
    if not isinstance(parts, list):
        warnings.append(f"{FILE_NAME} has no list `{name}`.")
        return {}
    if len(parts) > _MAX_PARTS:
        warnings.append(f"{FILE_NAME}: `{name}` was not used: it has more than {_MAX_PARTS} parts.")
        return {}
    found: dict[PathParts, Mapping[str, Any]] = {}
    wrong = 0
    for number, part in enumerate(parts):
        path = _parse_path(part)
        serializer = serializer_class(
            data={key: part[key] for key in fields if key in part} if path is not None else {}
        )
        if path is None or not serializer.is_valid():
            wrong += 1
            if wrong <= _MAX_WARNINGS:
                warnings.append(
                    f"{FILE_NAME}: `{name}`[{number}] was left out: {_explain_rejection(path, serializer)}."
                )
        else:
            found[path] = serializer.validated_data
    if wrong > _MAX_WARNINGS:
        warnings.append(f"{FILE_NAME}: {wrong - _MAX_WARNINGS} more parts of `{name}` were left out.")
    return found


def _parse_path(part: Any) -> PathParts | None:
    path = part.get("path") if isinstance(part, dict) else None
    if not isinstance(path, str):
        return None
    try:
        return split_path(path) if path else ()
    except SkipItem:
        return None


def _explain_rejection(path: PathParts | None, serializer: serializers.Serializer[Any]) -> str:
    if path is None:
        return "its path is none"
    return f"{', '.join(map(str, serializer.errors))} cannot be right ({strip_invisible(format_path(path))[:100]})"
