"""A folder of this machine as what an import reads from."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from materials.bulk.names import is_hidden, split, visible
from materials.bulk.sources import Found, Reader, Skip


class Folder:
    """A `Source`. Links are not followed."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def scan(self) -> Sequence[Found]:
        return list(self._walk(self._top, ()))

    @contextlib.contextmanager
    def open(self, found: Found) -> Iterator[Reader]:
        try:
            file = Path(found.handle).open("rb")  # noqa: SIM115  # closed below; its errors alone are caught here
        except OSError as exc:
            raise _unreadable(exc) from exc
        with file:
            yield file

    def _walk(self, folder: Path, above: tuple[str, ...]) -> Iterator[Found]:
        try:
            inside = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError as exc:
            yield Found(path=above, shown="/".join(above), is_folder=True, skip=_unreadable(exc))
            return
        for each in inside:
            try:
                found = self._found(each, (*above, _name(each.name)))
            except Skip as skip:
                yield Found(path=(), shown="/".join([*above, visible(each.name)]), skip=skip)
                continue
            yield found
            if found.is_folder and found.skip is None and not is_hidden(found.path[-1]):
                yield from self._walk(Path(each.path), found.path)

    def _found(self, each: os.DirEntry[str], path: tuple[str, ...]) -> Found:
        status = each.stat(follow_symlinks=False)
        skip = None
        if stat.S_ISLNK(status.st_mode):
            skip = Skip("link", "It is a link to another place.")
        elif not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            skip = Skip("special_file", "It is a device or a pipe, not a file.")
        is_folder = stat.S_ISDIR(status.st_mode)
        size = 0 if is_folder else status.st_size
        return Found(path=path, shown="/".join(path), is_folder=is_folder, size=size, skip=skip, handle=each.path)


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
