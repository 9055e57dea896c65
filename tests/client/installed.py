"""The wheel of the client in an environment that has what it declares, and nothing else."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from packaging.requirements import Requirement

CLIENT = Path(settings.BASE_DIR) / "project" / "client"


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder, without a network."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=CLIENT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_client(folder: Path) -> Path:
    """Return the `bin` of an environment with the wheel and, by links, the packages that the wheel says it needs."""
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    wheel = build_wheel(folder / "wheel")
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    needed = folder / "needed"
    needed.mkdir()
    for name in _list_needed("coursewright-client", wheel):
        _link_distribution(name, needed)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "needed.pth").write_text(f"{needed}\n")
    return python.parent


def _list_needed(name: str, wheel: Path) -> set[str]:
    """Return the distributions that a wheel needs with its extra `mcp`, and those that these need."""
    (declared,) = importlib.metadata.distributions(name=name, path=[str(wheel)])
    waiting = [(text, {"mcp"}) for text in declared.requires or []]
    found: set[str] = set()
    while waiting:
        text, extras = waiting.pop()
        requirement = Requirement(text)
        if requirement.marker and not any(requirement.marker.evaluate({"extra": each}) for each in {"", *extras}):
            continue
        if requirement.name in found and not requirement.extras:
            continue
        found.add(requirement.name)
        waiting += [(more, set(requirement.extras)) for more in importlib.metadata.requires(requirement.name) or []]
    return found


def _link_distribution(name: str, folder: Path) -> None:
    distribution = importlib.metadata.distribution(name)
    for top in set(_list_tops(distribution)):
        link = folder / top
        if not link.exists():
            link.symlink_to(Path(str(distribution.locate_file(""))) / top)


def _list_tops(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    for file in distribution.files or []:
        if file.parts[0] not in {"..", "__pycache__"}:
            yield file.parts[0]
