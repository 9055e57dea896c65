"""Turn inline HTML into running text: no markup, superscripts that keep their meaning, each formula once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.base.typography import format_note_mark, format_script, join_ideographs, strip_break_hints
from materials.readers.html.furniture import get_classes, is_ignored
from materials.readers.html.left_out import count_ignored
from materials.readers.html.math import extract_formula

_BLOCK_TAGS = {
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
    "li",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "optgroup",
    "option",
    "p",
    "plaintext",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
    "xmp",
}
_EMPHASIS_TAGS = {"b", "strong", "i", "em", "dfn"}
# White space of the HTML standard; others, such as the no-break space, are characters of the text.
_SPACE = re.compile(r"[ \t\n\r\f]+")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
# Characters of the mark of a footnote, with its brackets: [123] and a little more.
_MAX_NOTE_MARK_LENGTH = 6
# Placeholders of editors, which say nothing about the picture.
_MEANINGLESS_ALT_TEXTS = {
    "image",
    "img",
    "picture",
    "photo",
    "alt text",
    "alt",
    "icon",
    "logo",
    "drawing",
    "figure",
    "screenshot",
}


def is_block(element: Any) -> bool:
    """Tell whether an element is a block; so is a custom element, whose name has a hyphen (HTML 4.13), as `a-card`."""
    return isinstance(element.tag, str) and (
        element.tag in _BLOCK_TAGS or ("-" in element.tag and element.tag != "mjx-container")
    )


def is_inline_element(element: Any) -> bool:
    """Tell whether an element is inline and contains no block."""
    return isinstance(element.tag, str) and not any(map(is_block, element.iter()))


@dataclass
class InlineText:
    """Collects the parts of a running text, and the emphasised terms and the targets of links in it.

    What is not part of the text is counted in `left_out`.
    """

    left_out: LeftOutCollector
    parts: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The collected text; line ends in it come from `br` elements and formulas alone."""
        return clean_text("".join(self.parts))

    def add_text(self, text: str | None) -> None:
        """Add text as a browser shows it: line ends of the source are spaces, or nothing between ideographs."""
        if text:
            if "\n" in text:
                text = join_ideographs(text)
            self.parts.append(_SPACE.sub(" ", strip_break_hints(text)))

    def add_element(self, element: Any) -> None:
        """Add the text of an element, without its tail."""
        formula = extract_formula(element)
        if formula is not None:
            self.parts.append(clean_text(formula))
            return
        if is_ignored(element):
            count_ignored(element, self.left_out)
            return
        tag = element.tag
        if tag == "a" and (target := element.get("href")):
            self.links.append(target)
        if tag == "br":
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(get_alt_text(element))
        elif tag in {"sup", "sub"}:
            self._add_super_or_subscript(element)
        elif tag == "q":
            self.parts.append("“")
            self.add_content(element)
            self.parts.append("”")
        elif tag == "rt":  # how the characters before it are pronounced
            self.parts.append("(")
            self.add_content(element)
            self.parts.append(")")
        else:
            self._add_plain_element(element)

    def add_content(self, element: Any) -> None:
        """Add the text and the children of an element."""
        self.add_text(element.text)
        for child in element:
            self.add_element(child)
            self.add_text(child.tail)

    def _add_plain_element(self, element: Any) -> None:
        separate = " " if is_block(element) else ""
        before = len(self.parts)
        self.parts.append(separate)
        self.add_content(element)
        self.parts.append(separate)
        if element.tag in _EMPHASIS_TAGS:
            self.emphasised.append("".join(self.parts[before:]))

    def _add_super_or_subscript(self, element: Any) -> None:
        within = InlineText(self.left_out)
        within.add_content(element)
        self.emphasised.extend(within.emphasised)
        text = collapse_whitespace(within.text)
        if not text:
            return
        before = self.parts[-1][-1:] if self.parts else ""
        is_note = _is_note_reference(element) and len(text) <= _MAX_NOTE_MARK_LENGTH
        if not is_note:
            self.links.extend(within.links)
        if is_note:
            self.parts.append(format_note_mark(text))
        else:
            self.parts.append(format_script(text, is_raised=element.tag == "sup", before=before))


def read_inline_text(element: Any, left_out: LeftOutCollector) -> InlineText:
    """Return the content of an element as running text; what is left out of it is counted in `left_out`."""
    inline = InlineText(left_out)
    inline.add_content(element)
    return inline


def get_alt_text(image: Any) -> str:
    """Return the alternative text of an image; blank when it is a file name or a placeholder."""
    said = collapse_whitespace(image.get("alt") or "")
    return "" if said.casefold() in _MEANINGLESS_ALT_TEXTS or _FILE_NAME.fullmatch(said) else said


def _is_note_reference(element: Any) -> bool:
    """Tell whether a superscript or subscript is the mark of a note: by its class or role, or by a link on the page."""
    if any("ref" in name or "footnote" in name for name in get_classes(element)):
        return True
    links = [below for below in element.iter("a") if (below.get("href") or "").startswith("#")]
    parent = element.getparent()
    if links or parent is None:
        return bool(links)
    is_in_link = parent.tag == "a" and (parent.get("href") or "").startswith("#")
    return bool(is_in_link or parent.get("role") == "doc-noteref")
