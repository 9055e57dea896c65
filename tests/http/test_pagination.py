from __future__ import annotations

from materials.tree.services import create_node
from tenants.models import Tenant
from tests.conftest import Api


def test_it_gives_every_row_once_while_rows_are_added(api: Api, acme: Tenant) -> None:
    client = api(acme)
    first = {str(create_node(tenant=acme, title=f"Course {number}").pk) for number in range(7)}

    seen: list[str] = []
    address = "/api/v1/nodes?limit=3"
    while True:
        page = client.get(address).json()
        seen += [node["id"] for node in page["data"]]
        if not page["has_more"]:
            break
        create_node(tenant=acme, title="Added meanwhile")
        address = f"/api/v1/nodes?limit=3&cursor={page['next_cursor']}"

    assert len(seen) == len(set(seen))
    assert set(seen) == first


def test_it_links_to_the_next_page(api: Api, acme: Tenant) -> None:
    for title in "ab":
        create_node(tenant=acme, title=title)

    answer = api(acme).get("/api/v1/nodes?limit=1")
    following = answer["Link"].split(">")[0][1:]

    assert [node["title"] for node in api(acme).get(following).json()["data"]] == ["a"]


def test_it_refuses_a_cursor_of_another_list(api: Api, acme: Tenant) -> None:
    for title in "ab":
        create_node(tenant=acme, title=title)
    cursor = api(acme).get("/api/v1/nodes?limit=1").json()["next_cursor"]

    assert api(acme).get(f"/api/v1/jobs?cursor={cursor[:-2]}xx").status_code == 422
