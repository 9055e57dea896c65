"""Choose the direct access of the configured storage: signed URLs that clients use without a key, for a short time.

S3 signs URLs itself, so clients exchange bytes with the store. For files on a local disk the same interface signs
paths of this service, which the caller names and serves (`project.storage.signed_urls`).
"""

from __future__ import annotations

from typing import Any, cast

from django.core.files.storage import default_storage

from project.storage.direct_uploads import DirectStorage
from project.storage.file_system_direct_access import FileSystemDirectStorage
from project.storage.objects import FileSystemObjectStorage


def get_direct_storage() -> DirectStorage:
    """Return the direct access of the configured storage."""
    if isinstance(default_storage, FileSystemObjectStorage):
        return FileSystemDirectStorage(default_storage)
    # Importing boto3 takes half a second of processor time, which processes that store files on a disk should not pay.
    from project.storage.s3_direct_access import S3DirectStorage  # noqa: PLC0415  # see above

    return S3DirectStorage(cast(Any, default_storage))
