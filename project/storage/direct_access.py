"""Direct ways into and out of the store: addresses that a client uses without us, for a short time.

A store that can sign addresses (S3) is written and read by the client itself. For files on our own disk the same
interface gives signed addresses of ours, which the caller names and serves (`project.storage.signed_urls`).
"""

from __future__ import annotations

from typing import Any, cast

from django.core.files.storage import default_storage

from project.storage.direct_uploads import DirectStorage
from project.storage.file_system_direct_access import FileSystemDirectStorage
from project.storage.objects import FileSystemObjectStorage


def get_direct_storage() -> DirectStorage:
    """Return the direct ways of the configured storage."""
    if isinstance(default_storage, FileSystemObjectStorage):
        return FileSystemDirectStorage(default_storage)
    # boto3 costs half a second of processor time to import, which processes that store files on a disk do not pay.
    from project.storage.s3_direct_access import S3DirectStorage  # noqa: PLC0415  # see above

    return S3DirectStorage(cast(Any, default_storage))
