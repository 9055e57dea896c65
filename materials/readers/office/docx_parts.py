"""Facts about a whole Word document that are needed before its text is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.office.docx_styles import get_property_value, parse_bounded_int
from materials.readers.office.ooxml import W


def is_table_of_contents(control: Any) -> bool:
    """Tell whether a content control holds a table of contents."""
    return get_property_value(control.find(f"{W}sdtPr/{W}docPartObj"), "docPartGallery").startswith("Table of Contents")


def index_notes(root: Any) -> dict[str, Any]:
    """Return the footnotes or endnotes by their ids, without separators; `root` is None for a missing part."""
    if root is None:
        return {}
    return {note.get(f"{W}id") or "": note for note in root if note.get(f"{W}type") in {None, "normal"}}


def index_comments(root: Any) -> dict[str, str]:
    """Return the texts of the comments by their ids; `root` is None for a missing part."""
    if root is None:
        return {}
    return {comment.get(f"{W}id") or "": collect_text(comment) for comment in root.iterchildren(f"{W}comment")}


def collect_text(element: Any) -> str:
    """Return the bare text of an element on one line, deleted text included, for what is not read properly."""
    return clean_text(" ".join("".join(_iter_texts(element)).split()))


def _iter_texts(element: Any) -> Iterator[str]:
    for each in element.iter(f"{W}t", f"{W}delText", f"{W}tab", f"{W}br", f"{W}p"):
        yield each.text or "" if each.tag in {f"{W}t", f"{W}delText"} else " "


def has_balanced_fields(body: Any) -> bool:
    """Tell whether every complex field of the body that begins also ends."""
    # Without its end, the result of a field has no known end either: a table of contents would hide all text after it.
    depth = 0
    for mark in body.iter(f"{W}fldChar"):
        kind = mark.get(f"{W}fldCharType")
        depth += (kind == "begin") - (kind == "end")
        if depth < 0:
            return False
    return depth == 0


def compute_body_font_size(body: Any, default: int) -> int:
    """Return the font size of most characters in half points; `default` is the size of text without its own size."""
    weights: Counter[int] = Counter()
    for size in body.iter(f"{W}sz"):
        run = size.getparent().getparent()
        half_points = parse_bounded_int(size.get(f"{W}val"))
        if half_points and run is not None and run.tag == f"{W}r":
            weights[half_points] += sum(len(text.text or "") for text in run.iterchildren(f"{W}t"))
    whole = sum(len(text.text or "") for text in body.iter(f"{W}t"))
    weights[default] += max(0, whole - sum(weights.values()))
    return weights.most_common(1)[0][0]
