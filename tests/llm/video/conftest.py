from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import pytest


def _run_in_process(module: str, request: Mapping[str, Any], **_: Any) -> Iterator[dict[str, Any]]:
    lines: list[str] = []
    import_module(module).run_child(json.loads(json.dumps(request)), lambda told: lines.append(json.dumps(told)))
    yield from map(json.loads, lines)


@pytest.fixture
def childless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do here what is done in a child, where the child itself is not the point."""
    for module in (
        "llm.video.probe",
        "llm.video.key_frames",
        "llm.video.embedded_captions",
        "project.processes.runner",
    ):
        monkeypatch.setattr(f"{module}.read_messages", _run_in_process)


@pytest.fixture
def probed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probe without a child; all else has its own."""
    monkeypatch.setattr("llm.video.probe.read_messages", _run_in_process)
