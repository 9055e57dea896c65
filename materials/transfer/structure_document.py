"""A structure that was exported as one JSON document, as an import source: a package of one file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from materials.readers.packages.structure_json import DOCUMENT, SCHEMA_ID
from materials.transfer.sources import ReadableFile, SourceItem

# In which a document names its schema: ours are written with it at the beginning.
_HEAD_BYTES = 64 * 1024


def is_structure_document(file: BinaryIO) -> bool:
    """Tell from its beginning whether a seekable file is a structure as JSON, whatever its name."""
    file.seek(0)
    head = file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"{") and SCHEMA_ID.encode() in head


class StructureDocumentSource:
    """An open document as an `ImportSource`."""

    warnings: Sequence[str] = ()

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)

    def list_items(self) -> Sequence[SourceItem]:
        """Return the document under the name by which it is known as a package."""
        return [SourceItem(path=(DOCUMENT,), display_path=DOCUMENT, size=self._size)]

    @contextlib.contextmanager
    def open(self, item: SourceItem) -> Iterator[ReadableFile]:
        self._file.seek(0)
        yield self._file

    def get_whole(self) -> SourceItem | None:
        """Return None: it is no archive."""
        return None
