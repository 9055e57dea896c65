"""What Word and PowerPoint files have in common beside their parts: a title, and what to say of what was left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from materials.documents import ChunkKind, Piece
from materials.readers.base.encodings import clean
from materials.readers.base.pieces import numbers, one_line
from materials.readers.office.ooxml import Package

_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_NO_TITLE = re.compile(
    r"^(?:word document|document\d*|powerpoint presentation|presentation\d*|untitled\b.*|slide \d+|title|"
    r"презентац[иі]я powerpoint|документ microsoft word|powerpoint-präsentation|présentation powerpoint)$",
    re.IGNORECASE,
)
_MADE_BY_MACHINE = re.compile(
    r"automatically generated|ai-generated|створено автоматично|автоматически создан", re.IGNORECASE
)
_NO_WORDS = re.compile(
    r"^(?:picture|image|graphic|graphical user interface|photo|рисунок|зображення|изображение|bild|grafik|shape|"
    r"object|google shape.*)[\s\d;:._-]*$|\.(?:png|jpe?g|gif|emf|wmf|svg|bmp|tiff?|webp)$|^(?:https?|file):|^\S*$",
    re.IGNORECASE,
)
_LONGEST_ALT = 1000


def title_of(package: Package, found: Sequence[Piece]) -> str:
    """Return a document's title: its first top heading, what its properties say, or the heading it begins with."""
    headings = [piece for piece in found if piece.kind is ChunkKind.HEADING]
    if first := next((piece.text for piece in headings if piece.level == 1), ""):
        return first
    properties = package.optional(Counter(), next(package.related("", "core-properties"), None))
    own = clean(one_line(properties.findtext(_TITLE) or "")) if properties is not None else ""
    if own and not _NO_TITLE.match(own):
        return own
    return found[0].text if found and found[0].kind is ChunkKind.HEADING else ""


def useful_alt(text: str) -> str:
    """Return what a picture's author says it shows; blank for names of files and descriptions made by a machine."""
    text = clean(one_line(text))[:_LONGEST_ALT]
    return "" if _MADE_BY_MACHINE.search(text) or _NO_WORDS.search(text) else text


def left_out(found: Mapping[str, int]) -> tuple[str, ...]:
    """Return sentences for the teacher about what a document holds beside its text."""
    warnings = []
    insertions, deletions = found.get("insertions", 0), found.get("deletions", 0)
    if insertions or deletions or found.get("moves", 0):
        warnings.append(
            "The document has tracked changes; it was read as if all were accepted: "
            f"{counted(insertions, 'insertion')} taken, {counted(deletions, 'deletion')} left out."
        )
    if comments := found.get("comments", 0):
        warnings.append(f"{counted(comments, 'comment')} left out.")
    if equations := found.get("equations", 0):
        warnings.append(
            f"{counted(equations, 'equation')} of the old Equation Editor could not be read; "
            "convert them in Word or PowerPoint (double-click) to keep them."
        )
    if objects := found.get("objects", 0):
        warnings.append(f"{counted(objects, 'embedded file')} (such as a spreadsheet) not read.")
    if chunks := found.get("chunks", 0):
        warnings.append(
            f"{counted(chunks, 'imported part')} of the document could not be read; save it again in Word to keep it."
        )
    if charts := found.get("charts", 0):
        warnings.append(f"{counted(charts, 'chart')} of a newer kind not read (waterfall, treemap and the like).")
    if parts := found.get("parts", 0):
        warnings.append(f"{counted(parts, 'part')} of the file damaged and left out.")
    if points := found.get("points", 0):
        warnings.append(f"{counted(points, 'row')} of long charts left out.")
    return tuple(warnings)


def counted(number: int, what: str) -> str:
    """Return a number with its noun: 1 comment, 2 comments."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def slides(found: list[int]) -> str:
    """Return slides by their numbers: Slide 3, Slides 3, 5–7."""
    return f"Slide{'' if len(found) == 1 else 's'} {numbers(found)}"
