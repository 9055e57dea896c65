"""Object storage: the interface of all backends, and the backend that keeps objects as local files.

It extends Django's storage API by what that lacks: writing a stream of unknown length in constant memory while its
digest is computed, so that a reader sees the whole object or none.
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

# Moving a file into a new folder fails when another thread removes the empty folder in between. Eight threads that
# stored and deleted side by side needed a second try in 3 of 1,000 cases and never a third.
_MAX_TRIES = 20
# One part of a direct upload: with less than that the next upload fails.
_MIN_FREE_BYTES = 10 * 1024 * 1024

_AWAY = "The folder of the stored files is missing or empty: is its volume mounted?"

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """A written object.

    `size` is in bytes and `sha256` in hexadecimal digits. `head` and `tail` are its first and last bytes, up to
    `stream_digest.EDGE_BYTES` each, or blank when the writer did not keep them.
    """

    key: str
    size: int
    sha256: str
    head: bytes = field(default=b"", repr=False, compare=False)
    tail: bytes = field(default=b"", repr=False, compare=False)

    def open(self) -> BinaryIO:
        """Open the object for reading and seeking. Its edges come from memory, the rest from the storage."""
        edges = EdgeCachedStream(
            size=self.size, head=self.head, tail=self.tail, open_middle=lambda: get_object_storage().open(self.key)
        )
        return cast(BinaryIO, io.BufferedReader(edges))


@dataclass(frozen=True, kw_only=True)
class ListedObject:
    """A stored object in a listing. `size` is in bytes, `modified` an aware time."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class UnfinishedWrite:
    """A write that has begun and not ended, and never will when its process is gone.

    `key` is blank when the storage does not know it, `write_id` is the storage's own name for the write.
    """

    key: str
    write_id: str
    started_at: datetime


class ObjectWriter(Protocol):
    """Writes an object of unknown length in pieces.

    The object exists once `finish` has returned. `abort` removes what was written before that and does nothing
    afterwards, so that it may stand in a `finally`.
    """

    def write(self, data: bytes) -> None: ...

    def finish(self) -> StoredObject: ...

    def abort(self) -> None: ...


class ObjectStorage(Protocol):
    """A storage backend, with what this project needs beyond Django's interface.

    Every method raises OSError when the storage fails: StorageUnavailable for a remote store, and for an object that
    cannot be written. Reading an object that does not exist raises FileNotFoundError.
    """

    # Whether objects are files of this machine, so that `open_local_copy` copies nothing.
    is_local: bool

    def open_writer(self, key: str) -> ObjectWriter: ...

    def open_local_copy(self, key: str) -> contextlib.AbstractContextManager[Path]:
        """Yield the path of a file with the object's bytes, which may be gone after the `with` block."""
        ...

    def open(self, name: str, mode: str = "rb") -> BinaryIO:
        """Open the object for reading and seeking, in constant memory."""
        ...

    def delete(self, name: str) -> None:
        """Remove the object. An object that does not exist is no error."""
        ...

    def exists(self, name: str) -> bool: ...

    def list_objects(self, prefix: str = "") -> Iterator[ListedObject]:
        """Yield the objects whose keys begin with `prefix`, in no particular order, in constant memory."""
        ...

    def list_unfinished(self) -> Iterator[UnfinishedWrite]: ...

    def discard_unfinished(self, unfinished: UnfinishedWrite) -> None:
        """Remove the bytes of a write that will not end. A write that has ended meanwhile is no error."""
        ...

    def ping(self) -> None:
        """Raise OSError within seconds if the storage is unusable. Used by the health page, so it has to be cheap."""
        ...

    def warm_up(self) -> None:
        """Create costly clients before the first request needs them. Sends nothing to the store."""
        ...


def build_stored_object(key: str, digest: StreamDigest) -> StoredObject:
    """Return the written object that the digest has seen."""
    return StoredObject(key=key, size=digest.size, sha256=digest.sha256, head=digest.head, tail=digest.tail)


def get_object_storage() -> ObjectStorage:
    """Return the configured object storage."""
    return cast(ObjectStorage, default_storage)


