"""A folder of this machine as what an import reads from."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from materials.transfer.names import is_hidden, split, visible
from materials.transfer.sources import Found, Reader, Skip


class Folder:
    """A `Source`. Links are not followed."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def scan(self) -> Sequence[Found]:
        found: list[Found] = []
        waiting: list[tuple[Path, tuple[str, ...]]] = [(self._top, ())]
        while waiting:
            for each in self._inside(*waiting.pop()):
                found.append(each)
                if each.is_folder and each.skip is None and not is_hidden(each.path[-1]):
                    waiting.append((Path(each.handle), each.path))
        return found

    @contextlib.contextmanager
    def open(self, found: Found) -> Iterator[Reader]:
        try:
            file = Path(found.handle).open("rb")  # noqa: SIM115  # closed below; its errors alone are caught here
        except OSError as exc:
            raise _unreadable(exc) from exc
        with file:
            yield _Guarded(file)

    def _inside(self, folder: Path, above: tuple[str, ...]) -> Iterator[Found]:
        try:
            inside = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError as exc:
            yield Found(path=above, shown="/".join(above), is_folder=True, skip=_unreadable(exc))
            return
        for each in inside:
            try:
                yield self._found(each, (*above, _name(each.name)))
            except Skip as skip:
                yield Found(path=(), shown="/".join([*above, visible(each.name)]), skip=skip)

    def _found(self, each: os.DirEntry[str], path: tuple[str, ...]) -> Found:
        try:
            status = each.stat(follow_symlinks=False)
        except OSError as exc:
            raise _unreadable(exc) from exc
        skip = None
        if stat.S_ISLNK(status.st_mode):
            skip = Skip("link", "It is a link to another place.")
        elif not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            skip = Skip("special_file", "It is a device or a pipe, not a file.")
        is_folder = stat.S_ISDIR(status.st_mode)
        size = 0 if is_folder else status.st_size
        return Found(path=path, shown="/".join(path), is_folder=is_folder, size=size, skip=skip, handle=each.path)


class _Guarded:
    """Turns what the reading of a file raises into a Skip, so that it does not look like a failure of the store."""

    def __init__(self, file: Reader) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as exc:
            raise _unreadable(exc) from exc


def _name(name: str) -> str:
    """Return a file's name fit to be shown. Raises Skip when it has none."""
    try:
        name.encode()
    except UnicodeError:
        raise Skip("name_unusable", "Its name is not text.") from None
    parts = split(name)
    if len(parts) != 1:
        raise Skip("name_unusable", "Its name holds a backslash.")
    return parts[0]


def _unreadable(error: OSError) -> Skip:
    return Skip("file_unreadable", f"It cannot be read: {error.strerror or type(error).__name__}.")
