"""Keys that are restricted to one course node: every address of the access table, from outside and from inside."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import create_node
from tenants.collections import find_collection
from tenants.models import ApiKey, Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key
from tests.conftest import Api, drain, upload
from tests.openapi import DescribedClient
from tests.test_access import ACCESS, OF_NO_USE, WITHOUT_MODEL, World, read_whole, request, undone, world

__all__ = ["world"]  # the fixture

Restricted = Callable[..., APIClient]
WHOLE_TENANT = {"usage", "costs", "quota", "budget"}
"""What has no part below a node."""
MAKES_COURSES = {("POST", "nodes"), ("POST", "nodes/{node}/move"), ("POST", "nodes/{node}/copy")}
"""As the access table asks for it: without a parent."""


@pytest.fixture
def restricted(acme: Tenant) -> Restricted:
    """Return a client whose key may do everything, at or below one node."""

    def client(node: MaterialNode | UUID | str, *scopes: Scope) -> APIClient:
        issued = issue_api_key(
            tenant=acme,
            label="restricted",
            scopes=scopes or [Scope.ADMIN],
            node_id=UUID(str(getattr(node, "pk", node))),
            prep_per_minute=100_000,
            check_per_minute=100_000,
        )
        return DescribedClient(headers={"X-API-Key": issued.secret})

    return client


@pytest.fixture
def elsewhere(acme: Tenant) -> MaterialNode:
    return create_node(tenant=acme, title="Elsewhere")


def test_nothing_of_another_node_is_found(
    restricted: Restricted, elsewhere: MaterialNode, world: World, subtests: pytest.Subtests
) -> None:
    client = restricted(elsewhere)
    ids = {value for value in world.__dict__.values() if len(value) == 36}
    for method, template, _, names_object in ACCESS:
        with subtests.test(f"{method} {template}"), undone():
            answer = request(client, method, world, template)
            if answer.status_code == 403:
                assert answer.json()["code"] == "key_restricted"
                collection = template.partition("/")[0]
                is_known = template in WHOLE_TENANT or (method, template) in MAKES_COURSES
                assert is_known or not find_collection(collection)
            elif names_object:
                assert answer.status_code == 404
            else:
                assert answer.status_code < 300
                assert not [each for each in ids if each in answer.content.decode()]


@pytest.mark.slow
def test_all_of_its_own_node_opens(restricted: Restricted, world: World, subtests: pytest.Subtests) -> None:
    client = restricted(world.node)
    for method, template, _, _ in ACCESS:
        collection = template.partition("/")[0]
        if "{key}" in template or (method, template) in MAKES_COURSES or not find_collection(collection):
            continue
        with subtests.test(f"{method} {template}"), undone():
            opened = read_whole(request(client, method, world, template))

            if template in WITHOUT_MODEL:
                assert opened == 422
            else:
                assert opened == 409 if template in OF_NO_USE else opened < 300


def test_ids_outside_are_not_found_wherever_a_request_names_them(
    restricted: Restricted, elsewhere: MaterialNode, world: World, acme: Tenant, subtests: pytest.Subtests
) -> None:
    client = restricted(elsewhere)
    entry = upload(client, elsewhere.pk, "own.md", b"# Own\n\nText.")
    drain()
    own = {"parent": str(elsewhere.pk)}
    part = client.post("/api/v1/nodes", {"title": "Part", **own}, format="json").json()["id"]
    mapping = {"slide": 1, "start_ms": 0, "end_ms": 1}
    wide = str(issue_api_key(tenant=acme, label="wide", scopes=[Scope.CHECK]).key.pk)
    named: list[tuple[str, str, Any]] = [
        ("GET", f"nodes?parent={world.node}", None),
        ("POST", "nodes", {"title": "x", "parent": world.node}),
        ("POST", f"nodes/{part}/move", {"parent": world.node}),
        ("POST", f"nodes/{part}/copy", {"parent": world.node}),
        ("PATCH", f"entries/{entry['id']}", {"node": world.node}),
        # However the id is written.
        ("PATCH", f"entries/{entry['id']}", {"node": UUID(world.node).hex}),
        ("PATCH", f"entries/{entry['id']}", {"node": f"urn:uuid:{world.node}"}),
        ("PATCH", f"entries/{entry['id']}", {"node": int(UUID(world.node))}),
        ("POST", f"nodes/{elsewhere.pk}/reorder", {"children": [world.node, part]}),
        ("POST", f"nodes/{elsewhere.pk}/mappings", {"items": [{**mapping, "presentation": world.deck, "video": part}]}),
        ("POST", f"nodes/{elsewhere.pk}/generate", {"engine": "llm", "outline": world.snapshot}),
        ("GET", f"nodes/{elsewhere.pk}/generation-plan?outline={world.snapshot}", None),
        ("GET", f"jobs?node={world.node}", None),
        ("GET", f"jobs?subject={world.entry}", None),
        ("POST", "keys", {"label": "x", "scopes": ["check"], "node": world.node}),
        ("GET", f"keys/{wide}", None),
    ]
    for method, path, body in named:
        # Also with a type and a header by which a body is not everywhere taken for JSON.
        disguise = {"Content-Type": "*/*", "Content-Disposition": "attachment; filename=a.json"}
        for headers in ({}, disguise) if path.startswith("entries/") else ({},):
            with subtests.test(f"{method} {path} {headers}"), undone():
                sent: dict[str, Any] = (
                    {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
                )
                answer = client.generic(method, f"/api/v1/{path}", **sent, headers=headers)
                assert answer.status_code == 404, answer.content
                assert answer.json()["code"] == "not_found"
    # Those of its own are found in the same places.
    assert client.post(f"/api/v1/nodes/{part}/copy", own, format="json").status_code == 201
    assert client.patch(f"/api/v1/entries/{entry['id']}", {"node": part}, format="json").status_code == 200


def test_lists_show_what_is_below(
    restricted: Restricted, elsewhere: MaterialNode, lecture: MaterialEntry, acme: Tenant
) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=elsewhere.pk)
    course, below = restricted(elsewhere), restricted(part)
    announced = {"name": "a.md", "size_bytes": 1, "sha256": "0" * 64}
    uploads = [f"/api/v1/nodes/{node.pk}/uploads" for node in (elsewhere, part)]
    ids = [course.post(path, announced, format="json").json()["id"] for path in uploads]
    entry = upload(course, part.pk, "own.md", b"# Own\n\nText.")

    def list_ids(client: APIClient, path: str) -> list[str]:
        return [each["id"] for each in client.get(f"/api/v1/{path}").json()["data"]]

    assert list_ids(course, "nodes") == [str(elsewhere.pk)]
    assert list_ids(below, "nodes") == [str(part.pk)]
    assert list_ids(course, f"nodes?parent={elsewhere.pk}") == [str(part.pk)]
    assert list_ids(course, "uploads") == ids[::-1]
    assert list_ids(below, "uploads") == ids[1:]
    assert list_ids(below, "jobs") == list_ids(course, "jobs") == [entry["job"]]
    assert below.get(f"/api/v1/nodes/{elsewhere.pk}").status_code == 404
    keys = ApiKey.objects.filter(node_id=part.pk)
    assert list_ids(below, "keys") == [str(key.pk) for key in keys]
    assert below.get("/api/v1/me").json()["node"] == str(part.pk)


def test_it_takes_three_statements_more_for_a_restricted_key(
    api: Api, restricted: Restricted, lecture: MaterialEntry, acme: Tenant
) -> None:
    def count(client: APIClient, path: str) -> int:
        client.get("/api/v1/me")  # its use is recorded once a minute
        with CaptureQueriesContext(connection) as statements:
            assert client.get(f"/api/v1/{path}").status_code == 200
        return len(statements)

    own, all_ = restricted(lecture.node_id), api(acme)
    for path, more in (
        (f"entries/{lecture.pk}", 3),
        (f"jobs/{lecture.job_id}", 3),
        (f"jobs?node={lecture.node_id}&subject={lecture.pk}", 4),  # the nodes below, for the condition of the list
    ):
        assert count(own, path) == count(all_, path) + more


def test_a_key_of_a_node_that_was_deleted_reaches_nothing(
    restricted: Restricted, elsewhere: MaterialNode, lecture: MaterialEntry
) -> None:
    client = restricted(elsewhere)
    assert client.delete(f"/api/v1/nodes/{elsewhere.pk}").status_code == 204

    assert client.get("/api/v1/nodes").json()["data"] == []
    assert client.get(f"/api/v1/nodes/{lecture.node_id}").status_code == 404
    assert client.get("/api/v1/me").status_code == 200


def test_what_is_refused_counts_as_a_request(acme: Tenant, elsewhere: MaterialNode, lecture: MaterialEntry) -> None:
    issued = issue_api_key(
        tenant=acme, label="r", scopes=[Scope.CHECK], node_id=elsewhere.pk, check_per_minute=2, prep_per_minute=2
    )
    client = APIClient(headers={"X-API-Key": issued.secret})

    statuses = [client.get(f"/api/v1/nodes/{lecture.node_id}").status_code for _ in range(3)]

    assert statuses == [404, 404, 429]
