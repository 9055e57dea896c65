"""The functions that workers run for this app. `project.jobs` knows them by their dotted names only."""

from __future__ import annotations

from structures.generation.services import generate_structure

__all__ = ["generate_structure"]
