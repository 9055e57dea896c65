"""Stored objects: written as a stream, read as a local file.

Behind Django's storage API, plus what that API lacks: writing a stream of unknown length while its digest is computed,
in constant memory, so that a reader sees the whole object or none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, Self, cast

from django.core.files.storage import FileSystemStorage, default_storage


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """What was written: its key, its size in bytes and the SHA-256 of its content (hexadecimal)."""

    key: str
    size: int
    sha256: str


class ObjectWriter(Protocol):
    """Takes an object piece by piece. Exactly one of `finish` and `abort` ends it; `abort` may be called again."""

    def write(self, data: bytes) -> None: ...

    def finish(self) -> StoredObject: ...

    def abort(self) -> None: ...


class ObjectStorage(Protocol):
    """What we ask of a storage backend beyond Django's own interface."""

    def writer(self, key: str) -> ObjectWriter: ...

    def local_copy(self, key: str) -> contextlib.AbstractContextManager[Path]: ...

    def open(self, name: str, mode: str = "rb") -> BinaryIO: ...

    def delete(self, name: str) -> None: ...

    def exists(self, name: str) -> bool: ...


def objects() -> ObjectStorage:
    """Return the configured object storage."""
    return cast(ObjectStorage, default_storage)


class FileSystemObjects(FileSystemStorage):
    """Objects as files. A file appears under its name only when it is complete and on disk."""

    def writer(self, key: str) -> ObjectWriter:
        return _FileWriter(key=key, target=Path(self.path(key)), incoming=Path(self.path("incoming")))

    @contextlib.contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        yield Path(self.path(key))

    def delete(self, name: str) -> None:
        """Remove the object and the folders that it leaves empty. Removing what is not there is no error."""
        super().delete(name)
        folder = Path(self.path(name)).parent
        root = Path(self.location)
        with contextlib.suppress(OSError):
            while folder != root:
                folder.rmdir()
                folder = folder.parent


class _FileWriter:
    def __init__(self, *, key: str, target: Path, incoming: Path) -> None:
        incoming.mkdir(parents=True, exist_ok=True)
        self._key, self._target = key, target
        self._partial = incoming / uuid.uuid4().hex
        self._file: BinaryIO | None = self._partial.open("xb")
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        assert self._file is not None
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def finish(self) -> StoredObject:
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._partial.replace(self._target)
        return StoredObject(key=self._key, size=self._size, sha256=self._digest.hexdigest())

    def abort(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.abort()
