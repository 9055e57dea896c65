from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from materials.web import page_requests
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.site import Site, answer

Attach = Callable[..., dict[str, Any]]

PAGE = b"""<!doctype html>
<html><head><title>Boiling - Physics</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/all">All lessons of this year</a></li></ul></nav>
<main>
<h1 id="boiling">Boiling water <a href="#boiling">#</a></h1>
<p>Water boils at a hundred degrees where the pressure of the air is that at the sea, and earlier above.</p>
<h2><a name="why"></a>Why it boils</h2>
<p>The <strong>boiling point</strong> is reached when the pressure of the vapour equals that of the air.</p>
<ul><li>Heat the water.</li><li>Watch the bubbles.</li></ul>
<pre><code class="language-python">while water.temperature &lt; 100:
    water.heat()
</code></pre>
<table><tr><th>Liquid</th><th>Boils at</th></tr>
<tr><td>Water</td><td>100</td></tr><tr><td>Ethanol</td><td>78</td></tr></table>
</main>
<footer>All rights reserved. Cookies are used on this site for no good reason at all.</footer>
</body></html>
"""


@pytest.fixture(autouse=True)
def _reached(settings: Settings) -> Iterator[None]:
    """Let the sites of tests be fetched from, without pauses, and forget what their robots.txt said."""
    settings.FETCH_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.FETCH_PAUSE_SECONDS = 0
    page_requests.build_fetcher.cache_clear()
    yield
    page_requests.build_fetcher.cache_clear()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site({"/boiling": answer(PAGE, etag='"1"')}) as site:
        yield site


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def attach(client: APIClient, course: MaterialNode) -> Attach:
    """Attach an address to the course, do the jobs, and return the entry as it is then."""

    def attached(url: str, **wish: str) -> dict[str, Any]:
        given = client.post(f"/api/v1/nodes/{course.pk}/entries", {"url": url, **wish}, format="json")
        assert given.status_code == 201, given.content
        drain()
        return read(client, given.json()["id"])

    return attached


def read(client: APIClient, entry_id: str) -> dict[str, Any]:
    entry: dict[str, Any] = client.get(f"/api/v1/entries/{entry_id}").json()
    return entry


def again(client: APIClient, entry_id: str, verb: str = "ingest") -> Job:
    """Ask for another ingestion, or a check, and return its job when it is done."""
    asked = client.post(f"/api/v1/entries/{entry_id}/{verb}")
    assert asked.status_code == 202, asked.content
    drain()
    return Job.objects.get(pk=asked.json()["id"])


def texts(entry_id: str) -> list[str]:
    entry = MaterialEntry.objects.get(pk=entry_id)
    return list(entry.chunks.order_by("position").values_list("text", flat=True))
