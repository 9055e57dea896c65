"""The kinds of job that this app owns."""

# The values are stored in job rows and are part of the API: renaming one needs a migration and a new API version.
INGEST_ENTRY = "ingest_entry"
INGEST_ADDRESS = "ingest_address"
CHECK_ADDRESS = "check_address"
INGEST_RECORDING = "ingest_recording"
WATCH_RECORDING = "watch_recording"
IMPORT_ARCHIVE = "import_archive"
VERIFY_UPLOAD = "verify_upload"
DESCRIBE_ENTRY = "describe_entry"
EMBED_NODE = "embed_node"
EMBED_CHANGES = "embed_changes"
