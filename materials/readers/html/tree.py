"""Parse HTML into a tree of bounded depth that holds all of the text, however long or deeply nested the page is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from lxml import etree, html

from materials.documents import LeftOutKind
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.html.tokens import EndTag, StartTag, iter_tokens, limit_attributes

# Levels. Elements that are nested more deeply become empty and their text moves into the element around them. libxml2
# stops at 256; the rest is for what readers wrap around a page, and the readers recurse, a few frames of Python to a
# level.
MAX_DEPTH = 200

_TAG_NAME = re.compile(r"[a-z][\w.-]*", re.ASCII)
_ATTRIBUTE_NAME = re.compile(r"[a-zA-Z_][\w.-]*", re.ASCII)
# Characters that XML does not allow (2.2, Char), which makers of trees refuse.
_NON_XML_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_VOID_TAGS = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
}  # fmt: skip
_HEAD_TAGS = {"base", "link", "meta", "noscript", "script", "style", "template", "title"}
# Elements whose end tag may be missing, and what ends them (HTML 13.1.2.4); a paragraph also ends where these begin.
_CELLS = {"td", "th"}
_ENDED_BY_START: Mapping[str, set[str]] = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"tr", *_CELLS},
    "td": _CELLS,
    "th": _CELLS,
    "tbody": {"tr", "thead", "tbody", *_CELLS},
    "tfoot": {"tr", "thead", "tbody", *_CELLS},
    "option": {"option"},
}
_PARAGRAPH_ENDING_TAGS = {
    "article", "aside", "blockquote", "details", "div", "dl", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip


def build_html_tree(text: str, left_out: LeftOutCollector | None = None) -> Any | None:
    """Return the root of a page; None when it is blank or holds no element.

    The tree is at most 255 levels deep. Comments and processing instructions are not in it; comments are counted in
    `left_out`, those for browsers (`[if IE]`) as instructions.
    """
    if not text.strip():
        return None
    text, comments = limit_attributes(text)
    for comment in comments if left_out is not None else ():
        is_condition = comment.lstrip().startswith(("[if", "<![endif", "[endif"))
        if comment.strip() and left_out is not None:
            left_out.add(LeftOutKind.METADATA if is_condition else LeftOutKind.COMMENT, comment)
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode(errors="replace"), parser)
    except (etree.ParserError, ValueError):
        return None
    return root if _is_complete(parser) else _DepthLimitedBuilder().build(text)


def _is_complete(parser: Any) -> bool:
    """Tell whether the parser reached the end.

    libxml2 stops, without an exception, at 256 levels and at 10 million characters in one text node.
    """
    last = parser.error_log.last_error
    return last is None or last.level_name != "FATAL"


class _DepthLimitedBuilder:
    """Builds a tree of at most MAX_DEPTH levels, with fewer repairs of broken markup than libxml2 makes.

    libxml2 itself, with its limits lifted, looks through all open elements for each end tag: half a million open
    elements and as many stray ends take half an hour.
    """

    def __init__(self) -> None:
        make: Any = html.HTMLParser().makeelement
        self._builder: Any = etree.TreeBuilder(element_factory=make)
        self._open: list[str] = []
        self._open_counts: Counter[str] = Counter()

    def build(self, source: str) -> Any:
        """Return the root of a page."""
        for token in iter_tokens(_NON_XML_CHARACTER.sub("\ufffd", source)):
            if not self._open:
                if isinstance(token, StartTag) and token.name == "html":
                    self._start("html", token.attributes)
                    continue
                if isinstance(token, str) and not token.strip():
                    continue
                self._start("html", {})
            if isinstance(token, EndTag):
                self._end(token.name)
            elif isinstance(token, StartTag):
                self._read_start_tag(token)
            else:
                if token.strip():
                    self._begin_body()
                self._builder.data(token)
        if not self._open:
            self._start("html", {})
        self._begin_body()
        while self._open:
            self._close_last()
        return self._builder.close()

    def _read_start_tag(self, tag: StartTag) -> None:
        name = tag.name
        if name in {"html", "body", "head"} and (self._open_counts[name] or self._open_counts["body"]):
            return
        if name != "head" and not (self._open[-1] == "head" and name in _HEAD_TAGS):
            self._begin_body()
            if name == "body":
                return
        if name in _PARAGRAPH_ENDING_TAGS and self._open[-1] == "p":
            self._close_last()
        while self._open[-1] in _ENDED_BY_START.get(name, ()):
            self._close_last()
        if tag.text is not None or name in _VOID_TAGS:
            if len(self._open) < MAX_DEPTH or name not in {"script", "style"}:
                self._start(name, tag.attributes)
                self._builder.data(tag.text or "")
                self._close_last()
        else:
            self._start(name, tag.attributes)

    def _begin_body(self) -> None:
        if not self._open_counts["body"]:
            self._end("head")
            self._start("body", {})

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._open.append(name)
        self._open_counts[name] += 1
        # Makers of elements refuse names that are no XML, such as `o:p<` of damaged pages; text in a span is still
        # text.
        known = name if _TAG_NAME.fullmatch(name) else "span"
        values = {key: value for key, value in attributes.items() if _ATTRIBUTE_NAME.fullmatch(key)}
        self._builder.start(known, values)
        if len(self._open) > MAX_DEPTH:
            self._builder.end(known)

    def _end(self, name: str) -> None:
        """End an element and all in it; an end without a start says nothing."""
        if not self._open_counts[name] or name in {"html", "body"}:
            return
        while self._close_last() != name:
            pass

    def _close_last(self) -> str:
        name = self._open.pop()
        self._open_counts[name] -= 1
        if len(self._open) < MAX_DEPTH:
            self._builder.end(name if _TAG_NAME.fullmatch(name) else "span")
        return name
