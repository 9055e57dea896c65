"""Tables of contents as JSON values, as they are stored and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from materials.documents import Contents, ContentsItem, Locator, WordsPlace


def encode_contents(contents: Contents) -> dict[str, Any]:
    """Return a table of contents as JSON values; of locators only the fields that are set."""
    return {
        "dialect": contents.dialect,
        "title": contents.title,
        "position": contents.position,
        "folders": list(contents.folders),
        "items": [_encode_item(item) for item in contents.items],
    }


def decode_contents(fields: Mapping[str, Any]) -> Contents:
    """Return the table of contents that `encode_contents` wrote."""
    return Contents(
        dialect=fields["dialect"],
        title=fields["title"],
        position=fields["position"],
        folders=tuple(fields["folders"]),
        items=tuple(_decode_item(item) for item in fields["items"]),
    )


def encode_locator(locator: Locator) -> dict[str, Any]:
    """Return a locator's fields that are set, as JSON values."""
    given = {
        "page": locator.page,
        "slide": locator.slide,
        "start_ms": locator.start_ms,
        "end_ms": locator.end_ms,
        "heading_path": list(locator.heading_path) or None,
        "fragment": locator.fragment,
        "words": None if locator.words is None else encode_words_place(locator.words),
    }
    return {name: value for name, value in given.items() if value is not None}


def encode_words_place(place: WordsPlace) -> dict[str, Any]:
    """Return the fields of a place of words that are set, as JSON values."""
    given = {
        "start_ms": place.start_ms,
        "end_ms": place.end_ms,
        "page_width": place.page_width,
        "page_height": place.page_height,
        "rectangles": [list(rectangle) for rectangle in place.rectangles] or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def decode_words_place(fields: Mapping[str, Any]) -> WordsPlace:
    """Return the place of words that `encode_words_place` wrote."""
    rectangles = ((left, top, right, bottom) for left, top, right, bottom in fields.get("rectangles", ()))
    return WordsPlace(**{**fields, "rectangles": tuple(rectangles)})


def _encode_item(item: ContentsItem) -> dict[str, Any]:
    return {
        "title": item.title,
        "target": item.target,
        "fragment": item.fragment,
        "locator": encode_locator(item.locator) if item.locator is not None else None,
        "children": [_encode_item(child) for child in item.children],
    }


def _decode_item(fields: Mapping[str, Any]) -> ContentsItem:
    locator = fields["locator"]
    return ContentsItem(
        title=fields["title"],
        target=fields["target"],
        fragment=fields["fragment"],
        locator=Locator(**{**locator, "heading_path": tuple(locator.get("heading_path", ()))}) if locator else None,
        children=tuple(_decode_item(child) for child in fields["children"]),
    )
