"""Pages of other origins: who is let in, what they may send and read, and that a preflight needs no key."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from materials.models import MaterialEntry, MaterialNode
from project import env
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import issue_api_key
from tests.browser import Browser, run_browser
from tests.conftest import LECTURE

PAGE = "https://app.example.org"
HEADERS = (
    "Accept, Authorization, Content-Disposition, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "Last-Event-ID, Range, X-API-Key, X-Request-Id"
)


@pytest.fixture(autouse=True)
def _origins(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [PAGE]


def ask_first(path: str, *, origin: str = PAGE, method: str = "PUT") -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": HEADERS.lower(),
    }
    return Client().options(path, headers=headers)


def split(value: str) -> set[str]:
    return {each.strip().lower() for each in value.split(",")}


@pytest.mark.parametrize(
    "path", ["nodes", "nodes/{id}/uploads", "uploads/{id}/parts/1", "entries/{id}/file", "nothing"]
)
def test_a_preflight_needs_no_key(path: str) -> None:
    answer = ask_first("/api/v1/" + path.format(id="01a231e1-c57a-731f-af60-bf547fc5a220"))

    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    assert answer["Access-Control-Allow-Origin"] == PAGE
    assert split(HEADERS) <= split(answer["Access-Control-Allow-Headers"])
    assert {"get", "head", "post", "put", "patch", "delete"} <= split(answer["Access-Control-Allow-Methods"])
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "origin" in split(answer["Vary"])


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.org.evil.net",
        "https://evil.net",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://sub.app.example.org",
        "https://appxexample.org",
        "null",
        "*",
    ],
)
def test_other_origins_are_not_let_in(origin: str) -> None:
    for answer in (
        ask_first("/api/v1/nodes", origin=origin),
        Client().get("/api/v1/nodes", headers={"Origin": origin}),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers
        # A cache must not give one page what was said to another.
        assert "origin" in split(answer["Vary"])


def test_nobody_is_let_in_unless_the_operator_says_so(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = []

    assert "Access-Control-Allow-Origin" not in ask_first("/api/v1/nodes").headers


@pytest.mark.django_db
def test_a_page_may_read_a_refusal_and_its_headers() -> None:
    answer = Client().get("/api/v1/nodes", headers={"Origin": PAGE})

    assert answer.status_code == 401
    assert answer["Access-Control-Allow-Origin"] == PAGE
    exposed = split(answer["Access-Control-Expose-Headers"])
    assert {"etag", "location", "retry-after", "ratelimit", "ratelimit-policy", "link", "x-request-id"} <= exposed


def test_only_the_api_is_for_other_pages() -> None:
    for path in ("/admin/login/", "/health/live", "/api/docs"):
        assert "Access-Control-Allow-Origin" not in Client().get(path, headers={"Origin": PAGE}).headers


@pytest.mark.parametrize(
    "origin", ["*", "null", "app.example.org", "https://app.example.org/", "https://*.example.org", "HTTPS://A.org"]
)
def test_what_is_no_origin_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("CORS_ORIGINS", f"https://good.example.org,{origin}")

    with pytest.raises(ImproperlyConfigured, match="CORS_ORIGINS"):
        env.get_origins("CORS_ORIGINS")


def test_origins_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://app.example.org, http://localhost:5173,http://[::1]:80")

    assert env.get_origins("CORS_ORIGINS") == ["https://app.example.org", "http://localhost:5173", "http://[::1]:80"]


# --- in a browser -----------------------------------------------------------------------------------------------------


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    """Serve an empty page from an origin of its own, and return that origin."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>A page of somebody else</title>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with run_browser(tmp_path / "profile") as running:
        yield running


SCRIPT = """
(async () => {
  const headers = {"X-API-Key": %(key)s, "Content-Type": "application/json", "Idempotency-Key": "one"};
  const nodes = await fetch(%(api)s + "/nodes?limit=1", {headers});
  const body = %(body)s;
  const announced = await fetch(%(api)s + "/nodes/" + %(node)s + "/uploads", {
    method: "POST", headers, body: JSON.stringify({name: "lecture.md", size_bytes: body.length, sha256: %(sha256)s})});
  const upload = await announced.json();
  const [part] = upload.urls;
  const sent = await fetch(part.url, {method: "PUT", headers: part.headers, body});
  const complete = await fetch(%(api)s + "/uploads/" + upload.id + "/complete", {method: "POST", headers});
  const refused = await fetch(%(api)s + "/nodes");
  return [nodes.status, nodes.headers.get("RateLimit") !== null, announced.headers.get("Location"), sent.status,
    complete.status, refused.status];
})()
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_page_of_another_origin_reads_the_api_and_uploads_a_file(
    browser: Browser,
    page: str,
    live_server: LiveServer,
    settings: Settings,
    acme: Tenant,
    course: MaterialNode,
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [page]
    values = {
        "api": f"{live_server.url}/api/v1",
        "key": issue_api_key(tenant=acme, label="page", scopes=[Scope.PREP]).secret,
        "node": str(course.pk),
        "body": LECTURE.decode(),
        "sha256": hashlib.sha256(LECTURE).hexdigest(),
    }
    script = SCRIPT % {name: json.dumps(value) for name, value in values.items()}

    browser.open(f"{page}/index.html")
    nodes, is_limit_read, location, sent, complete, refused = browser.evaluate(script)

    assert (nodes, is_limit_read, sent, complete, refused) == (200, True, 204, 201, 401)
    assert location.startswith("/api/v1/uploads/")
    entry = MaterialEntry.objects.get(node=course)
    assert (entry.name, entry.raw_sha256) == ("lecture.md", values["sha256"])

    # The same page, when it is not on the list.
    settings.CORS_ALLOWED_ORIGINS = [PAGE]
    blocked = f"fetch({json.dumps(values['api'])} + '/nodes').then(() => 'read', (error) => error.name)"
    assert browser.evaluate(blocked) == "TypeError"
