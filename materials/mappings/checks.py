"""System check: whether slides of PowerPoint files can be drawn."""

from __future__ import annotations

from typing import Any

from django.core import checks

from materials.mappings.slide_drawing import find_office


@checks.register
def check_office(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Tell when LibreOffice is missing, which is optional: slides of PowerPoint files are then found by words alone."""
    if find_office():
        return []
    return [
        checks.Info(
            "LibreOffice is not in PATH: slides of PowerPoint files are searched for in videos by their words alone.",
            hint="Install it where the workers run (Debian: apt install libreoffice-impress), or upload PDFs.",
            id="materials.I001",
        )
    ]
