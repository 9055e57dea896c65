"""Find the link of a line of Markdown without rendering it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_MARKUP = re.compile(r"(\*{1,3}|\b_{1,3}|~~)(?=\S)(.+?)(?<=\S)\1")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
# Text in brackets, in which pairs of brackets and escaped ones may stand, and an address in parentheses, in which pairs
# of parentheses may, with a title after it. No part can match what the next one begins with, so that nothing is tried
# twice.
_LINK = re.compile(
    r"(?<!!)\[(?P<text>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*\])*)\]"
    r"\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<bare>(?:[^\s()<>\\]|\\.|\([^\s()]*\))*))(?:\s+[\"'(][^\n]*?[\"')])?\s*\)"
)
_ATTRIBUTES = re.compile(r"\{[:#.][^{}\n]*\}\s*$")
_IMAGE = re.compile(r"!\[([^\[\]]*)\]\([^()\s]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_CODE = re.compile(r"(`{1,3})(?!`)\s?(.+?)\s?(?<!`)\1(?!`)")
# A character for private use in the place of each code span, which has no markup inside.
_FIRST_PLACEHOLDER, _MAX_PLACEHOLDERS = 0xF0000, 1_000
# Characters. A longer line is text: the patterns take quadratic time on lines made for that.
_MAX_LINE_LENGTH = 3_000


@dataclass(frozen=True, kw_only=True)
class MarkdownLink:
    """A link: its text without markup, its address, and whether the line holds nothing else."""

    text: str
    address: str
    is_alone: bool


def find_link(line: str) -> MarkdownLink | None:
    """Return the first link of a line, None without one."""
    line = _ATTRIBUTES.sub("", line.strip())
    found = _LINK.search(line) if len(line) <= _MAX_LINE_LENGTH else None
    if found is None:
        return None
    bare = found["bare"] or ""
    return MarkdownLink(
        text=strip_markup(found["text"]),
        address=found["angled"] if found["angled"] is not None else html.unescape(_ESCAPE.sub(r"\1", bare)),
        is_alone=not strip_markup(line[: found.start()] + line[found.end() :]),
    )


def strip_markup(text: str) -> str:
    """Return a line of Markdown as people see it: without emphasis, images, tags and backslashes."""
    codes: list[str] = []

    def hide_code(found: re.Match[str]) -> str:
        if len(codes) == _MAX_PLACEHOLDERS:
            return found[0]
        codes.append(found[2])
        return chr(_FIRST_PLACEHOLDER + len(codes) - 1)

    text = _CODE.sub(hide_code, text[:_MAX_LINE_LENGTH])
    text = _TAG.sub("", _IMAGE.sub(r"\1", _ATTRIBUTES.sub("", text)))
    # Emphasis in emphasis: two rounds are as many as titles have.
    for _ in range(2):
        text = _MARKUP.sub(r"\2", text)
    text = html.unescape(_ESCAPE.sub(r"\1", text))
    return " ".join(text.translate({_FIRST_PLACEHOLDER + number: code for number, code in enumerate(codes)}).split())
