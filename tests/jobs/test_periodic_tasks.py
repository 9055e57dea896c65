from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from project.jobs import periodic_tasks
from project.jobs.periodic_tasks import PeriodicTaskRunner
from project.jobs.supervisor import Supervisor
from tests.process_table import eventually

done: list[str] = []
go_on = threading.Event()


def fail() -> None:
    done.append("failed")
    raise RuntimeError


def wait() -> None:
    done.append("waited")
    assert go_on.wait(20)


@pytest.fixture(autouse=True)
def _own_chores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(periodic_tasks, "_periodic_tasks", [])
    for work in (fail, wait, fail):
        periodic_tasks.register_periodic_task(f"{__name__}.{work.__name__}")
    done.clear()
    go_on.clear()
    yield
    go_on.set()


def test_a_chore_that_fails_does_not_hinder_the_next() -> None:
    go_on.set()

    periodic_tasks.run_periodic_tasks()

    assert done == ["failed", "waited"]


def test_a_slow_round_holds_nobody_up_and_is_not_begun_twice() -> None:
    rounds = PeriodicTaskRunner()
    rounds.start_round()
    eventually(lambda: done == ["failed", "waited"], seconds=60, what="no round began")

    rounds.start_round()
    assert done == ["failed", "waited"]
    go_on.set()

    def again() -> bool:
        rounds.start_round()
        return done[2:4] == ["failed", "waited"]

    eventually(again, seconds=60, what="no second round began")


@pytest.mark.django_db(transaction=True)
def test_the_supervisor_does_the_chores_between_its_looks() -> None:
    go_on.set()

    Supervisor(queues=[])._check_once()

    eventually(lambda: done == ["failed", "waited"], seconds=60, what="the chores were not done")
