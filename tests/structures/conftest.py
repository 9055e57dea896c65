"""The stage for structures that models write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from materials.models import MaterialNode
from materials.tree.services import create_node
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.llm.world import World, use
from tests.structures.generation.llm_courses import ROOM_FOR_SMALL_PARTS, let_write


@pytest.fixture
def world(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """Return the world of fake vendors, with the actions that write courses."""
    with World(path=tmp_path / "models.yaml") as world:
        let_write(world)
        use(settings, monkeypatch, world)
        yield world


@pytest.fixture
def library(world: World, api: Api, acme: Tenant) -> MaterialNode:
    """Return a course of three folders that is far larger than what one question may take."""
    let_write(world, output_tokens=ROOM_FOR_SMALL_PARTS)
    root = create_node(tenant=acme, title="Water")
    for number in (1, 2, 3):
        part = create_node(tenant=acme, title=f"Part {number}", parent_id=root.pk)
        paragraphs = [f"Paragraph {number}.{n} says: {'water is wet ' * 20}" for n in range(1, 6)]
        upload(api(acme), part.pk, f"{number}.md", "\n\n".join([f"# File {number}", *paragraphs]).encode())
    drain()
    return root


@pytest.fixture
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy model be asked again at once, and a job's end be noticed at once."""
    monkeypatch.setattr("llm.router.fallback.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("project.jobs.runner.HEARTBEAT_SECONDS", 0.05)


@pytest.fixture
def lessons_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each lesson, however small, be a question of its own."""
    monkeypatch.setattr("structures.engines.llm.engine.GROUP_TOKENS", 0)
