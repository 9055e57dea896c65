"""What holds for archives of every kind: limits, refusals, and the names in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from materials.transfer.name_encodings import describe_name_encoding
from materials.transfer.sources import SkipItem, SourceItem


class ArchiveRefused(Exception):
    """The archive as a whole is refused.

    `code` is a stable identifier for clients; the message and `next_step` are sentences for people.
    """

    def __init__(self, message: str, *, code: str, next_step: str) -> None:
        super().__init__(message)
        self.code, self.next_step = code, next_step


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """The most members of an archive, folders included, and the most bytes that all of them together unpack to."""

    max_members: int
    max_unpacked_bytes: int


def check_folder_count(found: Sequence[SourceItem], limits: ArchiveLimits) -> None:
    """Raise ArchiveRefused for too many folders: 20,000 files may name a million of them in their paths."""
    folders: set[tuple[str, ...]] = set()
    for each in found:
        folder = each.path if each.is_folder else each.path[:-1]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder[:-1]
            if len(folders) > limits.max_members:
                raise ArchiveRefused(
                    f"The paths in the archive name more than {limits.max_members} folders.",
                    code="archive_too_many_files",
                    next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_FILES.",
                )


def build_too_many_files_error(count: int, limits: ArchiveLimits) -> ArchiveRefused:
    """Return the refusal of an archive that lists so many files."""
    return ArchiveRefused(
        f"The archive lists {count} files; at most {limits.max_members} are taken at once.",
        code="archive_too_many_files",
        next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_FILES.",
    )


def build_too_large_error(unpacked: int, limits: ArchiveLimits) -> ArchiveRefused:
    """Return the refusal of an archive that unpacks to so many bytes, or more."""
    return ArchiveRefused(
        f"The archive unpacks to {unpacked} bytes; the most that is taken is {limits.max_unpacked_bytes}.",
        code="archive_unpacks_too_large",
        next_step="Send it in several archives, or ask the operator to raise IMPORT_MAX_UNPACKED_BYTES.",
    )


def build_damaged_error(why: str) -> ArchiveRefused:
    """Return the refusal of an archive that is damaged in this way."""
    return ArchiveRefused(
        f"The archive is damaged: {why}.", code="archive_damaged", next_step="Pack the folder again and send that."
    )


def build_name_warning(encoding: str) -> str:
    """Return what is said of an archive whose names were decoded by a guess."""
    return (
        "The archive does not say how the letters of its names are encoded; they were read as "
        f"{describe_name_encoding(encoding)}. If names look wrong, pack the folder with a program that writes names in "
        "UTF-8, such as 7-Zip, and import that."
    )


def build_damaged_skip() -> SkipItem:
    """Return why a file with damaged bytes is skipped."""
    return SkipItem("file_damaged", "Its bytes in the archive are damaged.")
