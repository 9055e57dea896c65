"""The stage for every test: two tenants that must never see each other, real keys, a real database, no network."""

from __future__ import annotations

import gc
import ipaddress
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker, Settings
from rest_framework.test import APIClient

from llm.registry import read_registry
from materials.ingestion import reading
from materials.models import MaterialEntry, MaterialNode
from materials.recordings import transcription
from materials.tree.services import create_node
from project.jobs import runner
from project.jobs.queues import JobQueue
from project.settings import BASE_DIR
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import create_tenant, ensure_sandbox, issue_api_key
from tests.openapi import DescribedClient
from tests.process_table import eventually
from tests.rate_windows import wait_for_window
from tests.reading import read_here
from tests.template_database import make_template

hypothesis_settings.register_profile("any machine", deadline=None)
hypothesis_settings.load_profile("any machine")

EDITOR = (Scope.PREP, Scope.GENERATE, Scope.APPROVE, Scope.EXPORT)

Stored = Callable[[], list[Path]]
Api = Callable[..., APIClient]

LECTURE = b"""# Boiling water

## Temperature

**Boiling point** is the temperature at which a liquid becomes a gas.

## Exercise 1: Boil an egg

Put an egg into boiling water and take the time until it is hard.
"""

LONG = (
    "jobs/test_database_restarts.py",
    "jobs/test_worker.py",
    "jobs/test_worker_queues.py",
    "local/test_commands.py",
    "local/test_story.py",
    "materials/readers/test_hostile_files.py",
    "structures/generation/test_llm_restarts.py",
)
"""Modules whose tests take half a minute. They begin first, so that nothing is waited for at the end."""

TESTS = Path(__file__).parent
READ_IN_CHILDREN = ("materials/ingestion/", "materials/readers/", "materials/web/", "local/", "samples/", "speech/")
"""The tests that read each file in a child process of its own, as the product does."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


def pytest_collection_finish() -> None:
    """Let no search for garbage look at what was loaded by now: a million objects that stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Fail every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
            raise AssertionError(f"A test tried to reach {address[0]}.")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def _no_providers() -> Iterator[None]:
    """Forget the keys of this machine's owner: no test asks a model that costs money."""
    with pytest.MonkeyPatch.context() as patch:
        for provider in read_registry(BASE_DIR / "config" / "models.yaml").providers.values():
            for name in filter(None, (provider.key, provider.address)):
                patch.delenv(name, raising=False)
                patch.delenv(f"{name}_FILE", raising=False)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let the test database be a copy of one that is migrated."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = make_template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Disconnect at the end whoever is still connected: the sessions of killed processes may outlive them."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _heartbeats(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs of tests that run in one transaction do without: from their own connection they would see no job."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (marker is not None and marker.kwargs.get("transaction"))
    if not commits:
        monkeypatch.setattr(runner, "HEARTBEAT_SECONDS", 600.0)


@pytest.fixture(autouse=True)
def _no_reading_children(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read uploaded files in this process, except where the subject is how files are read."""
    if not request.path.relative_to(TESTS).as_posix().startswith(READ_IN_CHILDREN):
        monkeypatch.setattr(reading, "read_isolated", read_here)
        monkeypatch.setattr(transcription, "read_isolated", read_here)


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: Path) -> None:
    """Give each test a storage of its own, and let authentication fail as often as it must."""
    location = str(tmp_path / "objects")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "project.storage.objects.FileSystemObjectStorage", "OPTIONS": {"location": location}},
    }
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 1_000_000


@pytest.fixture
def steady_minute() -> None:
    """Begin where the limits by the minute have time left for a test of a few requests."""
    wait_for_window(minutes=1, seconds=5)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], list[Path]]:
    """List the files in the test's storage."""
    return lambda: sorted(path for path in (tmp_path / "objects").rglob("*") if path.is_file())


@pytest.fixture
def acme(db: None) -> Tenant:
    return create_tenant(slug="acme", name="Acme")


@pytest.fixture
def rival(db: None) -> Tenant:
    return create_tenant(slug="rival", name="Rival")


@pytest.fixture
def sandbox(acme: Tenant) -> Tenant:
    """Return the world of acme's test keys."""
    return ensure_sandbox(tenant=acme)


@pytest.fixture
def api(db: None) -> Api:
    """Return a client with a fresh key: `api(acme)` prepares whole courses, `api(acme, Scope.CHECK)` reads."""

    def client(tenant: Tenant, *scopes: Scope) -> APIClient:
        issued = issue_api_key(
            tenant=tenant,
            label="test",
            scopes=scopes or EDITOR,
            prep_per_minute=100_000,
            check_per_minute=100_000,
        )
        return DescribedClient(headers={"X-API-Key": issued.secret})

    return client


@pytest.fixture
def course(acme: Tenant) -> MaterialNode:
    return create_node(tenant=acme, title="Water")


@pytest.fixture
def lecture(api: Api, acme: Tenant, course: MaterialNode) -> MaterialEntry:
    """Return an entry that was uploaded and ingested."""
    entry = upload(api(acme), course.pk, "lecture.md", LECTURE)
    drain()
    return MaterialEntry.objects.with_job().get(pk=entry["id"])


@pytest.fixture
def redis_socket(tmp_path: Path) -> Iterator[Path]:
    """Start a real Redis and return its Unix socket."""
    server = which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed here; CI installs it")
    path = tmp_path / "redis.sock"
    arguments = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([server, *arguments], stdout=subprocess.DEVNULL)
    eventually(path.exists, seconds=60, what="Redis did not come up")
    yield path
    process.terminate()
    process.wait()


def upload(client: APIClient, node: UUID | str, name: str, content: bytes) -> dict[str, Any]:
    """Upload a file as a form and return the entry; fails unless it is taken."""
    answer = client.post(f"/api/v1/nodes/{node}/entries", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code in {200, 201}, answer.content
    entry: dict[str, Any] = answer.json()
    return entry


def drain() -> int:
    """Do all the jobs of all queues that can be done, as workers would; return how many."""
    done = 0
    while any(runner.run_next_job(queue) for queue in JobQueue):
        done += 1
    return done


def post_raw(client: APIClient, path: str, content: bytes, *, content_type: str, **extra: Any) -> Any:
    """Send a body as it is."""
    return client.generic("POST", path, content, content_type, **extra)  # type: ignore[arg-type]  # the stubs know str only
