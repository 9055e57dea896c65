"""The kinds of job that this app owns."""

INGEST_ENTRY = "ingest_entry"
INGEST_ADDRESS = "ingest_address"
CHECK_ADDRESS = "check_address"
INGEST_RECORDING = "ingest_recording"
WATCH_RECORDING = "watch_recording"
VERIFY_UPLOAD = "verify_upload"
DESCRIBE_ENTRY = "describe_entry"
