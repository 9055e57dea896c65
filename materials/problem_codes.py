"""Groups of error codes that several operations of materials answer with."""

# What may be wrong with a file, whoever sends it and how.
FILE_CODES = (
    "file_empty", "file_encrypted", "file_mislabelled", "file_oddly_packed", "file_too_many_parts", "file_truncated",
    "file_unpacks_too_large", "type_unsupported", "upload_too_large", "quota_exceeded",
)  # fmt: skip
# Why an archive is not unpacked.
ARCHIVE_CODES = (
    "archive_damaged", "archive_in_parts", "archive_overlaps", "archive_too_many_files", "archive_unpacks_too_large",
    "not_a_tar", "not_a_zip", "type_unsupported", "upload_too_large",
)  # fmt: skip
# Why a file does not arrive, whatever is in it.
SENDING_CODES = ("file_empty", "file_missing", "job_already_open", "quota_exceeded", "upload_incomplete")
# What may be wrong with a recording, which is opened before it is taken.
RECORDING_CODES = (
    "codec_unsupported", "damaged", "no_duration", "no_sound_and_no_captions", "process_killed", "too_long",
    "transcriber_missing",
)  # fmt: skip
# Of addresses that are signed.
SIGNED_CODES = ("address_expired", "address_refused")
