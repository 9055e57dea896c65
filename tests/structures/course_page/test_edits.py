"""What people changed in a structure: said to everybody, and shown to whoever may edit."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from materials.models import MaterialNode
from project.db.fields import new_id
from structures.models import StructureSnapshot
from structures.shared_links.services import create_snapshot_link
from tenants.models import Tenant
from tenants.scopes import Scope
from tests.conftest import Api
from tests.structures.course_page.documents import parse
from tests.structures.course_page.stored import store_snapshot
from tests.structures.course_page.test_page import read_page
from tests.structures.working_copies.desk import COURSE, create_copy


def build_node(node_type: str, title: str, **fields: Any) -> dict[str, Any]:
    return {"node_type": node_type, "title": title, "key": new_id(), **fields}


def list_labels(page: str) -> list[str]:
    return [each.text for each in parse(page).elements if each.attributes.get("class") == "label edited"]


@pytest.fixture
def generated(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    """Return a snapshot that a model wrote."""
    leaves = [build_node("concept", "Steam", quotes=["Steam is water."]), build_node("exercise", "Boil an egg")]
    lessons = [build_node("lesson", "Boiling", children=leaves), build_node("lesson", "Fog")]
    tree = [build_node("module", "Water", children=lessons)]
    return store_snapshot(acme, course, tree, engine="llm", provenance={"models": {"claude-x": 3}, "calls": 3})


@pytest.fixture
def edited(api: Api, acme: Tenant, generated: StructureSnapshot) -> StructureSnapshot:
    desk = create_copy(api(acme), generated.pk)
    desk.edit("change_field", key=COURSE, field="title", value="All about water")
    desk.edit("change_field", key=desk.key("Boiling"), field="learning_goal", value="Boil water.\n\nKnow why.")
    desk.edit("change_field", key=desk.key("Boiling"), field="estimated_minutes", value=45)
    desk.edit("change_field", key=desk.key("Steam"), field="description", value="Water as a gas.")
    desk.edit("add_node", node_type="lesson", parent=desk.key("Water"), title="Ice")
    desk.edit("delete_node", key=desk.key("Fog"))
    return StructureSnapshot.objects.get(pk=desk.post("approve", {"reason": "Reviewed."}, status=201)["id"])


def test_whoever_may_edit_sees_what_people_changed(api: Api, edited: StructureSnapshot) -> None:
    page = read_page(api, edited)

    assert list_labels(page) == [
        "Changed by a person: Title",
        "Edited by people",
        "Changed by a person: Goals, Time",
        "Changed by a person: Description",
        "Added by a person",
    ]
    assert "1 part was removed by people." in page
    ice = next(each for each in parse(page).find("section") if "Ice" in each.text and each.depth == 4)
    assert "machine-written" not in ice.text
    assert [each.text for each in parse(page).find("li") if "oil water" in each.text] == ["Boil water."]
    assert "" not in [each.text.strip() for each in parse(page).find("li")]


def test_everybody_else_learns_that_people_did(api: Api, acme: Tenant, edited: StructureSnapshot) -> None:
    token = create_snapshot_link(tenant=acme, snapshot_id=edited.pk, label="", expires_at=None).token
    for verb in ("approve", "publish"):
        api(acme).post(f"/api/v1/snapshots/{edited.pk}/{verb}", {}, format="json")
    reader = api(acme, Scope.CHECK).get(f"/api/v1/snapshots/{edited.pk}/page")

    for page in (APIClient().get(f"/shared/{token}").content.decode(), reader.content.decode()):
        assert list_labels(page) == ["Edited by people"]
        assert "claude-x wrote titles" in page
        assert "by a person" not in page.split("</style>")[1].replace("set by a person", "")
        assert "removed by people" not in page


def test_a_structure_whose_origin_is_gone_claims_nothing(
    api: Api, edited: StructureSnapshot, generated: StructureSnapshot
) -> None:
    StructureSnapshot.objects.filter(pk=generated.pk).delete()

    text = parse(read_page(api, edited)).find("html")[0].text

    assert "Edited by people" in text
    assert "Arranged by a program" not in text
    assert "Written by a machine" not in text
