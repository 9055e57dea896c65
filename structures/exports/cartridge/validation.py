"""Checks of a written cartridge, by the rules of Common Cartridge: manifest, files, topics, quizzes and pages.

Written from what the specification says, as its schemas may not be kept with this program: what breaks them is a fault
here, too. What they allow and nothing here writes, such as metadata of single files, is one as well.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from structures.exports.base import ValidationReport
from structures.exports.cartridge.materials import FOLDER
from structures.exports.cartridge.profiles import (
    MIN_SINGLE_CHOICES,
    MULTIPLE_PROFILE,
    PROFILES,
    SINGLE_PROFILE,
    WEB_CONTENT,
    Profile,
)
from structures.exports.cartridge.rules import QUIZ_RULES, build_manifest_rules, build_topic_rules
from structures.exports.element_rules import find_rule_faults
from structures.exports.package_checks import (
    MANIFEST,
    ManifestCheck,
    check_package,
    find_name_faults,
    find_page_faults,
    get_name,
    parse_xml,
)
from structures.exports.qti12 import QTI_NAMESPACE, find_choice_faults, find_text_faults

# In which Moodle looks for the namespace.
_HEAD_BYTES = 500


def validate_cartridge(path: Path) -> ValidationReport:
    """Return what is wrong with a cartridge, the first faults of it."""
    return check_package(path, _find_faults, validator="coursewright-cc", version="2")


def _find_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    yield from find_name_faults(names)
    if MANIFEST not in names:
        yield f"{MANIFEST}: it is missing"
        return
    content = archive.read(MANIFEST)
    root = parse_xml(content)
    if root is None:
        yield f"{MANIFEST}: no XML"
        return
    profile = next((each for each in PROFILES.values() if root.tag == f"{{{each.namespace}}}manifest"), None)
    if profile is None:
        yield f"{MANIFEST}: the root {root.tag[:100]} is of no version of Common Cartridge"
        return
    if f'xmlns="{profile.namespace}"'.encode() not in content[:_HEAD_BYTES]:
        yield f"{MANIFEST}: the namespace is not in the first {_HEAD_BYTES} bytes"
    check = _CartridgeCheck(
        root=root,
        namespace=profile.namespace,
        own=frozenset({profile.lom_namespace}),
        profile=profile,
        names=frozenset(names),
    )
    yield from check.find_faults()
    yield from _find_content_faults(archive, check)


@dataclass(frozen=True, kw_only=True)
class _CartridgeCheck(ManifestCheck):
    """The rules of the manifest of a cartridge."""

    profile: Profile

    def find_faults(self) -> Iterator[str]:
        if faults := list(self.find_part_faults()):
            yield from faults
            return
        metadata, organizations, resources = self.root
        yield from self._find_metadata_faults(metadata)
        yield from self.find_identifier_faults()
        yield from self._find_organization_faults(organizations)
        if found := [name for name in self.list_names(resources) if name != "resource"]:
            yield f"resources: it holds {found[0]}"
        for resource in self.list_resources():
            yield from self._find_resource_faults(resource)
        yield from self.find_file_faults()
        yield from find_rule_faults(self.root, build_manifest_rules(self.profile))

    def _find_metadata_faults(self, metadata: Any) -> Iterator[str]:
        if (found := self.list_names(metadata)) != ["schema", "schemaversion", "lom"]:
            yield f"metadata: it holds {found} and not schema, schemaversion and lom in this order"
            return
        for element, wanted in zip(metadata, ("IMS Common Cartridge", self.profile.schema_version), strict=False):
            if element.text != wanted:
                yield f"{get_name(element)}: {str(element.text)[:50]!r} and not {wanted!r}"
        way = "/".join(f"{{{self.profile.lom_namespace}}}{name}" for name in ("lom", "general", "title", "string"))
        if not metadata.findtext(way):
            yield "lom: the cartridge has no title"

    def _find_organization_faults(self, organizations: Any) -> Iterator[str]:
        if self.list_names(organizations) != ["organization"]:
            yield "organizations: there is not one organization"
            return
        (organization,) = organizations
        if organization.get("structure") != "rooted-hierarchy":
            yield "organization: its structure is not `rooted-hierarchy`"
        if self.list_names(organization) != ["item"]:
            yield "organization: there is not one root item"
            return
        (top,) = organization
        if top.get("identifierref") or any(name != "item" for name in self.list_names(top)):
            yield "root item: it has a title or leads to a resource"
        known = {resource.get("identifier") for resource in self.list_resources()}
        for item in top.iter(self.qualify("item")):
            if item is not top:
                yield from self.find_item_faults(item, known)

    def _find_resource_faults(self, resource: Any) -> Iterator[str]:
        name, kind, href = resource.get("identifier"), resource.get("type"), resource.get("href")
        files = self.list_files(resource)
        if set(self.list_names(resource)) != {"file"}:
            yield f"resource {name}: it holds other than files, or none"
        if kind not in {WEB_CONTENT, self.profile.topic_type, self.profile.quiz_type}:
            yield f"resource {name}: the type {str(kind)[:100]!r} is none of this version"
        if kind == WEB_CONTENT and href not in files:
            yield f"resource {name}: it begins at {str(href)[:100]!r}, which is none of its files"
        if kind != WEB_CONTENT and (href is not None or len(files) != 1):
            yield f"resource {name}: it has an address, or not one file"


def _find_content_faults(archive: zipfile.ZipFile, check: _CartridgeCheck) -> Iterator[str]:
    # Materials are files of authors, of any kind and size: nothing is read of them.
    materials = {name for name in check.names if name.startswith(f"{FOLDER}/")}
    pages = check.names - materials
    linked = frozenset(("a", f"../{name}") for name in materials)
    finders: dict[str | None, Callable[[bytes], Iterator[str]]] = {
        WEB_CONTENT: lambda content: find_page_faults(content, allowed=linked),
        check.profile.topic_type: lambda content: _find_topic_faults(content, check.profile),
        check.profile.quiz_type: _find_quiz_faults,
    }
    for resource in check.list_resources():
        find = finders.get(resource.get("type"))
        for file in resource:
            path = file.get("href")
            if find is not None and path in pages:
                yield from (f"{path}: {fault}" for fault in find(archive.read(path)))


def _find_topic_faults(content: bytes, profile: Profile) -> Iterator[str]:
    root = parse_xml(content)
    names = [] if root is None else [element.tag for element in (root, *root)]
    if names != [f"{{{profile.topic_namespace}}}{name}" for name in ("topic", "title", "text")]:
        yield "it is no topic with a title and then a text"
    elif root[1].get("texttype") not in {"text/html", "text/plain"}:
        yield "the text has no known type"
    else:
        yield from find_rule_faults(root, build_topic_rules(profile))
        yield from find_page_faults((root[1].text or "").encode())


# By the type of a question, how many choices may be chosen, and the fewest that it has.
_QUESTIONS = {SINGLE_PROFILE: ("Single", MIN_SINGLE_CHOICES), MULTIPLE_PROFILE: ("Multiple", 2)}


def _find_quiz_faults(content: bytes) -> Iterator[str]:
    root = parse_xml(content)
    if root is None or root.tag != f"{{{QTI_NAMESPACE}}}questestinterop":
        yield "it is no QTI 1.2"
        return
    names = {"q": QTI_NAMESPACE}
    if len(root) != 1 or not root.xpath("q:assessment[@ident and @title]/q:section[@ident]/q:item", namespaces=names):
        yield "there is not one assessment with a section of questions"
    for item in root.iter(f"{{{QTI_NAMESPACE}}}item"):
        name = item.get("ident")
        order = ["itemmetadata", "presentation", "resprocessing", "itemfeedback"]
        found = [get_name(child) for child in item]
        if found[:3] != order[:3] or any(each != order[3] for each in found[3:]):
            yield f"question {name}: it holds {found} and not {', '.join(order)} in this order"
        kinds = item.xpath(
            "q:itemmetadata//q:qtimetadatafield[q:fieldlabel='cc_profile']/q:fieldentry/text()", namespaces=names
        )
        cardinality, fewest = _QUESTIONS.get(kinds[0] if len(kinds) == 1 else "", ("", 0))
        if item.xpath("q:presentation/q:response_lid/@rcardinality", namespaces=names) != [cardinality]:
            yield f"question {name}: how many choices may be chosen is not what its type says"
        yield from (f"question {name}: {fault}" for fault in find_choice_faults(item, fewest=fewest))
        yield from (f"question {name}: {fault}" for fault in _find_link_faults(item))
        yield from find_text_faults(item)
    yield from find_rule_faults(root, QUIZ_RULES)


def _find_link_faults(item: Any) -> Iterator[str]:
    """Yield what a question names and does not have: responses, and texts that are shown after one."""
    names = {"q": QTI_NAMESPACE}
    for attribute, element in (("respident", "response_lid"), ("linkrefid", "itemfeedback")):
        known = set(item.xpath(f".//q:{element}/@ident", namespaces=names))
        for name in item.xpath(f".//@{attribute}"):
            if name not in known:
                yield f"there is no {element} {name[:100]!r}"
