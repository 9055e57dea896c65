"""Errors of materials.

* DomainError
  x UploadRefused           4xx  the file cannot be taken; `code` says why, nothing was stored
  x UploadTooLarge          413  the file is larger than this server takes
  x QuotaExceeded           413  the tenant may not store so much; `next_step` says who can change that
  x LengthRequired          411  the request does not say how long its body is
  x UploadClosed            409  the upload is over: complete, refused, aborted or expired
  x UploadIncomplete        409  parts of an upload have not arrived, or have the wrong size; `missing` names them
  x SignedURLRefused        403  the URL of an upload or a download is not signed, or has expired
  x NothingToDownload       422  the entry has no stored file
  x TreeRefused             422  the change would break the tree: a cycle, too deep, not all children named
  x IngestionRunning        409  a job for the entry is open
  x IngestionFailed         422  the entry could not be read; `code` says why
  x StoredFileMissing       500  a stored file is not in the store; our fault, a job is tried again
  x StoredFileBroken        500  a stored file has changed in the store; our fault
  x NothingToCheck          422  the entry has no URL whose content could have changed
  x ImportRefused           422  the archive as a whole cannot be taken; `code` says why
  x ExportIncomplete        409  stored files are missing
  x MappingBatchRefused     422  none of the mappings of a batch is valid; `rejected` says why
  x MappingRefused          422  the mapping's slide or times are not valid; `errors` says why
  x MappingExists           409  another mapping has the same slide, video and start
"""

from __future__ import annotations

from project.errors import Conflict, DomainError, RuleViolation

# Of an error, and the state of an entry whose job failed with it.
INTEGRITY_BROKEN = "integrity_broken"


class UploadRefused(DomainError):
    """The file cannot be taken. Each refusal carries its own code and next step."""

    code = "upload_refused"
    status = 422


class UploadTooLarge(DomainError):
    """The file is larger than this server takes."""

    code = "upload_too_large"
    status = 413
    next_step = "Split the file, or ask the operator to raise UPLOAD_MAX_BYTES."


class QuotaExceeded(DomainError):
    """The file does not fit into what the tenant may still store."""

    code = "quota_exceeded"
    status = 413


class UploadClosed(Conflict):
    """The upload is not open any more: complete, refused, aborted or expired."""

    code = "upload_closed"
    next_step = "Start another upload."


class UploadIncomplete(Conflict):
    """Not all of the file has arrived."""

    code = "parts_missing"
    next_step = "Read the upload again: it has addresses for what is missing. Send that, then complete it."


class SignedURLRefused(DomainError):
    """The signature of a URL is wrong or has expired."""

    code = "address_refused"
    status = 403


class NothingToDownload(RuleViolation):
    """The entry has no stored file."""

    code = "nothing_to_download"
    next_step = "Read the entry: an address that has not been fetched has `source_url` only."


class LengthRequired(DomainError):
    """The request does not say how long its body is."""

    code = "length_required"
    status = 411
    next_step = "Send a Content-Length header (with curl: upload from a file, not from a pipe)."


class TreeRefused(RuleViolation):
    """The change would make a cycle or too deep a tree, or a new order does not name all children."""

    code = "tree_refused"


class IngestionRunning(Conflict):
    """A job for the entry is open."""

    code = "ingestion_running"
    next_step = "Wait for the job, or cancel it."


class IngestionFailed(DomainError):
    """The entry could not be read; `code` and `next_step` come from the reader."""

    code = "ingestion_failed"
    status = 422


class ImportRefused(RuleViolation):
    """The archive as a whole cannot be taken; `code` says why."""

    code = "import_refused"


class ExportIncomplete(Conflict):
    """Stored files are missing; `extra` names some of their entries."""

    code = "export_incomplete"
    next_step = "Upload these files again and delete the entries that lost theirs, or ask the operator for a backup."


class StoredFileMissing(DomainError):
    """A stored file is not in the store. It may come back, such as with a volume that is mounted late."""

    code = "stored_file_missing"
    status = 500
    next_step = "Give the operator the entry's id, who may have a backup; then retry the job. Or upload the file again."
    is_our_fault = True


class StoredFileBroken(DomainError):
    """The bytes in the store are not those that were stored, also when they are read once more."""

    code = INTEGRITY_BROKEN
    status = 500
    next_step = "Give the operator the entry's id, who may have a backup; then retry the job. Or upload the file again."


class NothingToCheck(RuleViolation):
    """The entry has no URL that can be checked again."""

    code = "nothing_to_check"


class MappingBatchRefused(RuleViolation):
    """None of the mappings of a batch is valid."""

    code = "mappings_refused"
    next_step = "Correct what `rejected` lists and send those items again."


class MappingRefused(RuleViolation):
    """The mapping's slide or times are not valid."""

    code = "mapping_refused"
    next_step = "Correct what `errors` lists and send the request again."


class MappingExists(Conflict):
    """Another mapping has the same slide, video and start; `extra` names it."""

    code = "mapping_exists"
    next_step = "Change the mapping that `mapping` names, or delete one of the two."
