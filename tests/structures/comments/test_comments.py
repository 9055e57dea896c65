"""Comments of colleagues: threads on keys, replies, resolving, bounds, and texts that would do harm."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from materials.models import MaterialNode
from project.db.fields import new_id
from structures.comments import services
from structures.models import Comment, CommentThread, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.course_page.stored import store_snapshot
from tests.structures.working_copies.desk import COURSE, create_copy

TREE = [{"node_type": "module", "title": "Steam", "quotes": ["Water boils."]}]


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    return store_snapshot(acme, course, TREE)


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


def start(client: APIClient, node: MaterialNode, status: int = 201, **fields: Any) -> Any:
    body = {"text": "Is this right?", **fields}
    answer = client.post(f"/api/v1/nodes/{node.pk}/comments", body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def reply(client: APIClient, thread: Any, text: str, status: int = 201) -> Any:
    answer = client.post(f"/api/v1/comment-threads/{thread['id']}/comments", {"text": text}, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_colleagues_talk_about_a_node_until_it_is_resolved(
    api: Api, acme: Tenant, client: APIClient, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    key = str(snapshot.nodes.get().key)
    thread = start(client, course, key=key, snapshot=str(snapshot.pk))
    other = start(client, course, key=COURSE, snapshot=str(snapshot.pk))

    reply(api(acme), thread, "Yes: page 3.")

    said = client.get(f"/api/v1/comment-threads/{thread['id']}/comments").json()["data"]
    assert [each["text"] for each in said] == ["Is this right?", "Yes: page 3."]
    assert said[0]["by"]["id"] != said[1]["by"]["id"]
    assert (thread["title"], other["title"]) == ("Steam", snapshot.title)
    resolved = client.post(f"/api/v1/comment-threads/{thread['id']}/resolve").json()
    assert resolved["resolved_by"]
    comments = f"/api/v1/nodes/{course.pk}/comments"
    open_ones = client.get(f"{comments}?resolved=false").json()["data"]
    assert [each["id"] for each in open_ones] == [other["id"]]
    on_key = client.get(f"{comments}?key={key}").json()["data"]
    assert [(each["id"], each["comment_count"], each["text"]) for each in on_key] == [
        (thread["id"], 2, "Is this right?")
    ]
    reopened = client.post(f"/api/v1/comment-threads/{thread['id']}/reopen").json()
    assert (reopened["resolved_at"], reopened["resolved_by"]) == (None, "")


def test_a_thread_on_a_working_copy_outlives_it(
    client: APIClient, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    desk = create_copy(client, snapshot.pk)
    key = desk.key("Steam")

    thread = start(client, course, key=key, working_copy=desk.read()["id"])
    desk.edit("delete_node", key=key)

    assert client.get(f"/api/v1/comment-threads/{thread['id']}").json()["title"] == "Steam"
    refused = start(client, course, status=422, key=key, working_copy=desk.read()["id"])
    assert (refused["code"], bool(refused["next_step"])) == ("unknown_key", True)


@pytest.mark.parametrize(
    ("text", "status"), [("", 422), ("x" * 10_001, 422), (5, 422), (None, 422), ("a\x00b", 400), ("x" * 2**20, 413)]
)
def test_a_text_that_cannot_be_a_comment_is_refused_before_anything_is_stored(
    client: APIClient, course: MaterialNode, snapshot: StructureSnapshot, text: Any, status: int
) -> None:
    refused = start(client, course, status=status, key=COURSE, snapshot=str(snapshot.pk), text=text)
    assert refused["next_step"]
    thread = start(client, course, key=COURSE, snapshot=str(snapshot.pk))
    reply(client, thread, text, status=status)

    assert Comment.objects.count() == 1


def test_it_must_be_said_where_the_node_is(
    client: APIClient, rival: Tenant, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    foreign = store_snapshot(rival, MaterialNode.objects.create(tenant=rival, title="Theirs", position=0), TREE)

    start(client, course, status=422, key=COURSE)
    start(client, course, status=422, key=COURSE, snapshot=str(snapshot.pk), working_copy=str(new_id()))
    start(client, course, status=404, key=COURSE, snapshot=str(foreign.pk))
    start(client, course, status=404, key=COURSE, working_copy=str(new_id()))
    start(client, course, status=422, key=str(new_id()), snapshot=str(snapshot.pk))

    assert CommentThread.objects.count() == 0


def test_threads_and_comments_are_bounded(
    client: APIClient, course: MaterialNode, snapshot: StructureSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_THREADS", 1)
    monkeypatch.setattr(services, "MAX_COMMENTS", 2)
    thread = start(client, course, key=COURSE, snapshot=str(snapshot.pk))
    reply(client, thread, "Second.")

    assert reply(client, thread, "Third.", status=409)["code"] == "too_many_comments"
    assert start(client, course, status=409, key=COURSE, snapshot=str(snapshot.pk))["code"] == "too_many_threads"
    assert Comment.objects.count() == 2
