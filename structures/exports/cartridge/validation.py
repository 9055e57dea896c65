"""Checks of a written cartridge, by the rules of Common Cartridge: manifest, files, topics, quizzes and pages.

Written from what the specification says, as its schemas may not be kept with this program. What they allow and nothing
here writes, such as metadata of single files, is a fault here: a checked cartridge is one of this program.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any

from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml
from structures.exports.base import ValidationReport
from structures.exports.cartridge.profiles import (
    MANIFEST,
    MIN_SINGLE_CHOICES,
    MULTIPLE_PROFILE,
    PROFILES,
    QTI_NAMESPACE,
    SINGLE_PROFILE,
    WEB_CONTENT,
    Profile,
)

_VALIDATOR, _RULES_VERSION = "coursewright-cc", "1"
_MAX_MESSAGES = 20
# In which Moodle looks for the namespace.
_HEAD_BYTES = 500
# XML Schema 1.0, part 2, 3.3.8, of the letters that are written here.
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


def validate_cartridge(path: Path) -> ValidationReport:
    """Return what is wrong with a cartridge, the first faults of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            messages = list(islice(_find_faults(archive), _MAX_MESSAGES))
    except (zipfile.BadZipFile, OSError) as exc:
        messages = [f"no ZIP archive: {exc}"]
    return ValidationReport(
        validator=_VALIDATOR, version=_RULES_VERSION, exit=int(bool(messages)), messages=tuple(messages)
    )


def _find_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    for name, number in Counter(name.casefold() for name in names).items():
        if number > 1:
            yield f"{name}: {number} files of this name"
    yield from (f"{name}: a path that leads out of the package" for name in names if not _is_inside(name))
    if MANIFEST not in names:
        yield f"{MANIFEST}: it is missing"
        return
    content = archive.read(MANIFEST)
    root = _parse(content)
    if root is None:
        yield f"{MANIFEST}: no XML"
        return
    profile = next((each for each in PROFILES.values() if root.tag == f"{{{each.namespace}}}manifest"), None)
    if profile is None:
        yield f"{MANIFEST}: the root {root.tag[:100]} is of no version of Common Cartridge"
        return
    if f'xmlns="{profile.namespace}"'.encode() not in content[:_HEAD_BYTES]:
        yield f"{MANIFEST}: the namespace is not in the first {_HEAD_BYTES} bytes"
    check = _ManifestCheck(root=root, profile=profile, names=frozenset(names))
    yield from check.find_faults()
    yield from _find_content_faults(archive, check)


def _is_inside(name: str) -> bool:
    return posixpath.normpath(name) == name and not name.startswith(("/", "../")) and "\\" not in name


def _parse(content: bytes) -> Any:
    """Return the root element; None when it is no XML."""
    try:
        return parse_untrusted_xml(content)
    except (DamagedXML, DoctypeDeclared):
        return None


