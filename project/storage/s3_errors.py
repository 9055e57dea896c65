"""Translate the errors of botocore into those of the operating system, as `ObjectStorage` promises them."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from project import logs
from project.errors import StorageUnavailable

log = logs.get_logger(__name__)


@contextlib.contextmanager
def translate_s3_errors(key: str) -> Iterator[None]:
    """Raise FileNotFoundError for an object or upload that does not exist, StorageUnavailable for all other failures.

    `key` names the object in the error and in the log.
    """
    try:
        yield
    except ClientError as exc:
        code = exc.response.get("Error", {}).get("Code", "")
        # HEAD has no body with a code; botocore then gives the HTTP status.
        if code in {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}:
            raise FileNotFoundError(errno.ENOENT, f"There is no such object ({code})", key) from exc
        log.error("object store refused", operation=exc.operation_name, object=key, reason=code)
        raise StorageUnavailable(errno.EIO, f"The object store refused {exc.operation_name} ({code})", key) from exc
    except (BotoCoreError, RecursionError) as exc:  # botocore recurses through redirects that lead back to themselves
        log.error("object store failed", object=key, reason=type(exc).__name__)
        raise StorageUnavailable(errno.EIO, f"The object store failed ({type(exc).__name__})", key) from exc
