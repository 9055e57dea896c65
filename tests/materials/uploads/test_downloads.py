"""Files go out by addresses that hold for minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from project.http.ranges import RangeUnsatisfiable, parse_range_header
from project.storage.signed_urls import sign_path
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import suspend_tenant
from tests.conftest import LECTURE, Api, upload
from tests.materials.uploads.conftest import Disk, Store, announce

PAGE = b"<!doctype html><html><body><h1>Water</h1><script>alert(1)</script></body></html>"


def download(client: APIClient, entry: dict[str, Any]) -> dict[str, Any]:
    answer = client.get(f"/api/v1/entries/{entry['id']}/download")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_file_goes_out_whole_as_an_attachment(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    entry = upload(api(acme), course.pk, 'вода & "пара".html', PAGE)

    found = download(api(acme, Scope.CHECK), entry)
    status, headers, body = store.get(found["url"])

    assert (status, body) == (200, PAGE)
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment; filename*=utf-8''%D0%B2%D0%BE%D0%B4%D0%B0")
    assert (found["size_bytes"], found["sha256"], found["name"]) == (len(PAGE), entry["sha256"], entry["name"])
    assert found["url"].startswith("http")


def test_a_part_of_a_file_can_be_asked_for(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    url = download(api(acme), upload(api(acme), course.pk, "a.md", LECTURE))["url"]

    status, headers, body = store.get(url, Range="bytes=5-9")
    end = store.get(url, Range="bytes=-4")

    assert (status, body) == (206, LECTURE[5:10])
    assert headers["content-range"] == f"bytes 5-9/{len(LECTURE)}"
    assert end[2] == LECTURE[-4:]
    assert store.get(url, Range=f"bytes={len(LECTURE)}-")[0] == 416


def test_a_download_goes_on_only_with_the_same_file(api: Api, acme: Tenant, course: MaterialNode, disk: Disk) -> None:
    url = download(api(acme), upload(api(acme), course.pk, "a.md", LECTURE))["url"]
    _, headers, _ = disk.get(url)

    same = disk.get(url, **{"Range": "bytes=5-9", "If-Range": headers["etag"]})
    other = disk.get(url, **{"Range": "bytes=5-9", "If-Range": '"other"'})

    assert (same[0], other[0]) == (206, 200)


def test_what_we_serve_ourselves_is_safe_in_a_browser(api: Api, acme: Tenant, course: MaterialNode, disk: Disk) -> None:
    url = download(api(acme), upload(api(acme), course.pk, "a.html", PAGE))["url"]

    _, headers, _ = disk.get(url)

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox")
    assert headers["cache-control"] == "private, no-store"
    assert headers["content-length"] == str(len(PAGE))


def test_an_address_without_a_file_has_nothing_to_download(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    entry = client.post(f"/api/v1/nodes/{course.pk}/entries", {"url": "https://example.org/"}, format="json").json()

    answer = client.get(f"/api/v1/entries/{entry['id']}/download")

    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_to_download")


FORGERIES: list[tuple[Callable[[str], str], str]] = [
    (lambda url: url.partition("?")[0], "address_refused"),
    (lambda url: url[:-1] + ("A" if url[-1] != "A" else "B"), "address_refused"),
    (lambda url: url.replace("expires=", "expires=9"), "address_refused"),
    (lambda url: url.replace("expires=", "expires=x"), "address_refused"),
    (lambda url: url + "&signature=", "address_refused"),
]


@pytest.mark.parametrize(("forge", "code"), FORGERIES)
def test_a_forged_address_opens_nothing(
    api: Api, acme: Tenant, lecture: MaterialEntry, disk: Disk, forge: Callable[[str], str], code: str
) -> None:
    client = api(acme)
    out = download(client, {"id": str(lecture.pk)})["url"]
    into = announce(client, lecture.node_id, PAGE, name="a.html")["urls"][0]["url"]

    for answer in (APIClient().get(forge(out)), APIClient().put(forge(into), PAGE, content_type="text/html")):
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert answer["Content-Type"] == "application/problem+json"


def test_an_address_opens_only_what_it_was_signed_for(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    client = api(acme)
    opened = announce(client, lecture.node_id, PAGE * 2, name="a.html")
    query = opened["urls"][0]["url"].partition("?")[2]

    for path in (f"entries/{lecture.pk}/file", f"uploads/{lecture.pk}/parts/1", f"uploads/{opened['id']}/parts/2"):
        method = client.get if path.endswith("file") else client.put
        assert method(f"/api/v1/{path}?{query}").status_code == 403


def test_an_address_expires(api: Api, acme: Tenant, lecture: MaterialEntry, disk: Disk) -> None:
    url = sign_path(f"/api/v1/entries/{lecture.pk}/file", until=timezone.now() - timedelta(seconds=1))

    answer = APIClient().get(url)

    assert (answer.status_code, answer.json()["code"]) == (403, "address_expired")


def test_addresses_of_a_suspended_tenant_open_nothing(
    api: Api, acme: Tenant, lecture: MaterialEntry, disk: Disk
) -> None:
    client = api(acme)
    out = download(client, {"id": str(lecture.pk)})["url"]
    part = announce(client, lecture.node_id, PAGE, name="a.html")["urls"][0]
    suspend_tenant(tenant=acme)

    assert disk.get(out)[0] == 404
    assert disk.put(part, PAGE) == 404


@pytest.mark.parametrize("body", [PAGE[:-1], PAGE + b"!", b""])
def test_a_part_of_another_size_is_not_taken(
    api: Api, acme: Tenant, course: MaterialNode, disk: Disk, body: bytes
) -> None:
    part = announce(api(acme), course.pk, PAGE, name="a.html")["urls"][0]

    answer = APIClient().put(part["url"], body, content_type="application/octet-stream")

    assert answer.status_code in {411, 422}
    assert disk.list_leftovers() == []


def test_addresses_hold_as_long_as_the_operator_says(
    api: Api, acme: Tenant, lecture: MaterialEntry, settings: Settings
) -> None:
    settings.DOWNLOAD_URL_SECONDS, settings.UPLOAD_URL_SECONDS = 60, 7200
    client = api(acme)

    found = download(client, {"id": str(lecture.pk)})
    opened = announce(client, lecture.node_id, PAGE, name="a.html")

    now = timezone.now()
    assert timedelta(0) < _time(found["expires_at"]) - now <= timedelta(seconds=60)
    assert timedelta(seconds=7100) < _time(opened["urls_expire_at"]) - now <= timedelta(seconds=7200)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), st.integers(0, 3000))
def test_any_range_is_inside_the_file_or_refused(header: str, size: int) -> None:
    try:
        part = parse_range_header(header, size)
    except RangeUnsatisfiable:
        return
    assert part is None or 0 <= part.start < part.end <= size
