from __future__ import annotations

from typing import Any

from materials.models import LeftOutPassage, MaterialNode
from tenants.models import Tenant
from tests.conftest import Api, drain, upload

TEXT = b"---\ntitle: Steam\nweight: 3\n---\n\n# Steam\n\nWater boils at 100 degrees.\n"


def test_an_entry_says_what_is_not_part_of_its_text(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "steam.md", TEXT)

    drain()

    assert api(acme).get(f"/api/v1/entries/{entry['id']}").json()["left_out"] == [
        {"kind": "metadata", "count": 1, "pages": ""}
    ]
    assert api(acme).get(f"/api/v1/entries/{entry['id']}/left-out").json()["data"] == [
        {"kind": "metadata", "text": "title: Steam weight: 3", "count": 1, "locator": {}}
    ]


def test_the_markdown_shows_it_on_demand(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "steam.md", TEXT)
    drain()
    url = f"/api/v1/entries/{entry['id']}/markdown"

    without = download(api(acme), url)
    shown = download(api(acme), f"{url}?left_out=true")

    assert "weight" not in without
    assert shown == without + ("\n---\n\n## Not part of the text\n\n### Metadata: 1\n\n- title: Steam weight: 3\n")


def test_the_markdown_says_when_nothing_was_left_out(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "steam.md", b"Water boils.")
    drain()

    shown = download(api(acme), f"/api/v1/entries/{entry['id']}/markdown?left_out=true")

    assert shown.endswith("## Not part of the text\n\nNothing was left out.\n")


def test_reading_again_replaces_it(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "steam.md", TEXT)
    drain()
    (first,) = LeftOutPassage.objects.filter(entry=entry["id"])

    api(acme).post(f"/api/v1/entries/{entry['id']}/ingest")
    drain()

    (second,) = LeftOutPassage.objects.filter(entry=entry["id"])
    assert (second.text, second.pk != first.pk) == (first.text, True)


def test_a_copy_of_the_node_has_it_too(api: Api, acme: Tenant, course: MaterialNode) -> None:
    upload(api(acme), course.pk, "steam.md", TEXT)
    drain()

    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/copy", {"parent": None}, format="json")

    assert answer.status_code == 201
    assert LeftOutPassage.objects.for_tenant(acme).count() == 2


def download(client: Any, url: str) -> str:
    answer: Any = client.get(url)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()
