"""What an upload through the API costs beside boto3 alone: `python -m tests.benchmarks.storage [--mib 1024]`.

The same file goes through the web server, run as production runs it, and through `boto3.upload_fileobj` of a process of
its own to the same S3 server, taking turns; then four at once. Two servers are asked: moto's, which is real but slow,
and one that throws everything away, so that nothing hides what we add. Last comes the storage of files, beside a copy
of the file with its SHA-256. Printed are the medians of the ratios of speeds round by round, what the web server's
resident memory grew by at most (first what its first small upload took: clients, connections), and the disk it used.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import os
import queue
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["LOG_LEVEL"] = "ERROR"
django.setup()

from django.test.utils import get_runner, setup_test_environment  # noqa: E402

from materials.tree.services import create_node  # noqa: E402  # needs settings
from tenants.scopes import Scope  # noqa: E402
from tenants.services import create_tenant, issue_api_key  # noqa: E402
from tests.fakes.s3 import Bucket, new_bucket, s3_server  # noqa: E402
from tests.process_table import eventually  # noqa: E402
from tests.web_server import Server, gunicorn  # noqa: E402

MIB = 2**20
LINE = b"A line of text that is sixty-three characters long, more or less.\n"
AT_ONCE = 4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=1024, help="the size of the file (default: 1024)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--servers", nargs="*", default=["moto", "sink", "files"])
    options = parser.parse_args()
    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = folder / "big.txt"
            _fill(file, options.mib * MIB)
            for server in options.servers:
                (folder / server).mkdir()
                _measure(server, file, folder / server, options.rounds)
    finally:
        runner.teardown_databases(databases)


def _measure(server: str, file: Path, folder: Path, rounds: int) -> None:
    with _stored(server, folder) as bucket:
        temporary = folder / "temporary"
        temporary.mkdir()
        environment = bucket.environment if bucket is not None else {}
        limits = {"UPLOAD_MAX_BYTES": "8GiB", "DOCUMENT_MAX_BYTES": "8GiB", "DEBUG": "0", "SECRET_KEY": "benchmark" * 6}
        other = {"ALLOWED_HOSTS": "localhost", "HTTPS": "0", "TMPDIR": str(temporary), "VAR_DIR": str(folder)}
        other["MALLOC_ARENA_MAX"] = "2"  # as in the Dockerfile
        objects = folder / "objects"
        with gunicorn(
            folder, environment={**limits, **other, **environment, "OBJECTS_DIR": str(objects)}, threads=16
        ) as running:
            tenant = create_tenant(slug=server, name=server)
            key = issue_api_key(
                tenant=tenant, label="b", scopes=[Scope.ADMIN], prep_per_minute=10_000, check_per_minute=10_000
            ).secret
            node = create_node(tenant=tenant, title="Course")
            api = Server(running, key, node)

            def ours() -> None:
                _post(api, file)

            theirs = _copy(file, folder) if bucket is None else _boto3(bucket, file)
            _live(api)
            cold = api.memory()
            small = folder / "small.txt"
            small.write_bytes(LINE)
            _post(api, small)
            warm = api.memory()
            with _watched(api, temporary) as seen:
                alone = _ratios(ours, theirs, lambda: _clear(bucket), rounds, times=1)
            sys.stdout.write(_said(server, "alone", alone, file, seen["memory"] - warm, warm - cold, seen["files"]))
            with _watched(api, temporary) as seen:
                four = _ratios(ours, theirs, lambda: _clear(bucket), max(1, rounds - 2), times=AT_ONCE)
            sys.stdout.write(
                _said(server, f"{AT_ONCE} at once", four, file, seen["memory"] - warm, warm - cold, seen["files"])
            )
            sys.stdout.flush()


def _said(
    server: str, how: str, pairs: list[tuple[float, float]], file: Path, grew: int, first: int, files: int
) -> str:
    times = AT_ONCE if "at once" in how else 1
    size = file.stat().st_size * times / MIB
    ours, theirs = (statistics.median(size / pair[side] for pair in pairs) for side in (0, 1))
    ratio = statistics.median(theirs_took / ours_took for ours_took, theirs_took in pairs)
    return (
        f"{server:<6} {how:<10} {ratio:5.2f} of the speed of the bare library ({ours:.0f} against {theirs:.0f} MiB/s); "
        f"memory +{grew / MIB:.1f} MiB (and {first / MIB:.1f} once), files on disk: {files}\n"
    )


def _ratios(
    ours: Callable[[], None], theirs: Callable[[], None], clear: Callable[[], None], rounds: int, *, times: int
) -> list[tuple[float, float]]:
    """Return the seconds of both, round by round; who begins takes turns."""
    found = []
    for number in range(rounds):
        took = {}
        for work in (ours, theirs)[:: 1 if number % 2 else -1]:
            took[work] = _seconds(work, times)
            clear()
        found.append((took[ours], took[theirs]))
    return found


def _seconds(work: Callable[[], None], times: int) -> float:
    with ThreadPoolExecutor(times) as pool:
        started = time.perf_counter()
        for done in [pool.submit(work) for _ in range(times)]:
            done.result()
        return time.perf_counter() - started


def _live(api: Server) -> None:
    """Wait until the application has been loaded, and not only its server."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", api.port)) as connection:
        connection.request("GET", "/health/live", headers={"Host": "localhost"})
        connection.getresponse().read()


