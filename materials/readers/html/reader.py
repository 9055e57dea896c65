"""HTML to pieces: what a reader of the page reads, in order, without the page's furniture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.html.blocks import HTMLBlockReader
from materials.readers.html.furniture import BoilerplateDetector
from materials.readers.html.tree import build_html_tree

MAX_BYTES = 20 * 2**20

_DECLARED_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)|<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]+)",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def read(path: Path) -> Document:
    """Read an HTML file. Raises UnreadableDocument."""
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(f"The page is larger than {MAX_BYTES // 2**20} MiB.", code="too_large")
    text = decode_with_warnings(data, declared=find_declared_charset(data))
    return parse_html(text.text, keep_boilerplate=False, warnings=text.warnings)


def find_declared_charset(data: bytes) -> str:
    """Return the encoding that a page says it has; blank when it does not."""
    said = _DECLARED_CHARSET.search(data[:4096])
    return (said[1] or said[2]).decode() if said else ""


def parse_html(text: str, *, keep_boilerplate: bool, title: str = "", warnings: tuple[str, ...] = ()) -> Document:
    """Turn HTML into a document; with `keep_boilerplate` nothing is taken for navigation and left out."""
    root = build_html_tree(f"<html><body>{text}</body></html>" if keep_boilerplate else text)
    if root is None:
        return Document(pieces=(), title=title, warnings=warnings)
    return build_html_document(root, keep_boilerplate=keep_boilerplate, title=title, warnings=warnings)


def build_html_document(
    root: Any, *, keep_boilerplate: bool, title: str = "", warnings: tuple[str, ...] = ()
) -> Document:
    """Turn an lxml tree, less than 256 levels deep, into a document; the tree may be changed meanwhile.

    With `keep_boilerplate` nothing is taken for navigation and left out.
    """
    blocks = HTMLBlockReader(boilerplate=None if keep_boilerplate else BoilerplateDetector(root))
    blocks.read(root if keep_boilerplate else _find_content(root))
    pieces = tuple(blocks.pieces.collected)
    own = next((p.text for p in pieces if p.kind is ChunkKind.HEADING and p.level == 1), "")
    return Document(
        pieces=pieces, title=title or own or _find_title(root), language=_find_language(root), warnings=warnings
    )


def _find_content(root: Any) -> Any:
    for path in ("//main", "//*[@role='main']", "//article"):
        found = root.xpath(path)
        if len(found) == 1 and found[0].xpath("string-length(normalize-space(.)) > 100"):
            return found[0]
    body = root.find(".//body")
    return root if body is None else body


def _find_title(root: Any) -> str:
    return collapse_whitespace(root.findtext(".//head/title") or root.findtext(".//title") or "")


def _find_language(root: Any) -> str:
    """Return the language that the page says it is in, as a BCP 47 tag."""
    said = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang") or ""
    return said if _LANGUAGE.fullmatch(said) else ""
