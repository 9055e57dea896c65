"""Read SUMMARY.md, the contents file of mdBook, GitBook and literate navigation: a nested list of links."""

from __future__ import annotations

import re

from materials.documents import Contents
from materials.readers.base.outlines import OutlineBuilder, build_item
from materials.readers.contents.errors import NotContents
from materials.readers.contents.markdown_links import find_link, strip_markup

LABEL = "SUMMARY.md"
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*\n", re.DOTALL)
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*")
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+(.*)")
_RULE = re.compile(r"\s*(?:-(?:\s*-){2,}|\*(?:\s*\*){2,}|_(?:\s*_){2,})\s*")
# What the tools themselves write above the list, in the languages that they speak; no title of the book.
_GENERIC_TITLES = {
    "summary", "table of contents", "contents", "toc", "index", "зміст", "оглавление", "содержание", "índice",
    "tabla de contenidos", "tabla de contenido", "resumen", "contenido", "contenidos", "inhalt", "inhaltsverzeichnis",
    "sommaire", "table des matières", "spis treści", "sumário", "indice", "sommario", "目录", "目次", "摘要", "总结",
}  # fmt: skip
# Levels: headings 1 to 6, then items by their indentation, those without a list mark first.
_PLAIN_LINK_LEVEL = 10
# Another Markdown file of that name has paragraphs: of a table of contents most lines are links or headings.
_MIN_LISTED_SHARE = 0.6


def read(text: str, _name: str) -> Contents:
    """Return the table of contents. Raises NotContents for a text that is not mostly a list of links."""
    lines = [line.expandtabs(4) for line in _COMMENT.sub("", _FRONT_MATTER.sub("", text)).split("\n")]
    outline, title = OutlineBuilder(), ""
    links = others = 0
    is_first_heading, in_list = True, False
    for line in filter(str.strip, lines):
        if _RULE.fullmatch(line):
            continue
        if heading := _HEADING.fullmatch(line):
            words = strip_markup(heading[2])
            if is_first_heading and heading[1] == "#":
                title = "" if words.casefold() in _GENERIC_TITLES else words
            elif words:
                outline.add(len(heading[1]), build_item(words))
            is_first_heading, in_list = False, False
        elif item := _ITEM.fullmatch(line):
            link = find_link(item[2])
            links += link is not None
            others += link is None and not item[2].strip()
            outline.add(
                _PLAIN_LINK_LEVEL + 1 + len(item[1]) // 2,
                build_item(link.text, link.address) if link else build_item(strip_markup(item[2])),
            )
            in_list = True
        elif (link := find_link(line)) and link.is_alone:
            # mdBook: chapters before and after the numbered list, which belong to no part.
            if in_list:
                outline.close(1)
            links += 1
            outline.add(_PLAIN_LINK_LEVEL, build_item(link.text, link.address))
            outline.close(_PLAIN_LINK_LEVEL)
        else:
            others += 1
    if not links:
        raise NotContents("it has no list of links.")
    if links / (links + others) < _MIN_LISTED_SHARE:
        raise NotContents("most of it is text, not a list of links.")
    return Contents(dialect=LABEL, items=outline.build(), title=title)
