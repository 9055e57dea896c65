"""Words of the pages of structures in the language that is active: fields, counts, minutes, places.

Whoever calls this activates a language first (`django.utils.translation.override`); without that it is English.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from gettext import NullTranslations

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, gettext_noop, ngettext

from materials.documents import Locator
from structures.engines.base.drafts import Basis, NodeType
from structures.exports.html import labels
from structures.exports.html.labels import BASIS_NOTES
from structures.exports.languages import DEFAULT_LABEL_LANGUAGE
from structures.models import StructureNode

FIELD_LABELS = {
    "title": gettext_noop("Title"),
    "description": gettext_noop("Description"),
    "learning_goal": gettext_noop("Goals"),
    "expected_knowledge": gettext_noop("Knowledge after the course"),
    "expected_skills": gettext_noop("Skills after the course"),
    "difficulty": gettext_noop("Difficulty"),
    "estimated_minutes": gettext_noop("Time"),
    "key_points": gettext_noop("Key points"),
    "questions": gettext_noop("Questions"),
    "topics": gettext_noop("Topics"),
    "required_knowledge": gettext_noop("Needed before"),
    "prerequisites": gettext_noop("Builds on"),
    "examples": gettext_noop("Examples"),
    "reference_solution": gettext_noop("Solution"),
    "grading_criteria": gettext_noop("Grading criteria"),
    "arranged_by": gettext_noop("Arranged by"),
    "node_type": gettext_noop("Kind"),
}
_TOTAL_NOTES = {
    **BASIS_NOTES,
    Basis.STATED.value: gettext_noop("stated by the materials"),
    "": gettext_noop("of unknown origin"),
}


def format_number(number: int) -> str:
    """Return a whole number as the active language groups its digits."""
    return number_format(number, use_l10n=True, force_grouping=True)


def format_minutes(minutes: int) -> str:
    """Return minutes as people say them, such as `50 min` or `1 h 20 min`."""
    return labels.format_minutes(_get_catalog(), minutes)


def format_place(name: str, locator: Locator, *, is_machine_written: bool) -> str:
    """Return where a reference points within a file, such as `deck.pptx, slide 4` or `talk.srt, 02:15–02:24`."""
    return labels.format_place(_get_catalog(), name, locator, is_machine_written=is_machine_written)


def describe_arrangement(arranged_by: str) -> str:
    """Return what a module is arranged by: in the active language, but paths of files as they are."""
    return labels.describe_arrangement(_get_catalog(), arranged_by)


def count_parts(number: int) -> str:
    return _count(ngettext("%(count)s part", "%(count)s parts", number), number)


def count_places(number: int) -> str:
    return _count(ngettext("%(count)s place in the materials", "%(count)s places in the materials", number), number)


def count_removed_parts(number: int) -> str:
    text = ngettext("%(count)s part was removed by people.", "%(count)s parts were removed by people.", number)
    return _count(text, number)


def describe_counts(counts: Mapping[str, int]) -> list[str]:
    """Return how many modules, lessons, concepts and exercises there are; nothing of what there is none."""
    numbers = [(_COUNTED[node_type], counts.get(f"{node_type.value}s", 0)) for node_type in NodeType]
    return [_count(choose(number), number) for choose, number in numbers if number]


def list_facts(row: StructureNode) -> list[str]:
    """Return minutes and difficulty in words; what is not known is left out."""
    return labels.list_facts(_get_catalog(), row)


def describe_minutes(lessons: Iterable[StructureNode]) -> str:
    """Return how long all lessons take, by where their minutes come from; blank when nothing is known."""
    totals: dict[str, int] = {}
    unknown = 0
    for row in lessons:
        if row.estimated_minutes:
            totals[row.minutes_basis] = totals.get(row.minutes_basis, 0) + row.estimated_minutes
        else:
            unknown += 1
    parts = list(_iter_totals(totals))
    if not parts:
        return ""
    if len(parts) > 1:
        parts = [f"{format_minutes(sum(totals.values()))}: {', '.join(parts)}"]
    if unknown:
        parts.append(
            _count(ngettext("%(count)s lesson without a time", "%(count)s lessons without a time", unknown), unknown)
        )
    return "; ".join(parts)


def _iter_totals(totals: Mapping[str, int]) -> Iterator[str]:
    for basis, note in _TOTAL_NOTES.items():
        if basis in totals:
            yield f"{format_minutes(totals[basis])} {gettext(note)}"


def _count(text: str, number: int) -> str:
    return text % {"count": format_number(number)}


_COUNTED: Mapping[NodeType, Callable[[int], str]] = {
    NodeType.MODULE: lambda number: ngettext("%(count)s module", "%(count)s modules", number),
    NodeType.LESSON: lambda number: ngettext("%(count)s lesson", "%(count)s lessons", number),
    NodeType.CONCEPT: lambda number: ngettext("%(count)s concept", "%(count)s concepts", number),
    NodeType.EXERCISE: lambda number: ngettext("%(count)s exercise", "%(count)s exercises", number),
}


def _get_catalog() -> NullTranslations:
    return labels.load_catalog(get_language() or DEFAULT_LABEL_LANGUAGE)
