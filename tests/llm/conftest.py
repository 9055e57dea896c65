from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.llm.world import World, use


@pytest.fixture
def world(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """Return a registry of models whose vendors are fakes, in force for this process."""
    with World(path=tmp_path / "models.yaml") as world:
        use(settings, monkeypatch, world)
        yield world
