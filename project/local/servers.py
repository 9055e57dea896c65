"""The whole system as child processes of one command: web server, worker, what waits, and what sends webhooks."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from project.client.coursewright_client import Client, ServerUnreachable
from project.processes.reaper import Reaper

# A slow machine compiles all modules and starts PostgreSQL first. As long as all processes live they are waited for;
# the limit ends a start that hangs.
START_SECONDS = 900.0
# A person who waits longer than this wants to know for what.
NEWS_SECONDS = 10.0
# Logs are kept over starts up to this size, then as one older file: enough for a day of work on one machine.
MAX_LOG_BYTES = 10_000_000
POLL_SECONDS = 0.1
# Workers give their jobs back on SIGTERM; those that do not end are killed, and the leases of their jobs run out.
STOP_SECONDS = 30.0


class StartFailed(RuntimeError):
    """A process did not come up. The message holds the end of its log."""


@dataclass(frozen=True, kw_only=True)
class RunningSystem:
    """Where the running system is reached, and the processes to wait for."""

    base_url: str
    processes: Sequence[subprocess.Popen[bytes]]

    def wait_for_exit(self) -> None:
        """Return when one of the processes has ended."""
        while all(process.poll() is None for process in self.processes):
            time.sleep(POLL_SECONDS)


@contextlib.contextmanager
def run_system(
    *,
    port: int = 0,
    folder: Path,
    with_streams: bool = False,
    with_webhooks: bool = False,
    report: Callable[[str], None] = print,
) -> Iterator[RunningSystem]:
    """Run web server and worker while the body runs, and end both after it. Logs are appended to files in `folder`.

    `with_streams` runs the process for event streams and requests that wait, too, to which the web server hands them
    over; without it they are answered at once. `with_webhooks` runs the one that sends webhooks. `report` is called
    with a sentence every NEWS_SECONDS of a slow start. Raises StartFailed when the port is taken or one of them does
    not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = _find_free_port(port)
    base_url = f"http://127.0.0.1:{port}"
    web = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "config/gunicorn.py",
        "--bind",
        f"127.0.0.1:{port}",
        "--graceful-timeout",
        "10",
    ]
    commands = [(web, "web.log"), ([sys.executable, "manage.py", "worker"], "worker.log")]
    if with_streams:
        # On any free port: clients reach it by the web server's.
        streams = [sys.executable, "manage.py", "stream_events", "--port", "0"]
        commands.append((streams, "streams.log"))
    if with_webhooks:
        commands.append(([sys.executable, "manage.py", "deliver_webhooks"], "webhooks.log"))
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(_run_process(command, folder / name)) for command, name in commands]
        _wait_until_ready(base_url, processes, folder, report)
        yield RunningSystem(base_url=base_url, processes=processes)


@contextlib.contextmanager
def _run_process(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings", "LOG_LEVEL": "INFO"}
    _rotate_log(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    reaper = Reaper(process.pid)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        reaper.kill_group()
        process.wait()


def _wait_until_ready(
    base_url: str, processes: Sequence[subprocess.Popen[bytes]], folder: Path, report: Callable[[str], None]
) -> None:
    with Client(base_url, "", use_proxies=False) as client:
        started = told = time.monotonic()
        while time.monotonic() - started < START_SECONDS:
            missing = "the web server"
            with contextlib.suppress(ServerUnreachable):
                failing = client.check_readiness()
                if not failing:
                    return
                missing = ", ".join(f"{name} ({detail})" for name, detail in failing.items())
            if any(process.poll() is not None for process in processes):
                break
            if time.monotonic() - told >= NEWS_SECONDS:
                told = time.monotonic()
                report(f"Still starting after {told - started:.0f} s: waiting for {missing}.")
            time.sleep(POLL_SECONDS)
    logs = "\n".join(f"{log}:\n{_read_tail(log)}" for log in sorted(folder.glob("*.log")))
    raise StartFailed(f"The system did not come up.\n{logs}")


def _rotate_log(log: Path) -> None:
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".1.log"))


def _read_tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _find_free_port(wanted: int) -> int:
    """Return the port that is wanted, or any for 0. Raises StartFailed when something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as exc:
            raise StartFailed(
                f"Port {wanted} cannot be used: {exc.strerror}. Choose another: manage.py up --port NUMBER"
            ) from exc
        port: int = probe.getsockname()[1]
        return port
