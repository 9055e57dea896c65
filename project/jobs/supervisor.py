"""The one process that keeps the clusters of the rooms alive (`project.jobs.cluster`), sweeps, and does the chores."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from project import logs
from project.jobs import sweeper
from project.jobs.cluster import Cluster, runs
from project.jobs.models import Pulse
from project.jobs.periodic_tasks import CHORE_SECONDS, Rounds
from project.jobs.queues import Room

TICK_SECONDS = 0.5
SWEEP_SECONDS = 2.0

log = logs.get(__name__)


class Supervisor:
    """Runs a cluster for each of its rooms until it is told to stop."""

    def __init__(self, rooms: Sequence[Room] = tuple(Room)) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._clusters = [Cluster(room=room, supervisor=self.name) for room in rooms]
        self._swept_at = self._chores_at = 0.0
        self._rounds = Rounds()
        self._stopping = False

    def run(self) -> None:
        """Start the clusters, keep them alive, and drain them after SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._forget_dead_supervisors()
        for cluster in self._clusters:
            cluster.start()
        while not self._stopping:
            self._look_once()
            time.sleep(TICK_SECONDS)
        self._drain()

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._stopping:
            raise SystemExit(128 + number)
        self._stopping = True

    def _look_once(self) -> None:
        for look in (*(cluster.watch for cluster in self._clusters), self._sweep, self._do_chores):
            try:
                look()
            except Exception:  # a database that is away for a moment must not end the watch
                log.warning("watch interrupted", exc_info=True)

    def _sweep(self) -> None:
        now = time.monotonic()
        if now - self._swept_at >= SWEEP_SECONDS:
            sweeper.sweep(now=timezone.now())
            self._swept_at = now

    def _do_chores(self) -> None:
        now = time.monotonic()
        if now - self._chores_at >= CHORE_SECONDS:
            self._rounds.begin()
            self._chores_at = now

    def _drain(self) -> None:
        """Let the running jobs end, for WORKER_GRACE_SECONDS at most, then end the clusters."""
        running = list(self._clusters)
        deadline = time.monotonic() + settings.WORKER_GRACE_SECONDS
        try:
            for cluster in running:
                cluster.begin_drain()
            while running and time.monotonic() < deadline:
                time.sleep(TICK_SECONDS)
                running = [cluster for cluster in running if not cluster.is_drained()]
        finally:
            for cluster in self._clusters:
                cluster.end()

    def _forget_dead_supervisors(self) -> None:
        """Take back at once what supervisors of this machine held that no longer run, and forget those long unseen."""
        Pulse.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()
        host = socket.gethostname()
        for pulse in Pulse.objects.filter(cluster__startswith=f"{host}:"):
            pid = pulse.cluster.removeprefix(f"{host}:").partition(":")[0]
            if pid.isdecimal() and int(pid) != os.getpid() and not runs(int(pid)):
                sweeper.release_worker(pulse.cluster, now=timezone.now())
                pulse.delete()
