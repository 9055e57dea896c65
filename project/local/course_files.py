"""The files of a course on a local disk: in a folder, or in an archive that is unpacked for as long as it is used."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from django.conf import settings

from materials.readers.packages.package import DESCRIPTION
from materials.transfer.archive import open_archive
from materials.transfer.archive_rules import ArchiveLimits, ArchiveRefused
from materials.transfer.folder import FolderSource
from materials.transfer.names import format_path
from materials.transfer.plan import (
    HIDDEN_CODE,
    ImportPlan,
    PlannedFile,
    SkippedItem,
    build_skipped_item,
)
from materials.transfer.planning import build_import_plan
from materials.transfer.sources import ImportSource, SkipItem, SourceItem, open_item

_PIECE_BYTES = 2**20


class BuildFailed(Exception):
    """There is no structure; the message says why."""


@dataclass(frozen=True, kw_only=True)
class CourseFiles:
    """The title of a course and the plan of what becomes of its files; the handle of each file is its path."""

    title: str
    plan: ImportPlan


@dataclass
class SkippedFile:
    """A file that was not taken or could not be read, and why."""

    path: str
    reason: str


@contextmanager
def open_course(path: Path) -> Iterator[CourseFiles]:
    """Yield what an import of a folder or of an archive would take.

    The files of an archive are there only inside the `with` block. Raises BuildFailed when there are no files.
    """
    if path.is_dir():
        yield _check_files(build_import_plan(FolderSource(path), unwrap=False), path)
        return
    limits = ArchiveLimits(max_members=settings.IMPORT_MAX_FILES, max_unpacked_bytes=settings.IMPORT_MAX_UNPACKED_BYTES)
    with tempfile.TemporaryDirectory(prefix="coursewright-course-") as folder:
        try:
            with open_archive(path, limits) as source:
                plan = _unpack(build_import_plan(source, takes_packages=True), source, Path(folder))
        except ArchiveRefused as exc:
            raise BuildFailed(f"{path}: {exc} {exc.next_step}") from exc
        except OSError as exc:
            raise BuildFailed(f"{path} cannot be read: {exc.strerror}.") from exc
        yield _check_files(plan, path)


def list_skipped_files(plan: ImportPlan) -> list[SkippedFile]:
    """Return what an import would not take, without what nobody misses: hidden files, descriptions of a package."""
    seen = (left for left in plan.skipped if left.skip.code not in {HIDDEN_CODE, DESCRIPTION.code})
    return [SkippedFile(path=left.display_path, reason=left.skip.reason) for left in seen]


def raise_nothing_read(files: Iterable[SkippedFile]) -> NoReturn:
    """Raise BuildFailed for a course of which no file could be read."""
    reasons = "\n".join(f"{file.path}: {file.reason}" for file in files)
    raise BuildFailed(f"None of the files could be read.\n{reasons}")


def _check_files(plan: ImportPlan, path: Path) -> CourseFiles:
    if not plan.files:
        reasons = "".join(f"\n{left.path}: {left.reason}" for left in list_skipped_files(plan))
        raise BuildFailed(f"There are no files in {path} that could be read.{reasons}")
    return CourseFiles(title=plan.title or _derive_title(path), plan=plan)


def _derive_title(path: Path) -> str:
    name = path.resolve().name
    if not path.is_dir():
        name = re.sub(r"(\.tar)?\.[^.]+$", "", name)
    return re.sub(r"[-_]+", " ", name).strip() or "Course"


def _unpack(plan: ImportPlan, source: ImportSource, folder: Path) -> ImportPlan:
    """Return the plan with its files in a folder, under names of our own: no name of an archive is used as a path."""
    files: list[PlannedFile] = []
    damaged: list[SkippedItem] = []
    for number, planned in enumerate(plan.files):
        target = folder / str(number)
        try:
            _copy_file(source, planned.item, target)
        except SkipItem as skip:
            damaged.append(build_skipped_item(planned.item, skip))
            continue
        item = replace(planned.item, display_path=format_path(planned.path), handle=str(target), data=None)
        files.append(replace(planned, item=item))
    return replace(plan, files=files, skipped=[*plan.skipped, *damaged])


def _copy_file(source: ImportSource, item: SourceItem, target: Path) -> None:
    """Copy the bytes of a file, at most as many as it announces. Raises SkipItem."""
    left = item.size
    with open_item(source, item) as reader, target.open("wb") as writer:
        while left > 0 and (piece := reader.read(min(_PIECE_BYTES, left))):
            left -= len(piece)
            writer.write(piece)
