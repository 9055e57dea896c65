"""Count what the HTML reader leaves out of the text: by the kind of element, with the words that stand in it."""

from __future__ import annotations

from typing import Any

from materials.documents import LeftOutKind, Locator
from materials.readers.base.html_elements import LEFT_OUT_TAG
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import collapse_whitespace

_KINDS = {
    **dict.fromkeys(("script", "style", "template", "head"), LeftOutKind.METADATA),
    **dict.fromkeys(
        ("svg", "canvas", "iframe", "object", "audio", "video", "source", "applet", "embed"),
        LeftOutKind.EMBEDDED_OBJECT,
    ),
    **dict.fromkeys(("button", "select", "input", "textarea", "datalist"), LeftOutKind.FORM_FIELD),
    "track": LeftOutKind.TRACK,
}
# Characters of an element that are looked at: more than is kept of what is left out.
_MAX_TEXT_LENGTH = 2_000
_UNSEEN_INPUTS = {"hidden", "submit", "reset", "image"}


def count_ignored(element: Any, left_out: LeftOutCollector, locator: Locator | None = None) -> None:
    """Count an element that a browser does not show, or shows as a picture or control.

    Signs beside the text, such as line numbers and links of headings to themselves, are not counted.
    """
    if not isinstance(element.tag, str):
        return
    tag = element.tag
    if tag == LEFT_OUT_TAG:
        kind = element.get("kind") or ""
        if kind in set(LeftOutKind):
            left_out.add(LeftOutKind(kind), element.get("text") or "", locator)
        return
    if tag in _KINDS:
        text = _describe_object(element) if tag not in {"script", "style"} else _get_text(element)
        if text or (_KINDS[tag] is LeftOutKind.EMBEDDED_OBJECT and tag not in {"svg", "source"}):
            left_out.add(_KINDS[tag], text, locator)
        return
    text = _get_text(element)
    # Signs beside the text are left out by their class or as icons; what is hidden is left out by a property.
    if text and (_is_hidden(element) or tag == "noscript"):
        left_out.add(LeftOutKind.HIDDEN_TEXT, text, locator)
    elif len(text) > 1 and element.get("aria-hidden") == "true" and not element.get("class", "").startswith("katex"):
        left_out.add(LeftOutKind.NAVIGATION, text, locator)


def count_navigation(element: Any, left_out: LeftOutCollector, locator: Locator | None = None) -> None:
    """Count an element that belongs to the site and not to the page's own text."""
    if text := _get_text(element):
        left_out.add(LeftOutKind.NAVIGATION, text, locator)


def _describe_object(element: Any) -> str:
    """Return what is said of an embedded object or control: its name, its address or value, and its text."""
    if element.tag == "input" and element.get("type") in _UNSEEN_INPUTS:
        return ""
    said = (element.get(name) for name in ("title", "aria-label", "src", "data", "value", "placeholder"))
    inside = (below.get("src") for below in element.iter("source", "track"))
    named = dict.fromkeys(collapse_whitespace(each) for each in (*said, *inside, _get_text(element)) if each)
    return " ".join(each for each in named if each and not each.startswith("data:"))


def _get_text(element: Any) -> str:
    return collapse_whitespace(str(element.xpath(f"substring(string(.), 1, {_MAX_TEXT_LENGTH})")))


def _is_hidden(element: Any) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    is_closed = element.tag == "dialog" and "open" not in element.attrib
    return "hidden" in element.attrib or "display:none" in style or "visibility:hidden" in style or is_closed
