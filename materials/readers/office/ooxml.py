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

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Relation:
    """What a part points at: the last word of the relation's type, and the name of the other part."""

    kind: str
    target: str
    is_external: bool


@contextmanager
def opened(path: Path, what: str) -> Iterator[Package]:
    """Open a package; `what` is what people call it. Raises UnreadableDocument."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as exc:
        raise UnreadableDocument(f"The {what} is damaged: it is no complete zip archive.", code="damaged") from exc
    with archive:
        try:
            check_zip_parts(archive.infolist())
        except FormatProblem as exc:
            raise UnreadableDocument(str(exc), code=exc.code, next_step=exc.next_step) from exc
        yield Package(archive, what)


class Package:
    """The parts of an open Office file, found by the relations between them."""

    def __init__(self, archive: zipfile.ZipFile, what: str) -> None:
        self._archive = archive
        self._what = what
        self._parts = {_key(part.filename): part for part in archive.infolist()}
        self._relations: dict[str, dict[str, Relation]] = {}
        self._left = ZIP_MAX_BYTES

    def main(self) -> str:
        """Return the name of the part that the others hang on. Raises UnreadableDocument."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and _key(relation.target) in self._parts:
                return relation.target
        raise UnreadableDocument(f"The {self._what} is damaged: its main part is missing.", code="damaged")

    def xml(self, name: str) -> Any:
        """Return the root of a part. Raises KeyError when there is no such part, and UnreadableDocument."""
        part = self._parts[_key(name)]
        data = self._text(part)
        if b"purl.oclc.org/ooxml" in data[:4096]:
            data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
        )
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as exc:
            raise UnreadableDocument(
                f"The {self._what} is damaged: {part.filename[:100]!r} is no valid XML.", code="damaged"
            ) from exc
        if root.getroottree().docinfo.internalDTD is not None:
            raise UnreadableDocument(
                f"The {self._what} declares entities of its own, which no office program does.", code="damaged"
            )
        return root

    def optional(self, found: Counter[str], name: str | None) -> Any:
        """Return the root of a part that can be done without; None when it is missing, or damaged, which is counted."""
        try:
            return self.xml(name) if name else None
        except UnreadableDocument as exc:
            if exc.code != "damaged":
                raise
            found["parts"] += 1
            return None

    def relations(self, name: str) -> dict[str, Relation]:
        """Return what a part points at, by the ids that it uses; nothing when that is missing or broken."""
        if name not in self._relations:
            folder, _, base = name.rpartition("/")
            try:
                root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
            except KeyError:
                self._relations[name] = {}
            else:
                self._relations[name] = {
                    relation.get("Id") or "": _relation(relation, folder)
                    for relation in root
                    if relation.get("Target") is not None
                }
        return self._relations[name]

    def related(self, name: str, kind: str) -> Iterator[str]:
        """Yield the names of the parts that a part points at by relations of a kind."""
        for relation in self.relations(name).values():
            if relation.kind == kind and not relation.is_external and _key(relation.target) in self._parts:
                yield relation.target

    def target(self, name: str, relation_id: str | None, kind: str) -> str | None:
        """Return the part that one relation of a part points at, None when there is none of that kind."""
        relation = self.relations(name).get(relation_id or "")
        if relation is None or relation.is_external or relation.kind != kind:
            return None
        return relation.target if _key(relation.target) in self._parts else None

    def mark(self, name: str) -> tuple[int, int]:
        """Return what tells a part's content from that of others, without unpacking it."""
        part = self._parts[_key(name)]
        return part.CRC, part.file_size

    def picture(self, name: str) -> bytes:
        """Return the bytes of a picture, which count nothing towards what all the text may unpack to.

        Raises UnreadableDocument.
        """
        return self._read(self._parts[_key(name)], most=ZIP_MAX_XML_BYTES)

    def _text(self, part: zipfile.ZipInfo) -> bytes:
        data = self._read(part, most=min(ZIP_MAX_XML_BYTES, self._left))
        self._left -= len(data)
        return data

    def _read(self, part: zipfile.ZipInfo, *, most: int) -> bytes:
        """Return a part's bytes: as many as there are, whatever the archive says of its size."""
        try:
            with self._archive.open(part) as stream:
                data = stream.read(min(most, part.file_size) + 1)  # asking for more would unpack more, size or not
        except RuntimeError as exc:
            if isinstance(exc, NotImplementedError):
                raise UnreadableDocument(f"The {self._what} is damaged.", code="damaged") from exc
            raise UnreadableDocument(
                "The file is protected by a password.",
                code="file_encrypted",
                next_step="Remove the password and send it again.",
            ) from exc
        except _BROKEN as exc:
            raise UnreadableDocument(
                f"The {self._what} is damaged: {part.filename[:100]!r} cannot be unpacked.", code="damaged"
            ) from exc
        if len(data) > most:
            raise UnreadableDocument(
                f"The {self._what} unpacks to more than a document may ({part.filename[:100]!r}).",
                code="file_unpacks_too_large",
                next_step="Split the document, or export it as PDF.",
            )
        return data


def _relation(element: Any, folder: str) -> Relation:
    target = (element.get("Target") or "").replace("\\", "/")
    is_external = element.get("TargetMode") == "External"
    if not is_external:
        target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
    return Relation(kind=(element.get("Type") or "").rpartition("/")[2], target=target, is_external=is_external)


def _key(name: str) -> str:
    """Names of parts do not differ by case; some programs write them with backslashes."""
    return name.replace("\\", "/").lstrip("/").lower()


def choice(alternate: Any) -> Any:
    """Return which form of an mc:AlternateContent element to read: the first, which is the richest; None for none."""
    for form in alternate:
        if form.tag in {f"{MC}Choice", f"{MC}Fallback"} and len(form):
            return form
    return None
