"""Read web pages: trafilatura separates the main text from menus and advertisements, which is then read as HTML.

The page is in memory: nothing is fetched, and in the child process an audit hook refuses every connection.

Where trafilatura finds nothing, or far less than the text of the page outside of links (slides and references look like
menus to it), the reader of HTML files reads the whole page, with a warning.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from lxml import html as lxml_html

from materials.documents import Document
from materials.readers.base.encodings import decode_web_text
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.html import reader
from materials.readers.html.anchors import move_anchors_to_headings
from materials.readers.html.formulas import replace_formulas
from materials.readers.html.main_text import cut_to_main_text
from materials.readers.html.panels import show_panels
from materials.readers.html.slides import is_slide_deck, render_markdown_sources
from materials.readers.html.text_size import count_text
from materials.readers.html.tree import build_html_tree

# Bytes of the largest page that trafilatura gets: 2 MiB of table cells took 30 seconds and 590 MB on two busy
# processors.
MAX_EXTRACTION_BYTES = 2 * 2**20

WHOLE_PAGE_WARNING = (
    "The main text could not be told from the rest of the page, so all of it was taken; check for menus."
)
TOO_LARGE_WARNING = "The page is very large: all of it was taken, menus and notices included."

# Ids of the element that a framework fills in the browser: React and Vite, Vue, Next.js, Nuxt, Gatsby, Svelte.
_MOUNT_POINTS = "|".join(
    f"//*[@id='{name}']" for name in ("root", "app", "__next", "__nuxt", "___gatsby", "main-app", "svelte")
)
# Characters: what a page that a script fills has before, such as a notice about cookies, is shorter.
_MIN_CHARACTERS = 200
# Of the text outside of links, and of the listings: where trafilatura keeps less, it has mistaken text for menus. On
# 125 pages made by mdBook it keeps all listings; of 32 references made by rustdoc 27 are below this (decision 38).
_MIN_SHARE = 0.6
_LISTINGS_XPATH = ".//pre"


def read(path: Path, *, charset: str = "") -> Document:
    """Return the pieces of a page; `charset` is the encoding that its server named.

    Raises UnreadableDocument with the codes `too_large`, `no_text_found` and `page_needs_javascript`.
    """
    if path.stat().st_size > reader.MAX_BYTES:
        raise UnreadableDocument(
            f"The page is larger than {reader.MAX_BYTES // 2**20} MiB.",
            code="too_large",
            next_step="Give the address of a part of it, or save the part that you need and upload that.",
        )
    data = path.read_bytes()
    text = decode_web_text(data, charset, declared=reader.find_declared_charset(data))
    left_out = LeftOutCollector()
    page = _parse_page(text, left_out)
    if page is None:
        raise _build_no_text_error()
    # Title and scripts are examined first: the next steps remove what they are found by.
    title = _find_title(page)
    is_made_by_scripts = _is_script_rendered(page)
    is_deck = is_slide_deck(page)
    sources = render_markdown_sources(page, left_out)
    show_panels(page)
    replace_formulas(page)
    move_anchors_to_headings(page)
    if is_deck or len(data) > MAX_EXTRACTION_BYTES:
        document = reader.parse_html(_get_outer_html(page), keep_boilerplate=False, left_out=left_out)
        warning = "" if is_deck else TOO_LARGE_WARNING
    else:
        document, warning = _read_main_text(page, left_out)
    if sum(len(piece.text) for piece in document.pieces) < _MIN_CHARACTERS and is_made_by_scripts:
        raise UnreadableDocument(
            "The page is empty until a browser runs its programs (JavaScript), which this server does not.",
            code="page_needs_javascript",
            next_step="Open it in a browser, save or print it as PDF, and upload the file.",
        )
    if not document.pieces:
        raise _build_no_text_error()
    warnings = tuple(filter(None, (*sources, *document.warnings, warning)))
    return replace(document, title=title or document.title, warnings=warnings)


def _read_main_text(page: Any, left_out: LeftOutCollector) -> tuple[Document, str]:
    """Return the main text and a warning, which is blank when trafilatura found it."""
    cut = copy.deepcopy(left_out)
    landmark = _find_main_element(page)
    there, listings = count_text(landmark), len(landmark.xpath(_LISTINGS_XPATH))
    whole = copy.deepcopy(page)
    try:
        is_cut = cut_to_main_text(page, cut)
    except Exception:  # noqa: BLE001  # whatever trafilatura stumbles over, the page can be read without it
        is_cut = False
    # Listings are counted apart: they are what such a page is read for, and little of its text.
    is_understood = (
        is_cut
        and there > 0
        and count_text(page.body, include_all=True) >= _MIN_SHARE * there
        and len(page.xpath(_LISTINGS_XPATH)) >= _MIN_SHARE * listings
    )
    if is_understood:
        return reader.parse_html(_get_inner_html(page.body), keep_boilerplate=True, left_out=cut), ""
    return reader.parse_html(_get_outer_html(whole), keep_boilerplate=False, left_out=left_out), WHOLE_PAGE_WARNING


def _get_inner_html(element: Any) -> str:
    return "".join([element.text or "", *(_get_outer_html(child) for child in element)])


def _get_outer_html(element: Any) -> str:
    return str(lxml_html.tostring(element, encoding="unicode"))


def _parse_page(text: str, left_out: LeftOutCollector) -> Any:
    page = build_html_tree(text, left_out)
    return page if page is not None and page.body is not None else None


def _find_main_element(page: Any) -> Any:
    for path in ("//main", "//*[@role='main']", "//article"):
        if len(found := page.xpath(path)) == 1:
            return found[0]
    return page.body


def _is_script_rendered(page: Any) -> bool:
    if not page.xpath("//script"):
        return False
    said = " ".join(collapse_whitespace(each.text_content()) for each in page.xpath("//noscript")).lower()
    return (
        "javascript" in said
        or "java script" in said
        or any(count_text(mount) == 0 for mount in page.xpath(_MOUNT_POINTS))
    )


def _find_title(page: Any) -> str:
    headings = page.xpath("//main//h1 | //article//h1") or page.xpath("//h1")
    if len(headings) == 1:
        return collapse_whitespace(headings[0].text_content()).rstrip("¶#§🔗 ")
    given = page.xpath("string(//meta[@property='og:title']/@content)")
    return collapse_whitespace(given or page.findtext(".//title") or "")


def _build_no_text_error() -> UnreadableDocument:
    return UnreadableDocument(
        "The page holds no text.",
        code="no_text_found",
        next_step="Open the address in a browser. If there is text, save the page as PDF and upload that.",
    )
