"""Running text of HTML: words without markup, raised figures that keep their meaning, formulas taken once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean
from materials.readers.base.pieces import one_line
from materials.readers.html.furniture import classes_of, is_silent
from materials.readers.html.math import formula_of

_BLOCKS = {
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
_EMPHASIS = {"b", "strong", "i", "em", "dfn"}
_SPACE = re.compile(r"[ \t\n\r\f]+")
_BETWEEN_IDEOGRAPHS = re.compile(r"(?<=[\u2e80-\u9fff\uff00-\uffef])[ \t]*\n[ \t]*(?=[\u2e80-\u9fff\uff00-\uffef])")
_UNSEEN = str.maketrans("", "", "\u00ad\u200b\u2060")
_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_ORDINAL = re.compile(
    r"(?:st|nd|rd|th|er?|re|nde?|ème|è|o|a|os|as|º|ª|й|я|е|го|му|та|та|ий|tm|sm|®|©)\.?", re.IGNORECASE
)
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_NO_WORDS = {"image", "img", "picture", "photo", "alt text", "alt", "icon", "logo", "drawing", "figure", "screenshot"}


def is_block(element: Any) -> bool:
    """Tell whether an element begins a block of its own; an unknown name does when it is a component's (`a-card`)."""
    return isinstance(element.tag, str) and (
        element.tag in _BLOCKS or ("-" in element.tag and element.tag != "mjx-container")
    )


def is_in_line(element: Any) -> bool:
    """Tell whether an element stands within a line of text, and holds no block."""
    return isinstance(element.tag, str) and not any(map(is_block, element.iter()))


@dataclass
class Inline:
    """Text in the making: its parts, and the terms that were set off."""

    parts: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text as it stands; its line breaks are the author's."""
        return clean("".join(self.parts))

    def words(self, text: str | None) -> None:
        """Add text as a browser shows it: line ends of the source are spaces, or nothing between ideographs."""
        if text:
            if "\n" in text:
                text = _BETWEEN_IDEOGRAPHS.sub("", text)
            self.parts.append(_SPACE.sub(" ", text.translate(_UNSEEN)))

    def element(self, element: Any) -> None:
        """Add what an element holds, without its tail."""
        formula = formula_of(element)
        if formula is not None:
            self.parts.append(clean(formula))
            return
        if is_silent(element):
            return
        tag = element.tag
        if tag == "br":
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(alternative(element))
        elif tag in {"sup", "sub"}:
            self._shifted(element)
        elif tag == "q":
            self.parts.append("“")
            self.inside(element)
            self.parts.append("”")
        elif tag == "rt":
            self.parts.append("(")
            self.inside(element)
            self.parts.append(")")
        else:
            self._plain(element)

    def inside(self, element: Any) -> None:
        """Add the text and the children of an element."""
        self.words(element.text)
        for child in element:
            self.element(child)
            self.words(child.tail)

    def _plain(self, element: Any) -> None:
        separate = " " if is_block(element) else ""
        before = len(self.parts)
        self.parts.append(separate)
        self.inside(element)
        self.parts.append(separate)
        if element.tag in _EMPHASIS:
            self.emphasised.append("".join(self.parts[before:]))

    def _shifted(self, element: Any) -> None:
        within = Inline()
        within.inside(element)
        self.emphasised.extend(within.emphasised)
        text = one_line(within.text)
        if not text:
            return
        before = self.parts[-1][-1:] if self.parts else ""
        table = _RAISED if element.tag == "sup" else _LOWERED
        if _is_note(element) and len(text) <= 6:
            text = text if text[0] in "[(" else f"[{text}]"
        elif all(ord(sign) in table for sign in text):
            text = text.translate(table)
        elif not before.strip() or (element.tag == "sup" and _ORDINAL.fullmatch(text)) or text[0] in "[(":
            pass
        else:
            mark = "^" if element.tag == "sup" else "_"
            text = mark + (text if len(text) == 1 or text.isalnum() else f"({text})")
        self.parts.append(text)


def inline_of(element: Any) -> Inline:
    """Return what stands inside an element as running text."""
    inline = Inline()
    inline.inside(element)
    return inline


def alternative(image: Any) -> str:
    """Return what an image's author says it shows; blank for a file name or a word that says nothing."""
    said = one_line(image.get("alt") or "")
    return "" if said.casefold() in _NO_WORDS or _FILE_NAME.fullmatch(said) else said


def _is_note(element: Any) -> bool:
    """Tell whether raised text is the mark of a note."""
    if any("ref" in name or "footnote" in name for name in classes_of(element)):
        return True
    links = [below for below in element.iter("a") if (below.get("href") or "").startswith("#")]
    return bool(links) or (element.getparent() is not None and element.getparent().get("role") == "doc-noteref")
