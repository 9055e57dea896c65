"""Places in the materials, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def format_place(locator: Mapping[str, Any]) -> str:
    """Return a place such as "p. 3", "slide 4" or "12:05"; blank where the locator names none of these."""
    if "page" in locator:
        return f"p. {locator['page']}"
    if "slide" in locator:
        return f"slide {locator['slide']}"
    if "start_ms" in locator:
        minutes, seconds = divmod(locator["start_ms"] // 1000, 60)
        return f"{minutes:02}:{seconds:02}"
    return ""
