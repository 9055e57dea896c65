"""Read _toc.yml of Jupyter Book and of sphinx-external-toc, in its present and its older forms, and myst.yml."""

from __future__ import annotations

from typing import Any

from materials.documents import Contents, ContentsItem
from materials.readers.base.outlines import OutlineBuilder, build_item
from materials.readers.contents.errors import NotContents
from materials.readers.contents.nested_values import Keys, build_items, get_mapping, get_text
from materials.readers.contents.yaml_values import load_yaml

_KEYS = Keys(
    titles=("title", "caption", "part", "header", "name"),
    addresses=("file", "url", "glob", "pattern", "doc"),
    children=("parts", "chapters", "sections", "subtrees", "entries", "items", "children"),
)


def read(text: str, name: str) -> Contents:
    """Return the table of contents. Raises NotContents."""
    value = load_yaml(text)
    if get_mapping(value, "project").get("toc") is not None:
        return _read_myst(value)
    if isinstance(value, list):
        items = _read_list(value)
    elif isinstance(value, dict):
        root = get_text(value.get("root") or value.get("master") or value.get("file"))
        first = (build_item(get_text(value.get("title")), root),) if root else ()
        items = (*first, *build_items({key: value[key] for key in _KEYS.children if key in value}, _KEYS))
    else:
        items = ()
    if not any(item.target or item.children for item in items):
        raise NotContents("it names no files.")
    return Contents(dialect="_toc.yml", items=items)


def _read_myst(settings: Any) -> Contents:
    project = settings["project"]
    items = build_items(project["toc"], _KEYS)
    if not items:
        raise NotContents("its `toc` names no files.")
    title = get_text(project.get("title")) or get_text(get_mapping(settings, "site").get("title"))
    return Contents(dialect="myst.yml", items=items, title=title)


def _read_list(entries: list[Any]) -> tuple[ContentsItem, ...]:
    """Return the items of the form before version 0.11: a list, in which a header begins a part."""
    outline = OutlineBuilder()
    for entry in entries:
        is_header = isinstance(entry, dict) and ("header" in entry or "part" in entry)
        for item in build_items(entry, _KEYS):
            outline.add(0 if is_header else 1, item)
    return outline.build()
