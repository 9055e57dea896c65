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
from project.storage.stream_digest import EdgeCachedStream, StreamDigest

_MAX_TRIES = 20

log = logs.get_logger(__name__)


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
        edges = EdgeCachedStream(
            size=self.size, head=self.head, tail=self.tail, open_middle=lambda: get_object_storage().open(self.key)
        )
        return cast(BinaryIO, io.BufferedReader(edges))


@dataclass(frozen=True, kw_only=True)
class ListedObject:
    """An object that is there: its key, its size in bytes and when it was stored."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class UnfinishedWrite:
    """A write that has not ended, or never will: the key it is meant for ("" where that is not known), the storage's
    own name for it, and when it began.
    """

    key: str
    write_id: str
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

    def open_writer(self, key: str) -> ObjectWriter: ...

    def open_local_copy(self, key: str) -> contextlib.AbstractContextManager[Path]:
        """Give the object as a file, which may be gone after the `with` block."""
        ...

    def open(self, name: str, mode: str = "rb") -> BinaryIO:
        """Open the object to be read and sought in, in constant memory."""
        ...

    def delete(self, name: str) -> None:
        """Remove the object. Removing what is not there is no error."""
        ...

    def exists(self, name: str) -> bool: ...

    def list_objects(self, prefix: str = "") -> Iterator[ListedObject]:
        """List the objects in no promised order, as a stream."""
        ...

    def list_unfinished(self) -> Iterator[UnfinishedWrite]: ...

    def discard_unfinished(self, unfinished: UnfinishedWrite) -> None:
        """End a write that nobody will end. One that has ended meanwhile is no error."""
        ...

    def ping(self) -> None:
        """Raise OSError, within seconds, when the storage cannot be used now."""
        ...

    def warm_up(self) -> None:
        """Make now what is costly to make, instead of during a request. Asks nobody."""
        ...


def build_stored_object(key: str, digest: StreamDigest) -> StoredObject:
    """Return what is known of an object that has been written."""
    return StoredObject(key=key, size=digest.size, sha256=digest.sha256, head=digest.head, tail=digest.tail)


def get_object_storage() -> ObjectStorage:
    """Return the configured object storage."""
    return cast(ObjectStorage, default_storage)


class FileSystemObjectStorage(FileSystemStorage):
    """Objects as files. A file appears under its name only when it is complete and on disk."""

    is_local = True

    def open_writer(self, key: str) -> ObjectWriter:
        return _FileWriter(key=key, target=Path(self.path(key)), incoming=self._incoming_folder)

    @contextlib.contextmanager
    def open_local_copy(self, key: str) -> Iterator[Path]:
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

    def list_objects(self, prefix: str = "") -> Iterator[ListedObject]:
        for path, found in _iterate_files(Path(self.location)):
            key = path.relative_to(self.location).as_posix()
            if key.startswith(prefix) and self._incoming_folder not in path.parents:
                yield ListedObject(key=key, size=found.st_size, modified=datetime.fromtimestamp(found.st_mtime, UTC))

    def list_unfinished(self) -> Iterator[UnfinishedWrite]:
        for path, found in _iterate_files(self._incoming_folder):
            yield UnfinishedWrite(key="", write_id=path.name, started_at=datetime.fromtimestamp(found.st_mtime, UTC))

    def discard_unfinished(self, unfinished: UnfinishedWrite) -> None:
        (self._incoming_folder / Path(unfinished.write_id).name).unlink(missing_ok=True)

    def ping(self) -> None:
        folder = Path(self.location)
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "The folder of the stored objects cannot be written to", str(folder))

    def warm_up(self) -> None:
        """There is nothing to make."""

    @property
    def _incoming_folder(self) -> Path:
        return Path(self.path("incoming"))


@contextlib.contextmanager
def _translate_disk_errors(key: str) -> Iterator[None]:
    """Raise StorageUnavailable, and log it, when a file cannot be written: the disk is full, or not ours."""
    try:
        yield
    except OSError as exc:
        log.error("file not stored", object=key, reason=errno.errorcode.get(exc.errno or 0, type(exc).__name__))
        raise StorageUnavailable(exc.errno, f"The file could not be stored ({exc.strerror})", key) from exc


def _iterate_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
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
        self._digest = StreamDigest()
        with _translate_disk_errors(key):
            incoming.mkdir(parents=True, exist_ok=True)
            self._file: io.FileIO | None = io.FileIO(self._partial, "xb")

    def write(self, data: bytes) -> None:
        assert self._file is not None
        left = memoryview(data)
        with _translate_disk_errors(self._key):
            while left:
                left = left[self._file.write(left) :]
        self._digest.update(data)

    def finish(self) -> StoredObject:
        assert self._file is not None
        with _translate_disk_errors(self._key):
            os.fsync(self._file.fileno())
            self._file.close()
            self._move_into_place()
        self._file = None
        return build_stored_object(self._key, self._digest)

    def abort(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._partial.unlink(missing_ok=True)

    def _move_into_place(self) -> None:
        """Give the file its name. Its folders may be taken away while they are made: with the last file beside it."""
        for left in reversed(range(_MAX_TRIES)):
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
