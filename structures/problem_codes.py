"""Groups of error codes that several operations of structures answer with."""

# Why a generation cannot be asked for, or planned, so.
GENERATION_CODES = (
    "batches_unsupported", "no_provider", "nothing_left", "nothing_ready", "options_conflict", "outline_gone",
    "outline_of_another_node", "outline_without_lessons", "refined_node_missing", "tree_not_held", "unknown_strategy",
)  # fmt: skip
# Of each change of a working copy.
COPY_CODES = ("if_match_required", "version_changed", "working_copy_closed")
# Of changes that are steps of its history.
STEP_CODES = (*COPY_CODES, "history_full", "malformed_tree")
# Of a rebase and the decisions that follow it.
REBASE_CODES = (*STEP_CODES, "base_gone", "limit_exceeded", "type_changed")
# Why an operation cannot be done on a tree.
EDIT_CODES = (
    "below_itself", "chunk_not_found", "correction_not_found", "correction_not_taken_back", "different_types",
    "entry_not_found", "invalid_value", "is_course", "limit_exceeded", "locator_mismatch", "missing_argument",
    "not_different", "not_the_children", "position_out_of_range", "quote_not_found", "reference_mismatch",
    "retired_key", "taken_key", "unknown_argument", "unknown_field", "unknown_key", "unknown_operation", "wrong_place",
)  # fmt: skip
# Why two structures cannot be compared.
COMPARISON_CODES = ("malformed_tree", "snapshot_too_large", "unrelated_snapshots")
# Of pages that a shared link opens.
LINK_CODES = ("link_closed", "nothing_published", "rate_limited")
# Of the picture of a page, which is drawn from the stored file.
PICTURE_CODES = ("integrity_broken", "process_killed", "stored_file_missing", "too_many_transfers")
