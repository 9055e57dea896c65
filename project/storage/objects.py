"""Stored objects: written as a stream, read as a local file.

Behind Django's storage API, plus what that API lacks: writing a stream of unknown length while its digest is computed,
in constant memory, so that a reader sees the whole object or none.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol, Self, cast

from django.core.files.storage import FileSystemStorage, default_storage

from project import logs
from project.errors import StorageUnavailable
from project.storage.stream_digest import EdgesFirst, Passing

_TRIES = 20

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """What was written: its key, its size in bytes, the SHA-256 of its content (hexadecimal), and its first and last
    bytes, as far as the writer kept them.
    """

    key: str
    size: int
    sha256: str
    head: bytes = field(default=b"", repr=False, compare=False)
    tail: bytes = field(default=b"", repr=False, compare=False)

    def open(self) -> BinaryIO:
        """Open it to be read and sought in. Its beginning and end come from memory, the rest from the storage."""
        edges = EdgesFirst(size=self.size, head=self.head, tail=self.tail, between=lambda: objects().open(self.key))
        return cast(BinaryIO, io.BufferedReader(edges))


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An object that is there: its key, its size in bytes and when it was stored."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """A write that has not ended, or never will: the key it is meant for ("" where that is not known), the storage's
    own name for it, and when it began.
    """

    key: str
    ref: str
    started_at: datetime


class ObjectWriter(Protocol):
    """Takes an object piece by piece. Exactly one of `finish` and `abort` ends it; `abort` may be called again."""

    def write(self, data: bytes) -> None: ...

    def finish(self) -> StoredObject: ...

    def abort(self) -> None: ...


class ObjectStorage(Protocol):
    """What we ask of a storage backend beyond Django's own interface.

    All of it raises OSError when the storage fails: StorageUnavailable when that is a store elsewhere, or when what is
    being written cannot be stored. Reading what is not there is a FileNotFoundError.
    """

    is_local: bool
    """Whether objects are files of this machine, so that a local copy costs nothing."""

    def writer(self, key: str) -> ObjectWriter: ...

    def local_copy(self, key: str) -> contextlib.AbstractContextManager[Path]:
        """Give the object as a file, which may be gone after the `with` block."""
        ...

    def open(self, name: str, mode: str = "rb") -> BinaryIO:
        """Open the object to be read and sought in, in constant memory."""
        ...

    def delete(self, name: str) -> None:
        """Remove the object. Removing what is not there is no error."""
        ...

    def exists(self, name: str) -> bool: ...

    def listed(self, prefix: str = "") -> Iterator[Listed]:
        """List the objects in no promised order, as a stream."""
        ...

    def unfinished(self) -> Iterator[Unfinished]: ...

    def forget(self, unfinished: Unfinished) -> None:
        """End a write that nobody will end. One that has ended meanwhile is no error."""
        ...

    def ping(self) -> None:
        """Raise OSError, within seconds, when the storage cannot be used now."""
        ...

    def prepare(self) -> None:
        """Make now what is costly to make, instead of during a request. Asks nobody."""
        ...


def stored_as(key: str, passed: Passing) -> StoredObject:
    """Return what is known of an object that has been written."""
    return StoredObject(key=key, size=passed.size, sha256=passed.sha256, head=passed.head, tail=passed.tail)


def objects() -> ObjectStorage:
    """Return the configured object storage."""
    return cast(ObjectStorage, default_storage)


class FileSystemObjects(FileSystemStorage):
    """Objects as files. A file appears under its name only when it is complete and on disk."""

    is_local = True

    def writer(self, key: str) -> ObjectWriter:
        return _FileWriter(key=key, target=Path(self.path(key)), incoming=self._incoming)

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

    def listed(self, prefix: str = "") -> Iterator[Listed]:
        for path, found in _files_below(Path(self.location)):
            key = path.relative_to(self.location).as_posix()
            if key.startswith(prefix) and self._incoming not in path.parents:
                yield Listed(key=key, size=found.st_size, modified=datetime.fromtimestamp(found.st_mtime, UTC))

    def unfinished(self) -> Iterator[Unfinished]:
        for path, found in _files_below(self._incoming):
            yield Unfinished(key="", ref=path.name, started_at=datetime.fromtimestamp(found.st_mtime, UTC))

    def forget(self, unfinished: Unfinished) -> None:
        (self._incoming / Path(unfinished.ref).name).unlink(missing_ok=True)

    def ping(self) -> None:
        folder = Path(self.location)
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "The folder of the stored objects cannot be written to", str(folder))

    def prepare(self) -> None:
        """There is nothing to make."""

    @property
    def _incoming(self) -> Path:
        return Path(self.path("incoming"))


@contextlib.contextmanager
def _told(key: str) -> Iterator[None]:
    """Raise StorageUnavailable, and log it, when a file cannot be written: the disk is full, or not ours."""
    try:
        yield
    except OSError as exc:
        log.error("file not stored", object=key, reason=errno.errorcode.get(exc.errno or 0, type(exc).__name__))
        raise StorageUnavailable(exc.errno, f"The file could not be stored ({exc.strerror})", key) from exc


def _files_below(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Walk through the files below a folder; those that go meanwhile are left out."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            with contextlib.suppress(FileNotFoundError):
                yield path, path.stat()


class _FileWriter:
    def __init__(self, *, key: str, target: Path, incoming: Path) -> None:
        self._key, self._target = key, target
        self._partial = incoming / uuid.uuid4().hex
        self._passing = Passing()
        with _told(key):
            incoming.mkdir(parents=True, exist_ok=True)
            self._file: io.FileIO | None = io.FileIO(self._partial, "xb")

    def write(self, data: bytes) -> None:
        assert self._file is not None
        left = memoryview(data)
        with _told(self._key):
            while left:
                left = left[self._file.write(left) :]
        self._passing.note(data)

    def finish(self) -> StoredObject:
        assert self._file is not None
        with _told(self._key):
            os.fsync(self._file.fileno())
            self._file.close()
            self._put_in_place()
        self._file = None
        return stored_as(self._key, self._passing)

    def abort(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._partial.unlink(missing_ok=True)

    def _put_in_place(self) -> None:
        """Give the file its name. Its folders may be taken away while they are made: with the last file beside it."""
        for left in reversed(range(_TRIES)):
            try:
                self._target.parent.mkdir(parents=True, exist_ok=True)
                self._partial.replace(self._target)
            except (FileNotFoundError, FileExistsError):
                if not left:
                    raise
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.abort()
