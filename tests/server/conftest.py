"""A web server of four threads: one transfer a tenant, two in all."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from materials.tree.services import create_node
from tenants.scopes import Scope
from tenants.services import create_tenant, issue_api_key
from tests import web_server
from tests.web_server import Gunicorn, Server

Connect = Callable[[bytes], socket.socket]


@pytest.fixture(scope="package")
def gunicorn(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Gunicorn]:
    folder = tmp_path_factory.mktemp("web")
    with web_server.gunicorn(folder, environment={"OBJECTS_DIR": str(folder / "objects")}, threads=4) as running:
        yield running


def make_server(gunicorn: Gunicorn, slug: str) -> Server:
    tenant = create_tenant(slug=slug, name=slug)
    issued = issue_api_key(tenant=tenant, label="t", scopes=[Scope.ADMIN], prep_per_minute=1000, check_per_minute=1000)
    return Server(gunicorn, issued.secret, create_node(tenant=tenant, title="Course"))


@pytest.fixture
def server(gunicorn: Gunicorn) -> Server:
    return make_server(gunicorn, "acme")


@pytest.fixture
def bystander(gunicorn: Gunicorn) -> Server:
    """The same web server as another tenant sees it."""
    return make_server(gunicorn, "rival")


@pytest.fixture
def connect(gunicorn: Gunicorn) -> Iterator[Connect]:
    """Return a function that connects, sends some bytes and leaves the connection open until the test ends."""
    with ExitStack() as connections:

        def connect(data: bytes) -> socket.socket:
            connection = socket.socket()
            connections.enter_context(connection)
            connection.settimeout(60)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", gunicorn.port))
            connection.sendall(data)
            return connection

        yield connect
