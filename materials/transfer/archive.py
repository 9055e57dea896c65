"""Open what is imported, whatever its kind: an untrusted zip, a tar packed with gzip, or a structure as JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from materials.transfer.archive_rules import ArchiveLimits
from materials.transfer.sources import ImportSource
from materials.transfer.structure_document import StructureDocumentSource, is_structure_document
from materials.transfer.tar_archive import GZIP_SIGNATURE, check_tar_start, open_tar
from materials.transfer.zip_archive import ZipSource, check_zip_end


def check_archive(file: BinaryIO, limits: ArchiveLimits) -> None:
    """Check a seekable file as far as a quick look tells, in constant memory. Raises ArchiveRefused."""
    file.seek(0)
    if file.read(len(GZIP_SIGNATURE)) == GZIP_SIGNATURE:
        check_tar_start(file)
    elif not is_structure_document(file):
        check_zip_end(file, limits)


@contextlib.contextmanager
def open_archive(path: Path, limits: ArchiveLimits) -> Iterator[ImportSource]:
    """Open an archive on a local disk. Raises ArchiveRefused."""
    with path.open("rb") as file:
        is_tar = file.read(len(GZIP_SIGNATURE)) == GZIP_SIGNATURE
        if not is_tar and is_structure_document(file):
            yield StructureDocumentSource(file)
        elif not is_tar:
            yield ZipSource(file, limits)
    if is_tar:
        with open_tar(path, limits) as source:
            yield source