def _post(api: Server, file: Path) -> None:
    """Send the file as the body of a request. The same bytes again are stored, compared and let go."""
    size = file.stat().st_size
    head = api.head(
        "Content-Type: text/plain", f"Content-Length: {size}", "Connection: close",
        'Content-Disposition: attachment; filename="big.txt"',
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", api.port)) as connection, file.open("rb") as source:
        connection.sendall(head)
        connection.sendfile(source)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{answer.status}: {answer.read()!r}")


def _boto3(bucket: Bucket, file: Path) -> Callable[[], None]:
    """Return an upload by boto3 as it comes, in a process of its own that has begun and has its client already."""
    idle: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()
    for _ in range(AT_ONCE):
        process = subprocess.Popen(
            [sys.executable, "-c", _BARE, bucket.endpoint, bucket.name, str(file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "secret"},
        )  # fmt: skip
        idle.put(process)

    def run() -> None:
        process = idle.get()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        if not process.stdout.readline():
            raise RuntimeError("boto3 failed")
        idle.put(process)

    return run


_BARE = """
import os, sys, boto3
client = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1")
for line in sys.stdin:
    with open(sys.argv[3], "rb") as source:
        client.upload_fileobj(source, sys.argv[2], f"boto3-{os.getpid()}")
    print("done", flush=True)
"""


def _copy(file: Path, folder: Path) -> Callable[[], None]:
    """Return a copy in blocks with a digest, down to the disk."""

    def run() -> None:
        digest = hashlib.sha256()
        with file.open("rb") as source, tempfile.NamedTemporaryFile(dir=folder) as target:
            while block := source.read(MIB):
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())

    return run


def _clear(bucket: Bucket | None) -> None:
    """Delete what boto3 stored; ours has gone as the same bytes again."""
    if bucket is None:
        return
    for key in bucket.keys():  # noqa: SIM118  # it is no dictionary
        if key.startswith("boto3-"):
            bucket.client.delete_object(Bucket=bucket.name, Key=key)


def _fill(file: Path, size: int) -> None:
    block = (LINE * (MIB // len(LINE) + 1))[:MIB]
    with file.open("wb") as target:
        for _ in range(size // MIB):
            target.write(block)


@contextmanager
def _stored(server: str, folder: Path) -> Iterator[Bucket | None]:
    """Run the server, and give a bucket on it; None for the storage of files."""
    if server == "moto":
        with s3_server(folder) as address:
            yield new_bucket(address)
    elif server == "sink":
        with _sink() as address:
            yield Bucket(endpoint=address)
    else:
        yield None


@contextmanager
def _sink() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.fakes.s3_sink", str(port)])

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(answers, seconds=20, what="the sink did not come up")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _watched(api: Server, temporary: Path) -> Iterator[dict[str, int]]:
    """Note the most resident memory and the most temporary files while the body runs."""
    seen = {"memory": 0, "files": 0}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen["memory"] = max(seen["memory"], api.memory())
            seen["files"] = max(seen["files"], sum(1 for _ in temporary.rglob("*")))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
