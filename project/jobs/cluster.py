"""One django-q2 cluster of one queue: started, checked for life, and started again when it does no work.

The cluster is a child process in a session of its own. It is watched from outside, because it cannot watch itself: a
worker that is killed while idle may take a lock with it, and the cluster then looks alive for ever without doing
anything. So a canary is sent: a message that any free worker of the queue answers. When a worker should be free and the
canary is not answered, or when the cluster's main process or its sentinel is gone, the whole group of processes is
killed and started again, and the jobs that they held are taken back at once.

A reaper (`project.processes.reaper`) holds the cluster: when the supervisor dies, however it dies, so does the cluster.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import models, transaction

from project import logs
from project.db.clock import get_database_time, measure_clock_offset
from project.jobs import sweeper
from project.jobs.attempts import WORKER_DIED, WORKER_SHUT_DOWN
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from project.jobs.queues import JobQueue, count_worker_processes
from project.processes.reaper import Reaper
from project.queue import build_cluster_command, build_cluster_environment, send_canary

# One small message each time; a wedged cluster is noticed after this and WORKER_PATIENCE_SECONDS.
CANARY_SECONDS = 3.0
# A new cluster imports Django and forks its workers first, which takes tens of seconds on a loaded machine.
START_TIMEOUT_SECONDS = 45.0
# A draining cluster without a job for so long is ended: it may wait for ever for a worker that was not replaced.
IDLE_DRAIN_SECONDS = 3.0

log = logs.get_logger(__name__)


@dataclass(kw_only=True)
class WorkerCluster:
    """The worker processes of one queue under one supervisor. `name` is the holder of their jobs."""

    queue: JobQueue
    supervisor: str
    _process: subprocess.Popen[bytes] | None = None
    _reaper: Reaper | None = None
    _started_at: float = 0.0
    _canary_sent_at: float = 0.0
    _is_canary_in_doubt: bool = False
    _last_busy_at: float = 0.0
    _member_pids: set[int] = field(default_factory=set)
    _sentinel_pid: int = 0

    @property
    def name(self) -> str:
        return f"{self.supervisor}:{self.queue.value}"

    def start(self) -> None:
        """Start the processes. Does not wait until they work."""
        # First what may fail, while the database is away: processes without their row would be restarted for nothing.
        ClusterHeartbeat.objects.update_or_create(
            cluster=self.name, defaults={**self._build_fresh_heartbeat(), "sent_at": None, "answered_at": None}
        )
        environment = {**os.environ, "COURSEWRIGHT_CLUSTER": self.name, **build_cluster_environment(self.queue)}
        manage = Path(settings.BASE_DIR) / "manage.py"
        self._process = subprocess.Popen(
            [sys.executable, str(manage), *build_cluster_command(self.queue)],
            env=environment,
            start_new_session=True,
            cwd=settings.BASE_DIR,
        )
        self._reaper = Reaper(self._process.pid)
        self._started_at, self._member_pids, self._sentinel_pid = time.monotonic(), set(), 0
        log.info("cluster started", cluster=self.name, pid=self._process.pid)

    def check_health(self) -> None:
        """Check once: restart a broken cluster, release the jobs of dead workers, send the canary when it is due.

        Raises what the database raises while it is away; the next call goes on where this one stopped.
        """
        reason = self._find_fault()
        if reason:
            self._kill_processes()
            sweeper.release_worker_jobs(self.name, loss=WORKER_DIED, now=get_database_time())
            log.error("cluster restarted", cluster=self.name, reason=reason)
            self.start()
            return
        now = time.monotonic()
        if now - self._canary_sent_at >= CANARY_SECONDS:
            self._send_canary()
            self._canary_sent_at = now

    def doubt_canary(self) -> None:
        """Let the next canary be a new one: a worker may have taken the last one, and not been able to answer it."""
        self._is_canary_in_doubt, self._canary_sent_at = True, 0.0

    def begin_drain(self) -> None:
        """Ask the processes to end after their present jobs."""
        assert self._process is not None
        log.info("draining", cluster=self.name)
        self._process.terminate()
        self._last_busy_at = time.monotonic()

    def is_drained(self) -> bool:
        """Tell whether the processes have ended or are without a job. Releases the jobs of dead workers."""
        assert self._process is not None
        if self._process.poll() is not None:
            return True
        self._release_dead_workers()
        if self._get_held_jobs().exists():
            self._last_busy_at = time.monotonic()
        return time.monotonic() - self._last_busy_at >= IDLE_DRAIN_SECONDS

    def shut_down(self) -> None:
        """Kill what still runs, release its jobs, and delete the cluster's row."""
        self._kill_processes()
        sweeper.release_worker_jobs(self.name, loss=WORKER_SHUT_DOWN, now=get_database_time())
        ClusterHeartbeat.objects.filter(cluster=self.name).delete()
        log.info("stopped", cluster=self.name)

    # --- processes ----------------------------------------------------------------------------------------------------

    def _kill_processes(self) -> None:
        """Kill every process of the cluster, also those whose parents are gone."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for process in self._find_alive(self._member_pids):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._reaper is not None:
            self._reaper.kill_group()
            self._reaper = None

    def _record_members(self) -> None:
        """Remember the processes of the cluster while their parents live: orphans can no longer be found."""
        assert self._process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(self._process.pid)
            children = main.children()
            if not self._sentinel_pid and children:
                self._sentinel_pid = children[0].pid
            self._member_pids = {process.pid for process in main.children(recursive=True)}

    def _find_alive(self, pids: Iterable[int]) -> list[psutil.Process]:
        """Return the processes among these that run and belong to the cluster's session."""
        assert self._process is not None
        found = []
        for pid in pids:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
                if os.getsid(pid) == self._process.pid:
                    found.append(psutil.Process(pid))
        return found

    # --- the watch ----------------------------------------------------------------------------------------------------

    def _find_fault(self) -> str:
        """Return why the cluster must be started anew, or nothing."""
        if self._process is None or self._process.poll() is not None:
            return "the main process ended"
        if self._reaper is None or self._reaper.has_exited:
            return "the reaper is gone"
        self._record_members()
        if self._sentinel_pid and not psutil.pid_exists(self._sentinel_pid):
            return "the sentinel ended"
        self._release_dead_workers()
        return "no free worker answers" if self._is_wedged() else ""

    def _get_held_jobs(self) -> models.QuerySet[Job]:
        return Job.objects.filter(status=JobStatus.ACTIVE, worker__startswith=f"{self.name}:")

    def _release_dead_workers(self) -> None:
        for worker in self._get_held_jobs().values_list("worker", flat=True).distinct():
            pid = worker.rpartition(":")[2]
            if pid.isdecimal() and not is_process_running(int(pid)):
                log.error("worker died", worker=worker)
                sweeper.release_worker_jobs(worker, now=get_database_time())

    def _build_fresh_heartbeat(self) -> dict[str, Any]:
        """Return what is written each time that the supervisor has looked."""
        return {
            "queue": self.queue,
            "workers": count_worker_processes(self.queue),
            "seen_at": get_database_time(),
            "clock_offset": measure_clock_offset(),
        }

    def _get_heartbeat(self) -> ClusterHeartbeat:
        """Return the cluster's row, which is new when somebody has deleted it, such as by restoring a backup."""
        return ClusterHeartbeat.objects.get_or_create(cluster=self.name, defaults=self._build_fresh_heartbeat())[0]

    def _send_canary(self) -> None:
        """Send the canary again once the last one was answered, or lost with an earlier cluster or connection."""
        heartbeat, fresh = self._get_heartbeat(), self._build_fresh_heartbeat()
        rows = ClusterHeartbeat.objects.filter(pk=heartbeat.pk)
        rows.update(**fresh)  # whatever the broker does
        if heartbeat.is_canary_under_way and not self._is_canary_in_doubt:
            return
        with transaction.atomic():
            rows.update(sent_at=fresh["seen_at"])
            send_canary(self.name, queue=self.queue)
        self._is_canary_in_doubt = False

    def _is_wedged(self) -> bool:
        """Tell whether a worker should be free and yet has not answered for too long."""
        heartbeat = self._get_heartbeat()
        if not heartbeat.is_canary_under_way or self._is_canary_in_doubt:
            return False
        assert heartbeat.sent_at is not None
        patience = settings.WORKER_PATIENCE_SECONDS if heartbeat.answered_at is not None else START_TIMEOUT_SECONDS
        now = get_database_time()
        if now - heartbeat.sent_at < timedelta(seconds=patience):
            return False
        if time.monotonic() - self._started_at < patience:
            return False
        ended = Job.objects.filter(worker__startswith=f"{self.name}:", finished_at__gt=heartbeat.sent_at)
        if self._get_held_jobs().count() >= count_worker_processes(self.queue) or ended.exists():
            ClusterHeartbeat.objects.filter(pk=heartbeat.pk).update(sent_at=now)
            return False
        return True


def is_process_running(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
