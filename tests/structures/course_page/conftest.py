"""A course with a text, a PDF and a recording, its snapshot, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from materials.fingerprints import compute_text_digest
from materials.models import Chunk, MaterialNode
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.browser import Browser, run_browser
from tests.conftest import LECTURE, Api, drain, upload
from tests.structures.course_page.stored import store_snapshot

MEDIA = Path(settings.BASE_DIR) / "tests" / "data" / "media"
BOILING = "Boiling point is the temperature at which a liquid becomes a gas."
EGG = "Put an egg into boiling water and take the time until it is hard."
FUNCTION = "A function is a block of code with a name."
MAP = "A persuasive map is a map made to change what its reader believes."
SAMPLE = Path(settings.BASE_DIR) / "project" / "local" / "course" / "Maps and how they lie"


def generate(api: Api, tenant: Tenant, node: MaterialNode) -> StructureSnapshot:
    """Return the snapshot that a generation makes of a node."""
    api(tenant).post(f"/api/v1/nodes/{node.pk}/generate", {}, format="json")
    drain()
    return StructureSnapshot.objects.filter(node=node).latest("created_at")


@pytest.fixture
def snapshot(api: Api, acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    """Return the snapshot of a course of a text, a document with pages, and a talk with captions."""
    client = api(acme)
    upload(client, course.pk, "boiling.md", LECTURE)
    upload(client, course.pk, "handout.pdf", next(SAMPLE.rglob("*.pdf")).read_bytes())
    upload(client, course.pk, "lecture.vtt", (MEDIA / "lecture.vtt").read_bytes())
    upload(client, course.pk, "lecture.mp4", (MEDIA / "lecture.mp4").read_bytes())
    drain()
    return generate(api, acme, course)


@pytest.fixture
def stored_course(api: Api, acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    """Return the snapshot of such a course without its ingestion, which takes seconds."""
    client = api(acme)
    files = {
        "boiling.md": LECTURE,
        "handout.pdf": next(SAMPLE.rglob("*.pdf")).read_bytes(),
        "lecture.mp4": (MEDIA / "lecture.mp4").read_bytes(),
    }
    entries = {name: upload(client, course.pk, name, content)["id"] for name, content in files.items()}
    chunks: list[tuple[str, str, str, dict[str, Any]]] = [
        ("boiling.md", "heading", "Temperature", {"heading_path": ["Boiling water", "Temperature"]}),
        ("boiling.md", "paragraph", BOILING, {"heading_path": ["Boiling water", "Temperature"]}),
        ("boiling.md", "paragraph", EGG, {}),
        ("handout.pdf", "paragraph", MAP, {"page": 1}),
        ("lecture.mp4", "transcript", "Welcome to this short course.", {"start_ms": 1000, "end_ms": 18000}),
        ("lecture.mp4", "transcript", f"The third lesson. {FUNCTION}", {"start_ms": 64140, "end_ms": 81000}),
    ]
    quotes = {}
    for position, (name, kind, text, place) in enumerate(chunks):
        # The words of talks are said one a second.
        starts = (
            [place["start_ms"] + 1000 * number for number in range(len(text.split()))] if "start_ms" in place else []
        )
        row = Chunk.objects.create(
            tenant=acme,
            entry_id=entries[name],
            position=position,
            kind=kind,
            text=text,
            word_starts_ms=starts,
            **place,
        )
        cited = {"entry_name": name, "entry_path": name, "entry_id": entries[name], "chunk_id": row.pk}
        cited["chunk_digest"] = compute_text_digest(text)
        # The fingerprint of an entry that is not ingested.
        quotes[text] = {**cited, "entry_fingerprint": "", "quote": text.removeprefix("The third lesson. "), **place}
    leaves = [
        {"node_type": "concept", "title": "Boiling point", "description": BOILING, "quotes": [quotes[BOILING]]},
        {"node_type": "concept", "title": "Function", "quotes": [quotes[f"The third lesson. {FUNCTION}"]]},
        {"node_type": "concept", "title": "Persuasive map", "description": MAP, "quotes": [quotes[MAP]]},
        {
            "node_type": "exercise",
            "title": "Boil an egg",
            "description": EGG,
            "reference_solution": "Eight minutes.",
            "quotes": [quotes[EGG]],
        },
    ]
    lesson = {"node_type": "lesson", "title": "Boiling", "quotes": [quotes[BOILING]], "children": leaves}
    return store_snapshot(acme, course, [{"node_type": "module", "title": "Water", "children": [lesson]}])


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with run_browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
