"""Packages: ZIP archives that are the same to the byte whenever and wherever they are written."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO, Self

# The first moment that a ZIP archive can name (APPNOTE.TXT, 4.4.6).
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _FILE_MODE = 3, 0o100644 << 16


class PackageWriter:
    """Writes files into a ZIP archive one after the other, each piece by piece. Their order is that of the calls."""

    def __init__(self, out: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)

    def add_file(self, path: str, pieces: Iterable[bytes]) -> None:
        """Write a file. `path` has to be a name that every system takes (`materials.transfer.safe_names`)."""
        info = zipfile.ZipInfo(path, _FIXED_TIME)
        info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _FILE_MODE
        # Sizes of 64 bits whatever the file turns out to have: it is not known before.
        with self._archive.open(info, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an exception there is no archive, and closing would write its directory.
        if kind is None:
            self._archive.close()