@dataclass(frozen=True, kw_only=True)
class _ManifestCheck:
    """The rules of a manifest. `names` are the files of the package."""

    root: Any
    profile: Profile
    names: frozenset[str]

    def find_faults(self) -> Iterator[str]:
        if (found := self._list_names(self.root)) != ["metadata", "organizations", "resources"]:
            yield f"manifest: it holds {found} and not metadata, organizations and resources in this order"
            return
        metadata, organizations, resources = self.root
        yield from self._find_metadata_faults(metadata)
        yield from self._find_identifier_faults()
        yield from self._find_organization_faults(organizations)
        if found := [name for name in self._list_names(resources) if name != "resource"]:
            yield f"resources: it holds {found[0]}"
        for resource in self.list_resources():
            yield from self._find_resource_faults(resource)
        listed = {file.get("href") for resource in self.list_resources() for file in resource}
        yield from (f"{name}: no resource names it" for name in sorted(self.names - listed - {MANIFEST}))

    def list_resources(self) -> Sequence[Any]:
        resources: list[Any] = self.root.findall(f"{self._qualify('resources')}/{self._qualify('resource')}")
        return resources

    def _find_metadata_faults(self, metadata: Any) -> Iterator[str]:
        if (found := self._list_names(metadata)) != ["schema", "schemaversion", "lom"]:
            yield f"metadata: it holds {found} and not schema, schemaversion and lom in this order"
            return
        for element, wanted in zip(metadata, ("IMS Common Cartridge", self.profile.schema_version), strict=False):
            if element.text != wanted:
                yield f"{_get_name(element)}: {str(element.text)[:50]!r} and not {wanted!r}"
        way = "/".join(f"{{{self.profile.lom_namespace}}}{name}" for name in ("lom", "general", "title", "string"))
        if not metadata.findtext(way):
            yield "lom: the cartridge has no title"

    def _find_identifier_faults(self) -> Iterator[str]:
        elements = [element for element in self.root.iter() if _get_name(element) in _NAMED]
        for element in elements:
            if not _IDENTIFIER.fullmatch(element.get("identifier") or ""):
                yield f"{_get_name(element)}: {element.get('identifier')!r} is no identifier"
        for identifier, number in Counter(element.get("identifier") for element in elements).items():
            if number > 1:
                yield f"{identifier}: {number} elements with this identifier"

    def _find_organization_faults(self, organizations: Any) -> Iterator[str]:
        if self._list_names(organizations) != ["organization"]:
            yield "organizations: there is not one organization"
            return
        (organization,) = organizations
        if organization.get("structure") != "rooted-hierarchy":
            yield "organization: its structure is not `rooted-hierarchy`"
        if self._list_names(organization) != ["item"]:
            yield "organization: there is not one root item"
            return
        (top,) = organization
        if top.get("identifierref") or any(name != "item" for name in self._list_names(top)):
            yield "root item: it has a title or leads to a resource"
        known = {resource.get("identifier") for resource in self.list_resources()}
        for item in top.iter(self._qualify("item")):
            if item is not top:
                yield from self._find_item_faults(item, known)

    def _find_item_faults(self, item: Any, known: set[str]) -> Iterator[str]:
        name, leads_to = item.get("identifier"), item.get("identifierref")
        found = self._list_names(item)
        if found[:1] != ["title"] or any(each != "item" for each in found[1:]):
            yield f"item {name}: it holds {sorted(set(found))} and not a title and then items"
        elif not (item[0].text or "").strip():
            yield f"item {name}: its title is blank"
        if leads_to is not None and leads_to not in known:
            yield f"item {name}: there is no resource {leads_to[:100]!r}"
        if leads_to is not None and len(found) > 1:
            yield f"item {name}: it leads to a resource and holds items"

    def _find_resource_faults(self, resource: Any) -> Iterator[str]:
        name, kind, href = resource.get("identifier"), resource.get("type"), resource.get("href")
        files = [file.get("href") or "" for file in resource]
        if set(self._list_names(resource)) != {"file"}:
            yield f"resource {name}: it holds other than files, or none"
        if kind not in {WEB_CONTENT, self.profile.topic_type, self.profile.quiz_type}:
            yield f"resource {name}: the type {str(kind)[:100]!r} is none of this version"
        yield from (f"resource {name}: there is no file {file[:100]!r}" for file in files if file not in self.names)
        if kind == WEB_CONTENT and href not in files:
            yield f"resource {name}: it begins at {str(href)[:100]!r}, which is none of its files"
        if kind != WEB_CONTENT and (href is not None or len(files) != 1):
            yield f"resource {name}: it has an address, or not one file"

    def _list_names(self, element: Any) -> list[str]:
        """Return the names of children; those that are of another namespace than the version's have it before them."""
        own = {self.profile.namespace, self.profile.lom_namespace}
        return [_get_name(child) if _get_namespace(child) in own else str(child.tag) for child in element]

    def _qualify(self, name: str) -> str:
        return f"{{{self.profile.namespace}}}{name}"


_NAMED = {"manifest", "organization", "item", "resource"}


def _get_name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _get_namespace(element: Any) -> str:
    return str(element.tag).rpartition("}")[0].removeprefix("{")


