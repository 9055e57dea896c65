"""What goes wrong with a bucket, in the words of the operating system."""

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
    """Raise FileNotFoundError for what is not there, and StorageUnavailable for whatever else the store or the way to
    it does wrong.
    """
    try:
        yield
    except ClientError as exc:
        code = exc.response.get("Error", {}).get("Code", "")
        if code in {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}:
            raise FileNotFoundError(errno.ENOENT, f"There is no such object ({code})", key) from exc
        log.error("object store refused", operation=exc.operation_name, object=key, reason=code)
        raise StorageUnavailable(errno.EIO, f"The object store refused {exc.operation_name} ({code})", key) from exc
    except (BotoCoreError, RecursionError) as exc:  # the latter of redirects that lead back to themselves
        log.error("object store failed", object=key, reason=type(exc).__name__)
        raise StorageUnavailable(errno.EIO, f"The object store failed ({type(exc).__name__})", key) from exc
