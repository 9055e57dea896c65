"""What comparing two structures costs beside reading both: `python -m tests.benchmarks.differences [lessons]`.

Makes a course of a thousand lessons, 10,000 nodes with two references each, in a database of its own, and the same
course with a tenth of its nodes changed and with all of them, and a working copy. Prints the median ratio of the API's
time to that of reading the columns of both snapshots as tuples, which a comparison of everything could not do without.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID, uuid5

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

LESSONS_IN_MODULE, LEAVES, ROUNDS = 20, 9, 5
SPACE = UUID(int=9)
WORDS = [f"word{number}" for number in range(400)]


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


def build_course(lessons: int, share: float) -> list[Mapping[str, Any]]:
    """Return modules of lessons with concepts and exercises; a `share` of the nodes has other words and evidence."""
    return [
        build_node(
            "module",
            f"{module}",
            share,
            [
                build_node(
                    "lesson",
                    f"{module}.{lesson}",
                    share,
                    [
                        build_node("exercise" if leaf % 3 == 0 else "concept", f"{module}.{lesson}.{leaf}", share)
                        for leaf in range(LEAVES)
                    ],
                )
                for lesson in range(LESSONS_IN_MODULE)
            ],
        )
        for module in range(lessons // LESSONS_IN_MODULE)
    ]


def build_node(node_type: str, name: str, share: float, children: list[Any] | None = None) -> Mapping[str, Any]:
    chance = random.Random(name)  # noqa: S311  # nothing is secret
    is_changed = chance.random() < share
    quotes = [
        {"quote": write(chance, 15), "page": 1, "entry_id": uuid5(SPACE, "book"), "heading_path": ["One", "Two"]}
        for _ in range(2)
    ]
    return {
        "node_type": node_type,
        "key": uuid5(SPACE, name),
        "title": write(chance, 4),
        "description": write(chance, 25) + " And more." * is_changed,
        "key_points": [write(chance, 6) for _ in range(2)],
        "quotes": quotes[is_changed:],
        "children": children or (),
    }


def write(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words))


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
