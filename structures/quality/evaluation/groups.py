"""Structures that are nothing but files in lessons in modules, in the shape of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

FileGroups = Mapping[str, Mapping[str, Iterable[str]]]
"""Files by the titles of their lessons, and those by the titles of their modules."""


def build_group_structure(groups: FileGroups) -> dict[str, Any]:
    """Return a structure of modules and lessons that cite these files. Names become titles: `_` and `-` are spaces."""
    modules = [
        _build_node("module", module, [], [_build_node("lesson", title, files) for title, files in lessons.items()])
        for module, lessons in groups.items()
    ]
    return _build_node("course", "", [], modules)


def _build_node(kind: str, title: str, files: Iterable[str], children: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    return {
        "node_type": kind,
        "title": title.replace("_", " ").replace("-", " "),
        "references": [{"entry_path": file} for file in files],
        "children": list(children),
    }
