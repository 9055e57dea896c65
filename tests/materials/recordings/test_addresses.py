"""Recordings that come by address, from a real web server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from materials.models import MaterialNode
from tenants.models import Tenant
from tests.conftest import Api, Stored, drain
from tests.materials.recordings.lecture import CAPTIONS, FOLDER, LECTURE, sent

pytestmark = pytest.mark.django_db(transaction=True)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def site() -> Iterator[str]:
    """Serve the folder of the lecture and return its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(FOLDER))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def attached(api: Api, tenant: Tenant, node: MaterialNode, url: str) -> dict[str, Any]:
    client = api(tenant)
    entry = client.post(f"/api/v1/nodes/{node.pk}/entries", {"url": url}, format="json").json()
    drain()
    read: dict[str, Any] = client.get(f"/api/v1/entries/{entry['id']}").json()
    return read


def test_a_media_file_is_fetched_stored_and_transcribed(
    api: Api, acme: Tenant, week: MaterialNode, site: str, settings: Settings
) -> None:
    settings.FETCH_ALLOWED_HOSTS = ["127.0.0.1"]
    sent(api(acme), week.pk, "lecture.vtt", CAPTIONS)

    entry = attached(api, acme, week, f"{site}/lecture.mp4")

    assert entry["state"] == "ready", entry["error"]
    assert (entry["format"], entry["size_bytes"]) == ("video", LECTURE.stat().st_size)
    assert entry["transcription"]["by"] == "captions_beside"
    assert entry["source_url"].startswith(site)


def test_an_address_of_this_machine_is_refused_and_nothing_is_stored(
    api: Api, acme: Tenant, week: MaterialNode, site: str, stored: Stored
) -> None:
    entry = attached(api, acme, week, f"{site}/lecture.mp4")

    assert (entry["state"], entry["error"]["code"]) == ("error", "address_forbidden")
    assert stored() == []


def test_what_is_not_there_is_told(
    api: Api, acme: Tenant, week: MaterialNode, site: str, settings: Settings, stored: Stored
) -> None:
    settings.FETCH_ALLOWED_HOSTS = ["127.0.0.1"]

    entry = attached(api, acme, week, f"{site}/other.mp4")

    assert entry["state"] == "error"
    assert "404" in entry["error"]["message"]
    assert stored() == []


def test_videos_of_platforms_are_off_until_an_operator_wants_them(api: Api, acme: Tenant, week: MaterialNode) -> None:
    entry = attached(api, acme, week, "https://www.youtube.com/watch?v=dQw4w9WgXcQ")

    assert (entry["state"], entry["error"]["code"]) == ("error", "platforms_off")
    assert "PLATFORM_VIDEOS=1" in entry["error"]["next_step"]
