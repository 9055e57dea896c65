"""Reading contents files that a test writes, and looking at their items."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from materials.documents import Contents, ContentsItem, Format
from materials.readers.formats import detect_format
from materials.readers.registry import read_document


def read_contents(name: str, content: str | bytes) -> Contents:
    """Return what a contents file holds. Fails unless it is told as one by its name and its bytes."""
    data = content.encode() if isinstance(content, str) else content
    assert detect_format(io.BytesIO(data), name) is Format.CONTENTS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_bytes(data)
        document = read_document(path, Format.CONTENTS, name=name)
    assert document.contents is not None
    assert document.pieces == ()
    assert document.title == document.contents.title
    return document.contents


def outline(items: Iterable[ContentsItem]) -> list[Any]:
    """Return items as `"title -> target#anchor"`, those with children as pairs of that and the children's list."""
    return [(_say(item), outline(item.children)) if item.children else _say(item) for item in items]


def _say(item: ContentsItem) -> str:
    target = item.target + (f"#{item.fragment}" if item.fragment else "")
    return " -> ".join(filter(None, [item.title, target])) if target else item.title
