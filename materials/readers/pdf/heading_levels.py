"""Find the headings of a document: those that its bookmarks or printed contents name, and those that look like them.

Lines of the same type are one class. A class is that of headings when most of its lines stand as headings do: by
themselves, in line with the text or in its middle, above text. That leaves out the lettering of figures, stamps,
authors below a title, and bold words within text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from statistics import median_low

from materials.readers.pdf.flow import Heading, HeadingClass, build_flow
from materials.readers.pdf.heading_lines import CandidateFinder
from materials.readers.pdf.heading_places import SAME_SIZE
from materials.readers.pdf.known_headings import find_bookmarked, find_listed, merge_headings
from materials.readers.pdf.lines import HEADING_RATIO
from materials.readers.pdf.outline import Outline
from materials.readers.pdf.page import Page
from materials.readers.pdf.printed_contents import Entry
from materials.readers.pdf.styles import DocumentStyle

# Of the lines of a class.
_MIN_SOUND_SHARE = 0.5
# Headings of a class that only its font or its place sets apart: one may be a line of a poem or an address.
_MIN_WEAK = 2
# Of the headings: so many have a number where numbers say how deep they are.
_MIN_NUMBERED_SHARE = 0.6
# Characters: a line of so many is text, above which a document has its title and its authors.
_MIN_TEXT_LENGTH = 40


def find_headings(
    pages: Sequence[Page], style: DocumentStyle, entries: Sequence[Entry], outline: Outline | None
) -> list[Heading]:
    """Return the headings of the flowing pages, with their levels from 1 on. `entries` are printed contents."""
    flow = build_flow(pages)
    if not flow.lines or not style.size:  # slides, or nothing but tables
        return []
    finder = CandidateFinder(flow, style, {line for entry in entries for line in entry.lines})
    candidates = finder.find_candidates()
    known = find_bookmarked(outline.bookmarks if outline else (), flow, finder, candidates)
    known = known or find_listed(entries, flow, finder, candidates)
    if known:
        candidates = merge_headings(known, candidates, finder)
    classes = _choose_classes(candidates, finder)
    if not known:
        _read_depths([heading for group in classes for heading in group])
    return _set_levels(classes)


def _choose_classes(candidates: Sequence[Heading], finder: CandidateFinder) -> list[list[Heading]]:
    """Return the headings of each class that is one of headings."""
    title, front = _find_front(candidates, finder)
    groups: defaultdict[HeadingClass, list[Heading]] = defaultdict(list)
    for heading in candidates:
        if heading not in front:
            groups[heading.kind].append(heading)
    classes = []
    for kind, group in groups.items():
        sound = [heading for heading in group if heading.is_sound]
        if _is_class_of_headings(kind, group, sound, finder.style.size):
            classes.append(sound)
        elif title in sound:
            classes.append([title])
    return classes


def _is_class_of_headings(
    kind: HeadingClass, group: Sequence[Heading], sound: Sequence[Heading], text_size: float
) -> bool:
    """Tell whether the lines of a class are headings, of which those that stand as headings do are given, too."""
    if any(heading.depth is not None for heading in sound):
        return True
    if not sound or len(sound) < _MIN_SOUND_SHARE * sum(not heading.is_lettering for heading in group):
        return False
    if kind.size > HEADING_RATIO * text_size:
        return True
    numbered = sum(heading.number is not None for heading in sound)
    if kind.size * SAME_SIZE < text_size:
        return 2 * numbered > len(sound)
    is_weak = not kind.is_bold and kind.place != "upper" and kind.size <= SAME_SIZE * text_size
    return not is_weak or numbered > 0 or len(sound) >= _MIN_WEAK


def _find_front(candidates: Sequence[Heading], finder: CandidateFinder) -> tuple[Heading | None, Collection[Heading]]:
    """Return the title of a document, and what stands between it and the text, such as authors and a date."""
    lines = finder.lines
    most = HEADING_RATIO * finder.style.size
    begin = next(
        (
            at
            for at, line in enumerate(lines)
            if line not in finder.judge.places and len(line.text) >= _MIN_TEXT_LENGTH and line.size <= most
        ),
        len(lines),
    )
    head = [heading for heading in candidates if finder.judge.places[heading.lines[0]] < begin]
    if len(head) < 2 or begin == len(lines):
        return None, ()
    title = max(filter(finder.judge.is_well_placed, head), key=lambda heading: heading.kind.size, default=None)
    if title is None or title.kind.size <= most:
        title = None
    else:
        title.is_sound = True
    later = {_describe(heading, finder) for heading in candidates[len(head) :] if heading.is_sound}
    return title, {
        heading
        for heading in head
        if heading is not title
        and heading.depth is None
        and _describe(heading, finder) not in later
        and not (
            _begins_section(heading, finder, begin) and (finder.judge.is_flush(heading) or heading.lines[0].is_bold)
        )
    }


def _begins_section(heading: Heading, finder: CandidateFinder, begin: int) -> bool:
    """Tell whether a heading has a number, or stands directly above the text that begins at a place, as in no front."""
    is_above = finder.judge.places[heading.lines[-1]] + 1 == begin
    return (heading.number is not None or is_above) and (finder.judge.is_flush(heading) or heading.lines[0].is_bold)


def _describe(heading: Heading, finder: CandidateFinder) -> tuple[float, bool, str, bool]:
    """Return the type of a heading and where it begins: authors stand in the middle, headings seldom do."""
    first = heading.lines[0]
    return heading.kind.size, first.is_bold, first.face, finder.judge.is_flush(heading)


def _read_depths(headings: Sequence[Heading]) -> None:
    """Set the depths of headings by their decimal numbers where most have some, of several depths."""
    numbered = [heading for heading in headings if heading.number is not None and heading.text[0].isdecimal()]
    depths = {heading.number.depth for heading in numbered if heading.number is not None}
    if len(depths) > 1 and len(numbered) > _MIN_NUMBERED_SHARE * len(headings):
        for heading in numbered:
            heading.depth = heading.number.depth - 1 if heading.number is not None else None


def _set_levels(classes: Sequence[Sequence[Heading]]) -> list[Heading]:
    """Set the levels of headings: stated depths, and around them sizes, then weights; return all headings."""
    found = [heading for group in classes for heading in group]
    order = sorted(classes, key=_find_rank)
    stated = [heading for heading in found if heading.depth is not None]
    level = 1
    if stated:
        largest = max(heading.kind.size for heading in stated)
        above = [group for group in order if _is_unstated(group) and group[0].kind.size > largest + 0.1]
        for group in above:
            _set_class_levels(group, 1)
        level = 2 if above else 1
        for heading in stated:
            heading.level = level + (heading.depth or 0)
        level = max(heading.level for heading in stated) + 1
        order = [group for group in order if group not in above]
    for group in order:
        if _is_unstated(group):
            level = _set_class_levels(group, level)
        else:
            usual = median_low([heading.level for heading in group if heading.depth is not None])
            for heading in group:
                heading.level = heading.level or usual
    return found


def _is_unstated(group: Sequence[Heading]) -> bool:
    return all(heading.depth is None for heading in group)


def _find_rank(group: Sequence[Heading]) -> tuple[float, bool, bool]:
    kind = group[0].kind
    return -kind.size, not kind.is_bold, kind.place != "upper"


def _set_class_levels(group: Sequence[Heading], level: int) -> int:
    """Set the levels of a class from a level on, lower for numbers of more parts; return the level below them."""
    depths = [heading.number.depth for heading in group if heading.number is not None]
    is_numbered = 2 * len(depths) > len(group)
    base = 1 if group[0].kind.place == "number" else min(depths, default=1)
    for heading in group:
        more = heading.number.depth - base if is_numbered and heading.number is not None else 0
        heading.level = level + more
    return max(heading.level for heading in group) + 1
