"""Packages: archives that are the same to the byte whenever and wherever they are written."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO, Self

# The first moment that a ZIP archive can name (APPNOTE.TXT, 4.4.6).
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _FILE_MODE = 3, 0o100644 << 16
# The header of a file in a tar archive says its size. Until it is known, more than this waits on the disk.
_MAX_WAITING_BYTES = 256 * 1024
# The default of the program gzip. That of Python, 9, takes 1.4 times as long for 3 bytes less of 1,000 (docs/).
_GZIP_LEVEL = 6


class PackageWriter:
    """Writes files into a ZIP archive one after the other, each piece by piece. Their order is that of the calls."""

    def __init__(self, out: BinaryIO) -> None:
        self._archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)

    def add_file(self, path: str, pieces: Iterable[bytes], *, is_packed: bool = False) -> None:
        """Write a file. `path` has to be a name that every system takes (`materials.transfer.safe_names`).

        What `is_packed` already, such as a video, is not compressed once more.
        """
        info = zipfile.ZipInfo(path, _FIXED_TIME)
        info.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
        info.create_system, info.external_attr = _UNIX, _FILE_MODE
        # Sizes of 64 bits whatever the file turns out to have: it is not known before.
        with self._archive.open(info, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an exception there is no archive, and closing would write its directory. An archive that still has its
        # file closes itself when it is forgotten.
        if kind is None:
            self._archive.close()
        else:
            self._archive.fp = None


class TarPackageWriter:
    """Writes files into a tar archive that is packed with gzip, in the manner of `PackageWriter`."""

    def __init__(self, out: BinaryIO) -> None:
        # Without the name and the time that a header of gzip has otherwise.
        self._packed = gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=out, mtime=0)

    def add_file(self, path: str, pieces: Iterable[bytes]) -> None:
        """Write a file. `path` has to be a name that every system takes (`materials.transfer.safe_names`)."""
        with tempfile.SpooledTemporaryFile(max_size=_MAX_WAITING_BYTES) as waiting:
            for piece in pieces:
                waiting.write(piece)
            info = tarfile.TarInfo(path)  # a file of nobody, of the first moment there is
            info.size = waiting.tell()
            waiting.seek(0)
            self._packed.write(info.tobuf(tarfile.PAX_FORMAT))
            shutil.copyfileobj(waiting, self._packed)
            self._packed.write(bytes(-info.size % tarfile.BLOCKSIZE))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an exception there is no archive, as in a package that is a ZIP archive.
        if kind is None:
            self._packed.write(bytes(2 * tarfile.BLOCKSIZE))
            self._packed.close()
