"""Checks of a written syllabus, opened as Word documents are: its parts, styles, headings, contents and links."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from docx import Document
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml
from project.counts import format_count
from structures.exports.base import ValidationReport
from structures.exports.syllabus.body import CONTENTS_FIELD
from structures.exports.syllabus.parts import DOCUMENT
from structures.exports.validation_limits import refuse_large

_VALIDATOR = "python-docx"
_MAX_MESSAGES = 20
# The tree of elements takes ten times the bytes of the text. A course of 1,000 lessons has 3 MB.
_MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
_HEADING, _CONTENTS = re.compile("Heading([1-9])"), re.compile("TOC([1-9])")


def validate_document(path: Path) -> ValidationReport:
    """Return what is wrong with a document, the first faults of it; else how many headings it has."""
    number = version(_VALIDATOR)
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(DOCUMENT).file_size
            if refused := refuse_large(_VALIDATOR, number, size=size, limit=_MAX_DOCUMENT_BYTES):
                return refused
            faults = list(islice(_find_part_faults(archive), _MAX_MESSAGES))
        if not faults:
            document = Document(str(path))
            check = _DocumentCheck(document.element.body, {each.style_id for each in document.styles})
            faults = list(islice(check.find_faults(), _MAX_MESSAGES))
            headings = format_count(len(check.list_headings()), "heading")
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, OpcError, etree.XMLSyntaxError) as exc:
        faults = [f"no Word document: {exc}"]
    return ValidationReport(
        validator=_VALIDATOR, version=number, exit=int(bool(faults)), messages=tuple(faults or [headings])
    )


def _find_part_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    yield from (f"{name}: {number} parts of this name" for name, number in Counter(names).items() if number > 1)
    for name in names:
        if not name.endswith(".rels"):
            continue
        # `word/_rels/document.xml.rels` is of `word/document.xml`, and its targets are beside that.
        folder = posixpath.dirname(posixpath.dirname(name))
        try:
            root = parse_untrusted_xml(archive.read(name))
        except (DamagedXML, DoctypeDeclared) as exc:
            yield f"{name}: {exc}"
            continue
        for target in (each.get("Target", "") for each in root if each.get("TargetMode") != "External"):
            if posixpath.normpath(posixpath.join(folder, target)) not in names:
                yield f"{name}: there is no part {target[:100]!r}"


class _DocumentCheck:
    """The rules of the body of a document. `styles` are the names of those that there are."""

    def __init__(self, body: Any, styles: set[str]) -> None:
        self._body, self._styles = body, styles

    def find_faults(self) -> Iterator[str]:
        yield from self._find_style_faults()
        yield from self._find_heading_faults()
        yield from self._find_field_faults()
        yield from self._find_link_faults()

    def list_headings(self) -> list[tuple[int, str]]:
        """Return the levels and texts of the headings."""
        return [(level, _get_text(each)) for each, level in self._list_styled(_HEADING)]

    def _list_styled(self, pattern: re.Pattern[str]) -> list[tuple[Any, int]]:
        """Return the paragraphs of the styles that match, each with the number of its style."""
        styled = ((style.getparent().getparent(), style.get(qn("w:val"))) for style in self._body.iter(qn("w:pStyle")))
        return [(each, int(match[1])) for each, name in styled if (match := pattern.fullmatch(name))]

    def _find_style_faults(self) -> Iterator[str]:
        tags = (qn("w:pStyle"), qn("w:rStyle"), qn("w:tblStyle"))
        used = dict.fromkeys(style.get(qn("w:val")) for style in self._body.iter(*tags))
        yield from (f"there is no style {name!r}" for name in used if name not in self._styles)

    def _find_heading_faults(self) -> Iterator[str]:
        headings = self.list_headings()
        if not headings:
            yield "there are no headings"
        above = 0
        for level, text in headings:
            if level > above + 1:
                yield f"heading {text[:50]!r}: it is of level {level}, below one of level {above}"
            above = level
        if (contents := [(level, _get_text(each)) for each, level in self._list_styled(_CONTENTS)]) != headings:
            yield f"the contents have {len(contents)} lines, which are not the {len(headings)} headings"

    def _find_field_faults(self) -> Iterator[str]:
        depth, instructions = 0, [each.text or "" for each in self._body.iter(qn("w:instrText"))]
        for mark in self._body.iter(qn("w:fldChar")):
            depth += {"begin": 1, "end": -1}.get(mark.get(qn("w:fldCharType")), 0)
            if depth < 0:
                break
        if depth:
            yield "a field begins and does not end, or ends and does not begin"
        if sum(each.split()[:1] == [CONTENTS_FIELD] for each in instructions) != 1:
            yield "there is not one field of contents"

    def _find_link_faults(self) -> Iterator[str]:
        bookmarks = list(self._body.iter(qn("w:bookmarkStart")))
        for attribute in ("w:id", "w:name"):
            for name, number in Counter(each.get(qn(attribute)) for each in bookmarks).items():
                if number > 1:
                    yield f"{number} bookmarks have the {attribute[2:]} {name!r}"
        known = {each.get(qn("w:name")) for each in bookmarks}
        links = [each.get(qn("w:anchor")) for each in self._body.iter(qn("w:hyperlink"))]
        yield from (
            f"a link leads to {name!r}, which is no bookmark" for name in dict.fromkeys(links) if name not in known
        )


def _get_text(paragraph: Any) -> str:
    return "".join(each.text or "" for each in paragraph.iter(qn("w:t")))
