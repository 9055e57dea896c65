"""Bound the table of contents and the metadata of a document, which are stored and shown whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from materials.documents import Contents, ContentsItem, Document
from materials.readers.base.encodings import clean_text
from project.errors import shorten_message

MAX_ITEMS = 20_000
"""Items of one table of contents. The largest of the sample courses has 1,900 lines; a package names every file."""
MAX_DEPTH = 12
"""Levels of items. Books have parts, chapters, sections and two levels below; each level here costs a level of JSON."""
MAX_TITLE_LENGTH = 500
"""Characters of a title: as many as a title of a structure has."""
MAX_TARGET_LENGTH = 2_000
"""Characters of a target: as many as the address of an entry has."""
_MAX_FOLDERS = 20
# Front matter has a dozen fields of a line each; fields of generated sites go to some hundred values.
MAX_METADATA_VALUES = 1_000
MAX_METADATA_LENGTH = 2_000
_MAX_METADATA_DEPTH = 6
_MAX_KEY_LENGTH = 200


def limit_contents(document: Document) -> Document:
    """Return the document with contents and metadata of a bounded size, as JSON can hold them.

    A warning says how many items or values were cut off.
    """
    warnings: list[str] = []
    contents = document.contents
    if contents is not None:
        contents, cut = _limit_items(contents)
        if cut:
            warnings.append(
                f"The table of contents ({contents.dialect}) has {cut:,} more lines than are kept: "
                f"at most {MAX_ITEMS:,}, on {MAX_DEPTH} levels."
            )
    metadata: Mapping[str, Any] = {}
    if document.metadata:
        values = _ValueLimiter()
        metadata = values.limit(document.metadata)
        if values.cut_count:
            warnings.append(
                f"{values.cut_count:,} values of the metadata (front matter) were not kept or were shortened: there "
                "are too many of them, or they are too long."
            )
    return replace(document, contents=contents, metadata=metadata, warnings=(*document.warnings, *warnings))


def _limit_items(contents: Contents) -> tuple[Contents, int]:
    """Return the contents with as many items as are kept, and the number of those cut off."""
    left = MAX_ITEMS
    cut = 0

    def limit(items: Iterable[ContentsItem], depth: int) -> tuple[ContentsItem, ...]:
        nonlocal left, cut
        kept = []
        for item in items:
            if depth > MAX_DEPTH or left == 0:
                cut += _count_items(item)
                continue
            left -= 1
            kept.append(
                replace(
                    item,
                    title=_limit_text(item.title, MAX_TITLE_LENGTH),
                    # A shortened path would lead to another file.
                    target=clean_text(item.target) if len(item.target) <= MAX_TARGET_LENGTH else "",
                    fragment=clean_text(item.fragment) if len(item.fragment) <= MAX_TARGET_LENGTH else "",
                    children=limit(item.children, depth + 1),
                )
            )
        return tuple(kept)

    return (
        replace(
            contents,
            items=limit(contents.items, 1),
            title=_limit_text(contents.title, MAX_TITLE_LENGTH),
            position=contents.position if contents.position is None or math.isfinite(contents.position) else None,
            folders=contents.folders[:_MAX_FOLDERS],
        ),
        cut,
    )


def _count_items(item: ContentsItem) -> int:
    """Return the number of an item and all below it, however deep they are."""
    count, waiting = 0, [item]
    while waiting:
        count += 1
        waiting.extend(waiting.pop().children)
    return count


def _limit_text(text: str, length: int) -> str:
    return shorten_message(clean_text(text), limit=length)


@dataclass
class _ValueLimiter:
    """Turns the values of a YAML mapping into JSON values; counts those that are cut off or shortened."""

    left: int = MAX_METADATA_VALUES
    cut_count: int = 0

    def limit(self, fields: Mapping[Any, Any]) -> dict[str, Any]:
        return self._limit_mapping(fields, 1)

    def _limit_mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in fields.items():
            if self._take(depth):
                kept[clean_text(str(key))[:_MAX_KEY_LENGTH]] = self._limit_value(value, depth)
        return kept

    def _limit_value(self, value: Any, depth: int) -> Any:
        match value:
            case None | bool():
                return value
            case int() if abs(value) < 2**53:  # beyond that other programs round numbers in JSON
                return value
            case float() if math.isfinite(value):
                return value
            case Mapping():
                return self._limit_mapping(value, depth + 1)
            case list() | tuple() | set() | frozenset():
                return [self._limit_value(each, depth + 1) for each in value if self._take(depth + 1)]
        text = clean_text(str(value)) if not isinstance(value, int) else hex(value)
        if len(text) > MAX_METADATA_LENGTH:
            self.cut_count += 1
            text = text[: MAX_METADATA_LENGTH - 1] + "…"
        return text

    def _take(self, depth: int) -> bool:
        """Count a value; tell whether it is kept."""
        if depth > _MAX_METADATA_DEPTH or self.left == 0:
            self.cut_count += 1
            return False
        self.left -= 1
        return True
