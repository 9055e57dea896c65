"""What comparing two structures costs beside reading both: `python -m tests.benchmarks.differences [lessons]`.

Makes a course of a thousand lessons, 10,000 nodes with two references each, in a database of its own, and the same
course with a tenth of its nodes changed and with all of them, and a working copy. Prints the median ratio of the API's
time to that of reading the columns of both snapshots as tuples, which a comparison of everything could not do without.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from django.db import connection  # noqa: E402  # needs settings
from django.test.utils import get_runner, setup_test_environment  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from materials.models import MaterialNode  # noqa: E402
from structures.models import Reference, StructureNode, StructureSnapshot  # noqa: E402
from structures.working_copies.services import create_working_copy  # noqa: E402
from tenants.actors import Actor  # noqa: E402
from tenants.scopes import Scope  # noqa: E402
from tenants.services import create_tenant, issue_api_key  # noqa: E402
from tests.structures.course_page.stored import store_snapshot  # noqa: E402
from tests.structures.differences.large_courses import build_course  # noqa: E402

ROUNDS = 5


def main() -> None:
    lessons = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        tenant = create_tenant(slug="bench", name="Bench")
        root = MaterialNode.objects.create(tenant=tenant, title="Course", position=0)
        first, tenth, other = (store_snapshot(tenant, root, build_course(lessons, share)) for share in (0, 0.1, 1))
        actor = Actor(kind="user", id="1", name="Ada")
        copy = create_working_copy(tenant=tenant, snapshot_id=tenth.pk, name="main", actor=actor)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        issued = issue_api_key(tenant=tenant, label="b", scopes=[Scope.PREP], check_per_minute=1_000_000)
        client = APIClient(headers={"X-API-Key": issued.secret})
        sys.stdout.write(f"{first.nodes.count()} nodes, {first.references.count()} references\n")
        for name, path in (
            ("nothing changed", f"snapshots/{first.pk}/differences?from={first.pk}"),
            ("a tenth changed", f"snapshots/{tenth.pk}/differences?from={first.pk}"),
            ("a tenth changed, page", f"snapshots/{tenth.pk}/differences?from={first.pk}&format=html"),
            ("a tenth changed, working copy", f"working-copies/{copy.pk}/differences?from={first.pk}"),
            ("all changed", f"snapshots/{other.pk}/differences?from={first.pk}"),
        ):
            ratio, seconds = compare_times(partial(read, client, path), partial(read_rows, first, tenth))
            sys.stdout.write(f"{name:<30} {ratio:.2f} x the reading of both ({seconds:.2f} s)\n")
    finally:
        runner.teardown_databases(databases)


def read(client: APIClient, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content


def read_rows(*snapshots: StructureSnapshot) -> None:
    for snapshot in snapshots:
        list(StructureNode.objects.filter(snapshot=snapshot).values_list().iterator())
        list(Reference.objects.filter(snapshot=snapshot).values_list().iterator())


def compare_times(work: Callable[[], None], bare: Callable[[], None]) -> tuple[float, float]:
    """Return the median ratio of both, measured in turns, and the median time of the first."""
    pairs = [(measure(work), measure(bare)) for _ in range(ROUNDS)]
    return statistics.median(one / other for one, other in pairs), statistics.median(one for one, _ in pairs)


def measure(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
