"""Checks of written packages: the names of their files, the manifest of IMS packages, and pages that run nothing."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any

from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml
from structures.exports.base import ValidationReport

MANIFEST = "imsmanifest.xml"
"""The file in which every IMS package says what is in it."""
_MAX_MESSAGES = 20
# XML Schema 1.0, part 2, 3.3.8, of the letters that are written here.
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_NAMED = {"manifest", "organization", "item", "resource"}
# What the columns of tables have.
_ALIGNMENT = re.compile(r"text-align:(?:left|right|center)")
# What loads other files, or sends something elsewhere.
_ADDRESSES = {"src", "href"}
_LOADERS = {"script", "iframe", "object", "embed", "img", "link", "style", "base", "form"}


def check_package(
    path: Path, find_faults: Callable[[zipfile.ZipFile], Iterator[str]], *, validator: str, version: str
) -> ValidationReport:
    """Return what is wrong with an archive, the first faults of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            messages = list(islice(find_faults(archive), _MAX_MESSAGES))
    except (zipfile.BadZipFile, OSError) as exc:
        messages = [f"no ZIP archive: {exc}"]
    return ValidationReport(validator=validator, version=version, exit=int(bool(messages)), messages=tuple(messages))


def find_name_faults(names: Iterable[str]) -> Iterator[str]:
    """Yield files of one name and paths that lead out of the package."""
    known = list(names)
    for name, number in Counter(name.casefold() for name in known).items():
        if number > 1:
            yield f"{name}: {number} files of this name"
    yield from (f"{name}: a path that leads out of the package" for name in known if not is_inside(name))


def parse_xml(content: bytes) -> Any:
    """Return the root element; None when it is no XML."""
    try:
        return parse_untrusted_xml(content)
    except (DamagedXML, DoctypeDeclared):
        return None


def get_name(element: Any) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def find_page_faults(content: bytes, *, allowed: frozenset[tuple[str, str]] = frozenset()) -> Iterator[str]:
    """Yield what a browser would run or load, besides the elements with an address that are `allowed`."""
    finder = _ScriptFinder(allowed)
    try:
        finder.feed(content.decode())
    except UnicodeDecodeError:
        yield "it is no UTF-8"
        return
    finder.close()
    yield from finder.found


def find_active_content(tag: str, attrs: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Yield what a browser would run or load because of an element, or open by a link that is not of the web."""
    if tag in _LOADERS:
        yield f"an element `{tag}`"
    for name, value in attrs:
        if name.startswith("on") or (name == "style" and not _ALIGNMENT.fullmatch(value or "")):
            yield f"an attribute `{name}`"
        if name == "href" and not (value or "").startswith(("http://", "https://")):
            yield f"an address {(value or '')[:50]!r}"


def is_inside(name: str) -> bool:
    """Tell whether a path leads to a file of its package, and is written in one way alone."""
    return posixpath.normpath(name) == name and not name.startswith(("/", "../")) and "\\" not in name


@dataclass(frozen=True, kw_only=True)
class ManifestCheck:
    """The rules of every IMS manifest. `names` are the files of the package.

    `own` are further namespaces whose elements may stand in it, besides its own.
    """

    root: Any
    namespace: str
    names: frozenset[str]
    own: frozenset[str] = field(default=frozenset())

    def find_part_faults(self) -> Iterator[str]:
        """Yield when the manifest has other parts, in which case nothing else can be checked."""
        if (found := self.list_names(self.root)) != ["metadata", "organizations", "resources"]:
            yield f"manifest: it holds {found} and not metadata, organizations and resources in this order"

    def find_identifier_faults(self) -> Iterator[str]:
        elements = [element for element in self.root.iter() if get_name(element) in _NAMED]
        for element in elements:
            if not _IDENTIFIER.fullmatch(element.get("identifier") or ""):
                yield f"{get_name(element)}: {element.get('identifier')!r} is no identifier"
        for identifier, number in Counter(element.get("identifier") for element in elements).items():
            if number > 1:
                yield f"{identifier}: {number} elements with this identifier"

    def find_item_faults(self, item: Any, known: set[str]) -> Iterator[str]:
        """Yield what is wrong with an item, not with those in it; `known` are the identifiers of resources."""
        name, leads_to = item.get("identifier"), item.get("identifierref")
        found = self.list_names(item)
        if found[:1] != ["title"] or any(each != "item" for each in found[1:]):
            yield f"item {name}: it holds {sorted(set(found))} and not a title and then items"
        elif not (item[0].text or "").strip():
            yield f"item {name}: its title is blank"
        if leads_to is not None and leads_to not in known:
            yield f"item {name}: there is no resource {leads_to[:100]!r}"
        if leads_to is not None and len(found) > 1:
            yield f"item {name}: it leads to a resource and holds items"

    def find_file_faults(self) -> Iterator[str]:
        """Yield files that are named and missing, and those that no resource names."""
        listed: set[str] = set()
        for resource in self.list_resources():
            files = self.list_files(resource)
            listed |= set(files)
            for file in files:
                if file not in self.names:
                    yield f"resource {resource.get('identifier')}: there is no file {file[:100]!r}"
        yield from (f"{name}: no resource names it" for name in sorted(self.names - listed - {MANIFEST}))

    def list_resources(self) -> Sequence[Any]:
        resources: list[Any] = self.root.findall(f"{self.qualify('resources')}/{self.qualify('resource')}")
        return resources

    def list_files(self, resource: Any) -> list[str]:
        return [file.get("href") or "" for file in resource.iterfind(self.qualify("file"))]

    def list_names(self, element: Any) -> list[str]:
        """Return the names of children; those of a namespace that is not the manifest's own have it before them."""
        own = {self.namespace, *self.own}
        return [get_name(child) if _get_namespace(child) in own else str(child.tag) for child in element]

    def qualify(self, name: str) -> str:
        return f"{{{self.namespace}}}{name}"


def _get_namespace(element: Any) -> str:
    return str(element.tag).rpartition("}")[0].removeprefix("{")


class _ScriptFinder(HTMLParser):
    """Lists scripts, handlers of events, addresses that are run, and what loads other files."""

    def __init__(self, allowed: frozenset[tuple[str, str]]) -> None:
        super().__init__()
        self.found: list[str] = []
        self._allowed = allowed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = next((value or "" for name, value in attrs if name in _ADDRESSES), "")
        # The place within a file says nothing of what is loaded.
        if (tag, address.partition("#")[0]) in self._allowed:
            tag, attrs = "", [(name, value) for name, value in attrs if name not in _ADDRESSES]
        self.found += find_active_content(tag, attrs)
