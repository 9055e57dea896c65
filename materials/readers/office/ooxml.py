"""Open the parts of an Office Open XML package one at a time, on request and within limits.

Reading text never unpacks videos, pictures, embedded files or macros, so its cost depends on the text alone. Pictures
are unpacked one by one when they are drawn for a vision model.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from materials.readers.archives import ZIP_MAX_BYTES, ZIP_MAX_XML_BYTES, check_zip_parts
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml
from materials.readers.format_problem import FormatProblem

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

# The strict variant of the format has namespaces of its own; everything else in the parts that are read is the same.
_STRICT_NAMESPACE = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """A relationship of a part: the last segment of its type, and the name of the target part (a URL if external)."""

    kind: str
    target: str
    is_external: bool


@contextmanager
def open_package(path: Path, noun: str) -> Iterator[Package]:
    """Open a package within the limits of `check_zip_parts`; `noun` names it in errors. Raises UnreadableDocument."""
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as exc:
        raise UnreadableDocument(f"The {noun} is damaged: it is no complete zip archive.", code="damaged") from exc
    with archive:
        # Checked here as well, so that a package is safe to read whatever its caller checked.
        try:
            check_zip_parts(archive.infolist())
        except FormatProblem as exc:
            raise UnreadableDocument(str(exc), code=exc.code, next_step=exc.next_step) from exc
        yield Package(archive, noun)


class Package:
    """The parts of an open office file, addressed by name and found by relationships.

    All XML parts together may unpack to `ZIP_MAX_BYTES`; beyond that, every method that parses raises
    UnreadableDocument.
    """

    def __init__(self, archive: zipfile.ZipFile, noun: str) -> None:
        self._archive = archive
        self._noun = noun
        self._parts = {_normalize_part_name(part.filename): part for part in archive.infolist()}
        self._relationships: dict[str, dict[str, Relationship]] = {}
        self._remaining_bytes = ZIP_MAX_BYTES

    def find_main_part(self) -> str:
        """Return the name of the main document part. Raises UnreadableDocument when there is none."""
        for relation in self.get_relationships("").values():
            if relation.kind == "officeDocument" and _normalize_part_name(relation.target) in self._parts:
                return relation.target
        raise UnreadableDocument(f"The {self._noun} is damaged: its main part is missing.", code="damaged")

    def parse_part(self, name: str) -> Any:
        """Return the root element of a part. Raises KeyError for an unknown name, UnreadableDocument for damage."""
        part = self._parts[_normalize_part_name(name)]
        data = self._read_xml_part(part)
        if b"purl.oclc.org/ooxml" in data[:4096]:
            data = _STRICT_NAMESPACE.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data)
        try:
            return parse_untrusted_xml(data)
        except DamagedXML as exc:
            raise UnreadableDocument(
                f"The {self._noun} is damaged: {part.filename[:100]!r} is no valid XML.", code="damaged"
            ) from exc
        except DoctypeDeclared:
            raise UnreadableDocument(
                f"The {self._noun} declares entities of its own, which no office program does.", code="damaged"
            ) from None

    def parse_optional_part(self, omissions: Counter[str], name: str | None) -> Any:
        """Return the root element of an optional part; None when it is missing or damaged.

        A damaged part is counted in `omissions["parts"]`. Raises UnreadableDocument for other problems, such as size.
        """
        try:
            return self.parse_part(name) if name else None
        except UnreadableDocument as exc:
            if exc.code != "damaged":
                raise
            omissions["parts"] += 1
            return None

    def get_relationships(self, name: str) -> dict[str, Relationship]:
        """Return the relationships of a part by id, empty when it has none; the package itself is the blank name.

        Raises UnreadableDocument when they are damaged.
        """
        if name not in self._relationships:
            folder, _, base = name.rpartition("/")
            try:
                root = self.parse_part(posixpath.join(folder, "_rels", f"{base}.rels"))
            except KeyError:
                self._relationships[name] = {}
            else:
                self._relationships[name] = {
                    relation.get("Id") or "": _parse_relationship(relation, folder)
                    for relation in root
                    if relation.get("Target") is not None
                }
        return self._relationships[name]

    def iter_related_parts(self, name: str, kind: str) -> Iterator[str]:
        """Yield the names of the existing parts that a part has relationships of a kind to, in their order."""
        for relation in self.get_relationships(name).values():
            if (
                relation.kind == kind
                and not relation.is_external
                and _normalize_part_name(relation.target) in self._parts
            ):
                yield relation.target

    def find_related_part(self, name: str, relation_id: str | None, kind: str) -> str | None:
        """Return the part that one relationship points at; None if it is missing, external or of another kind."""
        relation = self.get_relationships(name).get(relation_id or "")
        if relation is None or relation.is_external or relation.kind != kind:
            return None
        return relation.target if _normalize_part_name(relation.target) in self._parts else None

    def find_link_target(self, name: str | None, relation_id: str | None) -> str:
        """Return where a link in a part leads outside of the file; blank for a place in the file itself."""
        relation = self.get_relationships(name).get(relation_id) if name and relation_id else None
        return relation.target if relation is not None and relation.is_external else ""

    def get_part_signature(self, name: str) -> tuple[int, int]:
        """Return the CRC-32 and size of a part, equal for parts with equal content, without unpacking it."""
        part = self._parts[_normalize_part_name(name)]
        return part.CRC, part.file_size

    def read_picture(self, name: str) -> bytes:
        """Return the bytes of a picture, at most `ZIP_MAX_XML_BYTES`. Raises UnreadableDocument.

        Pictures do not count towards the limit of all XML parts, because one is unpacked at a time.
        """
        return self._read_part(self._parts[_normalize_part_name(name)], max_bytes=ZIP_MAX_XML_BYTES)

    def _read_xml_part(self, part: zipfile.ZipInfo) -> bytes:
        data = self._read_part(part, max_bytes=min(ZIP_MAX_XML_BYTES, self._remaining_bytes))
        self._remaining_bytes -= len(data)
        return data

    def _read_part(self, part: zipfile.ZipInfo, *, max_bytes: int) -> bytes:
        """Return a part's bytes, counted while unpacking; the size in the directory may be wrong."""
        try:
            with self._archive.open(part) as stream:
                # One byte more than allowed shows that there is more. Asking for all would unpack all, whatever the
                # size says.
                data = stream.read(min(max_bytes, part.file_size) + 1)
        except RuntimeError as exc:  # what `zipfile` raises for encrypted parts; NotImplementedError is a subclass
            if isinstance(exc, NotImplementedError):
                raise UnreadableDocument(f"The {self._noun} is damaged.", code="damaged") from exc
            raise UnreadableDocument(
                "The file is protected by a password.",
                code="file_encrypted",
                next_step="Remove the password and send it again.",
            ) from exc
        except _ZIP_ERRORS as exc:
            raise UnreadableDocument(
                f"The {self._noun} is damaged: {part.filename[:100]!r} cannot be unpacked.", code="damaged"
            ) from exc
        if len(data) > max_bytes:
            raise UnreadableDocument(
                f"The {self._noun} unpacks to more than a document may ({part.filename[:100]!r}).",
                code="file_unpacks_too_large",
                next_step="Split the document, or export it as PDF.",
            )
        return data


def _parse_relationship(element: Any, folder: str) -> Relationship:
    # Targets are relative to the folder of the source part, or absolute; `..` cannot leave the package, because names
    # are only looked up in it.
    target = (element.get("Target") or "").replace("\\", "/")
    is_external = element.get("TargetMode") == "External"
    if not is_external:
        target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
    return Relationship(kind=(element.get("Type") or "").rpartition("/")[2], target=target, is_external=is_external)


def _normalize_part_name(name: str) -> str:
    """Return the name under which a part is looked up."""
    # Part names are equal when they differ only in case (ECMA-376 Part 2). Some programs write backslashes.
    return name.replace("\\", "/").lstrip("/").lower()


def select_alternate(alternate: Any) -> Any:
    """Return the branch of an `mc:AlternateContent` element to read: the first with content; None without one."""
    # ECMA-376 Part 3 wants the first whose namespaces are understood. The first is the newest form; what is unknown in
    # it is skipped, and its text is the same as or more than that of the fallback.
    for form in alternate:
        if form.tag in {f"{MC}Choice", f"{MC}Fallback"} and len(form):
            return form
    return None
