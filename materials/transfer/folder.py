"""Import from a folder on a local disk."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from materials.transfer.names import is_hidden, split_path, strip_invisible
from materials.transfer.sources import ReadableFile, SkipItem, SourceItem


class FolderSource:
    """A folder as an `ImportSource`. Symbolic links are reported and not followed."""

    warnings: Sequence[str] = ()

    def __init__(self, top: Path) -> None:
        self._top = top

    def list_items(self) -> Sequence[SourceItem]:
        # A list, not recursion: folders may be nested deeper than Python recurses.
        found: list[SourceItem] = []
        waiting: list[tuple[Path, tuple[str, ...]]] = [(self._top, ())]
        while waiting:
            for each in self._scan_folder(*waiting.pop()):
                found.append(each)
                # Hidden folders are not scanned: `.git` alone may hold more files than the course.
                if each.is_folder and each.skip is None and not is_hidden(each.path[-1]):
                    waiting.append((Path(each.handle), each.path))
        return found

    def get_whole(self) -> SourceItem | None:
        return None

    @contextlib.contextmanager
    def open(self, item: SourceItem) -> Iterator[ReadableFile]:
        try:
            file = Path(item.handle).open("rb")  # noqa: SIM115  # closed below; its errors alone are caught here
        except OSError as exc:
            raise _build_unreadable_skip(exc) from exc
        with file:
            yield _FolderFile(file)

    def _scan_folder(self, folder: Path, above: tuple[str, ...]) -> Iterator[SourceItem]:
        try:
            inside = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError as exc:
            yield SourceItem(path=above, display_path="/".join(above), is_folder=True, skip=_build_unreadable_skip(exc))
            return
        for each in inside:
            try:
                yield self._build_item(each, (*above, _validate_name(each.name)))
            except SkipItem as skip:
                yield SourceItem(path=(), display_path="/".join([*above, strip_invisible(each.name)]), skip=skip)

    def _build_item(self, each: os.DirEntry[str], path: tuple[str, ...]) -> SourceItem:
        try:
            status = each.stat(follow_symlinks=False)
        except OSError as exc:
            raise _build_unreadable_skip(exc) from exc
        skip = None
        if stat.S_ISLNK(status.st_mode):
            skip = SkipItem("link", "It is a link to another place.")
        elif not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            skip = SkipItem("special_file", "It is a device or a pipe, not a file.")
        is_folder = stat.S_ISDIR(status.st_mode)
        size = 0 if is_folder else status.st_size
        return SourceItem(
            path=path, display_path="/".join(path), is_folder=is_folder, size=size, skip=skip, handle=each.path
        )


class _FolderFile:
    """A file whose read errors become SkipItem. As OSError they would look like a failure of the object storage."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as exc:
            raise _build_unreadable_skip(exc) from exc


def _validate_name(name: str) -> str:
    """Return a file's name without invisible characters. Raises SkipItem when it is not text, or has a backslash."""
    # Linux allows any bytes; Python gives those that are not UTF-8 as lone surrogates (PEP 383).
    try:
        name.encode()
    except UnicodeError:
        raise SkipItem("name_unusable", "Its name is not text.") from None
    parts = split_path(name)
    if len(parts) != 1:
        raise SkipItem("name_unusable", "Its name holds a backslash.")
    return parts[0]


def _build_unreadable_skip(error: OSError) -> SkipItem:
    return SkipItem("file_unreadable", f"It cannot be read: {error.strerror or type(error).__name__}.")
