"""API keys by the API: made, changed, rotated and revoked by keys that may do at least as much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from materials.models import MaterialNode
from materials.tree.services import create_node
from tenants.api_keys import services as api_keys
from tenants.models import ApiKey, IdempotentRequest, Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key
from tests.conftest import Api
from tests.openapi import DescribedClient

KEYS = "/api/v1/keys"
SOON = timezone.now().replace(microsecond=0) + timedelta(days=1)


def issue(tenant: Tenant, *scopes: Scope, **values: Any) -> tuple[ApiKey, APIClient]:
    """Return a key and a client that uses it."""
    issued = issue_api_key(tenant=tenant, label="boss", scopes=scopes or [Scope.ADMIN], **values)
    return issued.key, connect(issued.secret)


def connect(secret: str) -> APIClient:
    return DescribedClient(headers={"X-API-Key": secret})


def create(client: APIClient, **values: Any) -> Any:
    return client.post(KEYS, {"label": "new", "scopes": ["check"], **values}, format="json")


def test_a_key_is_made_read_and_used(acme: Tenant, course: MaterialNode) -> None:
    boss, client = issue(acme)
    wanted = {
        "label": "uploads of the LMS",
        "scopes": ["prep", "check"],
        "expires_at": SOON.isoformat(),
        "prep_per_minute": 7,
        "node": str(course.pk),
        "networks": ["127.0.0.1", "192.0.2.0/24", "192.0.2.0/24"],
    }

    answer = create(client, **wanted)

    made = answer.json()
    secret = made.pop("secret")
    assert (answer.status_code, answer["Location"]) == (201, f"{KEYS}/{made['id']}")
    assert made["prefix"] == secret[:16]
    assert (made["state"], made["created_by"], made["networks"]) == (
        "active", str(boss.pk), ["127.0.0.1/32", "192.0.2.0/24"],
    )  # fmt: skip
    assert (made["prep_per_minute"], made["check_per_minute"], made["node"]) == (7, 300, str(course.pk))
    assert client.get(answer["Location"]).json() == made
    assert made in client.get(KEYS).json()["data"]
    own = connect(secret).get("/api/v1/me").json()
    assert (own["id"], own["node"], own["networks"]) == (made["id"], made["node"], made["networks"])
    assert own["scopes"] == ["check", "prep"]


@pytest.mark.parametrize(
    ("own", "wanted", "fields"),
    [
        ({"scopes": [Scope.KEYS]}, {}, ["scopes"]),
        ({"scopes": [Scope.KEYS, Scope.CHECK]}, {"scopes": ["check", "prep"]}, ["scopes"]),
        ({"scopes": [Scope.KEYS, Scope.PREP, Scope.GENERATE]}, {"scopes": ["admin"]}, ["scopes"]),
        ({"expires_at": SOON}, {"expires_at": None}, ["expires_at"]),
        ({"expires_at": SOON}, {"expires_at": "2999-01-01T00:00:00Z"}, ["expires_at"]),
        ({"prep_per_minute": 5, "check_per_minute": 5}, {"prep_per_minute": 6, "check_per_minute": 6},
         ["prep_per_minute", "check_per_minute"]),
        ({"networks": ["127.0.0.0/8"]}, {"networks": []}, ["networks"]),
        ({"networks": ["127.0.0.0/8"]}, {"networks": ["127.0.0.1", "126.0.0.0/7"]}, ["networks"]),
        ({"networks": ["127.0.0.0/8"]}, {"networks": ["::/0"]}, ["networks"]),
        ({"node": True}, {"node": None}, ["node"]),
    ],
)  # fmt: skip
def test_no_key_gives_more_than_it_has(
    acme: Tenant, course: MaterialNode, own: dict[str, Any], wanted: dict[str, Any], fields: list[str]
) -> None:
    values = {name: value for name, value in own.items() if name not in {"scopes", "node"}}
    node_id = course.pk if "node" in own else None
    _, client = issue(acme, *own.get("scopes", []), node_id=node_id, **values)

    answer = create(client, **wanted)

    assert (answer.status_code, answer.json()["code"]) == (403, "beyond_own_powers")
    assert answer.json()["fields"] == fields
    assert ApiKey.objects.count() == 1


def test_what_is_not_given_is_as_of_the_key_that_asks(acme: Tenant, course: MaterialNode) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    networks = ["127.0.0.0/8", "2001:db8::/32"]
    _, client = issue(acme, node_id=course.pk, networks=networks, expires_at=SOON, check_per_minute=5)

    made = create(client).json()
    less = create(client, node=str(part.pk), networks=["127.0.0.1", "2001:db8:1::/64"], check_per_minute=4).json()

    assert (made["node"], made["networks"]) == (str(course.pk), networks)
    assert (made["check_per_minute"], datetime.fromisoformat(made["expires_at"])) == (5, SOON.astimezone(UTC))
    assert (less["node"], less["check_per_minute"]) == (str(part.pk), 4)


def test_stronger_keys_are_out_of_reach(acme: Tenant) -> None:
    boss, _ = issue(acme)
    _, client = issue(acme, Scope.KEYS)

    for answer in (
        client.patch(f"{KEYS}/{boss.pk}", {"label": "mine"}, format="json"),
        client.post(f"{KEYS}/{boss.pk}/rotate", {}, format="json"),
        client.delete(f"{KEYS}/{boss.pk}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "beyond_own_powers")
    boss.refresh_from_db()
    assert (boss.label, boss.revoked_at, ApiKey.objects.count()) == ("boss", None, 2)


def test_label_expiry_and_limits_are_changed(acme: Tenant) -> None:
    _, client = issue(acme)
    made = create(client).json()
    path = f"{KEYS}/{made['id']}"

    changed = client.patch(path, {"label": "L", "expires_at": SOON.isoformat(), "check_per_minute": 9}, format="json")

    assert {**changed.json(), "label": "new", "expires_at": None, "check_per_minute": 300} == {
        name: value for name, value in made.items() if name != "secret"
    }
    for body, status in (
        ({"scopes": ["admin"]}, 422),
        ({"label": ""}, 422),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422),
        ({"check_per_minute": 1000}, 403),
        ({"check_per_minute": 0}, 422),
    ):
        assert client.patch(path, body, format="json").status_code == status
    assert client.get(path).json() == changed.json()


def test_a_key_cannot_lengthen_its_own_life(acme: Tenant) -> None:
    key, client = issue(acme, expires_at=SOON)

    longer = client.patch(f"{KEYS}/{key.pk}", {"expires_at": None}, format="json")
    successor = client.post(f"{KEYS}/{key.pk}/rotate", {}, format="json").json()

    assert longer.status_code == 403
    assert datetime.fromisoformat(successor["expires_at"]) <= SOON


def test_a_rotated_key_works_on_for_a_while(acme: Tenant, course: MaterialNode) -> None:
    _, client = issue(acme)
    old = create(client, node=str(course.pk), networks=["127.0.0.0/8"]).json()

    answer = client.post(f"{KEYS}/{old['id']}/rotate", {"overlap_hours": 2}, format="json")

    new = answer.json()
    assert (answer.status_code, new["rotated_from"]) == (201, old["id"])
    for name in ("label", "scopes", "node", "networks", "created_by", "check_per_minute"):
        assert new[name] == old[name]
    assert connect(new["secret"]).get("/api/v1/me").status_code == 200
    assert connect(old["secret"]).get("/api/v1/me").status_code == 200
    left = datetime.fromisoformat(client.get(f"{KEYS}/{old['id']}").json()["expires_at"]) - timezone.now()
    assert timedelta(hours=1) < left < timedelta(hours=2)
    again = client.post(f"{KEYS}/{old['id']}/rotate", {}, format="json")
    assert (again.status_code, again.json()["code"]) == (422, "tenant_refused")


def test_the_last_key_that_manages_keys_is_not_revoked_by_accident(acme: Tenant) -> None:
    key, client = issue(acme)
    issue(acme, Scope.PREP)
    expired, _ = issue(acme, Scope.KEYS)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    path = f"{KEYS}/{key.pk}"

    refused = client.delete(path)

    assert (refused.status_code, refused.json()["code"]) == (409, "last_managing_key")
    assert "leave_none=true" in refused.json()["next_step"]
    other, _ = issue(acme, Scope.KEYS)
    assert client.delete(f"{KEYS}/{other.pk}").status_code == 204
    assert client.delete(f"{KEYS}/{other.pk}").status_code == 204
    assert client.delete(path).status_code == 409
    assert client.delete(f"{path}?leave_none=true").status_code == 204
    assert client.get(KEYS).json()["code"] == "key_revoked"


def test_lists_are_filtered_by_state_in_a_constant_number_of_statements(
    acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, client = issue(acme)
    ids = [create(client).json()["id"] for _ in range(3)]
    client.delete(f"{KEYS}/{ids[1]}")
    ApiKey.objects.filter(pk=ids[2]).update(expires_at=timezone.now())

    found = {}
    for state in ("active", "revoked", "expired"):
        with django_assert_num_queries(2):  # the key that asks, and the page
            found[state] = [each["id"] for each in client.get(f"{KEYS}?state={state}").json()["data"]]

    assert (found["revoked"], found["expired"]) == ([ids[1]], [ids[2]])
    assert ids[0] in found["active"]
    assert client.get(f"{KEYS}?state=old").json()["errors"][0]["code"] == "unknown_state"


def test_a_secret_is_given_again_to_who_asks_again_and_is_stored_encrypted(acme: Tenant) -> None:
    _, client = issue(acme)
    _, weaker = issue(acme, networks=["127.0.0.1"])
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"label": "new", "scopes": ["check"]}

    first, again = [client.post(KEYS, body, format="json", headers=headers) for _ in range(2)]
    other = weaker.post(KEYS, body, format="json", headers=headers)

    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert ApiKey.objects.filter(label="new").count() == 1
    assert first.json()["secret"].encode() not in bytes(IdempotentRequest.objects.get().answer)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "Known: prep, check"),
        ({"networks": ["10.0.0.1/8"]}, "host bits set"),
        ({"networks": ["localhost"]}, "localhost"),
        ({"networks": ["10.0.0.0/8"] * 21}, "networks"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expired"),
        ({"label": "x" * 101}, "label"),
        ({"secret": "cw_live_mine"}, "secret"),
    ],
)
def test_what_cannot_be_a_key_is_refused(acme: Tenant, wanted: dict[str, Any], said: str) -> None:
    _, client = issue(acme)

    answer = create(client, **wanted)

    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_nodes_of_other_tenants_are_none(api: Api, acme: Tenant, rival: Tenant) -> None:
    _, client = issue(acme)
    theirs = create_node(tenant=rival, title="Theirs")

    for node in (str(theirs.pk), str(uuid4())):
        answer = create(client, node=node)
        assert (answer.status_code, answer.json()["code"]) == (422, "tenant_refused")


def test_a_loop_that_makes_keys_ends(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MAX_ACTIVE_KEYS", 2)
    _, client = issue(acme)

    assert [create(client).status_code for _ in range(2)] == [201, 422]


@pytest.mark.parametrize(
    ("networks", "sender", "status"),
    [
        (["192.0.2.0/24"], "192.0.2.7", 200),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", 200),
        (["192.0.2.0/24", "2001:db8::8/128"], "2001:db8::8", 200),
        (["192.0.2.0/24", "2001:db8::8/128"], "2001:db8::9", 403),
        (["192.0.2.0/24"], "198.51.100.1", 403),
        (["192.0.2.0/24"], "", 403),
    ],
)
def test_a_key_works_in_its_networks_alone(acme: Tenant, networks: list[str], sender: str, status: int) -> None:
    key, client = issue(acme, Scope.CHECK, networks=networks)

    answer = client.get("/api/v1/me", REMOTE_ADDR=sender)

    assert answer.status_code == status
    key.refresh_from_db()
    assert (key.last_used_at is None) == (status == 403)
    if status == 403:
        assert answer.json()["code"] == "client_ip_not_allowed"


def test_a_key_that_is_tried_from_elsewhere_costs_its_tenant_nothing(acme: Tenant) -> None:
    _, client = issue(acme, Scope.CHECK, networks=["192.0.2.0/24"], check_per_minute=1, prep_per_minute=1)

    for _ in range(3):
        assert client.get("/api/v1/me", REMOTE_ADDR="198.51.100.1").status_code == 403
    assert client.get("/api/v1/me", REMOTE_ADDR="192.0.2.1").status_code == 200
