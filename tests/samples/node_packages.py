"""The npm packages that exports are checked with. `make test-exports` installs what `npm/package-lock.json` names."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

_FOLDER = Path(settings.BASE_DIR) / "var" / "npm" / "node_modules"


def find_node_package(name: str) -> Path:
    """Return the folder of an installed package."""
    folder = _FOLDER / name
    assert folder.is_dir(), f"{name} is not installed in {_FOLDER}: run make test-exports"
    return folder
