"""What waiting costs: `python -m tests.benchmarks.streams` [STREAMS].

Opens 10,000 idle streams of a hundred jobs in one process and prints its memory before and after, and the processor
time that it takes to tell all of them of a change. Then, with two web servers of eight threads that hand requests over,
the reads for each second of the web servers' processor time, with and without 200 requests that wait.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import sys
import tempfile
import time
from pathlib import Path

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from django.db import connection, transaction  # noqa: E402  # needs settings
from django.test.utils import get_runner, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from project.db.fields import new_id  # noqa: E402
from project.jobs.models import Job, JobStatus  # noqa: E402
from tenants.models import Tenant  # noqa: E402
from tenants.scopes import Scope  # noqa: E402
from tenants.services import create_tenant, issue_api_key  # noqa: E402
from tests.process_table import eventually, start  # noqa: E402
from tests.streams.processes import StreamProcess, find_port, stream_process  # noqa: E402

STREAMS, JOBS, WAITERS, READS = 10_000, 100, 200, 1500
# Connections that are opened at once: the kernel queues as many.
AT_ONCE = 200


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else STREAMS
    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        tenant = create_tenant(slug="bench", name="Bench")
        limit = 100_000_000
        issued = issue_api_key(tenant=tenant, label="b", scopes=[Scope.CHECK], check_per_minute=limit)
        with tempfile.TemporaryDirectory() as folder:
            _measure_streams(tenant, issued.secret, Path(folder), count)
            _measure_waiters(tenant, issued.secret, Path(folder))
    finally:
        connection.close()
        runner.teardown_databases(databases)


def _add_jobs(tenant: Tenant, count: int) -> list[Job]:
    now = timezone.now()
    with transaction.atomic():
        return Job.objects.bulk_create(
            Job(tenant=tenant, kind="embed_node", subject_id=new_id(), status="queued", queued_at=now)
            for _ in range(count)
        )


def _measure_streams(tenant: Tenant, key: str, folder: Path, count: int) -> None:
    jobs = _add_jobs(tenant, JOBS)
    with stream_process(
        folder, STREAMS_PER_TENANT=str(count), STREAMS_AT_ONCE=str(count), LOG_LEVEL="ERROR"
    ) as running:
        process = psutil.Process(running.pid)
        asyncio.run(_open_and_tell(running, process, key, jobs, count))


async def _open_and_tell(
    running: StreamProcess, process: psutil.Process, key: str, jobs: list[Job], count: int
) -> None:
    await (await _open(running, key, jobs[0]))[1].wait()
    before, spent = process.memory_info().rss, _count_seconds(process)
    writers: list[asyncio.StreamWriter] = []
    for first in range(1, count, AT_ONCE):
        opened = await asyncio.gather(
            *(_open(running, key, jobs[n % JOBS]) for n in range(first, min(first + AT_ONCE, count)))
        )
        writers += [writer for writer, _ in opened]
    await asyncio.sleep(20)  # a round of comments
    memory = process.memory_info().rss
    sys.stdout.write(
        f"{count} idle streams: {memory / 1e6:.0f} MB ({before / 1e6:.0f} MB with one, "
        f"{(memory - before) / count / 1e3:.1f} kB each), opened in {_count_seconds(process) - spent:.1f} s of "
        "processor\n"
    )
    spent = _count_seconds(process)
    await asyncio.to_thread(_change, jobs)
    await asyncio.sleep(10)
    sys.stdout.write(f"all told of a change in {_count_seconds(process) - spent:.1f} s of processor\n")
    for writer in writers:
        writer.close()


def _change(jobs: list[Job]) -> None:
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(stage="reading", done=1, total=2)
    connection.close()


async def _open(running: StreamProcess, key: str, job: Job) -> tuple[asyncio.StreamWriter, asyncio.Event]:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=2**12)
    head = f"GET /api/v1/jobs/{job.pk}/events HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n"
    head += "Accept: text/event-stream\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept-Encoding: gzip\r\n\r\n"
    writer.write(head.encode())
    status = await reader.readline()
    assert b" 200 " in status, status
    begun = asyncio.Event()
    task = asyncio.create_task(_read(reader, begun))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return writer, begun


async def _read(reader: asyncio.StreamReader, begun: asyncio.Event) -> None:
    while await reader.read(4096):
        begun.set()


def _measure_waiters(tenant: Tenant, key: str, folder: Path) -> None:
    Job.objects.update(status=JobStatus.COMPLETE, finished_at=timezone.now())
    (job, *_) = _add_jobs(tenant, 1)
    sockets = str(folder / "s.sock")
    port = find_port()
    options = ["-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "8"]
    with stream_process(folder, STREAMS_SOCKET=sockets, LOG_LEVEL="ERROR"):
        web = start("-m", "gunicorn", *options, log=folder / "web.log", STREAMS_SOCKET=sockets, LOG_LEVEL="ERROR")
        try:
            eventually(lambda: _read_me(port, key, 1), seconds=120, what="no web server", log=folder / "web.log")
            _read_me(port, key, 300)
            process = psutil.Process(web.pid)
            pairs = [(_count_reads(process, port, key), _count_with_waiters(process, port, key, job)) for _ in range(3)]
            alone, beside = max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
            sys.stdout.write(
                f"reads for a second of the web servers' processor: {alone:.0f} alone, {beside:.0f} beside {WAITERS} "
                f"requests that wait: {beside / alone:.2f}\n"
            )
        finally:
            web.terminate()
            web.wait()


def _count_with_waiters(process: psutil.Process, port: int, key: str, job: Job) -> float:
    waiting = [http.client.HTTPConnection("127.0.0.1", port, timeout=120) for _ in range(WAITERS)]
    for each in waiting:
        each.request("GET", f"/api/v1/jobs/{job.pk}?wait=60", headers={"X-API-Key": key, "Host": "localhost"})
    time.sleep(3)
    found = _count_reads(process, port, key)
    for each in waiting:
        each.close()
    return found


def _count_reads(process: psutil.Process, port: int, key: str) -> float:
    spent = _count_seconds(process)
    _read_me(port, key, READS)
    return READS / (_count_seconds(process) - spent)


def _read_me(port: int, key: str, count: int) -> bool:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        for _ in range(count):
            client.request("GET", "/api/v1/me", headers={"X-API-Key": key, "Host": "localhost"})
            answer = client.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
    except ConnectionRefusedError:
        return False
    finally:
        client.close()
    return True


def _count_seconds(process: psutil.Process) -> float:
    """Return the processor time of a process and of its children."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


_tasks: set[asyncio.Task[None]] = set()

if __name__ == "__main__":
    main()
