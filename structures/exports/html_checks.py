"""Checks of HTML that is written here: whole, with one target for each link inside, and nothing that runs or loads."""

from __future__ import annotations

import codecs
from collections.abc import Collection
from html.parser import HTMLParser
from typing import IO

from structures.exports.package_checks import find_active_content

_READ_BYTES = 2**16
_MAX_MESSAGES = 20
# Elements without content and end tag (HTML Standard, 13.1.2), of those that are written here.
_VOID = frozenset({"meta", "link", "br", "hr", "img"})
# What a page of ours may have, as long as it loads nothing but what is known.
_CHECKED_ELEMENTS = frozenset({"img", "link", "style"})


class PageCheck(HTMLParser):
    """Reads a page piece by piece and collects its faults, the first of them.

    `pages` and `pictures` are the files that it may link to and show. A page has to have one h1, a title, a language
    and a policy by which it loads nothing else.
    """

    def __init__(self, *, style_source: str, pages: Collection[str] = (), pictures: Collection[str] = ()) -> None:
        super().__init__(convert_charrefs=True)
        self._style_source, self._pages, self._pictures = style_source, pages, pictures
        self._open: list[str] = []
        self._ids: set[str] = set()
        self._links: set[str] = set()
        self._seen = {"h1": 0, "title": 0, "policy": 0, "main": 0}
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if len(values) != len(attrs):
            self._note(f"<{tag}> has an attribute twice")
        if (anchor := values.get("id")) is not None:
            if anchor in self._ids:
                self._note(f"two elements have the id {anchor[:60]!r}")
            self._ids.add(anchor)
        self._check_files(tag, values)
        if "style" in values:
            self._note(f"<{tag}> has a style of its own, which the policy forbids")
        known = {"href", "style"} if tag == "link" or self._is_inside(values.get("href", "#")) else {"style"}
        outside = [(name, value) for name, value in attrs if name not in known]
        for fault in find_active_content("" if tag in _CHECKED_ELEMENTS else tag, outside):
            self._note(fault)
        if tag == "html" and not values.get("lang"):
            self._note("the page has no language")
        if tag in self._seen:
            self._seen[tag] += 1
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1:] != [tag]:
            self._note(f"</{tag}> closes {f'<{self._open[-1]}>' if self._open else 'nothing'}")
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def list_faults(self) -> list[str]:
        """Return what is wrong with the page, after it was read."""
        if self._open:
            self._note(f"<{self._open[-1]}> is never closed")
        for name, number in self._seen.items():
            if number != 1:
                self._note(f"it has {number} of: {name}")
        for target in sorted(self._links - self._ids):
            self._note(f"no element has the id {target[:60]!r} of a link")
        return self.faults

    def _is_inside(self, address: str) -> bool:
        if not address.startswith("#"):
            return address in self._pages
        if address != "#":
            self._links.add(address[1:])
        return True

    def _check_files(self, tag: str, values: dict[str, str]) -> None:
        if tag == "img" and values.get("src") not in self._pictures:
            self._note(f"a picture {values.get('src', '')[:60]!r} that is not there")
        if tag == "link" and (values.get("rel"), values.get("href")) != ("icon", "data:,"):
            self._note("an element `link`")
        if tag == "meta" and values.get("http-equiv", "").lower() == "content-security-policy":
            policy = values.get("content", "")
            self._seen["policy"] += policy.startswith("default-src 'none'; ") and self._style_source in policy
        elif tag == "meta" and "http-equiv" in values:
            self._note("an element `meta` that a browser obeys")

    def _note(self, fault: str) -> None:
        if len(self.faults) < _MAX_MESSAGES:
            self.faults.append(fault)


def find_page_faults(file: IO[bytes], check: PageCheck) -> list[str]:
    """Return what is wrong with a page that is read in pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_READ_BYTES):
            check.feed(decoder.decode(piece))
        check.feed(decoder.decode(b"", final=True))
    except UnicodeDecodeError:
        return ["it is no UTF-8"]
    check.close()
    return check.list_faults()
