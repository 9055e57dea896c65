"""Read the `nav` of mkdocs.yml: a nested list of paths below the folder of the documents."""

from __future__ import annotations

from dataclasses import replace

from materials.documents import Contents, ContentsItem
from materials.readers.contents.errors import NotContents
from materials.readers.contents.nested_values import Keys, build_items, get_text
from materials.readers.contents.yaml_values import load_yaml

LABEL = "mkdocs.yml"
# An entry is a path, or a mapping of one title to a path or a list: none of its keys is known beforehand.
_KEYS = Keys(titles=(), addresses=(), children=())
# The plugin for several sites in one includes the contents file of another.
_INCLUDE = "!include "


def read(text: str, _name: str) -> Contents:
    """Return the navigation. Raises NotContents where there is none: MkDocs then sorts pages by name."""
    settings = load_yaml(text)
    if not isinstance(settings, dict):
        raise NotContents("it holds no settings.")
    items = build_items(settings.get("nav", settings.get("pages")), _KEYS)  # `pages` until version 1.0
    if not items:
        raise NotContents("it has no `nav`.")
    folder = (get_text(settings.get("docs_dir")) or "docs").removeprefix("./").strip("/")
    return Contents(
        dialect=LABEL,
        items=tuple(map(_follow_include, items)),
        title=get_text(settings.get("site_name")),
        folders=() if folder in {"", "."} else (folder,),
    )


def _follow_include(item: ContentsItem) -> ContentsItem:
    children = tuple(map(_follow_include, item.children))
    return replace(item, target=item.target.removeprefix(_INCLUDE).strip(), children=children)
