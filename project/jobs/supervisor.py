"""The process that keeps the clusters of the queues alive (`project.jobs.cluster`), sweeps, and runs periodic tasks."""

from __future__ import annotations

import math
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.conf import settings

from project import logs
from project.db.clock import get_database_time
from project.db.outages import drop_connections
from project.jobs import sweeper
from project.jobs.claims import get_lease_duration
from project.jobs.cluster import WorkerCluster, is_process_running
from project.jobs.models import ClusterHeartbeat
from project.jobs.periodic_tasks import PERIODIC_TASK_SECONDS, PeriodicTaskRunner
from project.jobs.queues import JobQueue

# A killed process is noticed within a tick; a tick without a fault costs two statements a cluster.
TICK_SECONDS = 0.5
# Leases last three seconds at least: more often there is nothing new to find.
SWEEP_SECONDS = 2.0
# While the watch is interrupted, looks fail several times a second.
LOG_SECONDS = 10.0

log = logs.get_logger(__name__)


class Supervisor:
    """Runs a cluster for each of its queues until it is told to stop."""

    def __init__(self, queues: Sequence[JobQueue] = tuple(JobQueue)) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._clusters = [WorkerCluster(queue=queue, supervisor=self.name) for queue in queues]
        self._swept_at = self._periodic_tasks_at = 0.0
        self._interrupted_since: float | None = None
        self._resumed_at = self._logged_at = -math.inf
        self._periodic_task_runner = PeriodicTaskRunner()
        self._is_stopping = False

    def run(self) -> None:
        """Start the clusters, keep them alive, and drain them after SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle_signal)
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
        looks = (
            *(cluster.check_health for cluster in self._clusters),
            self._sweep_when_due,
            self._run_periodic_tasks_when_due,
        )
        results = [self._look(look) for look in looks]  # all of them: each may concern another cluster
        if all(results):
            self._note_resumption()

    def _look(self, look: Callable[[], None]) -> bool:
        """Call a part of the watch; return False when it failed, mostly because the database is away for a moment.

        The connection is dropped then, which may be dead: the next look makes another.
        """
        try:
            look()
        except Exception:  # nothing may end the watch
            now = time.monotonic()
            if now - self._logged_at >= LOG_SECONDS:
                log.warning("watch interrupted", exc_info=True)
                self._logged_at = now
            self._interrupted_since = self._interrupted_since or now
            drop_connections()
            for cluster in self._clusters:  # at once: the next look may find the database there, and no answer
                cluster.doubt_canary()
            return False
        return True

    def _note_resumption(self) -> None:
        """Go on after an interruption, in which nobody could send heartbeats either."""
        if self._interrupted_since is None:
            return
        self._resumed_at = time.monotonic()
        log.warning("watch resumed", seconds=round(self._resumed_at - self._interrupted_since, 1))
        self._interrupted_since = None

    def _sweep_when_due(self) -> None:
        now = time.monotonic()
        if now - self._swept_at >= SWEEP_SECONDS:
            self._remove_dead_supervisors()
            lease = get_lease_duration()
            is_recovering = self._interrupted_since is not None or now - self._resumed_at < lease.total_seconds()
            sweeper.sweep_jobs(now=get_database_time(), lease_grace=lease if is_recovering else timedelta(0))
            self._swept_at = now

    def _run_periodic_tasks_when_due(self) -> None:
        now = time.monotonic()
        if now - self._periodic_tasks_at >= PERIODIC_TASK_SECONDS:
            self._periodic_task_runner.start_round()
            self._periodic_tasks_at = now

    def _drain_clusters(self) -> None:
        """Let the running jobs end, for WORKER_GRACE_SECONDS at most, then end the clusters."""
        deadline = time.monotonic() + settings.WORKER_GRACE_SECONDS
        running = list(self._clusters)
        try:
            for cluster in running:
                cluster.begin_drain()
            while running and time.monotonic() < deadline:
                time.sleep(TICK_SECONDS)
                running = [cluster for cluster in running if not self._is_drained(cluster)]
        finally:
            for cluster in self._clusters:
                self._look(cluster.shut_down)

    def _is_drained(self, cluster: WorkerCluster) -> bool:
        drained: list[bool] = []
        self._look(lambda: drained.append(cluster.is_drained()))
        return any(drained)

    def _remove_dead_supervisors(self) -> None:
        """Release the jobs of this machine's dead supervisors; delete the rows of clusters long unseen.

        A dead supervisor's row stays until all its jobs are released.
        """
        now = get_database_time()
        ClusterHeartbeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()
        host = socket.gethostname()
        for heartbeat in ClusterHeartbeat.objects.filter(cluster__startswith=f"{host}:"):
            pid = heartbeat.cluster.removeprefix(f"{host}:").partition(":")[0]
            is_dead = pid.isdecimal() and int(pid) != os.getpid() and not is_process_running(int(pid))
            if is_dead and sweeper.release_worker_jobs(heartbeat.cluster, now=now):
                heartbeat.delete()
