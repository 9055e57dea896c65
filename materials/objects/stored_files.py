"""Reading the stored files of entries: no byte is used before the file is known to be the one that was stored.

A disk or a store may change or lose what it holds; then a wrong text would be cited as evidence. So the bytes are
compared with the SHA-256 with which they came, each time that they are read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from materials.errors import StoredFileBroken, StoredFileMissing
from materials.models import MaterialEntry
from project import logs
from project.errors import StorageUnavailable
from project.storage.objects import get_object_storage
from project.storage.streams import SizedStream

# A wrong byte may come from the way, not from the store: the second reading decides.
_READINGS = 2

log = logs.get_logger(__name__)


@contextlib.contextmanager
def open_entry_copy(entry: MaterialEntry) -> Iterator[Path]:
    """Yield the path of a file with the entry's bytes, which have been compared with its SHA-256.

    The file may be gone after the block. Raises StoredFileMissing, StoredFileBroken and StorageUnavailable.
    """
    for _ in range(_READINGS):
        with contextlib.ExitStack() as stack:
            with refuse_missing_file(entry.name):
                path = stack.enter_context(get_object_storage().open_local_copy(entry.object_key))
                found = _compute_sha256(path)
            if found == entry.raw_sha256:
                yield path
                return
        log.error("stored object changed", entry=str(entry.pk), object=entry.object_key, sha256=found)
    raise _build_broken_error(entry)


def open_entry_stream(entry: MaterialEntry) -> BinaryIO:
    """Open the entry's file for reading in constant memory; who reads it from the start gets StoredFileBroken instead
    of its last piece when it is not the file that was stored.

    Raises StoredFileMissing and StorageUnavailable.
    """
    with refuse_missing_file(entry.name):
        source = get_object_storage().open(entry.object_key)

    def refuse() -> None:
        log.error("stored object changed", entry=str(entry.pk), object=entry.object_key)
        raise _build_broken_error(entry)

    stream = _CheckedStream(source, size=entry.size_bytes, sha256=entry.raw_sha256, refuse=refuse)
    return cast(BinaryIO, io.BufferedReader(stream))


@contextlib.contextmanager
def refuse_missing_file(name: str) -> Iterator[None]:
    """Raise StoredFileMissing when the body finds that a stored file does not exist. `name` is what people call it."""
    try:
        yield
    except FileNotFoundError as exc:
        log.error("stored object missing", object=exc.filename)
        raise StoredFileMissing(f"The stored file of {name!r} is missing. That is our fault, not the file's.") from exc


class _CheckedStream(SizedStream):
    """A file that compares its digest once it has been read from the start to its end without a jump."""

    def __init__(self, source: BinaryIO, *, size: int, sha256: str, refuse: Callable[[], None]) -> None:
        super().__init__(size)
        self._source, self._sha256, self._refuse = source, sha256, refuse
        self._digest, self._digested = hashlib.sha256(), 0

    def close(self) -> None:
        self._source.close()
        super().close()

    def _read_bytes(self, wanted: int) -> bytes:
        if self._position == 0:
            self._digest, self._digested = hashlib.sha256(), 0
        self._source.seek(self._position)
        data = self._source.read(wanted)
        if self._position == self._digested:
            self._digest.update(data)
            self._digested += len(data)
            is_end = not data or self._digested == self._size
            if is_end and self._digest.hexdigest() != self._sha256:
                self._refuse()
        return data


def _compute_sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise
    except OSError as exc:  # such as a disk that cannot read a block
        raise StorageUnavailable(exc.errno or errno.EIO, f"The file could not be read ({exc.strerror})", path) from exc


def _build_broken_error(entry: MaterialEntry) -> StoredFileBroken:
    return StoredFileBroken(
        f"The stored bytes of {entry.name!r} are not those that were uploaded. That is our fault, not the file's."
    )
