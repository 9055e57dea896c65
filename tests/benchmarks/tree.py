"""What reading a tree costs beside the least that Django can do: `python -m tests.benchmarks.tree`.

Makes 1,000 nodes with two entries each in a database of its own, with and without text below, and prints the median
ratio of the API's time to a bare view's (two statements and JSON, no key, no limits), and how much text changes it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from django.db import connection  # noqa: E402  # needs settings
from django.test.utils import get_runner, setup_test_environment  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from materials.models import Chunk, MaterialEntry, MaterialNode  # noqa: E402
from project.db.fields import new_id  # noqa: E402
from tenants.models import Tenant  # noqa: E402
from tenants.scopes import Scope  # noqa: E402
from tenants.services import create_tenant, issue_api_key  # noqa: E402

NODES, ENTRIES, ROUNDS = 1000, 2, 15
TEXT = "word " * 4000


def main() -> None:
    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        tenant = create_tenant(slug="bench", name="Bench")
        root = grow_tree(tenant)
        issued = issue_api_key(tenant=tenant, label="b", scopes=[Scope.CHECK], check_per_minute=1_000_000)
        client = APIClient(headers={"X-API-Key": issued.secret})

        def api() -> None:
            assert client.get(f"/api/v1/nodes/{root.pk}/tree").status_code == 200

        plain = _ratio(api, lambda: _floor(root))
        sys.stdout.write(f"{NODES} nodes, {NODES * ENTRIES} entries: {plain:.2f} x the bare view\n")
        before = _median(api)
        _add_text(tenant)
        sys.stdout.write(f"with 20 kB of text below every entry: {_median(api) / before:.2f} x the time without\n")
    finally:
        runner.teardown_databases(databases)


def grow_tree(tenant: Tenant) -> MaterialNode:
    root = MaterialNode.objects.create(tenant=tenant, title="Course", position=0)
    nodes = [MaterialNode(tenant=tenant, parent=root, title=f"Part {n}", position=n) for n in range(NODES)]
    MaterialNode.objects.bulk_create(nodes)
    entries = [
        MaterialEntry(tenant=tenant, node=node, position=n, name=f"{n}.md", source_url=f"https://example.org/{n}")
        for node in nodes
        for n in range(ENTRIES)
    ]
    MaterialEntry.objects.bulk_create(entries)
    return root


def _add_text(tenant: Tenant) -> None:
    Chunk.objects.bulk_create(
        (
            Chunk(id=new_id(), tenant=tenant, entry_id=entry, position=0, kind="paragraph", text=TEXT)
            for entry in MaterialEntry.objects.values_list("pk", flat=True)
        ),
        batch_size=500,
    )


def _floor(root: MaterialNode) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text, parent_id::text, title, position FROM materials_materialnode")
        nodes = cursor.fetchall()
        cursor.execute("SELECT id::text, node_id::text, name, position, size_bytes FROM materials_materialentry")
        entries = cursor.fetchall()
    return json.dumps({"nodes": nodes, "entries": entries})


def _ratio(ours: Callable[[], object], bare: Callable[[], object]) -> float:
    return statistics.median(_time(ours) / _time(bare) for _ in range(ROUNDS))


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_time(work) for _ in range(ROUNDS))


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
