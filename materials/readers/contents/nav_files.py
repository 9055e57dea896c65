"""Read navigation files without a dialect of their own: toc.yml of DocFX, _data/navigation.yml of Jekyll themes."""

from __future__ import annotations

from materials.documents import Contents, ContentsItem
from materials.readers.contents.errors import NotContents
from materials.readers.contents.nested_values import Keys, build_items
from materials.readers.contents.yaml_values import load_yaml

_KEYS = Keys(
    titles=("title", "name", "text", "label", "caption", "heading", "part"),
    addresses=("href", "url", "file", "path", "link", "page", "topicHref", "local", "doc"),
    children=(
        "items", "children", "sections", "chapters", "subitems", "subpages", "contents", "docs", "pages", "toc",
        "subfolders", "subfolderitems", "folders", "folderitems", "entries", "links",
    ),
)  # fmt: skip


def read(text: str, name: str) -> Contents:
    """Return the table of contents: of several lists the one with the most lines. Raises NotContents."""
    value = load_yaml(text)
    if isinstance(value, dict) and not {*value} & {*_KEYS.children}:
        lists = [build_items(each, _KEYS) for each in value.values() if isinstance(each, list)]
        items: tuple[ContentsItem, ...] = max(lists, key=_count, default=())
    else:
        items = build_items(value or [], _KEYS)
    if not any(item.target or item.children for item in items):
        raise NotContents("it names no pages.")
    return Contents(dialect=name.rpartition("/")[2].lower(), items=items)


def _count(items: tuple[ContentsItem, ...]) -> int:
    return sum(1 + _count(item.children) for item in items)