def _find_content_faults(archive: zipfile.ZipFile, check: _ManifestCheck) -> Iterator[str]:
    finders: dict[str | None, Callable[[bytes], Iterator[str]]] = {
        WEB_CONTENT: _find_page_faults,
        check.profile.topic_type: lambda content: _find_topic_faults(content, check.profile),
        check.profile.quiz_type: _find_quiz_faults,
    }
    for resource in check.list_resources():
        find = finders.get(resource.get("type"))
        for file in resource:
            path = file.get("href")
            if find is not None and path in check.names:
                yield from (f"{path}: {fault}" for fault in find(archive.read(path)))


def _find_topic_faults(content: bytes, profile: Profile) -> Iterator[str]:
    root = _parse(content)
    names = [] if root is None else [element.tag for element in (root, *root)]
    if names != [f"{{{profile.topic_namespace}}}{name}" for name in ("topic", "title", "text")]:
        yield "it is no topic with a title and then a text"
    elif root[1].get("texttype") not in {"text/html", "text/plain"}:
        yield "the text has no known type"
    else:
        yield from _find_page_faults((root[1].text or "").encode())


# By the type of a question, how many choices may be chosen, and the fewest that it has.
_QUESTIONS = {SINGLE_PROFILE: ("Single", MIN_SINGLE_CHOICES), MULTIPLE_PROFILE: ("Multiple", 2)}


def _find_quiz_faults(content: bytes) -> Iterator[str]:
    root = _parse(content)
    if root is None or root.tag != f"{{{QTI_NAMESPACE}}}questestinterop":
        yield "it is no QTI 1.2"
        return
    names = {"q": QTI_NAMESPACE}
    if len(root) != 1 or not root.xpath("q:assessment[@ident and @title]/q:section[@ident]/q:item", namespaces=names):
        yield "there is not one assessment with a section of questions"
    for item in root.iter(f"{{{QTI_NAMESPACE}}}item"):
        name = item.get("ident")
        order = ["itemmetadata", "presentation", "resprocessing", "itemfeedback"]
        found = [_get_name(child) for child in item]
        if found[:3] != order[:3] or any(each != order[3] for each in found[3:]):
            yield f"question {name}: it holds {found} and not {', '.join(order)} in this order"
        kinds = item.xpath(
            "q:itemmetadata//q:qtimetadatafield[q:fieldlabel='cc_profile']/q:fieldentry/text()", namespaces=names
        )
        cardinality, fewest = _QUESTIONS.get(kinds[0] if len(kinds) == 1 else "", ("", 0))
        if item.xpath("q:presentation/q:response_lid/@rcardinality", namespaces=names) != [cardinality]:
            yield f"question {name}: how many choices may be chosen is not what its type says"
        labels = [label.get("ident") for label in item.iter(f"{{{QTI_NAMESPACE}}}response_label")]
        if len(labels) != len(set(labels)) or len(labels) < fewest:
            yield f"question {name}: its choices are too few, or two have one name"
        right = item.xpath(".//q:setvar/../q:conditionvar//q:varequal[not(ancestor::q:not)]/text()", namespaces=names)
        if not right or not set(right) <= set(labels):
            yield f"question {name}: what is right is none of its choices"
        for text in item.iter(f"{{{QTI_NAMESPACE}}}mattext"):
            yield from _find_page_faults((text.text or "").encode())


def _find_page_faults(content: bytes) -> Iterator[str]:
    """Yield what a browser would run."""
    finder = _ScriptFinder()
    try:
        finder.feed(content.decode())
    except UnicodeDecodeError:
        yield "it is no UTF-8"
        return
    finder.close()
    yield from finder.found


class _ScriptFinder(HTMLParser):
    """Lists scripts, handlers of events, addresses that are run, and what loads other files."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "object", "embed", "img", "link", "style", "base", "form"}:
            self.found.append(f"an element `{tag}`")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"an attribute `{name}`")
            if name == "href" and not (value or "").startswith(("http://", "https://")):
                self.found.append(f"an address {(value or '')[:50]!r}")
