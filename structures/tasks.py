"""The functions that workers run for this app. `project.jobs` knows them by their dotted names only."""

from __future__ import annotations

from structures.export_files.expiry import delete_unused_exports, list_export_keys
from structures.export_files.jobs import export_snapshot
from structures.generation.answer_cache import delete_unused_answers
from structures.generation.batches import settle_abandoned_batch, submit_settlements
from structures.generation.services import generate_structure
from structures.working_copies.rebase_jobs import preview_rebase, rebase_working_copy

__all__ = [
    "delete_unused_answers",
    "delete_unused_exports",
    "export_snapshot",
    "generate_structure",
    "list_export_keys",
    "preview_rebase",
    "rebase_working_copy",
    "settle_abandoned_batch",
    "submit_settlements",
]
