"""A Redis that goes away under the requests that wake workers."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import which

import pytest
from django.utils import timezone
from django_q.conf import Conf
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import MaterialEntry
from materials.tree.services import create_node
from project.jobs import sweeper
from project.queue import count_messages
from tenants.models import Tenant
from tests.conftest import Api, upload
from tests.process_table import eventually

pytestmark = pytest.mark.django_db(transaction=True)


class Redis:
    """A Redis of this test, to be started, stopped and killed."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "broker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        server = which("redis-server")
        assert server is not None
        arguments = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.socket.parent)]
        self._process = subprocess.Popen([server, *arguments], stdout=subprocess.DEVNULL)
        eventually(self.socket.exists, seconds=60, what="Redis did not come up")

    def send_signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.socket.unlink(missing_ok=True)


@pytest.fixture
def broker(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    if which("redis-server") is None:
        pytest.skip("redis-server is not installed here; CI installs it")
    redis = Redis(tmp_path)
    settings.Q_BROKER_URL = f"unix://{redis.socket}"
    monkeypatch.setattr(Conf, "BROKER_CLASS", "project.redis_broker.RedisBroker")
    monkeypatch.setattr("project.queue._broker_silent_until", 0.0)
    redis.start()
    yield redis
    redis.kill()


@pytest.mark.parametrize("fault", ["killed", "hanging"])
def test_an_upload_is_stored_and_its_message_repeated_by_the_sweep(
    broker: Redis, api: Api, fault: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    client, node = api(tenant), create_node(tenant=tenant, title="Water")
    if fault == "killed":
        broker.kill()
    else:
        broker.send_signal(signal.SIGSTOP)

    for number in range(3):
        upload(client, node.pk, f"{number}.md", b"# Water %d" % number)

    assert MaterialEntry.objects.count() == 3
    assert [r.getMessage() for r in caplog.records if "wake-up message not sent" in r.getMessage()] != []
    broker.kill()
    broker.start()
    assert count_messages() == 0
    # The supervisor sweeps in a process of its own, which has not met the silence.
    monkeypatch.setattr("project.queue._broker_silent_until", 0.0)

    sweeper.sweep_jobs(now=timezone.now() + timedelta(minutes=1))

    assert count_messages() == 3


def test_the_ready_check_says_that_the_broker_is_away(broker: Redis) -> None:
    there = APIClient().get("/health/ready").json()["checks"]["broker"]
    broker.kill()

    answer = APIClient().get("/health/ready")

    assert there["ok"]
    assert answer.status_code == 503
    assert not answer.json()["checks"]["broker"]["ok"]
    assert "ConnectionError" in answer.json()["checks"]["broker"]["detail"]
