"""Files of materials in a cartridge: which, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from structures.exports.base import ExportedFile, ExportedSnapshot
from structures.exports.options import ExportOption, OptionType

_NONE, _CITED, _ALL = "none", "cited", "all"
MATERIALS = ExportOption(
    name="materials",
    type=OptionType.CHOICE,
    default=_NONE,
    choices=(_NONE, _CITED, _ALL),
    description="Files of the materials in the package: none, those that pages cite, or all, these in a folder at the "
    "end, too.",
)
FOLDER = "materials"
# Names in addresses that need no encoding, which platforms do each in their own way.
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_MAX_NAME = 40
_COPY_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class AttachedFile:
    """A file in the package. What identifies it follows from the entry, so that a later export updates it."""

    file: ExportedFile

    @property
    def item_identifier(self) -> str:
        return f"material-{self.file.entry_id}"

    @property
    def resource_identifier(self) -> str:
        return f"resource-material-{self.file.entry_id}"

    @property
    def path(self) -> str:
        name = PurePosixPath(self.file.name)
        suffix = _UNSAFE.sub("", name.suffix)[:_MAX_NAME].lower()
        stem = _UNSAFE.sub("-", name.stem).strip("-")[:_MAX_NAME].lower() or "material"
        # The random part of the entry's id tells files of one name apart.
        return f"{FOLDER}/{stem}-{self.file.entry_id.hex[-12:]}{f'.{suffix}' if suffix else ''}"

    def read_pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the file. Raises what opening and reading it raises."""
        with self.file.open() as source:
            while piece := source.read(_COPY_BYTES):
                yield piece


def list_attached_files(snapshot: ExportedSnapshot, choice: str) -> list[AttachedFile]:
    """Return the files that are in the package by the value of the option, in the order of their paths."""
    if choice == _NONE:
        return []
    cited = {reference.entry_id for node in snapshot.walk_nodes() for reference in node.references}
    return [AttachedFile(file=file) for file in snapshot.files if choice == _ALL or file.entry_id in cited]


def list_shown_files(files: Sequence[AttachedFile], choice: str) -> Sequence[AttachedFile]:
    """Return those of the files that have an item of their own; others are there for the pages that link to them."""
    return files if choice == _ALL else ()
