"""The stage for the pages of courses: a course of two tenants each, and a methodologist of the first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from materials.models import Chunk, MaterialEntry, MaterialNode
from materials.tree.services import create_node
from structures.models import StructureNode, StructureSnapshot, WorkingCopy
from structures.working_copies.services import create_working_copy
from tenants.actors import Actor
from tenants.models import Tenant
from tenants.services import assign_methodologist
from tests.browser import Browser, run_browser
from tests.conftest import LECTURE
from tests.structures.course_page.stored import store_snapshot
from tests.structures.working_copies.desk import add_text

BOILING = "Boiling point is the temperature at which a liquid becomes a gas."
EGG = "Put an egg into boiling water and take the time until it is hard."
GRACE = Actor(kind="user", id="2", name="Grace")


@pytest.fixture
def lecture(course: MaterialNode) -> MaterialEntry:
    return add_text(course, "1 boiling.md", LECTURE)


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode, lecture: MaterialEntry) -> StructureSnapshot:
    return store_course(acme, course, lecture)


@pytest.fixture
def copy(acme: Tenant, snapshot: StructureSnapshot) -> WorkingCopy:
    return create_working_copy(tenant=acme, snapshot_id=snapshot.pk, name="main", actor=GRACE)


@pytest.fixture
def rival_copy(rival: Tenant) -> WorkingCopy:
    """Return a working copy of another tenant, whose texts say `secret`."""
    node = create_node(tenant=rival, title="secret course")
    snapshot = store_course(rival, node, add_text(node, "secret.md", LECTURE), title="secret structure")
    return create_working_copy(tenant=rival, snapshot_id=snapshot.pk, name="secret copy", actor=GRACE)


@pytest.fixture
def methodologist(acme: Tenant) -> User:
    user = User.objects.create_user("ada")  # without a password, whose hash takes as long as the rest of a test
    assign_methodologist(user=user, tenant=acme)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def browser(methodologist: User) -> Client:
    """Return the browser of the methodologist, with Django's protection of forms as it is outside of tests."""
    client = Client()
    client.force_login(methodologist)
    return client


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with run_browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def store_course(
    tenant: Tenant, node: MaterialNode, entry: MaterialEntry, *, title: str = "Water", **fields: Any
) -> StructureSnapshot:
    """Store the snapshot of a course with two modules, and lessons that cite the entry."""

    def cite(quote: str) -> dict[str, Any]:
        chunk = next(row for row in Chunk.objects.filter(entry=entry) if quote in row.text)
        return {
            "entry_id": entry.pk, "entry_name": entry.name, "entry_path": entry.name, "chunk_id": chunk.pk,
            "entry_fingerprint": entry.fingerprint, "quote": quote, "heading_path": chunk.heading_path,
        }  # fmt: skip

    leaves = [
        {"node_type": "concept", "title": "Boiling point", "description": BOILING, "quotes": [cite(BOILING)]},
        {"node_type": "exercise", "title": "Boil an egg", "description": EGG, "quotes": [cite(EGG)]},
    ]
    lessons: list[dict[str, Any]] = [
        {"node_type": "lesson", "title": "Boiling", "key_points": ["One", "Two\nlines"], "children": leaves},
        {"node_type": "lesson", "title": "Steam", "estimated_minutes": 20, "minutes_basis": "stated"},
    ]
    modules: list[dict[str, Any]] = [
        {"node_type": "module", "title": "Heat", "children": lessons},
        {"node_type": "module", "title": "Cold", "children": [{"node_type": "lesson", "title": "Ice"}]},
    ]
    return store_snapshot(tenant, node, modules, title=title, **fields)


def store_next_generation(
    snapshot: StructureSnapshot, changed: Mapping[str, Mapping[str, Any]], *, dropped: Collection[str] = ()
) -> StructureSnapshot:
    """Store what a later generation makes of a course: the same nodes with other fields by title, and without some."""

    def describe(row: StructureNode) -> dict[str, Any]:
        same = {name: getattr(row, name) for name in ("key", "node_type", "title", "description", "key_points")}
        below = StructureNode.objects.filter(parent=row).exclude(title__in=dropped).order_by("position")
        return {**same, **changed.get(row.title, {}), "children": [describe(each) for each in below]}

    top = StructureNode.objects.filter(snapshot=snapshot, parent=None).order_by("position")
    return store_snapshot(snapshot.tenant, snapshot.node, [describe(each) for each in top], title=snapshot.title)
