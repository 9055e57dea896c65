"""Turn lists and mappings, as most tools write a table of contents, into items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from materials.documents import ContentsItem
from materials.readers.base.outlines import build_item

# What stands between entries without being one.
_SEPARATORS = {"---", "...", "|", "*"}


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys of a mapping that is one entry: where its title stands, its address, and the entries below it.

    Of titles and addresses the first one counts that is there; of the lists below all do.
    """

    titles: Sequence[str]
    addresses: Sequence[str]
    children: Sequence[str]


def build_items(values: Any, keys: Keys) -> tuple[ContentsItem, ...]:
    """Return the items of a list of entries.

    An entry is an address, a mapping with these keys, or a mapping of titles to an address or a list of entries.
    """
    return tuple(_iter_items(values, keys))


def get_text(value: Any) -> str:
    """Return a scalar as text, blank for anything else."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def get_mapping(value: Any, key: str) -> dict[str, Any]:
    """Return the mapping at a key, an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _iter_items(values: Any, keys: Keys) -> Iterator[ContentsItem]:
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, list):
            yield from _iter_items(value, keys)
        elif isinstance(value, dict):
            yield from _iter_entry(value, keys)
        elif (address := get_text(value)) and address not in _SEPARATORS:
            yield build_item(address=address)


def _iter_entry(entry: dict[str, Any], keys: Keys) -> Iterator[ContentsItem]:
    title = next((text for key in keys.titles if (text := get_text(entry.get(key)))), "")
    address = next((text for key in keys.addresses if (text := get_text(entry.get(key)))), "")
    below = [entry[key] for key in keys.children if isinstance(entry.get(key), list | dict)]
    if not title and not address and not below:
        yield from _iter_titled(entry, keys)
        return
    children = tuple(item for each in below for item in _iter_items(each, keys))
    if title or address:
        yield build_item("" if title in _SEPARATORS else title, address, children=children)
    else:
        yield from children


def _iter_titled(entry: dict[str, Any], keys: Keys) -> Iterator[ContentsItem]:
    known = {*keys.titles, *keys.addresses, *keys.children}
    for title, value in entry.items():
        if title in known:
            continue
        if isinstance(value, list | dict):
            yield build_item(title, children=_iter_items(value, keys))
        elif value is None:
            yield build_item(title)
        elif address := get_text(value):
            yield build_item(title, address)
