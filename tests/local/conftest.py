"""The real web server, shared by the tests that need one, and one in this process for the commands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django.live_server_helper import LiveServer

from materials.models import MaterialNode
from materials.tree.services import create_node
from project.client.coursewright_client import client
from project.local.management.commands import build_course
from project.local.servers import RunningSystem
from tenants.scopes import Scope
from tenants.services import create_tenant, issue_api_key
from tests import web_server
from tests.conftest import drain
from tests.web_server import Gunicorn


class Server(web_server.Server):
    """A server that stores files in a folder."""

    def __init__(self, gunicorn: Gunicorn, key: str, node: MaterialNode, objects: Path) -> None:
        super().__init__(gunicorn, key, node)
        self._objects = objects

    def stored(self) -> list[Path]:
        return [path for path in self._objects.rglob("*") if path.is_file()]


@pytest.fixture(scope="package")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="package")
def gunicorn(tmp_path_factory: pytest.TempPathFactory, objects: Path, django_db_setup: None) -> Iterator[Gunicorn]:
    limits = {"UPLOAD_MAX_BYTES": "300MiB", "DOCUMENT_MAX_BYTES": "300MiB"}
    folder = tmp_path_factory.mktemp("web")
    with web_server.gunicorn(folder, environment={"OBJECTS_DIR": str(objects), **limits}) as running:
        yield running


@pytest.fixture
def server(gunicorn: Gunicorn, objects: Path) -> Iterator[Server]:
    tenant = create_tenant(slug="acme", name="Acme")
    issued = issue_api_key(tenant=tenant, label="t", scopes=[Scope.ADMIN], prep_per_minute=1000, check_per_minute=1000)
    yield Server(gunicorn, issued.secret, create_node(tenant=tenant, title="Course"), objects)
    shutil.rmtree(objects, ignore_errors=True)


@pytest.fixture
def system_in_this_process(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command find a web server that is a thread of this process, and have the jobs done while it waits."""

    @contextmanager
    def system(*, folder: Path) -> Iterator[RunningSystem]:
        yield RunningSystem(base_url=live_server.url, processes=[])

    monkeypatch.setattr(build_course, "run_system", system)
    monkeypatch.setattr(client, "time", SimpleNamespace(sleep=lambda _seconds: drain()))
