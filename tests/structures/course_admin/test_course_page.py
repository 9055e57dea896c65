"""The page of a course: what it shows, in how many statements, whatever texts say."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import create_node
from structures.course_admin import overview
from structures.models import Reference, StructureSnapshot, WorkingCopy
from structures.working_copies.services import create_working_copy
from tenants.models import Tenant
from tests.conftest import LECTURE
from tests.structures.course_admin.conftest import GRACE, store_course
from tests.structures.working_copies.desk import add_text


def test_it_shows_materials_structure_and_who_edits(
    browser: Client, copy: WorkingCopy, lecture: MaterialEntry, course: MaterialNode
) -> None:
    page = browser.get(f"/admin/courses/{course.pk}/").content.decode()

    assert "1 boiling.md" in page
    assert '<span class="tag">ready</span>' in page
    assert '1.2</span> <span dir="auto">Steam' in page
    assert "Grace" in page
    assert f'src="/admin/courses/snapshots/{copy.base_snapshot}/page"' in page


@pytest.mark.parametrize("size", [1, 12])
def test_it_takes_the_same_statements_for_every_course(
    browser: Client,
    acme: Tenant,
    course: MaterialNode,
    snapshot: StructureSnapshot,
    size: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(size):
        part = create_node(tenant=acme, title=f"Part {number}", parent_id=course.pk)
        entry = add_text(part, f"{number}.md", LECTURE + f"Part {number}\n".encode())
        again = store_course(acme, course, entry)
        create_working_copy(tenant=acme, snapshot_id=again.pk, name=f"copy {number}", actor=GRACE)

    # Five of them are session, user, membership and permissions.
    with django_assert_num_queries(14):
        assert browser.get(f"/admin/courses/{course.pk}/").status_code == 200


def test_what_is_left_out_is_counted(
    browser: Client, course: MaterialNode, snapshot: StructureSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_text(course, "2 ice.md", b"# Ice\n\nIce is water.\n")
    monkeypatch.setattr(overview, "MAX_ENTRIES", 1)
    monkeypatch.setattr(overview, "MAX_SECTIONS", 3)

    page = browser.get(f"/admin/courses/{course.pk}/").content.decode()

    assert "0 more folders, 1 more entries" in page
    assert "2 more modules and lessons" in page


def test_a_course_without_a_structure_says_so(browser: Client, course: MaterialNode) -> None:
    page = browser.get(f"/admin/courses/{course.pk}/").content.decode()

    assert "Nothing was generated for this course yet." in page
    assert "<iframe" not in page


def test_the_page_inside_shows_evidence(browser: Client, snapshot: StructureSnapshot) -> None:
    base = f"/admin/courses/snapshots/{snapshot.pk}"
    reference = Reference.objects.filter(snapshot=snapshot).first()
    assert reference is not None

    assert f"evidence/{reference.pk}" in browser.get(f"{base}/page").content.decode()
    passage = browser.get(f"{base}/evidence/{reference.pk}", {"fragment": "true"}).content.decode()
    assert "<mark" in passage
    assert "<html" not in passage
    assert "../page" in browser.get(f"{base}/evidence/{reference.pk}").content.decode()
    for below in ("media", "captions", "picture"):
        assert browser.get(f"{base}/evidence/{reference.pk}/{below}").status_code == 404
    ukrainian = browser.get(f"{base}/evidence/{reference.pk}", {"language": "uk"}).content.decode()
    assert "Назад до курсу" in ukrainian


def test_it_says_what_has_changed_and_what_differs(
    browser: Client, acme: Tenant, course: MaterialNode, lecture: MaterialEntry, snapshot: StructureSnapshot
) -> None:
    later = store_course(acme, course, lecture, title="Hot water", sources_digest="0")
    add_text(course, "2 ice.md", b"# Ice\n\nIce is water.\n")

    page = browser.get(f"/admin/courses/{course.pk}/").content.decode()
    assert f"/admin/courses/snapshots/{later.pk}/differences/{snapshot.pk}" in page
    assert "materials changed" in page
    assert "Added: " in browser.get(f"/admin/courses/snapshots/{later.pk}/changes/").content.decode()
    differences = browser.get(f"/admin/courses/snapshots/{later.pk}/differences/{snapshot.pk}")
    assert "Hot" in differences.content.decode()


def test_htmx_is_the_file_that_its_makers_published() -> None:
    folder = Path(overview.__file__).parent.parent / "static" / "course_admin"

    assert (folder / "htmx-LICENSE.txt").read_text().startswith("htmx 2.0.7 ")
    assert 'version:"2.0.7"' in (folder / "htmx-2.0.7.min.js").read_text()


def test_the_tables_of_the_admin_lead_to_the_course(operator: Client, copy: WorkingCopy) -> None:
    snapshot = operator.get(f"/admin/structures/structuresnapshot/{copy.base_snapshot}/change/").content.decode()
    row = operator.get(f"/admin/structures/workingcopy/{copy.pk}/change/").content.decode()

    assert f'href="/admin/courses/{copy.node_id}/"' in snapshot
    assert f'href="/admin/courses/copies/{copy.pk}/"' in row
    assert 'href="/admin/courses/"' in operator.get("/admin/").content.decode()
