"""Facts about a whole Word document that are needed before its text is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.office.docx_styles import get_property_value, parse_bounded_int
from materials.readers.office.ooxml import W

_DELETIONS = {f"{W}del", f"{W}moveFrom"}


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


def has_balanced_fields(root: Any) -> bool:
    """Tell whether every complex field of the body or of a note that begins also ends, where its text is read."""
    # Without its end, neither the code nor the result of a field has a known end: it would hide all text after it.
    depth = 0
    for mark in _iter_field_marks(root):
        kind = mark.get(f"{W}fldCharType")
        depth += (kind == "begin") - (kind == "end")
        if depth < 0:
            return False
    return depth == 0


def _iter_field_marks(root: Any) -> Iterator[Any]:
    """Yield the marks of fields that are read, in order."""
    if not any(map(_is_left_out, root.iter(*_DELETIONS, f"{W}sdt", f"{W}tr"))):
        yield from root.iter(f"{W}fldChar")
        return
    # Without recursion: each mark would pass through all generators above it.
    open_elements = [iter(root)]
    while open_elements:
        child = next(open_elements[-1], None)
        if child is None:
            open_elements.pop()
        elif child.tag == f"{W}fldChar":
            yield child
        elif len(child) and not _is_left_out(child):
            open_elements.append(iter(child))


def _is_left_out(element: Any) -> bool:
    """Tell whether the content of an element is not read: deleted text and rows, prompts, tables of contents."""
    tag = element.tag
    if tag == f"{W}sdt":
        return element.find(f"{W}sdtPr/{W}showingPlcHdr") is not None or is_table_of_contents(element)
    return tag in _DELETIONS or (tag == f"{W}tr" and element.find(f"{W}trPr/{W}del") is not None)


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
