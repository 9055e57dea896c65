"""The interface of import sources: files under paths, in an archive or in a local folder."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


class SkipItem(Exception):
    """A file or folder is not imported. `code` is a stable identifier, `reason` a sentence for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class ReadableFile(Protocol):
    """A file that can be read once, in pieces of at most `size` bytes; blank at the end."""

    def read(self, size: int) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class SourceItem:
    """One file or folder of a source.

    `path` holds its names from the top, validated by `names.split_path`; it is blank when they are invalid, and then
    `skip` is set. `display_path` can always be shown. `size` is in bytes, unpacked. `handle` belongs to the source.
    `data` are the bytes of a file that the import makes itself; the source has no such file.
    """

    path: tuple[str, ...]
    display_path: str
    is_folder: bool = False
    size: int = 0
    skip: SkipItem | None = None
    handle: Any = None
    data: bytes | None = None


class ImportSource(Protocol):
    """A set of files and folders under relative paths. `warnings` are sentences for people about all of them."""

    @property
    def warnings(self) -> Sequence[str]: ...

    def list_items(self) -> Sequence[SourceItem]:
        """Return all files and folders in any order; folders may also be implied by the paths of files."""
        ...

    def open(self, item: SourceItem) -> AbstractContextManager[ReadableFile]:
        """Open a file. Opening and reading raise SkipItem when its bytes are damaged or unreadable."""
        ...

    def get_whole(self) -> SourceItem | None:
        """Return the zip archive that the source is, as one file that `open` takes; None for other sources."""
        ...


def open_item(source: ImportSource, item: SourceItem) -> AbstractContextManager[ReadableFile]:
    """Open a file of a source, or one that was made for it. Raises what `ImportSource.open` raises."""
    return source.open(item) if item.data is None else contextlib.nullcontext(io.BytesIO(item.data))
