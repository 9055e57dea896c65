"""A fault of TLS is an operator's: it raises the alarm and cools for long."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from llm.errors import CertificateRefused, ProviderBusy
from llm.messages import ModelRequest
from llm.providers.factory import ProviderPool
from llm.router.breakers import REFUSAL_COOLDOWN, list_open_breakers
from tests.fakes.site import Site, certificate
from tests.fakes.sockets import Sockets
from tests.fakes.steps import Answer
from tests.llm.providers.dialects import KEY, NOTHING, Dialect, ask_in_vain, each_dialect, spec_of
from tests.llm.world import World, provider

QUESTION = ModelRequest(prompt="How hot?")


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """Return the URL of a server with a certificate that nobody has signed."""
    server, _ = certificate(tmp_path, "127.0.0.1")
    with Site({}, tls=server) as site:
        yield site.url("")


@each_dialect
def test_a_certificate_that_is_not_trusted_is_named(
    dialect: Dialect, untrusted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)

    error = ask_in_vain(ProviderPool().get_provider("vendor", spec_of(dialect, untrusted)), seconds=10)

    assert type(error) is CertificateRefused
    assert error.usage == NOTHING
    assert "certificate is not trusted: self" in str(error)


@each_dialect
def test_a_server_without_tls_is_named(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)

    class PlainServer(Sockets):
        def answer(self, connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            connection.recv(1000)

    with PlainServer() as server:
        spec = spec_of(dialect, f"https://127.0.0.1:{server.port}")
        error = ask_in_vain(ProviderPool().get_provider("vendor", spec), seconds=10)

    assert type(error) is CertificateRefused
    assert "does not speak TLS" in str(error)


@each_dialect
def test_a_connection_that_breaks_in_the_handshake_is_only_busy(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)

    class Gone(Sockets):
        def answer(self, connection: socket.socket) -> None:
            self.close_connections()

    with Gone() as server:
        spec = spec_of(dialect, f"https://127.0.0.1:{server.port}")
        error = ask_in_vain(ProviderPool().get_provider("vendor", spec), seconds=10)

    assert type(error) is ProviderBusy


def test_the_alarm_is_raised_and_the_provider_left_alone(
    world: World, untrusted: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.file["providers"]["google"] = provider("google", untrusted, "TEST_GOOGLE_KEY")
    world.write()
    world.anthropic.always(Answer("100."))

    for _ in range(2):
        assert world.router.complete("ask", QUESTION).model == "claude"

    alarms = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(alarms) == 1
    (breaker,) = list_open_breakers()
    assert (breaker.provider, breaker.model, breaker.kind) == ("google", "", "certificate_refused")
    assert breaker.open_until is not None
    assert breaker.open_until - timezone.now() > REFUSAL_COOLDOWN / 2
    check = APIClient().get("/health/ready").json()["checks"]["models"]
    assert (check["degraded"], check["detail"]) == (True, "google/*: certificate_refused")
