"""Keeping one django-q2 cluster alive and honest.

The cluster is a child in a session of its own. It is watched from outside, because from inside it cannot be: a worker
that is killed while idle may take a lock with it, and the cluster then looks alive for ever without doing anything. So
a canary goes round: a message that any free worker answers. When a worker should be free and the canary is not
answered, or when the cluster's main process or its sentinel is gone, the whole group of processes is killed and started
again, and the jobs that they held are taken back at once.

The cluster is on a leash (`project.leash`): when the supervisor dies, however it dies, so does the cluster.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from project import logs, queue
from project.jobs import sweeper
from project.jobs.models import Job, Pulse
from project.leash import Leash

TICK_SECONDS = 0.5
SWEEP_SECONDS = 2.0
CANARY_SECONDS = 3.0
START_PATIENCE = 45.0

log = logs.get(__name__)


@dataclass
class Supervisor:
    """Runs one cluster until it is told to stop."""

    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    _cluster: subprocess.Popen[bytes] | None = None
    _leash: Leash | None = None
    _started_at: float = 0.0
    _members: set[int] = field(default_factory=set)
    _sentinel: int = 0
    _stopping: bool = False

    def run(self) -> None:
        """Start the cluster, keep it alive, and drain it after SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._forget_dead_supervisors()
        self._start()
        swept = sent = 0.0
        while not self._stopping:
            now = time.monotonic()
            try:
                self._watch()
                if now - swept >= SWEEP_SECONDS:
                    sweeper.sweep(now=timezone.now())
                    swept = now
                if now - sent >= CANARY_SECONDS:
                    self._send_canary()
                    sent = now
            except Exception:  # a database that is away for a moment must not end the watch
                log.warning("watch interrupted", exc_info=True)
            time.sleep(TICK_SECONDS)
        self._drain()

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._stopping:
            raise SystemExit(128 + number)
        self._stopping = True

    # --- the cluster --------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        environment = {**os.environ, "COURSEWRIGHT_CLUSTER": self.name}
        manage = Path(settings.BASE_DIR) / "manage.py"
        self._cluster = subprocess.Popen(
            [sys.executable, str(manage), queue.CLUSTER_COMMAND],
            env=environment,
            start_new_session=True,
            cwd=settings.BASE_DIR,
        )
        self._leash = Leash(self._cluster.pid)
        self._started_at, self._members, self._sentinel = time.monotonic(), set(), 0
        Pulse.objects.update_or_create(
            cluster=self.name, defaults={"seen_at": timezone.now(), "sent_at": None, "answered_at": None}
        )
        log.info("cluster started", cluster=self.name, pid=self._cluster.pid)

    def _kill(self) -> None:
        """Kill every process of the cluster, also those whose parents are gone, and take their jobs back."""
        assert self._cluster is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._cluster.pid, signal.SIGKILL)
        self._cluster.wait()
        for process in self._alive(self._members):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._leash is not None:
            self._leash.pull()
            self._leash = None
        sweeper.release_worker(self.name, now=timezone.now())

    def _restart(self, reason: str) -> None:
        log.error("cluster restarted", cluster=self.name, reason=reason)
        self._kill()
        self._start()

    def _drain(self) -> None:
        """Let the running jobs end, for WORKER_GRACE_SECONDS at most, then end the cluster."""
        assert self._cluster is not None
        log.info("draining", cluster=self.name)
        self._cluster.terminate()
        deadline = time.monotonic() + settings.WORKER_GRACE_SECONDS
        try:
            while self._cluster.poll() is None and time.monotonic() < deadline:
                time.sleep(TICK_SECONDS)
                self._take_back_from_dead_workers()
        finally:
            self._kill()
            Pulse.objects.filter(cluster=self.name).delete()
        log.info("stopped", cluster=self.name)

    # --- the watch ----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        assert self._cluster is not None
        if self._cluster.poll() is not None:
            self._restart("the main process ended")
            return
        if self._leash is None or self._leash.has_snapped:
            self._restart("the leash snapped")
            return
        self._note_members()
        if self._sentinel and not psutil.pid_exists(self._sentinel):
            self._restart("the sentinel ended")
            return
        self._take_back_from_dead_workers()
        if self._is_wedged():
            self._restart("no free worker answers")

    def _note_members(self) -> None:
        """Remember the processes of the cluster while their parents live: orphans can no longer be found."""
        assert self._cluster is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(self._cluster.pid)
            children = main.children()
            if not self._sentinel and children:
                self._sentinel = children[0].pid
            self._members = {process.pid for process in main.children(recursive=True)}

    def _alive(self, pids: Iterable[int]) -> list[psutil.Process]:
        """Return the processes among these that run and belong to the cluster's session."""
        assert self._cluster is not None
        found = []
        for pid in pids:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
                if os.getsid(pid) == self._cluster.pid:
                    found.append(psutil.Process(pid))
        return found

    def _take_back_from_dead_workers(self) -> None:
        held = Job.objects.filter(status=Job.Status.ACTIVE, worker__startswith=f"{self.name}:")
        for worker in held.values_list("worker", flat=True).distinct():
            pid = worker.rpartition(":")[2]
            if pid.isdecimal() and not _runs(int(pid)):
                log.error("worker died", worker=worker)
                sweeper.release_worker(worker, now=timezone.now())

    def _send_canary(self) -> None:
        """Send the canary again once the last one was answered, or lost with an earlier cluster."""
        pulse = Pulse.objects.get(cluster=self.name)
        if pulse.sent_at is not None and (pulse.answered_at is None or pulse.answered_at < pulse.sent_at):
            Pulse.objects.filter(pk=pulse.pk).update(seen_at=timezone.now())
            return
        with transaction.atomic():
            Pulse.objects.filter(pk=pulse.pk).update(sent_at=timezone.now(), seen_at=timezone.now())
            queue.send_canary(self.name)

    def _is_wedged(self) -> bool:
        """Tell whether a worker should be free and yet has not answered for too long."""
        pulse = Pulse.objects.get(cluster=self.name)
        if pulse.sent_at is None or (pulse.answered_at is not None and pulse.answered_at >= pulse.sent_at):
            return False
        patience = settings.WORKER_PATIENCE_SECONDS if pulse.answered_at is not None else START_PATIENCE
        if timezone.now() - pulse.sent_at < timedelta(seconds=patience):
            return False
        if time.monotonic() - self._started_at < patience:
            return False
        held = Job.objects.filter(worker__startswith=f"{self.name}:")
        if held.filter(status=Job.Status.ACTIVE).count() >= settings.Q_CLUSTER["workers"]:
            Pulse.objects.filter(pk=pulse.pk).update(sent_at=timezone.now())
            return False
        if held.filter(finished_at__gt=pulse.sent_at).exists():
            Pulse.objects.filter(pk=pulse.pk).update(sent_at=timezone.now())
            return False
        return True

    def _forget_dead_supervisors(self) -> None:
        """Take back at once what supervisors of this machine held that no longer run, and forget those long unseen."""
        Pulse.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()
        host = socket.gethostname()
        for pulse in Pulse.objects.filter(cluster__startswith=f"{host}:"):
            pid = pulse.cluster.rpartition(":")[2]
            if pulse.cluster != self.name and pid.isdecimal() and not _runs(int(pid)):
                sweeper.release_worker(pulse.cluster, now=timezone.now())
                pulse.delete()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
