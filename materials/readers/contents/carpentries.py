"""Read config.yaml of The Carpentries' Workbench, and the settings of Jekyll sites that order pages."""

from __future__ import annotations

from typing import Any

from materials.documents import Contents, ContentsItem
from materials.readers.base.outlines import build_item
from materials.readers.contents.errors import NotContents
from materials.readers.contents.nested_values import Keys, build_items, get_mapping, get_text
from materials.readers.contents.yaml_values import load_yaml

_NAVIGATION = Keys(
    titles=("title", "text", "name", "label"),
    addresses=("url", "href", "link", "page", "path"),
    children=("children", "items", "sections", "pages", "subpages", "links"),
)


def read(text: str, name: str) -> Contents:
    """Return the episodes in their order, or what Jekyll is told about the order of pages. Raises NotContents."""
    settings = load_yaml(text)
    if not isinstance(settings, dict):
        raise NotContents("it holds no settings.")
    if name.rpartition("/")[2].startswith("_"):
        dialect, items = "_config.yml", _read_jekyll(settings)
    else:
        dialect, items = "config.yaml", _list_files(settings.get("episodes"), "episodes")
    if not items:
        raise NotContents("it lists no episodes.")
    return Contents(dialect=dialect, items=items, title=get_text(settings.get("title")))


def _read_jekyll(settings: dict[str, Any]) -> tuple[ContentsItem, ...]:
    items = _list_files(settings.get("episode_order"), "_episodes")  # the older template of The Carpentries
    for collection, options in get_mapping(settings, "collections").items():
        if isinstance(options, dict):
            items = (*items, *_list_files(options.get("order"), f"_{collection}"))
    if not items:
        for key in ("navigation", "nav", "sidebar", "menu", "header_pages"):
            items = items or build_items(settings.get(key) or [], _NAVIGATION)
    return items if any(item.target or item.children for item in items) else ()


def _list_files(names: Any, folder: str) -> tuple[ContentsItem, ...]:
    found = map(get_text, names if isinstance(names, list) else [])
    return tuple(build_item(address=f"{folder}/{name}") for name in found if name)
