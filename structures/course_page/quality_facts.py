"""The quality report of a snapshot as labels and values, in the language that is active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.utils.translation import gettext

from structures.course_page.labels import format_number


class QualityFact(NamedTuple):
    """One line of the report."""

    label: str
    value: str


def list_quality_facts(report: Mapping[str, Mapping[str, int]]) -> list[QualityFact]:
    """Return the report, as `QualityReport.build_json` gives it; nothing for an empty one, or of what there is none."""
    return [QualityFact(label, value) for label, value in _iter_facts(report)] if report else []


def _iter_facts(report: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, str]]:
    references, lessons, stated = report["references"], report["lessons"], report["stated"]
    yield gettext("Quotes that stand where they are said to"), _share(references["verified"], references["cited"])
    empty = lessons["nothing_found"] + lessons["without_text"]
    if empty:
        yield gettext("Lessons with neither concepts nor exercises"), _share(empty, lessons["total"])
        yield gettext("Lessons whose sources hold no text"), _share(lessons["without_text"], lessons["total"])
    for name, label in (
        ("entries", gettext("Files in lessons")),
        ("chunks", gettext("Passages in lessons")),
        ("pages", gettext("Pages in lessons")),
        ("minutes", gettext("Minutes of recordings in lessons")),
    ):
        if report[name]["total"]:
            yield label, _share(report[name]["in_lessons"], report[name]["total"])
    concepts, exercises, duplicates = report["concepts"], report["exercises"], report["duplicates"]
    if concepts["total"]:
        yield gettext("Concepts without a definition"), _share(concepts["without_definition"], concepts["total"])
    if exercises["total"]:
        yield gettext("Exercises without a solution"), _share(exercises["without_solution"], exercises["total"])
    order = report["order"]
    for label, number in (
        (gettext("Equal titles beside one another"), duplicates["sibling_titles"]),
        (gettext("Concepts that are there twice"), duplicates["concepts"]),
        (gettext("Exercises that are there twice"), duplicates["exercises"]),
        (gettext("Prerequisites between lessons"), order["prerequisites"]),
        (gettext("Terms that are used before their definition"), order["used_before_definition"]),
        (gettext("Pairs of lessons that use terms of each other"), order["mutual_uses"]),
    ):
        if number:
            yield label, format_number(number)
    if lessons["total"]:
        yield gettext("Lessons with goals"), _share(stated["goals"], lessons["total"])
        for label, name in (
            (gettext("Lessons whose time is stated"), "minutes_stated"),
            (gettext("Lessons whose time is computed"), "minutes_computed"),
            (gettext("Lessons whose time a model estimated"), "minutes_estimated"),
            (gettext("Lessons without a time"), "minutes_missing"),
        ):
            if stated[name]:
                yield label, _share(stated[name], lessons["total"])


def _share(part: int, total: int) -> str:
    return gettext("%(part)s of %(total)s") % {"part": format_number(part), "total": format_number(total)}
