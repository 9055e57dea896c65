"""Functions for Word and PowerPoint files alike: titles, alternative texts, and warnings about what was left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from materials.documents import ChunkKind, LeftOutKind, Locator, Piece
from materials.readers.base.encodings import clean_text
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import collapse_whitespace, format_page_numbers
from materials.readers.office.ooxml import Package
from project.counts import format_count

_TITLE = "{http://purl.org/dc/elements/1.1/}title"
# Titles that office programs set by themselves; they would hide the first heading.
_DEFAULT_TITLE = re.compile(
    r"^(?:word document|document\d*|powerpoint presentation|presentation\d*|untitled\b.*|slide \d+|title|"
    r"презентац[иі]я powerpoint|документ microsoft word|powerpoint-präsentation|présentation powerpoint)$",
    re.IGNORECASE,
)
# What Office writes below descriptions by its own model. Of 15 alternative texts in the sample files 7 are of this
# kind.
_GENERATED_ALT = re.compile(
    r"automatically generated|ai-generated|створено автоматично|автоматически создан", re.IGNORECASE
)
# Default names of shapes, file names, URLs, and single words.
_MEANINGLESS_ALT = re.compile(
    r"^(?:picture|image|graphic|graphical user interface|photo|рисунок|зображення|изображение|bild|grafik|shape|"
    r"object|google shape.*)[\s\d;:._-]*$|\.(?:png|jpe?g|gif|emf|wmf|svg|bmp|tiff?|webp)$|^(?:https?|file):|^\S*$",
    re.IGNORECASE,
)
# Guidelines ask for a sentence or two; some programs put the source of a drawing here.
_MAX_ALT_LENGTH = 1000


def find_title(package: Package, pieces: Sequence[Piece]) -> str:
    """Return a document's title: its first heading of level 1, its title property, or the heading it begins with.

    Blank when it has none of them.
    """
    headings = [piece for piece in pieces if piece.kind is ChunkKind.HEADING]
    if first := next((piece.text for piece in headings if piece.level == 1), ""):
        return first
    properties = package.parse_optional_part(Counter(), next(package.iter_related_parts("", "core-properties"), None))
    own = clean_text(collapse_whitespace(properties.findtext(_TITLE) or "")) if properties is not None else ""
    if own and not _DEFAULT_TITLE.match(own):
        return own
    return pieces[0].text if pieces and pieces[0].kind is ChunkKind.HEADING else ""


def clean_alt_text(text: str) -> str:
    """Return alternative text on one line; blank for file names, default names and machine-generated descriptions."""
    text = clean_text(collapse_whitespace(text))[:_MAX_ALT_LENGTH]
    return "" if _GENERATED_ALT.search(text) or _MEANINGLESS_ALT.search(text) else text


def note_alt_text(text: str, left_out: LeftOutCollector, locator: Locator | None = None) -> None:
    """Note an alternative text that is not read: an author's, or one that a program wrote. Others say nothing."""
    if _GENERATED_ALT.search(text):
        left_out.add(LeftOutKind.PLACEHOLDER, text, locator)
    elif said := clean_alt_text(text):
        left_out.add(LeftOutKind.METADATA, said, locator)


def build_omission_warnings(omissions: Mapping[str, int]) -> tuple[str, ...]:
    """Return warnings for the teacher about what a document contains that was left out or read in a certain way."""
    warnings = []
    insertions, deletions = omissions.get("insertions", 0), omissions.get("deletions", 0)
    if insertions or deletions or omissions.get("moves", 0):
        warnings.append(
            "The document has tracked changes; it was read as if all were accepted: "
            f"{format_count(insertions, 'insertion')} taken, {format_count(deletions, 'deletion')} left out."
        )
    if comments := omissions.get("comments", 0):
        warnings.append(f"{format_count(comments, 'comment')} left out.")
    if equations := omissions.get("equations", 0):
        warnings.append(
            f"{format_count(equations, 'equation')} of the old Equation Editor could not be read; "
            "convert them in Word or PowerPoint (double-click) to keep them."
        )
    if objects := omissions.get("objects", 0):
        warnings.append(f"{format_count(objects, 'embedded file')} (such as a spreadsheet) not read.")
    if chunks := omissions.get("chunks", 0):
        warnings.append(
            f"{format_count(chunks, 'imported part')} of the document could not be read; save it again in Word "
            f"to keep it."
        )
    if charts := omissions.get("charts", 0):
        warnings.append(f"{format_count(charts, 'chart')} of a newer kind not read (waterfall, treemap and the like).")
    if parts := omissions.get("parts", 0):
        warnings.append(f"{format_count(parts, 'part')} of the file damaged and left out.")
    if points := omissions.get("points", 0):
        warnings.append(f"{format_count(points, 'row')} of long charts left out.")
    return tuple(warnings)


def format_slide_numbers(found: list[int]) -> str:
    """Return slide numbers with their noun: Slide 3, Slides 3, 5–7."""
    return f"Slide{'' if len(found) == 1 else 's'} {format_page_numbers(found)}"
