"""What asking for a tree that has not changed costs beside reading it: `python -m tests.benchmarks.etags`.

Makes 1,000 nodes with two entries each in a database of its own, and prints the median ratios over interleaved rounds,
in seconds of processors, of this process and of the database: an answer without a body to the whole answer, and the
ETag alone to the whole answer, which is what reading costs more than without one.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from django.db import connection  # noqa: E402  # needs settings
from django.test.utils import get_runner, setup_test_environment  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from structures.staleness.versions import read_course_version  # noqa: E402
from tenants.scopes import Scope  # noqa: E402
from tenants.services import create_tenant, issue_api_key  # noqa: E402
from tests.benchmarks.tree import ENTRIES, NODES, grow_tree  # noqa: E402

ROUNDS = 15


def main() -> None:
    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        tenant = create_tenant(slug="bench", name="Bench")
        root = grow_tree(tenant)
        issued = issue_api_key(tenant=tenant, label="b", scopes=[Scope.CHECK], check_per_minute=1_000_000)
        client = APIClient(headers={"X-API-Key": issued.secret})
        path = f"/api/v1/nodes/{root.pk}/tree"
        etag = client.get(path).headers["ETag"]

        def read_all() -> None:
            assert client.get(path).status_code == 200

        def ask_again() -> None:
            assert client.get(path, headers={"If-None-Match": etag}).status_code == 304

        def compute_version() -> None:
            read_course_version(tenant=tenant, node_id=root.pk)

        sys.stdout.write(f"{NODES} nodes, {NODES * ENTRIES} entries\n")
        sys.stdout.write(f"304: {_compare(ask_again, read_all):.2f} x the whole answer\n")
        sys.stdout.write(f"the version alone: {_compare(compute_version, read_all):.2f} x the whole answer\n")
    finally:
        runner.teardown_databases(databases)


def _compare(part: Callable[[], object], whole: Callable[[], object]) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        processes = [os.getpid(), cursor.fetchone()[0]]
    return statistics.median(_measure(part, processes) / _measure(whole, processes) for _ in range(ROUNDS))


def _measure(work: Callable[[], object], processes: list[int]) -> float:
    before = _sum_processor_time(processes)
    work()
    return _sum_processor_time(processes) - before


def _sum_processor_time(processes: list[int]) -> float:
    """Return the nanoseconds that the processes were on a processor (Linux)."""
    return sum(float(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in processes)


if __name__ == "__main__":
    main()
