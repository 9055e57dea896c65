"""Read HTML files: the visible text in order, without menus and other boilerplate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Document
from materials.readers.base.encodings import decode_with_warnings
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import PieceCollector, collapse_whitespace
from materials.readers.html.blocks import HTMLBlockReader
from materials.readers.html.furniture import BoilerplateDetector, is_ignored
from materials.readers.html.left_out import count_ignored, count_navigation
from materials.readers.html.linked_contents import LinkedContentsFinder, has_links
from materials.readers.html.panels import show_panels
from materials.readers.html.slides import render_markdown_sources
from materials.readers.html.text_size import count_text
from materials.readers.html.tree import build_html_tree

# Bytes. Pages with pictures inlined as data URLs reach a few MiB; the tree takes about 25 times the size of the file.
MAX_BYTES = 20 * 2**20
# Bytes that are searched for the declaration of an encoding. The HTML standard asks for the first 1024 (4.2.5.4), but
# saved pages have comments and scripts before it.
_DECLARATION_BYTES = 4096
# Characters: an element that is named as the main one but has fewer is a frame that a script fills.
_MIN_MAIN_CHARACTERS = 100
# Of the text outside of links and landmarks: an article with less is a teaser beside the page's own text.
_MIN_ARTICLE_SHARE = 0.4

_DECLARED_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)|<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]+)",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def read(path: Path) -> Document:
    """Return the pieces of an HTML file. Raises UnreadableDocument when it is larger than MAX_BYTES."""
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(f"The page is larger than {MAX_BYTES // 2**20} MiB.", code="too_large")
    text = decode_with_warnings(data, declared=find_declared_charset(data))
    return parse_html(text.text, keep_boilerplate=False, warnings=text.warnings)


def find_declared_charset(data: bytes) -> str:
    """Return the encoding that a page declares in `meta` or in its XML declaration; blank when it declares none."""
    said = _DECLARED_CHARSET.search(data[:_DECLARATION_BYTES])
    return (said[1] or said[2]).decode() if said else ""


def parse_html(
    text: str,
    *,
    keep_boilerplate: bool,
    title: str = "",
    warnings: tuple[str, ...] = (),
    left_out: LeftOutCollector | None = None,
) -> Document:
    """Turn HTML into a document; what is left out of it is added to what `left_out` holds already.

    With `keep_boilerplate` the text is the content of a body, and nothing in it is left out as navigation.
    """
    left_out = left_out or LeftOutCollector()
    root = build_html_tree(f"<html><body>{text}</body></html>" if keep_boilerplate else text, left_out)
    if root is None:
        return Document(pieces=(), title=title, warnings=warnings, left_out=left_out.build())
    warnings = (*warnings, *render_markdown_sources(root, left_out))
    show_panels(root)
    blocks = HTMLBlockReader(
        boilerplate=None if keep_boilerplate else BoilerplateDetector(root), pieces=PieceCollector(left_out=left_out)
    )
    links = LinkedContentsFinder(skip=blocks.is_left_out)
    if keep_boilerplate:
        if has_links(root):
            links.collect(root)
        blocks.read(root)
    else:
        content = _find_content(root)
        if has_links(content):
            links.collect(content)
        title_above = _find_title_heading(root, content)
        if title_above is not None:
            blocks.read_heading(title_above)
        _count_around(content, title_above, left_out)
        blocks.read(content)
    pieces = tuple(blocks.pieces.collected)
    own = next((p.text for p in pieces if p.kind is ChunkKind.HEADING and p.level == 1), "")
    return Document(
        pieces=pieces,
        title=title or own or _find_title(root),
        language=_find_language(root),
        warnings=warnings,
        left_out=left_out.build(),
        contents=links.build(),
    )


def _find_content(root: Any) -> Any:
    """Return the element that is the page: its only `main` or, when it has most of the text, its only `article`."""
    body = root.find(".//body")
    body = root if body is None else body
    for path in ("//main", "//*[@role='main']", "//article"):
        found = root.xpath(path)
        # Of several articles none is the page: they are entries of a blog.
        if len(found) != 1 or count_text(found[0], include_all=True) <= _MIN_MAIN_CHARACTERS:
            continue
        if path != "//article" or count_text(found[0]) >= _MIN_ARTICLE_SHARE * count_text(body):
            return found[0]
    return body


def _find_title_heading(root: Any, content: Any) -> Any | None:
    """Return the title of the page where it stands outside of its content, as in a head above it; else None."""
    if content.xpath("boolean(.//h1)"):
        return None
    titles = [each for each in root.xpath("//h1[not(ancestor::nav)]") if not is_ignored(each)]
    return titles[0] if len(titles) == 1 else None


def _count_around(content: Any, title: Any | None, left_out: LeftOutCollector) -> None:
    """Count what stands around the content of a page, without the title."""
    inner = content
    for holder in content.iterancestors():
        for child in holder:
            if child is not inner and child.tag != "head":
                _count_element_around(child, title, left_out)
        inner = holder


def _count_element_around(element: Any, title: Any | None, left_out: LeftOutCollector) -> None:
    if title is not None and element is not title and any(above is element for above in title.iterancestors()):
        for child in element:
            _count_element_around(child, title, left_out)
    elif is_ignored(element):
        count_ignored(element, left_out)
    elif element is not title:
        count_navigation(element, left_out)


def _find_title(root: Any) -> str:
    return collapse_whitespace(root.findtext(".//head/title") or root.findtext(".//title") or "")


def _find_language(root: Any) -> str:
    """Return the language that the page declares, as a BCP 47 tag; blank when there is none or it is malformed."""
    said = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang") or ""
    return said if _LANGUAGE.fullmatch(said) else ""
