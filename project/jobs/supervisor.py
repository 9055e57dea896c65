"""The process that keeps the clusters of the queues alive (`project.jobs.cluster`), sweeps, and runs periodic tasks."""

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
from project.jobs.cluster import WorkerCluster, is_process_running
from project.jobs.models import ClusterHeartbeat
from project.jobs.periodic_tasks import PERIODIC_TASK_SECONDS, PeriodicTaskRunner
from project.jobs.queues import JobQueue

# A killed process is noticed within a tick; a tick without a fault costs two statements a cluster.
TICK_SECONDS = 0.5
# Leases last three seconds at least: more often there is nothing new to find.
SWEEP_SECONDS = 2.0

log = logs.get_logger(__name__)


class Supervisor:
    """Runs a cluster for each of its queues until it is told to stop."""

    def __init__(self, queues: Sequence[JobQueue] = tuple(JobQueue)) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._clusters = [WorkerCluster(queue=queue, supervisor=self.name) for queue in queues]
        self._swept_at = self._periodic_tasks_at = 0.0
        self._periodic_task_runner = PeriodicTaskRunner()
        self._is_stopping = False

    def run(self) -> None:
        """Start the clusters, keep them alive, and drain them after SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle_signal)
        self._remove_dead_supervisors()
        for cluster in self._clusters:
            cluster.start()
        while not self._is_stopping:
            self._check_once()
            time.sleep(TICK_SECONDS)
        self._drain_clusters()

    def _handle_signal(self, number: int, _frame: object) -> None:
        if self._is_stopping:
            raise SystemExit(128 + number)
        self._is_stopping = True

    def _check_once(self) -> None:
        for look in (
            *(cluster.check_health for cluster in self._clusters),
            self._sweep_when_due,
            self._run_periodic_tasks_when_due,
        ):
            try:
                look()
            except Exception:  # a database that is away for a moment must not end the watch
                log.warning("watch interrupted", exc_info=True)

    def _sweep_when_due(self) -> None:
        now = time.monotonic()
        if now - self._swept_at >= SWEEP_SECONDS:
            sweeper.sweep_jobs(now=timezone.now())
            self._swept_at = now

    def _run_periodic_tasks_when_due(self) -> None:
        now = time.monotonic()
        if now - self._periodic_tasks_at >= PERIODIC_TASK_SECONDS:
            self._periodic_task_runner.start_round()
            self._periodic_tasks_at = now

    def _drain_clusters(self) -> None:
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
                cluster.shut_down()

    def _remove_dead_supervisors(self) -> None:
        """Release the jobs of this machine's dead supervisors at once; delete the rows of clusters long unseen."""
        ClusterHeartbeat.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()
        host = socket.gethostname()
        for heartbeat in ClusterHeartbeat.objects.filter(cluster__startswith=f"{host}:"):
            pid = heartbeat.cluster.removeprefix(f"{host}:").partition(":")[0]
            if pid.isdecimal() and int(pid) != os.getpid() and not is_process_running(int(pid)):
                sweeper.release_worker_jobs(heartbeat.cluster, now=timezone.now())
                heartbeat.delete()
