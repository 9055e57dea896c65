"""What an import can read from: files under paths, in an archive or in a folder of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


class SkipItem(Exception):
    """A file or folder is not taken: `code` is stable, the message says why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class ReadableFile(Protocol):
    """Hands out a file's bytes, once, in pieces of at most `size`; blank at the end."""

    def read(self, size: int) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class SourceItem:
    """One file or folder of a source.

    `path` are its names from the top, fit to be shown; blank when they are not, and then `skip` says so. `display_path`
    is the path for people. `handle` is the source's own.
    """

    path: tuple[str, ...]
    display_path: str
    is_folder: bool = False
    size: int = 0
    skip: SkipItem | None = None
    handle: Any = None


class ImportSource(Protocol):
    """Files under paths."""

    def list_items(self) -> Sequence[SourceItem]:
        """Return all that is there, in any order."""
        ...

    def open(self, item: SourceItem) -> AbstractContextManager[ReadableFile]:
        """Open a file. Reading raises Skip when its bytes turn out to be damaged."""
        ...
