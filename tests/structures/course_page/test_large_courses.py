"""A course of a thousand lessons: as many statements as one of two, and a page that a phone can load."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from materials.models import MaterialNode
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.course_page.stored import store_snapshot


def store_lessons(tenant: Tenant, node: MaterialNode, modules: int, lessons: int) -> StructureSnapshot:
    def build_lesson(number: int) -> dict[str, Any]:
        leaves = [
            {
                "node_type": kind,
                "title": f"{kind} of {number}",
                "description": f"What {number} means in a sentence.",
                "quotes": [{"quote": f"Quote {number}, which is a sentence of some length. " * 30, "page": 3}],
            }
            for kind in ("concept", "exercise")
        ]
        return {"node_type": "lesson", "title": f"Lesson {number}", "topics": ["A", "B", "C"], "children": leaves}

    tree = [
        {
            "node_type": "module",
            "title": f"Module {module}",
            "children": [build_lesson(module * lessons + number) for number in range(lessons)],
        }
        for module in range(modules)
    ]
    return store_snapshot(tenant, node, tree)


@pytest.mark.slow
def test_statements_do_not_grow_and_bytes_grow_with_the_lessons(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client, asked, sizes = api(acme), [], []
    client.get("/api/v1/me")  # the first use of a key in a while is stored
    for modules, lessons in ((1, 2), (40, 25)):
        snapshot = store_lessons(acme, course, modules, lessons)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"/api/v1/snapshots/{snapshot.pk}/page")
        asked.append(len(queries))
        sizes.append(len(answer.content))

    assert asked[0] == asked[1] <= 6
    # Quotes are not in it: they are fetched when they are opened.
    assert b"which is a sentence of some length" not in answer.content
    assert (sizes[1] - sizes[0]) / 1000 < 2_000
