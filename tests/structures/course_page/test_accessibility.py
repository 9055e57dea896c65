"""axe-core finds nothing wrong with any page, light or dark, wide or on a phone, from either side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from materials.models import MaterialNode
from structures.course_page.rendering import render_page_file
from structures.differences.page import build_difference_page, render_difference_page
from structures.differences.queries import compare_snapshots
from structures.models import StructureSnapshot
from structures.queries import load_structure_tree
from structures.shared_links.services import create_snapshot_link
from tenants.models import Tenant
from tests.accessibility import find_violations
from tests.browser import Browser
from tests.structures.course_page.stored import store_snapshot
from tests.structures.course_page.test_hostile_texts import store_hostile_snapshot
from tests.structures.course_page.test_page import FULL
from tests.structures.differences.courses import store_pair

WIDTHS, SCHEMES = (1280, 390), ("light", "dark")
ARABIC = {
    "node_type": "module",
    "title": "الوحدة الأولى",
    "description": "هذا هو الدرس الأول من هذه الدورة عن الماء. " * 9,
    "children": [{"node_type": "lesson", "title": "الماء والبخار", "estimated_minutes": 75, "quotes": ["الماء سائل."]}],
}


@pytest.fixture(autouse=True)
def _reset(chromium: Browser) -> Iterator[None]:
    yield
    chromium.resize(1280, 900)
    chromium.set_colour_scheme("light")
    chromium.open("about:blank")


def share(live_server: LiveServer, snapshot: StructureSnapshot) -> str:
    token = create_snapshot_link(tenant=snapshot.tenant, snapshot_id=snapshot.pk, label="", expires_at=None).token
    return f"{live_server.url}/shared/{token}"


def check_in_looks(chromium: Browser, *looks: tuple[int, str]) -> None:
    """Check the open page in each look: by default wide and light, and dark on a phone."""
    for width, scheme in looks or zip(WIDTHS, SCHEMES, strict=True):
        chromium.resize(width, 900)
        chromium.set_colour_scheme(scheme)
        assert find_violations(chromium) == [], (width, scheme)


def open_all(chromium: Browser) -> None:
    chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    chromium.wait_until("!document.querySelector('details[data-passage] > p > a')")


def test_a_course_with_its_evidence_open(
    chromium: Browser, live_server: LiveServer, stored_course: StructureSnapshot
) -> None:
    chromium.open(share(live_server, stored_course))
    assert find_violations(chromium) == []

    open_all(chromium)

    assert chromium.evaluate("document.querySelectorAll('video, .passage img').length") == 2
    check_in_looks(chromium, *itertools.product(WIDTHS, SCHEMES))
    assert chromium.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 28)"
    chromium.evaluate("document.querySelector('h1').style.setProperty('color', '#555')")
    assert find_violations(chromium) == ["color-contrast (serious): [['h1']]"]


def test_each_evidence_on_a_page_of_its_own(
    chromium: Browser, live_server: LiveServer, stored_course: StructureSnapshot
) -> None:
    url = share(live_server, stored_course)
    for name in ("boiling.md", "handout.pdf", "lecture.mp4"):
        reference = stored_course.references.filter(entry_name=name).earliest("created_at")

        chromium.open(f"{url}/evidence/{reference.pk}")

        check_in_looks(chromium)


def test_every_part_of_a_course_as_a_file(
    chromium: Browser, tmp_path: Path, acme: Tenant, course: MaterialNode
) -> None:
    expected = [{"summary": "States of matter", "details": "three of them"}]
    snapshot = store_snapshot(
        acme, course, FULL, description="All about water.", learning_goal="Know water.", prerequisites=["Nothing."],
        expected_knowledge=expected, expected_skills=expected, warnings=["One file is in no lesson."],
        provenance={"models": ["claude-x"], "calls": 1}, counts={"modules": 1, "lessons": 2},
    )  # fmt: skip
    file = tmp_path / "structure.html"
    file.write_text(render_page_file(snapshot, load_structure_tree(snapshot)), encoding="utf-8")

    chromium.open(file.as_uri())
    open_all(chromium)

    check_in_looks(chromium)


def test_a_course_from_right_to_left(
    chromium: Browser, live_server: LiveServer, acme: Tenant, course: MaterialNode
) -> None:
    snapshot = store_snapshot(acme, course, [ARABIC], title=str(ARABIC["title"]), description=ARABIC["description"])
    chromium.open(share(live_server, snapshot))
    open_all(chromium)

    assert chromium.evaluate("getComputedStyle(document.body).direction") == "rtl"
    check_in_looks(chromium)


def test_texts_that_are_longer_than_any_screen(
    chromium: Browser, live_server: LiveServer, acme: Tenant, course: MaterialNode
) -> None:
    chromium.open(share(live_server, store_hostile_snapshot(acme, course)))
    open_all(chromium)

    check_in_looks(chromium)


def test_the_differences_of_two_structures(
    chromium: Browser, tmp_path: Path, acme: Tenant, course: MaterialNode
) -> None:
    before, after = store_pair(acme, course)
    compared = compare_snapshots(tenant=acme, before_id=before.pk, after_id=after.pk)
    file = tmp_path / "differences.html"
    file.write_text(render_difference_page(build_difference_page(compared)), encoding="utf-8")

    chromium.open(file.as_uri())
    chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")

    check_in_looks(chromium)


def test_a_link_that_opens_nothing(chromium: Browser, live_server: LiveServer) -> None:
    chromium.open(f"{live_server.url}/shared/{'x' * 32}")

    assert chromium.evaluate("document.querySelector('h1').textContent") == "Not Found"
    check_in_looks(chromium)


def test_a_page_with_faults_has_violations(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        "<!doctype html><title>A</title><main><h1>A</h1><img src=x><a href=#b></a></main>", encoding="utf-8"
    )

    chromium.open(file.as_uri())

    assert {each.partition(" ")[0] for each in find_violations(chromium)} == {
        "html-has-lang", "image-alt", "link-name",
    }  # fmt: skip
