"""Read _quarto.yml: the chapters of a book, the sidebar or the menu of a website; and _site.yml of R Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from materials.documents import Contents, ContentsItem
from materials.readers.base.outlines import build_item
from materials.readers.contents.errors import NotContents
from materials.readers.contents.nested_values import Keys, build_items, get_mapping, get_text
from materials.readers.contents.yaml_values import load_yaml

_KEYS = Keys(
    titles=("text", "part", "section", "title"),
    addresses=("href", "file", "auto"),
    children=("chapters", "contents", "menu"),
)
# A part or a section may be called by the page that introduces it.
_PAGE = re.compile(r"\S+\.(?:qmd|md|ipynb|rmd|html?)", re.IGNORECASE)
_APPENDICES = "Appendices"


def read(text: str, name: str) -> Contents:
    """Return the chapters, else the sidebars, else the menu, else the list of files. Raises NotContents."""
    settings = load_yaml(text)
    if not isinstance(settings, dict):
        raise NotContents("it holds no settings.")
    book, site = get_mapping(settings, "book"), get_mapping(settings, "website")
    items: tuple[ContentsItem, ...] = ()
    if book.get("chapters"):
        items = _build_items(book["chapters"])
        if appendices := _build_items(book.get("appendices")):
            language = get_mapping(settings, "language")
            items += (
                build_item(get_text(language.get("section-title-appendices")) or _APPENDICES, children=appendices),
            )
    for place in (site, book, settings):
        items = items or _read_sidebars(place.get("sidebar")) or _read_menu(place.get("navbar"))
    items = items or _build_items(get_mapping(settings, "project").get("render"))
    if not items:
        raise NotContents("it names neither chapters nor pages.")
    title = next((found for each in (book, site, settings) if (found := get_text(each.get("title")))), "")
    return Contents(dialect=name.rpartition("/")[2].lower() or "_quarto.yml", items=items, title=title)


def _build_items(values: Any) -> tuple[ContentsItem, ...]:
    return tuple(_drop_automatic(_use_pages(build_items(values or [], _KEYS))))


def _read_sidebars(value: Any) -> tuple[ContentsItem, ...]:
    sidebars = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
    found = [(get_text(each.get("title")), _build_items(each.get("contents"))) for each in sidebars]
    found = [(title, items) for title, items in found if items]
    if len(found) == 1:
        return found[0][1]
    return tuple(item for title, items in found for item in ([build_item(title, children=items)] if title else items))


def _read_menu(value: Any) -> tuple[ContentsItem, ...]:
    if not isinstance(value, dict):
        return ()
    return _build_items([*_list_values(value.get("left")), *_list_values(value.get("right"))])


def _list_values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _use_pages(items: Iterable[ContentsItem]) -> tuple[ContentsItem, ...]:
    """Return the items with the page as target where a title is one."""
    return tuple(
        replace(item, title="", target=item.title, children=_use_pages(item.children))
        if not item.target and _PAGE.fullmatch(item.title)
        else replace(item, children=_use_pages(item.children))
        for item in items
    )


def _drop_automatic(items: Iterable[ContentsItem]) -> Iterable[ContentsItem]:
    """Yield the items without those that stand for what Quarto finds by itself."""
    for item in items:
        if item.target not in {"auto", "true", "false"} or item.children:
            yield replace(item, children=tuple(_drop_automatic(item.children)))
