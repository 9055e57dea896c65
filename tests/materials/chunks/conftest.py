from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.llm.world import World, use
from tests.materials.chunks.meanings import build_models, make_vectors


@pytest.fixture
def models(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """Return a registry whose action `embed_texts` asks a server that knows what a few words mean."""
    with World(path=tmp_path / "models.yaml") as world:
        world.file["models"]["vec"] = build_models()
        world.file["actions"]["embed_texts"] = {"description": "Make vectors.", "needs": ["embedding"], "seconds": 30}
        world.file["chains"]["embed_texts"] = {name: ["vec"] for name in world.file["strategies"]}
        world.write()
        world.openai.always(make_vectors)
        use(settings, monkeypatch, world)
        yield world
