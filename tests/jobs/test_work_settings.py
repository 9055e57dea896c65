"""The settings of work: hours and time zones are read strictly, and each cluster gets what is meant for it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import time

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from project import env
from project.queue import build_cluster_environment

SHOW = """
import django; django.setup()
from django_q.conf import Conf
print(Conf.CLUSTER_NAME, Conf.PREFIX, Conf.WORKERS, Conf.RECYCLE, Conf.TIMEOUT, Conf.RETRY > Conf.TIMEOUT, Conf.BULK)
"""


@pytest.mark.parametrize(
    ("word", "hours"),
    [("", None), ("02:00-06:30", (time(2), time(6, 30))), ("22:15-00:00", (time(22, 15), time(0)))],
)
def test_it_reads_a_window(monkeypatch: pytest.MonkeyPatch, word: str, hours: tuple[time, time] | None) -> None:
    monkeypatch.setenv("HOURS", word)

    assert env.get_daily_hours("HOURS") == hours


@pytest.mark.parametrize(
    "word", ["2-6", "02:00", "24:00-06:00", "02:60-06:00", "02:00-06:30Z", "02:00-02:00", "٠٢:00-06:00"]
)
def test_it_refuses_a_window_that_it_does_not_understand(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("HOURS", word)

    with pytest.raises(ImproperlyConfigured, match=r"^HOURS="):
        env.get_daily_hours("HOURS")


@pytest.mark.parametrize("word", ["Europe/Atlantis", "../../etc/passwd", "Europe", "+02:00"])
def test_it_refuses_a_time_zone_that_nobody_knows(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("CLOCK", word)

    with pytest.raises(ImproperlyConfigured, match=r"^CLOCK="):
        env.get_time_zone("CLOCK", "UTC")


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        ("light", "coursewright coursewright 3 100 21600 True 1"),
        ("heavy", "coursewright-heavy coursewright 2 1 90 True 1"),
    ],
)
def test_each_cluster_reads_its_own_settings(queue: str, said: str) -> None:
    variables = {"WORKER_PROCESSES": "3", "HEAVY_WORKER_PROCESSES": "2", "HEAVY_JOB_SECONDS": "90"}
    environment = {**os.environ, **variables, **build_cluster_environment(queue)}

    shown = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == said
