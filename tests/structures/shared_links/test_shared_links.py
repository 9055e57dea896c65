"""Links that show a course to people without a key: made once, expiring, revocable, and never in a log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import MaterialNode
from project.db.fields import new_id
from project.http.requests import hide_shared_token
from structures.models import SharedLink, StructureSnapshot
from tenants.models import Tenant
from tenants.services import suspend_tenant
from tests.conftest import Api
from tests.structures.course_page.stored import store_snapshot

TREE = [{"node_type": "module", "title": "Steam", "quotes": ["Water boils."]}]


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    return store_snapshot(acme, course, TREE)


def make_link(api: Api, snapshot: StructureSnapshot, **fields: Any) -> dict[str, Any]:
    answer = api(snapshot.tenant).post(f"/api/v1/snapshots/{snapshot.pk}/links", fields, format="json")
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    assert answer["Location"] == f"/api/v1/snapshots/{snapshot.pk}/links/{made['id']}"
    return made


def get_path(made: dict[str, Any]) -> str:
    path: str = made["url"].removeprefix("http://testserver")
    return path


def test_a_stranger_reads_the_page_and_its_evidence(api: Api, snapshot: StructureSnapshot) -> None:
    path = get_path(make_link(api, snapshot, label="Course of 2026"))
    token = path.removeprefix("/shared/")

    page = APIClient().get(path)

    assert page.status_code == 200
    reference = snapshot.references.get()
    assert f'href="{token}/evidence/{reference.pk}"' in page.content.decode()
    evidence = APIClient().get(f"{path}/evidence/{reference.pk}")
    assert f'href="../../{token}"' in evidence.content.decode()
    assert "Water boils." in evidence.content.decode()
    for answer in (page, evidence):
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["RateLimit-Policy"] == '"shared";q=300;w=60'


def test_the_token_is_shown_once_and_stored_as_a_hash(api: Api, snapshot: StructureSnapshot) -> None:
    made = make_link(api, snapshot, label="Ada")
    token = get_path(made).removeprefix("/shared/")
    client = api(snapshot.tenant)

    listed = client.get(f"/api/v1/snapshots/{snapshot.pk}/links")
    read = client.get(f"/api/v1/snapshots/{snapshot.pk}/links/{made['id']}")

    assert [each["label"] for each in listed.json()["data"]] == ["Ada"]
    assert (read.json()["state"], read.json()["prefix"]) == ("active", token[:6])
    assert token not in listed.content.decode() + read.content.decode()
    row = SharedLink.objects.values().get()
    assert len(token) == 32
    assert not any(token in str(value) for value in row.values())


def test_it_expires_in_a_month_or_when_it_is_told_to(api: Api, snapshot: StructureSnapshot) -> None:
    soon = timezone.now() + timedelta(minutes=5)

    make_link(api, snapshot)
    make_link(api, snapshot, expires_at=soon.isoformat())

    told, default = SharedLink.objects.order_by("expires_at")
    assert told.expires_at == soon
    assert timedelta(days=29) < default.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expiry_out_of_range"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "expiry_out_of_range"),
        ({"expires_at": "tomorrow"}, "invalid_input"),
        ({"label": "x" * 101}, "invalid_input"),
        ({"label": 5}, "invalid_input"),
        ({"until": "2030-01-01"}, "invalid_input"),
    ],
)
def test_links_that_cannot_be_made(api: Api, snapshot: StructureSnapshot, fields: dict[str, Any], code: str) -> None:
    answer = api(snapshot.tenant).post(f"/api/v1/snapshots/{snapshot.pk}/links", fields, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not SharedLink.objects.exists()


def test_a_revoked_link_is_gone(api: Api, snapshot: StructureSnapshot) -> None:
    made, other = make_link(api, snapshot), make_link(api, snapshot)
    client, url = api(snapshot.tenant), f"/api/v1/snapshots/{snapshot.pk}/links/{made['id']}"

    assert client.delete(url).status_code == 204
    first = SharedLink.objects.get(pk=made["id"]).revoked_at
    assert client.delete(url).status_code == 204

    assert SharedLink.objects.get(pk=made["id"]).revoked_at == first
    gone = APIClient(headers={"Accept": "text/html"}).get(get_path(made))
    assert gone.status_code == 410
    assert "The link was revoked." in gone.content.decode()
    assert "Ask whoever gave you the link" in gone.content.decode()
    problem = APIClient(headers={"Accept": "application/json"}).get(get_path(made))
    assert (problem.status_code, problem.json()["code"]) == (410, "link_closed")
    assert APIClient().get(get_path(other)).status_code == 200
    assert client.get(url).json()["state"] == "revoked"


def test_an_expired_link_is_gone(api: Api, snapshot: StructureSnapshot) -> None:
    made = make_link(api, snapshot)
    SharedLink.objects.update(expires_at=timezone.now())

    answer = APIClient(headers={"Accept": "application/json"}).get(get_path(made))

    assert (answer.status_code, answer.json()["detail"]) == (410, "The link has expired.")
    assert api(snapshot.tenant).get(f"/api/v1/snapshots/{snapshot.pk}/links/{made['id']}").json()["state"] == "expired"


def test_links_of_a_suspended_tenant_open_nothing(api: Api, snapshot: StructureSnapshot) -> None:
    path = get_path(make_link(api, snapshot))
    suspend_tenant(tenant=snapshot.tenant)

    assert APIClient().get(path).status_code == 404


def test_a_link_opens_the_evidence_of_its_own_snapshot_alone(
    api: Api, snapshot: StructureSnapshot, acme: Tenant, course: MaterialNode, rival: Tenant
) -> None:
    path = get_path(make_link(api, snapshot))
    mine = store_snapshot(acme, course, TREE).references.get()
    theirs = store_snapshot(rival, MaterialNode.objects.create(tenant=rival, title="T", position=0), TREE)

    for reference in (mine.pk, theirs.references.get().pk, new_id()):
        for below in ("", "/media", "/picture"):
            assert APIClient().get(f"{path}/evidence/{reference}{below}").status_code == 404
    other = f"/api/v1/snapshots/{mine.snapshot_id}/links/{SharedLink.objects.get().pk}"
    assert api(acme).delete(other).status_code == 404
    assert api(rival).delete(f"/api/v1/snapshots/{snapshot.pk}/links/{SharedLink.objects.get().pk}").status_code == 404
    assert SharedLink.objects.get().revoked_at is None


@pytest.mark.usefixtures("steady_minute")
def test_requests_of_one_reader_and_guesses_are_limited(
    api: Api, snapshot: StructureSnapshot, settings: Settings
) -> None:
    settings.SHARED_REQUESTS_PER_MINUTE = 3
    first, second = (get_path(make_link(api, snapshot)) for _ in range(2))

    answers = [APIClient().get(first) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert APIClient().get(second).status_code == 200
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 2
    guesses = [APIClient(REMOTE_ADDR="203.0.113.7").get(f"/shared/{guess}").status_code for guess in ("a", "b", "c")]
    assert guesses == [404, 404, 429]
    assert APIClient(REMOTE_ADDR="203.0.113.7").get(second).status_code == 200


def test_no_log_has_the_token(
    api: Api, snapshot: StructureSnapshot, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = get_path(make_link(api, snapshot))
    token = path.removeprefix("/shared/")

    APIClient().get(path)
    APIClient().get(f"{path}/evidence/{new_id()}")

    captured = capfd.readouterr()
    said = captured.out + captured.err + caplog.text
    assert "/shared/[hidden]/evidence/" in said
    assert token not in said
    assert hide_shared_token("/api/v1/shared/x") == "/api/v1/shared/x"


def test_links_go_with_their_snapshot(api: Api, snapshot: StructureSnapshot) -> None:
    path = get_path(make_link(api, snapshot))
    api(snapshot.tenant).delete(f"/api/v1/nodes/{snapshot.node_id}")

    assert APIClient().get(path).status_code == 404
    assert not SharedLink.objects.exists()


def test_a_link_to_a_course_shows_what_is_published_at_the_time(
    api: Api, acme: Tenant, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    client, stranger = api(acme), APIClient()
    answer = client.post(f"/api/v1/nodes/{course.pk}/links", {"label": "Parents"}, format="json")
    made = answer.json()
    assert (answer.status_code, made["snapshot"], made["node"]) == (201, None, str(course.pk))
    assert answer["Location"] == f"/api/v1/nodes/{course.pk}/links/{made['id']}"
    path = get_path(made)

    assert stranger.get(path).status_code == 404
    publish(client, snapshot)
    assert "Steam" in stranger.get(path).content.decode()
    reference = snapshot.references.get()
    assert stranger.get(f"{path}/evidence/{reference.pk}").status_code == 200

    newer = store_snapshot(acme, course, [{"node_type": "module", "title": "Ice", "quotes": ["Water freezes."]}])
    draft = newer.references.get()
    assert stranger.get(f"{path}/evidence/{draft.pk}").status_code == 404
    publish(client, newer)
    assert "Steam" not in stranger.get(path).content.decode()
    # A page that was opened before goes on to work.
    for each in (reference, draft):
        assert stranger.get(f"{path}/evidence/{each.pk}").status_code == 200

    client.delete(f"/api/v1/nodes/{course.pk}/publication")
    for closed in (path, f"{path}/evidence/{reference.pk}"):
        assert stranger.get(closed).status_code == 404
    assert client.delete(f"/api/v1/nodes/{course.pk}/links/{made['id']}").status_code == 204
    assert stranger.get(path).status_code == 410


def test_links_to_a_snapshot_and_to_its_course_are_listed_apart(
    api: Api, course: MaterialNode, snapshot: StructureSnapshot
) -> None:
    client = api(snapshot.tenant)
    of_snapshot = make_link(api, snapshot)
    of_course = client.post(f"/api/v1/nodes/{course.pk}/links", {}, format="json").json()

    for below, own, other in (
        (f"snapshots/{snapshot.pk}", of_snapshot, of_course),
        (f"nodes/{course.pk}", of_course, of_snapshot),
    ):
        assert [each["id"] for each in client.get(f"/api/v1/{below}/links").json()["data"]] == [own["id"]]
        assert client.delete(f"/api/v1/{below}/links/{other['id']}").status_code == 404


def publish(client: APIClient, snapshot: StructureSnapshot) -> None:
    for verb in ("approve", "publish"):
        assert client.post(f"/api/v1/snapshots/{snapshot.pk}/{verb}", {}, format="json").status_code == 200
