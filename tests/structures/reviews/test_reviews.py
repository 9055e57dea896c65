"""Reviews: approving, publishing, and who may read what is a draft."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import MaterialNode
from structures.models import ReviewEvent, StructureSnapshot
from tenants.models import Tenant
from tenants.scopes import Scope
from tests.conftest import Api
from tests.structures.course_page.stored import store_snapshot
from tests.structures.working_copies.desk import COURSE, Desk, create_copy

TREE = [{"node_type": "module", "title": "Steam", "quotes": ["Water boils."]}]


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    return store_snapshot(acme, course, TREE)


@pytest.fixture
def desk(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> Desk:
    return create_copy(api(acme), snapshot.pk)


def post(client: APIClient, path: str, body: Any = None, status: int = 200) -> Any:
    answer = client.post(f"/api/v1/{path}", body or {}, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def get(client: APIClient, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.content
    return answer.json()


def publish(client: APIClient, snapshot_id: Any) -> Any:
    post(client, f"snapshots/{snapshot_id}/approve")
    return post(client, f"snapshots/{snapshot_id}/publish", {"reason": "Ready."})


def list_actions(client: APIClient, snapshot: StructureSnapshot) -> list[str]:
    steps = get(client, f"nodes/{snapshot.node_id}/reviews")["data"]
    return [step["action"] for step in reversed(steps)]


def test_a_structure_goes_from_draft_to_published(api: Api, acme: Tenant, desk: Desk, course: MaterialNode) -> None:
    desk.edit("change_field", key=COURSE, field="title", value="Mine")
    submitted = desk.post("submit", {"reason": "Please look."})
    assert submitted["review_state"] == desk.read()["review_state"] == "in_review"

    made = desk.post("approve", status=201)

    assert desk.read()["review_state"] == "draft"
    assert made["review"]["state"] == "approved"
    assert [each["by"]["kind"] for each in made["review"]["approvals"]] == ["key"]
    published = post(desk.client, f"snapshots/{made['id']}/publish", {"reason": "Ready."})
    assert (published["state"], published["published_by"]) == (
        "published",
        made["review"]["approvals"][0]["by"]["name"],
    )
    reader = api(acme, Scope.CHECK)
    assert get(reader, f"nodes/{course.pk}/structure")["title"] == "Mine"
    assert get(reader, f"nodes/{course.pk}/publication")["snapshot"] == made["id"]
    steps = get(desk.client, f"nodes/{course.pk}/reviews")["data"]
    assert [(step["action"], step["reason"]) for step in reversed(steps)] == [
        ("submitted", "Please look."),
        ("approved", ""),
        ("published", "Ready."),
    ]
    of_snapshot = get(desk.client, f"nodes/{course.pk}/reviews?snapshot={made['id']}")["data"]
    assert [step["action"] for step in of_snapshot] == ["published", "approved"]


def test_readers_see_nothing_before_it_is_published(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> None:
    reader, editor = api(acme, Scope.CHECK), api(acme)
    structure = f"nodes/{snapshot.node_id}/structure"

    assert get(reader, structure, status=404)["code"] == "nothing_published"
    assert get(reader, f"{structure}?version=latest", status=403)["code"] == "drafts_hidden"
    assert get(editor, structure)["id"] == str(snapshot.pk)
    assert get(editor, f"{structure}?version=published", status=404)["code"] == "nothing_published"
    assert get(reader, f"snapshots/{snapshot.pk}", status=404)["next_step"]


def test_what_is_published_stays_the_default_until_another_is(
    api: Api, acme: Tenant, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    reader, editor = api(acme, Scope.CHECK), api(acme)
    structure = f"nodes/{course.pk}/structure"
    publish(editor, snapshot.pk)
    newer = store_snapshot(acme, course, [{"node_type": "module", "title": "Ice"}])

    for client in (reader, editor):
        assert get(client, structure)["id"] == str(snapshot.pk)
        markdown = client.get(f"/api/v1/{structure}", headers={"Accept": "text/markdown"}).content.decode()
        assert "Steam" in markdown
    assert get(editor, f"{structure}?version=latest")["id"] == str(newer.pk)
    assert [each["id"] for each in get(reader, f"nodes/{course.pk}/snapshots")["data"]] == [str(snapshot.pk)]
    assert get(reader, f"nodes/{course.pk}/tree")["structure"]["snapshot"] == str(snapshot.pk)

    publish(editor, newer.pk)

    assert get(reader, structure)["id"] == str(newer.pk)
    # A page of the earlier one that is open goes on to work.
    earlier = get(reader, f"snapshots/{snapshot.pk}")
    assert earlier["review"]["state"] == "approved"
    publish(editor, snapshot.pk)
    assert get(reader, structure)["id"] == str(snapshot.pk)


def test_nothing_is_readable_once_the_node_is_unpublished(
    api: Api, acme: Tenant, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    reader, editor = api(acme, Scope.CHECK), api(acme)
    publish(editor, snapshot.pk)
    newer = store_snapshot(acme, course, TREE)
    publish(editor, newer.pk)

    assert editor.delete(f"/api/v1/nodes/{course.pk}/publication").status_code == 204

    for each in (snapshot, newer):
        get(reader, f"snapshots/{each.pk}", status=404)
        assert get(editor, f"snapshots/{each.pk}")["review"]["state"] == "approved"
    assert get(editor, f"nodes/{course.pk}/publication", status=404)["code"] == "nothing_published"
    assert editor.delete(f"/api/v1/nodes/{course.pk}/publication").status_code == 404
    assert list_actions(editor, snapshot)[-1] == "unpublished"


def test_a_draft_is_not_published(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> None:
    problem = post(api(acme), f"snapshots/{snapshot.pk}/publish", status=409)

    assert (problem["code"], problem["approved_by"], problem["approvals_required"]) == ("not_approved", [], 1)
    assert problem["next_step"]
    assert ReviewEvent.objects.count() == 0


def test_a_second_person_must_approve_where_the_settings_say_so(
    api: Api, acme: Tenant, desk: Desk, settings: Settings
) -> None:
    settings.APPROVALS_REQUIRED = 2
    first, second = desk.client, api(acme)
    desk.post("submit")

    made = desk.post("approve", status=201)
    again = desk.post("approve")

    assert (made["review"]["state"], len(again["review"]["approvals"])) == ("in_review", 1)
    assert desk.read()["review_state"] == "in_review"
    assert post(first, f"snapshots/{made['id']}/publish", status=409)["code"] == "not_approved"
    review = post(second, f"snapshots/{made['id']}/approve", {"reason": "I agree."})
    assert (review["state"], review["approvals"][1]["reason"]) == ("approved", "I agree.")
    assert desk.read()["review_state"] == "draft"
    assert post(first, f"snapshots/{made['id']}/publish")["state"] == "published"


def test_an_approval_ends_the_review_of_the_very_tree_alone(
    api: Api, acme: Tenant, desk: Desk, settings: Settings
) -> None:
    settings.APPROVALS_REQUIRED = 2
    desk.post("submit")
    made = desk.post("approve", status=201)
    desk.edit("change_field", key=COURSE, field="title", value="Later")

    post(api(acme), f"snapshots/{made['id']}/approve")

    assert desk.read()["review_state"] == "in_review"


def test_steps_that_change_nothing_leave_no_trace(desk: Desk, snapshot: StructureSnapshot) -> None:
    before = desk.etag
    desk.post("withdraw")
    assert desk.etag == before
    desk.post("submit")
    desk.post("submit")
    desk.post("withdraw", {"reason": "Too early."})
    for _ in range(2):
        publish(desk.client, snapshot.pk)

    assert list_actions(desk.client, snapshot) == ["submitted", "withdrawn", "approved", "published"]


def test_a_submission_is_meant_for_one_version(desk: Desk) -> None:
    assert desk.post("submit", status=428, etag="")["code"] == "if_match_required"
    assert desk.post("submit", status=412, etag='"7"')["version"] == '"1"'
    desk.client.delete(desk.path)
    assert desk.post("submit", status=409, etag="*")["code"] == "working_copy_closed"


def test_the_trail_is_never_rewritten(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> None:
    publish(api(acme), snapshot.pk)

    with pytest.raises(IntegrityError, match="only appended to"):
        ReviewEvent.objects.update(actor_name="Somebody else")


def test_a_list_of_snapshots_takes_the_same_statements_however_many(
    api: Api, acme: Tenant, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    client = api(acme)
    publish(client, snapshot.pk)

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            get(client, f"nodes/{course.pk}/snapshots")
        return len(asked)

    few = count()
    for _ in range(5):
        publish(client, store_snapshot(acme, course, TREE).pk)
    assert count() == few
