"""HTML to pieces: what a reader of the page reads, in order, without the page's furniture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Document
from materials.readers.base.encodings import decoded
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import one_line
from materials.readers.html.blocks import Blocks
from materials.readers.html.furniture import Furniture
from materials.readers.html.tree import tree_of

MAX_BYTES = 20 * 2**20

_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)|<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]+)",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def read(path: Path) -> Document:
    """Read an HTML file. Raises UnreadableDocument."""
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(f"The page is larger than {MAX_BYTES // 2**20} MiB.", code="too_large")
    text = decoded(data, declared=declared_charset(data))
    return from_html(text.text, furniture=False, warnings=text.warnings)


def declared_charset(data: bytes) -> str:
    """Return the encoding that a page says it has; blank when it does not."""
    said = _CHARSET.search(data[:4096])
    return (said[1] or said[2]).decode() if said else ""


def from_html(text: str, *, furniture: bool, title: str = "", warnings: tuple[str, ...] = ()) -> Document:
    """Turn HTML into a document; with `furniture` nothing is taken for navigation and left out."""
    root = tree_of(f"<html><body>{text}</body></html>" if furniture else text)
    if root is None:
        return Document(pieces=(), title=title, warnings=warnings)
    return from_tree(root, furniture=furniture, title=title, warnings=warnings)


def from_tree(root: Any, *, furniture: bool, title: str = "", warnings: tuple[str, ...] = ()) -> Document:
    """Turn an lxml tree, less than 256 levels deep, into a document; the tree may be changed meanwhile.

    With `furniture` nothing is taken for navigation and left out.
    """
    blocks = Blocks(furniture=None if furniture else Furniture(root))
    blocks.read(root if furniture else _content_of(root))
    pieces = tuple(blocks.pieces.found)
    own = next((p.text for p in pieces if p.kind is ChunkKind.HEADING and p.level == 1), "")
    return Document(
        pieces=pieces, title=title or own or _title_of(root), language=_language_of(root), warnings=warnings
    )


def _content_of(root: Any) -> Any:
    for path in ("//main", "//*[@role='main']", "//article"):
        found = root.xpath(path)
        if len(found) == 1 and found[0].xpath("string-length(normalize-space(.)) > 100"):
            return found[0]
    body = root.find(".//body")
    return root if body is None else body


def _title_of(root: Any) -> str:
    return one_line(root.findtext(".//head/title") or root.findtext(".//title") or "")


def _language_of(root: Any) -> str:
    """Return the language that the page says it is in, as a BCP 47 tag."""
    said = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang") or ""
    return said if _LANGUAGE.fullmatch(said) else ""
