"""Checks of a written course, by the rules of Open edX: its blocks and their names, its files, and its policies.

Written from what the documentation and the source of Open edX say. What Open edX takes and nothing here writes, such as
dates of single sections, is a fault here: a checked course is one of this program. The archive is read once, file by
file; of each one the names stay in memory that others have to agree with.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree

from structures.exports.base import ValidationReport
from structures.exports.olx.block_checks import POINTER, BlockFinder, find_problem_faults
from structures.exports.olx.documents import COURSE_FILE
from structures.exports.olx.policy_checks import find_grading_faults, find_policy_faults, parse_json
from structures.exports.package_checks import find_page_faults, is_inside, parse_xml

_VALIDATOR, _RULES_VERSION = "coursewright-olx", "1"
_MAX_MESSAGES = 20
# Of one file that is read whole; a section of a thousand lessons has one.
_MAX_FILE_BYTES = 8 * 2**20
# Of all files: as many as people could arrange, five times as many as an import of this program takes by default.
_MAX_FILES = 100_000


def validate_olx(path: Path) -> ValidationReport:
    """Return what is wrong with a course, the first faults of it."""
    check = _CourseCheck()
    try:
        with tarfile.open(path, "r|gz") as archive:
            messages = list(islice(check.find_faults(archive), _MAX_MESSAGES))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as exc:
        messages = [f"no tar archive that is packed with gzip: {exc}"]
    return ValidationReport(
        validator=_VALIDATOR, version=_RULES_VERSION, exit=int(bool(messages)), messages=tuple(messages)
    )


@dataclass(kw_only=True)
class _CourseCheck:
    """The rules of a course, and what of its files is known so far. `_top` is the folder that all of them are in."""

    _top: str = ""
    _run: str = ""
    _paths: set[str] = field(default_factory=set)
    _folded: set[str] = field(default_factory=set)
    _blocks: BlockFinder = field(default_factory=BlockFinder)
    _policies: dict[str, Any] = field(default_factory=dict)

    def find_faults(self, archive: tarfile.TarFile) -> Iterator[str]:
        while (member := archive.next()) is not None:
            # Of a stream the archive keeps each member that it has read.
            archive.members = []  # type: ignore[attr-defined]  # an attribute that the documentation leaves out
            if len(self._paths) == _MAX_FILES:
                yield f"there are more than {_MAX_FILES} files: the rest was not checked"
                return
            if not member.isfile() or not is_inside(member.name):
                yield f"{member.name[:200]}: no file, or a path that leads out of the package"
                continue
            if not self._paths:
                self._top = member.name.partition("/")[0] + "/"
            path = member.name.removeprefix(self._top)
            if path == member.name or path.casefold() in self._folded:
                yield f"{path}: it is beside the course, or another file has this name"
            self._paths.add(path)
            self._folded.add(path.casefold())
            yield from (f"{path}: {fault}" for fault in self._find_file_faults(path, archive.extractfile(member)))
        yield from self._find_missing()

    def _find_file_faults(self, path: str, file: Any) -> Iterator[str]:
        """Yield the faults of a file, of files that are read."""
        kind, suffix = path.partition("/")[0], PurePosixPath(path).suffix
        if kind == "static":
            return
        content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            yield f"it has more than {_MAX_FILE_BYTES} bytes"
        elif suffix == ".json":
            self._policies[path] = parse_json(content)
            if self._policies[path] is None:
                yield "no JSON with an object"
        elif suffix == ".html":
            yield from _find_html_faults(content)
        elif suffix != ".xml":
            yield "a file of a kind that no course has here"
        elif (root := parse_xml(content)) is None:
            yield "no XML, or one that declares a type or entities"
        elif path == COURSE_FILE:
            yield from self._find_course_faults(root)
        else:
            yield from self._blocks.find_faults(root, path)
            if kind == "problem":
                yield from find_problem_faults(root)

    def _find_course_faults(self, root: Any) -> Iterator[str]:
        if root.tag != "course" or set(root.attrib) != {POINTER, "org", "course"} or len(root):
            yield "it does not name the course with its organisation and run"
        self._run = root.get(POINTER) or ""

    def _find_missing(self) -> Iterator[str]:
        """Yield what the files say of one another that is not so."""
        if COURSE_FILE not in self._paths:
            yield f"{COURSE_FILE}: it is missing"
            return
        course = f"course/{self._run}.xml"
        yield from self._blocks.find_missing(self._paths, course)
        policies = f"policies/{self._run}"
        settings, grading = f"{policies}/policy.json", f"{policies}/grading_policy.json"
        for path, find in ((settings, find_policy_faults), (grading, find_grading_faults)):
            if path not in self._paths:
                yield f"{path}: it is missing"
            elif (policy := self._policies.get(path)) is not None:
                yield from (f"{path}: {fault}" for fault in find(policy, self._run, self._paths))


def _find_html_faults(content: bytes) -> Iterator[str]:
    """Yield what a browser would run or mend."""
    try:
        etree.fromstring(content, etree.HTMLParser(recover=False, encoding="utf-8"))
    except etree.XMLSyntaxError as exc:
        yield f"no HTML, or one that has to be mended: {str(exc)[:200]}"
        return
    yield from find_page_faults(content)