class FileSystemObjectStorage(FileSystemStorage):
    """Keep objects as files below `location`. A file has its name only when it is complete and flushed to the disk."""

    is_local = True

    def open_writer(self, key: str) -> ObjectWriter:
        return _FileWriter(key=key, target=Path(self.path(key)), incoming=self._incoming_folder)

    @contextlib.contextmanager
    def open_local_copy(self, key: str) -> Iterator[Path]:
        self.open(key).close()  # so that a missing file is known here, and not blamed on who reads it
        yield Path(self.path(key))

    def open(self, name: str, mode: str = "rb") -> BinaryIO:  # type: ignore[override]  # as all our storages
        try:
            return cast(BinaryIO, Path(self.path(name)).open(mode))
        except FileNotFoundError:
            # With any file stored, the first folder of its key is below this one.
            if not Path(self.path(Path(name).parts[0])).is_dir():
                raise StorageUnavailable(errno.ENOENT, _AWAY, name) from None
            raise
        except OSError as exc:
            raise StorageUnavailable(exc.errno, f"The file could not be opened ({exc.strerror})", name) from exc

    def delete(self, name: str) -> None:
        """Remove the object and the folders that it leaves empty. An object that does not exist is no error."""
        super().delete(name)
        folder = Path(self.path(name)).parent
        root = Path(self.location)
        with contextlib.suppress(OSError):  # rmdir refuses the first folder that is not empty
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
        # Only the last name of the id, so that no id removes a file outside this folder.
        (self._incoming_folder / Path(unfinished.write_id).name).unlink(missing_ok=True)

    def ping(self) -> None:
        folder = Path(self.location)
        # The folder is made with the first object; until then its nearest parent has to be writable.
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "The folder of the stored objects cannot be written to", str(folder))
        disk = os.statvfs(folder)
        if disk.f_bavail * disk.f_frsize < _MIN_FREE_BYTES:
            raise OSError(errno.ENOSPC, "The disk of the stored objects is full", str(folder))
        if folder == Path(self.location):
            self._probe_writing()

    def warm_up(self) -> None:
        """Do nothing: files need no client."""

    def _probe_writing(self) -> None:
        """Write and remove a small file: a full or failing disk is found by nothing else. Raises OSError."""
        writer = self.open_writer("probe")
        try:
            writer.write(b"probe")
        finally:
            writer.abort()

    @property
    def _incoming_folder(self) -> Path:
        return Path(self.path("incoming"))


@contextlib.contextmanager
def _translate_disk_errors(key: str) -> Iterator[None]:
    """Log an OSError of writing a file, such as a full disk, and raise it as StorageUnavailable."""
    try:
        yield
    except OSError as exc:
        log.error("file not stored", object=key, reason=errno.errorcode.get(exc.errno or 0, type(exc).__name__))
        raise StorageUnavailable(exc.errno, f"The file could not be stored ({exc.strerror})", key) from exc


def _create_private_folder(folder: Path) -> None:
    """Create a folder and those above it for this user alone. `Path.mkdir` gives its mode to the last one only."""
    if not folder.is_dir():
        _create_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _open_private_file(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _iterate_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files below a folder with their status, except those that are removed meanwhile."""
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
            _create_private_folder(incoming)
            # Unbuffered, so that a full disk fails in `write`, not when the file is closed after an exception.
            self._file: io.FileIO | None = io.FileIO(self._partial, "xb", opener=_open_private_file)

    def write(self, data: bytes) -> None:
        assert self._file is not None
        left = memoryview(data)
        with _translate_disk_errors(self._key):
            while left:  # a raw file may write less than it is given
                left = left[self._file.write(left) :]
        self._digest.update(data)

    def finish(self) -> StoredObject:
        assert self._file is not None
        with _translate_disk_errors(self._key):
            # Before the rename: after a power failure the name could otherwise exist without the bytes.
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
        """Rename the file to its key. Another thread may remove its empty folders while they are made."""
        for left in reversed(range(_MAX_TRIES)):
            try:
                _create_private_folder(self._target.parent)
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
