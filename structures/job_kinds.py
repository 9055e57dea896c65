"""The kinds of job that this app owns."""

GENERATE_STRUCTURE = "generate_structure"
SETTLE_BATCH = "settle_batch"
REBASE_WORKING_COPY = "rebase_working_copy"
PREVIEW_REBASE = "preview_rebase"
EXPORT_SNAPSHOT = "export_snapshot"
