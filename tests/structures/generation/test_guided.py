"""Guided generation over HTTP: the tenant's own tree of nodes is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from materials.models import MaterialNode
from materials.tree.services import create_node
from structures.engines.registry import ENGINES, Engine, EngineName
from structures.models import StructureNode, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.llm.world import World
from tests.structures.generation.llm_courses import ask_for, honest, nodes_in, written
from tests.structures.working_copies.desk import add_text

Outline = list[tuple[str, str, Any]]

KEPT: Outline = [
    ("module", "01-heat", [("lesson", "LICENSE", []), ("lesson", "Other", [])]),
    ("lesson", "Rain", []),
]
"""Titles that the outline engine would change, leave out or join to others."""


@pytest.fixture
def water(acme: Tenant) -> MaterialNode:
    """Return a course whose nodes an engine would arrange otherwise."""
    root = create_node(tenant=acme, title="Water")
    heat = create_node(tenant=acme, title="01-heat", parent_id=root.pk)
    texts = {
        ("LICENSE", "LICENSE.md"): b"# Boiling\n\n**Boiling point** is the temperature at which water becomes a gas.",
        ("Other", "b.md"): b"# Melting\n\n**Melting point** is the temperature at which ice becomes water.",
    }
    for (title, name), text in texts.items():
        add_text(create_node(tenant=acme, title=title, parent_id=heat.pk), name, text)
    rain = create_node(tenant=acme, title="Rain", parent_id=root.pk)
    add_text(rain, "rain.md", b"# Rain\n\n**Rain** is water that falls from clouds in drops.")
    return root


def outline_of(nodes: list[dict[str, Any]]) -> Outline:
    """Return the types and titles of modules and lessons in order."""
    return [
        (node["node_type"], node["title"], outline_of(node["children"]))
        for node in nodes
        if node["node_type"] in {"module", "lesson"}
    ]


def test_the_outline_engine_keeps_the_tree(api: Api, acme: Tenant, water: MaterialNode) -> None:
    free = written(api(acme), water.pk, engine="outline")
    guided = written(api(acme), water.pk, engine="outline", mode="guided")

    assert outline_of(free["children"]) != KEPT
    assert outline_of(guided["children"]) == KEPT
    assert guided["options"] == {"mode": "guided"}
    assert [node["title"] for node in nodes_in(guided, "concept")] == ["Boiling point", "Melting point", "Rain"]
    assert all(node["estimated_minutes"] for node in nodes_in(guided, "lesson"))
    assert guided["provenance"]["arrangement"] == {"chosen": "the tree of material nodes"}


@pytest.mark.usefixtures("lessons_alone")
def test_a_model_is_asked_for_details_alone(world: World, api: Api, acme: Tenant, water: MaterialNode) -> None:
    world.google.always(honest)

    guided = written(api(acme), water.pk, mode="guided")

    assert guided["engine"] == "llm"
    assert outline_of(guided["children"]) == KEPT
    assert len(world.google.asked) == 4
    assert all(lesson["children"] for lesson in nodes_in(guided, "lesson"))
    assert guided["grounding"]["dropped"] == 0
    # Answers are the machine's estimate, and so is their sum.
    (module,) = nodes_in(guided, "module")
    assert (module["estimated_minutes"], module["minutes_basis"]) == (30, "estimated")


@pytest.mark.usefixtures("lessons_alone")
def test_the_plan_says_what_is_asked(world: World, api: Api, acme: Tenant, water: MaterialNode) -> None:
    plan = api(acme).get(f"/api/v1/nodes/{water.pk}/generation-plan", {"mode": "guided"}).json()

    assert (plan["engine"], plan["calls"], plan["parts"]) == ("llm", 4, 3)


def test_guided_and_free_are_two_snapshots_and_each_is_found_again(api: Api, acme: Tenant, water: MaterialNode) -> None:
    client = api(acme)
    guided = written(client, water.pk, mode="guided")
    free = written(client, water.pk)

    for wanted, snapshot in (({"mode": "guided"}, guided), ({"mode": "free"}, free), ({}, free)):
        again = client.post(f"/api/v1/nodes/{water.pk}/generate", wanted, format="json")
        assert (again.status_code, again.json()["id"]) == (200, snapshot["id"])


def test_keys_stay_whatever_is_renamed_and_moved(api: Api, acme: Tenant, water: MaterialNode) -> None:
    client = api(acme)
    first = {node["title"]: node["key"] for node in nodes_in(written(client, water.pk, mode="guided"), "lesson")}
    nodes = {node.title: node for node in MaterialNode.objects.filter(tenant=acme)}
    client.patch(f"/api/v1/nodes/{nodes['Other'].pk}", {"title": "LICENSE"}, format="json")
    client.patch(f"/api/v1/nodes/{nodes['LICENSE'].pk}", {"title": "Other"}, format="json")
    moved = client.post(f"/api/v1/nodes/{nodes['Rain'].pk}/move", {"parent": str(nodes["01-heat"].pk)}, format="json")
    assert moved.status_code == 200, moved.content

    second = {node["title"]: node["key"] for node in nodes_in(written(client, water.pk, mode="guided"), "lesson")}

    assert second == {"LICENSE": first["Other"], "Other": first["LICENSE"], "Rain": first["Rain"]}


def test_a_node_without_nodes_below_is_refused_before_any_work(api: Api, acme: Tenant, water: MaterialNode) -> None:
    rain = MaterialNode.objects.get(tenant=acme, title="Rain")

    for path in ("generate", "generation-plan"):
        url = f"/api/v1/nodes/{rain.pk}/{path}"
        client = api(acme)
        asked = {"mode": "guided"}
        answer = client.post(url, asked, format="json") if path == "generate" else client.get(url, asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "tree_not_held")
        assert "mode=free" in answer.json()["next_step"]


def test_the_job_fails_when_an_engine_departs_from_the_tree(
    api: Api, acme: Tenant, water: MaterialNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, EngineName.OUTLINE, _build_improving_engine())

    job = ask_for(api(acme), water.pk, engine="outline", mode="guided")

    assert (job["status"], job["error"]["code"]) == ("failed", "outline_not_kept")
    assert job["error"]["next_step"]
    assert not StructureSnapshot.objects.exists()


def _build_improving_engine() -> Engine:
    """Return an engine that finds better titles."""
    honest_engine = ENGINES[EngineName.OUTLINE]

    def build(request: Any, llm: Any) -> Any:
        draft = honest_engine.build_draft(request, llm)
        return replace(draft, modules=tuple(replace(module, title="Better") for module in draft.modules))

    return replace(honest_engine, build_draft=build)


def test_a_lesson_below_the_course_can_be_edited_and_shown(api: Api, acme: Tenant, water: MaterialNode) -> None:
    client = api(acme)
    snapshot = written(client, water.pk, mode="guided")

    markdown = client.get(f"/api/v1/snapshots/{snapshot['id']}", headers={"Accept": "text/markdown"})
    page = client.get(f"/api/v1/snapshots/{snapshot['id']}/page")

    assert "Rain" in markdown.content.decode()
    assert page.status_code == 200
    assert "Rain" in page.content.decode()
    assert StructureNode.objects.get(snapshot=snapshot["id"], title="Rain", node_type="lesson").parent is None


def test_materials_of_a_module_belong_to_it(api: Api, acme: Tenant, water: MaterialNode) -> None:
    heat = MaterialNode.objects.get(tenant=acme, title="01-heat")
    add_text(heat, "overview.md", b"# Heat\n\n**Heat** is energy that moves from warm to cold bodies.")

    guided = written(api(acme), water.pk, mode="guided")

    assert outline_of(guided["children"]) == KEPT
    assert "overview.md" in {reference["entry_name"] for reference in nodes_in(guided, "module")[0]["references"]}
    first = nodes_in(guided, "lesson")[0]
    assert [child["title"] for child in first["children"]] == ["Boiling point", "Heat"]


def test_a_change_while_the_job_waits_is_seen(api: Api, acme: Tenant, water: MaterialNode) -> None:
    client = api(acme)
    accepted = client.post(f"/api/v1/nodes/{water.pk}/generate", {"mode": "guided"}, format="json")
    MaterialNode.objects.filter(tenant=acme, parent=water).delete()
    add_text(water, "all.md", b"# All\n\n**Water** is a liquid that all life needs.")
    drain()

    job = client.get(accepted["Location"]).json()

    assert (job["status"], job["error"]["code"]) == ("failed", "tree_not_held")
