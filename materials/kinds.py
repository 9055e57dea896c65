"""The kinds of job that this app owns."""

INGEST_ENTRY = "ingest_entry"
