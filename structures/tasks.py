"""The functions that workers run for this app. `project.jobs` knows them by their dotted names only."""

from __future__ import annotations

from structures.generation.answer_cache import delete_unused_answers
from structures.generation.services import generate_structure
from structures.working_copies.rebase_jobs import preview_rebase, rebase_working_copy

__all__ = ["delete_unused_answers", "generate_structure", "preview_rebase", "rebase_working_copy"]
