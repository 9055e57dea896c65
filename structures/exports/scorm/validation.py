"""Checks of a written SCORM package, by the rules of SCORM 1.2 (Content Aggregation Model): manifest, files, pages.

Written from what the specification says, as its schemas may not be kept with this program. What they allow and nothing
here writes is a fault here: a checked package is one of this program.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from structures.exports.base import ValidationReport
from structures.exports.package_checks import (
    MANIFEST,
    ManifestCheck,
    check_package,
    find_name_faults,
    find_page_faults,
    get_name,
    parse_xml,
)
from structures.exports.scorm.contents import SCRIPT, STYLE
from structures.exports.scorm.manifest import (
    ADL_NAMESPACE,
    LOM_NAMESPACE,
    MAX_TITLE,
    NAMESPACE,
    SCHEMA,
    SCHEMA_VERSION,
    SHARED,
    WEB_CONTENT,
)
from structures.exports.scorm.pages import LOADED

_SCORM_TYPE = f"{{{ADL_NAMESPACE}}}scormtype"
_QUESTION = re.compile(
    rb'<fieldset data-question="[0-9a-f-]+" data-right="(?P<right>[\d ]+)">.*?</fieldset>', re.DOTALL
)
_CHOICE = re.compile(rb'<input type="(?:radio|checkbox)" name="[0-9a-f-]+" value="(?P<value>\d+)">')


def validate_scorm(path: Path) -> ValidationReport:
    """Return what is wrong with a SCORM package, the first faults of it."""
    return check_package(path, _find_faults, validator="coursewright-scorm", version="1")


def _find_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    yield from find_name_faults(names)
    if MANIFEST not in names:
        yield f"{MANIFEST}: it is missing"
        return
    root = parse_xml(archive.read(MANIFEST))
    if root is None:
        yield f"{MANIFEST}: no XML"
        return
    if root.tag != f"{{{NAMESPACE}}}manifest":
        yield f"{MANIFEST}: the root {root.tag[:100]} is not that of SCORM 1.2"
        return
    check = _ScormCheck(root=root, namespace=NAMESPACE, own=frozenset({LOM_NAMESPACE}), names=frozenset(names))
    yield from check.find_faults()
    for resource in check.list_resources():
        path = resource.get("href")
        if resource.get(_SCORM_TYPE) == "sco" and path in check.names:
            yield from (f"{path}: {fault}" for fault in _find_lesson_faults(archive.read(path)))


class _ScormCheck(ManifestCheck):
    """The rules of the manifest of a SCORM package."""

    def find_faults(self) -> Iterator[str]:
        if faults := list(self.find_part_faults()):
            yield from faults
            return
        metadata, organizations, resources = self.root
        if (found := self.list_names(metadata)) != ["schema", "schemaversion", "lom"]:
            yield f"metadata: it holds {found} and not schema, schemaversion and lom in this order"
        for element, wanted in zip(metadata, (SCHEMA, SCHEMA_VERSION), strict=False):
            if element.text != wanted:
                yield f"{get_name(element)}: {str(element.text)[:50]!r} and not {wanted!r}"
        yield from self.find_identifier_faults()
        yield from self._find_organization_faults(organizations)
        if found := [name for name in self.list_names(resources) if name != "resource"]:
            yield f"resources: it holds {found[0]}"
        known = {resource.get("identifier") for resource in self.list_resources()}
        for resource in self.list_resources():
            yield from self._find_resource_faults(resource, known)
        yield from self.find_file_faults()

    def _find_organization_faults(self, organizations: Any) -> Iterator[str]:
        if self.list_names(organizations) != ["organization"]:
            yield "organizations: there is not one organization"
            return
        (organization,) = organizations
        if organizations.get("default") != organization.get("identifier"):
            yield "organizations: the default is none of them"
        found = self.list_names(organization)
        if found[:1] != ["title"] or any(name != "item" for name in found[1:]):
            yield "organization: it holds other than a title and then items"
        scos = {resource.get("identifier") for resource in self.list_resources() if resource.get(_SCORM_TYPE) == "sco"}
        for item in organization.iter(self.qualify("item")):
            yield from self.find_item_faults(item, scos)
        for title in organization.iter(self.qualify("title")):
            if len(title.text or "") > MAX_TITLE:
                yield f"title: {title.text[:50]!r} has more than {MAX_TITLE} characters"

    def _find_resource_faults(self, resource: Any, known: set[str]) -> Iterator[str]:
        name, href, kind = resource.get("identifier"), resource.get("href"), resource.get(_SCORM_TYPE)
        if resource.get("type") != WEB_CONTENT:
            yield f"resource {name}: its type is not `{WEB_CONTENT}`"
        if kind not in {"sco", "asset"}:
            yield f"resource {name}: the SCORM type {str(kind)[:50]!r} is neither `sco` nor `asset`"
        if href not in self.list_files(resource):
            yield f"resource {name}: it begins at {str(href)[:100]!r}, which is none of its files"
        needed = [each.get("identifierref") for each in resource.iterfind(self.qualify("dependency"))]
        yield from (f"resource {name}: there is no resource {each!r}" for each in needed if each not in known)
        if kind == "sco" and needed != [SHARED]:
            yield f"resource {name}: it does not depend on the files that pages load"


def _find_lesson_faults(content: bytes) -> Iterator[str]:
    """Yield what the page of a lesson lacks that `lesson.js` needs, and what it loads besides."""
    yield from find_page_faults(content, allowed=LOADED)
    for part in (f'src="../{SCRIPT}"', f'href="../{STYLE}"', 'id="end"', 'id="progress"'):
        if part.encode() not in content:
            yield f"it lacks {part}"
    found = list(_QUESTION.finditer(content))
    if len(found) != content.count(b"<fieldset"):
        yield "it has a question that does not say which choices are right"
    for question in found:
        values = [each["value"] for each in _CHOICE.finditer(question[0])]
        right = question["right"].split()
        if len(values) < 2 or len(set(values)) < len(values) or not right or not set(right) <= set(values):
            yield "it has a question whose right choices are none of its choices"
