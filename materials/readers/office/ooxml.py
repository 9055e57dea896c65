"""An Office Open XML file as parts: opened one at a time, when asked for, within limits.

Videos and embedded files are never unpacked, and a picture only to be looked at, so that reading a presentation of any
size costs what its text costs. Macros are parts like any other and are never looked at.
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

from lxml import etree

from materials.readers.archives import ZIP_MAX_BYTES, ZIP_MAX_XML_BYTES, check_zip_parts
from materials.readers.base.errors import UnreadableDocument
from materials.readers.format_problem import FormatProblem

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_STRICT_NAMESPACE = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """What a part points at: the last word of the relation's type, and the name of the other part."""

    kind: str
    target: str
    is_external: bool


@contextmanager
def open_package(path: Path, noun: str) -> Iterator[Package]:
    """Open a package; `noun` is what people call it. Raises UnreadableDocument."""
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as exc:
        raise UnreadableDocument(f"The {noun} is damaged: it is no complete zip archive.", code="damaged") from exc
    with archive:
        try:
            check_zip_parts(archive.infolist())
        except FormatProblem as exc:
            raise UnreadableDocument(str(exc), code=exc.code, next_step=exc.next_step) from exc
        yield Package(archive, noun)


class Package:
    """The parts of an open Office file, found by the relations between them."""

    def __init__(self, archive: zipfile.ZipFile, noun: str) -> None:
        self._archive = archive
        self._noun = noun
        self._parts = {_normalise_part_name(part.filename): part for part in archive.infolist()}
        self._relationships: dict[str, dict[str, Relationship]] = {}
        self._remaining_bytes = ZIP_MAX_BYTES

    def find_main_part(self) -> str:
        """Return the name of the part that the others hang on. Raises UnreadableDocument."""
        for relation in self.get_relationships("").values():
            if relation.kind == "officeDocument" and _normalise_part_name(relation.target) in self._parts:
                return relation.target
        raise UnreadableDocument(f"The {self._noun} is damaged: its main part is missing.", code="damaged")

    def parse_part(self, name: str) -> Any:
        """Return the root of a part. Raises KeyError when there is no such part, and UnreadableDocument."""
        part = self._parts[_normalise_part_name(name)]
        data = self._read_xml_part(part)
        if b"purl.oclc.org/ooxml" in data[:4096]:
            data = _STRICT_NAMESPACE.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
        )
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as exc:
            raise UnreadableDocument(
                f"The {self._noun} is damaged: {part.filename[:100]!r} is no valid XML.", code="damaged"
            ) from exc
        if root.getroottree().docinfo.internalDTD is not None:
            raise UnreadableDocument(
                f"The {self._noun} declares entities of its own, which no office program does.", code="damaged"
            )
        return root

    def parse_optional_part(self, omissions: Counter[str], name: str | None) -> Any:
        """Return the root of a part that can be done without; None when it is missing, or damaged, which is counted."""
        try:
            return self.parse_part(name) if name else None
        except UnreadableDocument as exc:
            if exc.code != "damaged":
                raise
            omissions["parts"] += 1
            return None

    def get_relationships(self, name: str) -> dict[str, Relationship]:
        """Return what a part points at, by the ids that it uses; nothing when that is missing or broken."""
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
        """Yield the names of the parts that a part points at by relations of a kind."""
        for relation in self.get_relationships(name).values():
            if (
                relation.kind == kind
                and not relation.is_external
                and _normalise_part_name(relation.target) in self._parts
            ):
                yield relation.target

    def find_related_part(self, name: str, relation_id: str | None, kind: str) -> str | None:
        """Return the part that one relation of a part points at, None when there is none of that kind."""
        relation = self.get_relationships(name).get(relation_id or "")
        if relation is None or relation.is_external or relation.kind != kind:
            return None
        return relation.target if _normalise_part_name(relation.target) in self._parts else None

    def get_part_signature(self, name: str) -> tuple[int, int]:
        """Return what tells a part's content from that of others, without unpacking it."""
        part = self._parts[_normalise_part_name(name)]
        return part.CRC, part.file_size

    def read_picture(self, name: str) -> bytes:
        """Return the bytes of a picture, which count nothing towards what all the text may unpack to.

        Raises UnreadableDocument.
        """
        return self._read_part(self._parts[_normalise_part_name(name)], max_bytes=ZIP_MAX_XML_BYTES)

    def _read_xml_part(self, part: zipfile.ZipInfo) -> bytes:
        data = self._read_part(part, max_bytes=min(ZIP_MAX_XML_BYTES, self._remaining_bytes))
        self._remaining_bytes -= len(data)
        return data

    def _read_part(self, part: zipfile.ZipInfo, *, max_bytes: int) -> bytes:
        """Return a part's bytes: as many as there are, whatever the archive says of its size."""
        try:
            with self._archive.open(part) as stream:
                data = stream.read(min(max_bytes, part.file_size) + 1)  # asking for more would unpack more, size or not
        except RuntimeError as exc:
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
    target = (element.get("Target") or "").replace("\\", "/")
    is_external = element.get("TargetMode") == "External"
    if not is_external:
        target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
    return Relationship(kind=(element.get("Type") or "").rpartition("/")[2], target=target, is_external=is_external)


def _normalise_part_name(name: str) -> str:
    """Names of parts do not differ by case; some programs write them with backslashes."""
    return name.replace("\\", "/").lstrip("/").lower()


def select_alternate(alternate: Any) -> Any:
    """Return which form of an mc:AlternateContent element to read: the first, which is the richest; None for none."""
    for form in alternate:
        if form.tag in {f"{MC}Choice", f"{MC}Fallback"} and len(form):
            return form
    return None
