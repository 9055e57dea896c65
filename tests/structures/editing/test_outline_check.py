"""An outline that must be kept to the letter."""

from __future__ import annotations

import pytest

from structures.editing.outline_check import DepartureKind, list_departures
from structures.editing.trees import COURSE_KEY
from tests.structures.editing.courses import Outline, course, key

OUTLINE = course({"M Basics": {"L Heat": {}, "L Cold": {}, "L Dew": {}}, "M Rivers": {"L Springs": {"C Source": {}}}})


def test_an_outline_that_is_only_enriched_is_kept() -> None:
    enriched = course(
        {
            "M Basics": {"L Heat": {"C Boiling": {}}, "L Cold": {"E Freeze": {}}, "L Dew": {}},
            "M Rivers": {"L Springs": {"C Water": {}, "C Source": {}, "E Find": {}}},
        },
        Heat={"description": "Hot.", "key_points": ("One",)},
    )

    assert list_departures(OUTLINE, OUTLINE) == []
    assert list_departures(OUTLINE, enriched) == []


@pytest.mark.parametrize(
    ("outline", "departures"),
    [
        (
            {"M Basics": {"L Heat": {}, "L Dew": {}}, "M Rivers": {"L Springs": {"C Source": {}}}},
            [(DepartureKind.MISSING, "Cold")],
        ),
        (
            {"M Basics": {"L Heat": {}, "L Cold": {}, "L Dew": {}}, "M Rivers": {"L Springs": {}}},
            [(DepartureKind.MISSING, "Source")],
        ),
        (
            {
                "M Basics": {"L Heat": {}, "L Cold": {}, "L Dew": {}, "L Fog": {}},
                "M Rivers": {"L Springs": {"C Source": {}}},
            },
            [(DepartureKind.EXTRA, "Fog")],
        ),
        (
            {"M Basics": {"L Dew": {}, "L Heat": {}, "L Cold": {}}, "M Rivers": {"L Springs": {"C Source": {}}}},
            [(DepartureKind.ORDER, "Dew")],
        ),
        (
            {"M Basics": {"L Heat": {}, "L Dew": {}}, "M Rivers": {"L Cold": {}, "L Springs": {"C Source": {}}}},
            [(DepartureKind.PARENT, "Cold")],
        ),
        (
            {"M Basics": {"L Heat": {}, "L Cold": {}, "M Dew": {}}, "M Rivers": {"L Springs": {"E Source": {}}}},
            [(DepartureKind.TYPE, "Dew"), (DepartureKind.TYPE, "Source")],
        ),
        (
            {},
            [
                (DepartureKind.MISSING, name)
                for name in ("Basics", "Heat", "Cold", "Dew", "Rivers", "Springs", "Source")
            ],
        ),
    ],
)
def test_each_departure_is_named(outline: Outline, departures: list[tuple[DepartureKind, str]]) -> None:
    found = list_departures(OUTLINE, course(outline))

    assert [(one.kind, one.key) for one in found] == [(kind, key(name)) for kind, name in departures]


@pytest.mark.parametrize("title", ["heat", "Heat ", "Hea\u0301t", "Hеat"])  # the last with a Cyrillic letter
def test_a_title_is_kept_to_the_letter(title: str) -> None:
    changed = course(
        {"M Basics": {"L Heat": {}, "L Cold": {}, "L Dew": {}}, "M Rivers": {"L Springs": {"C Source": {}}}},
        Heat={"title": title},
        course={"title": "Course"},
    )

    found = list_departures(OUTLINE, changed)

    assert [(one.kind, one.key) for one in found] == [
        (DepartureKind.TITLE, COURSE_KEY),
        (DepartureKind.TITLE, key("Heat")),
    ]
    assert (found[1].expected, found[1].found) == ("Heat", title)
