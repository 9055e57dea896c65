"""Requests with an `Idempotency-Key`, within one process; tests/tenants/test_idempotency_races.py has several."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from project.errors import StorageUnavailable
from project.jobs.periodic_tasks import run_periodic_tasks
from project.storage.objects import FileSystemObjectStorage
from structures.models import SharedLink
from tenants.idempotency import delete_old_requests
from tenants.models import IdempotentRequest, Tenant
from tenants.scopes import Scope
from tests.conftest import Api, post_raw

NODES = "/api/v1/nodes"


def post(client: APIClient, key: str, path: str = NODES, **body: Any) -> Any:
    return client.post(path, body, format="json", headers={"Idempotency-Key": key})


def test_the_same_request_has_one_effect_and_the_same_answer(api: Api, acme: Tenant) -> None:
    client = api(acme)

    first, again = [post(client, "a", title="Water") for _ in range(2)]

    assert (first.status_code, "Idempotent-Replayed" in first) == (201, False)
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert MaterialNode.objects.count() == 1


def test_another_key_route_or_tenant_is_another_request(api: Api, acme: Tenant, rival: Tenant) -> None:
    client = api(acme)
    post(client, "a", title="Water")

    node = post(client, "b", title="Water").json()["id"]
    post(api(rival), "a", title="Water")
    patched = client.patch(f"{NODES}/{node}", {"title": "Ice"}, format="json", headers={"Idempotency-Key": "a"})

    assert MaterialNode.objects.count() == 3
    assert patched.json()["title"] == "Ice"


@pytest.mark.parametrize("other", [{"path": NODES, "title": "Ice"}, {"path": f"{NODES}?limit=1", "title": "Water"}])
def test_another_request_with_the_key_is_refused(api: Api, acme: Tenant, other: dict[str, str]) -> None:
    client = api(acme)
    post(client, "a", title="Water")

    refused = post(client, "a", **other)

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert MaterialNode.objects.count() == 1


def test_another_condition_or_scope_with_the_key_is_refused(api: Api, acme: Tenant, course: MaterialNode) -> None:
    path = f"{NODES}/{course.pk}"
    api(acme).delete(path, headers={"Idempotency-Key": "a", "If-Match": '"1"'})

    condition = api(acme).delete(path, headers={"Idempotency-Key": "a", "If-Match": '"2"'})
    scope = api(acme, Scope.PREP, Scope.IMMEDIATE).delete(path, headers={"Idempotency-Key": "a", "If-Match": '"1"'})

    assert {refused.json()["code"] for refused in (condition, scope)} == {"idempotency_key_reused"}


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_that_is_none_is_refused(api: Api, acme: Tenant, key: str) -> None:
    refused = post(api(acme), key, title="Water")

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")
    assert not MaterialNode.objects.exists()


def test_what_is_refused_before_anything_is_done_is_not_kept(api: Api, acme: Tenant) -> None:
    client = api(acme)

    refused = [
        post(APIClient(), "a", title="Water").status_code,
        post(api(acme, Scope.CHECK), "a", title="Water").status_code,
        post(client, "a", titel="Water").status_code,
        post_raw(client, NODES, b"{", content_type="application/json", headers={"Idempotency-Key": "a"}).status_code,
        post_raw(client, NODES, b"a", content_type="text/plain", headers={"Idempotency-Key": "a"}).status_code,
        post(client, "a", f"{NODES}/x", title="Water").status_code,
    ]

    assert refused == [401, 403, 422, 400, 415, 404]
    assert not IdempotentRequest.objects.exists()
    assert post(client, "a", title="Water").status_code == 201


def test_a_refusal_by_a_rule_is_kept(api: Api, acme: Tenant) -> None:
    client, gone = api(acme), UUID(int=0)

    first, again = [post(client, "a", f"{NODES}/{gone}/copy", parent=None) for _ in range(2)]

    assert (first.status_code, again.status_code) == (404, 404)
    assert again.content == first.content
    assert again["Content-Type"] == "application/problem+json"
    assert again["Idempotent-Replayed"] == "true"


def test_a_bug_is_kept_and_leaves_nothing(api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_values: object) -> None:
        MaterialNode.objects.create(tenant=acme, title="Half", position=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr("materials.tree.views.create_node", fail)
    client = api(acme)
    client.raise_request_exception = False

    first = post(client, "a", title="Water")
    monkeypatch.undo()
    again = post(client, "a", title="Water")

    assert (first.status_code, again.status_code) == (500, 500)
    assert again.content == first.content
    assert not MaterialNode.objects.exists()


def test_what_failed_for_an_outage_is_done_when_it_is_over(
    api: Api, acme: Tenant, course: MaterialNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_values: object, **_options: object) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as away:
        away.setattr(FileSystemObjectStorage, "open_writer", fail)
        failed = send_file(api(acme), course, "a", b"# Water")

    assert failed.status_code == 503
    assert send_file(api(acme), course, "a", b"# Water").status_code == 201


def send_file(client: APIClient, node: MaterialNode, key: str, content: bytes, **headers: str) -> Any:
    given = {"Idempotency-Key": key, "Content-Disposition": 'attachment; filename="a.md"', **headers}
    path = f"{NODES}/{node.pk}/entries"
    return post_raw(client, path, content, content_type="application/octet-stream", headers=given)


def test_a_raw_file_is_known_by_its_name_and_length(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    name = 'attachment; filename="b.md"'

    first = send_file(client, course, "a", b"# Water")
    again = send_file(client, course, "a", b"# Water")
    longer = send_file(client, course, "a", b"# Water.")
    renamed = send_file(client, course, "a", b"# Water", **{"Content-Disposition": name})

    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert {each.json()["code"] for each in (longer, renamed)} == {"idempotency_key_reused"}
    assert MaterialEntry.objects.count() == 1


def test_a_raw_file_is_known_by_its_announced_digest(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    water, other = "sha-256=:V0FURVI=:", "sha-256=:T1RIRVI=:"

    first, again = [send_file(client, course, "a", b"# Water", **{"Repr-Digest": water}) for _ in range(2)]
    refused = send_file(client, course, "a", b"# Fire!", **{"Repr-Digest": other})

    assert (first.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert refused.json()["code"] == "idempotency_key_reused"


def test_a_form_is_known_again_with_another_boundary(api: Api, acme: Tenant, course: MaterialNode) -> None:
    path = f"{NODES}/{course.pk}/entries"
    bodies = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n# Water\r\n--{boundary}--'
        for boundary in ("one", "two")
    ]

    first, again = [
        post_raw(
            api(acme), path, body.encode(), content_type=f"multipart/form-data; boundary={body[2:5]}",
            headers={"Idempotency-Key": "a"},
        )
        for body in bodies
    ]  # fmt: skip

    assert (first.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"


def test_a_secret_is_given_again_and_stands_nowhere_readable(api: Api, acme: Tenant, course: MaterialNode) -> None:
    first, again = [post(api(acme), "a", f"{NODES}/{course.pk}/links") for _ in range(2)]

    token = first.json()["url"].rsplit("/", 1)[1]
    assert again.content == first.content
    assert SharedLink.objects.count() == 1
    assert token.encode() not in bytes(IdempotentRequest.objects.get().answer)


def test_an_answer_of_another_secret_key_is_lost_and_nothing_done_twice(
    api: Api, acme: Tenant, settings: Settings
) -> None:
    client = api(acme)
    post(client, "a", title="Water")

    settings.SECRET_KEY = "another"  # of this test
    lost = post(client, "a", title="Water")

    assert (lost.status_code, lost.json()["code"]) == (409, "answer_lost")
    assert MaterialNode.objects.count() == 1


def test_it_costs_a_constant_number_of_statements_and_nothing_without_a_key(api: Api, acme: Tenant) -> None:
    client = api(acme)
    client.post(NODES, {"title": "first"}, format="json")  # records the use of the key

    with CaptureQueriesContext(connection) as without:
        client.post(NODES, {"title": "Water"}, format="json")
    with CaptureQueriesContext(connection) as first:
        post(client, "a", title="Water")
    with CaptureQueriesContext(connection) as again:
        post(client, "a", title="Water")

    # Two that begin and end the transaction, two for the action, the lock, the look for a row, and the row.
    assert len(first) - len(without) == 7
    assert len(again) < len(first)
    assert not any("idempotent" in each["sql"] for each in without.captured_queries)


def test_answers_are_deleted_when_they_are_old(api: Api, acme: Tenant, settings: Settings) -> None:
    settings.IDEMPOTENCY_HOURS = 1
    client = api(acme)
    for key in "abc":
        post(client, key, title="Water")
    old, running, _ = IdempotentRequest.objects.order_by("created_at")
    two_hours_ago = timezone.now() - timedelta(hours=2)
    IdempotentRequest.objects.filter(pk__in=[old.pk, running.pk]).update(answered_at=two_hours_ago)
    IdempotentRequest.objects.filter(pk=running.pk).update(status=None)

    run_periodic_tasks()

    assert set(IdempotentRequest.objects.values_list("pk", flat=True)).isdisjoint({old.pk})
    assert IdempotentRequest.objects.count() == 2
    IdempotentRequest.objects.filter(pk=running.pk).update(created_at=timezone.now() - timedelta(days=8))
    delete_old_requests()
    assert IdempotentRequest.objects.count() == 1


def test_reading_ignores_the_key(api: Api, acme: Tenant) -> None:
    client = api(acme)

    assert client.get(NODES, headers={"Idempotency-Key": "x" * 300}).status_code == 200
