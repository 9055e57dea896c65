"""What a course package says of its content: a tree of items with titles, and the files that each item stands for.

Pure: a package is read through `PackageFiles`, whatever archive or folder it lies in. The files are untrusted input.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml

MAX_XML_BYTES = 8 * 2**20
"""Bytes of one XML file of a package. A manifest that names 5,000 files has one megabyte."""
MAX_ITEMS = 20_000
"""Items of a package; as many as a table of contents keeps lines and, by default, an import takes files."""


class PackageDamaged(Exception):
    """The package cannot be read as one; the message says why."""


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """A file that stands for an item.

    `path` is its path in the package. `data` are bytes that are made from the file, with the extension `suffix`; None
    where the file itself is meant. `address` is the web address that the file holds, if it is a link. `is_quiz` tells
    that the package says so: its extension may not tell. `also` are further paths whose content is in `data`. `title`
    is the file's own, blank where it has that of its item.
    """

    path: str
    title: str = ""
    data: bytes | None = None
    suffix: str = ""
    address: str = ""
    is_quiz: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SkipReason:
    """Why something of a package does not become material. `code` is for programs, `reason` a sentence for people."""

    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PackageItem:
    """A line of a package's tree of contents.

    `files` are the files that it stands for, the first one being where it leads. `fragment` is the anchor there.
    `skip_reason` says why it has none, None where it needs none, and `source` is then the path of what it would have
    been, if that is known. `is_whole` tells that its files are one unit of the course, such as the page, the film and
    the questions of a lesson.
    """

    title: str = ""
    files: tuple[PackageFile, ...] = ()
    fragment: str = ""
    children: tuple[PackageItem, ...] = ()
    skip_reason: SkipReason | None = None
    source: str = ""
    is_whole: bool = False

    @property
    def is_heading(self) -> bool:
        """Tell whether it is a title only, with nothing below it."""
        return bool(self.title) and not self.files and not self.children and self.skip_reason is None


@dataclass(frozen=True, kw_only=True)
class CoursePackage:
    """A course package. `kind` names its form for people, `items` are its contents in order.

    `unlisted` are items that its table of contents does not name, with titles of their own. `skip_reasons` says of
    paths why they are no material: descriptions of the package, or what nothing can read. `warnings` are sentences
    for people.
    """

    kind: str
    title: str = ""
    language: str = ""
    items: tuple[PackageItem, ...] = ()
    unlisted: tuple[PackageItem, ...] = ()
    skip_reasons: dict[str, SkipReason] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


DESCRIPTION = SkipReason(
    code="package_description", reason="It describes the package. What it says of the course is in the tree."
)


class PackageFiles:
    """The files of a package by their paths from its top, with `/`."""

    def __init__(self, paths: Iterable[str], read: Callable[[str, int], bytes]) -> None:
        """`read` returns the bytes of a path, at most as many as it is told. It raises PackageDamaged."""
        self._paths = set(paths)
        # Packages that were made on Windows name files in other cases than they have.
        self._by_folded = {path.casefold(): path for path in sorted(self._paths, reverse=True)}
        self._read = read
        self.mended: list[str] = []
        """Paths of XML files that are not well-formed, which were read as far as they can be."""

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    def __iter__(self) -> Any:
        return iter(sorted(self._paths))

    def find(self, path: str) -> str:
        """Return the path as the package has it, whatever case `path` has; blank when there is no such file."""
        if path in self._paths:
            return path
        return self._by_folded.get(path.casefold(), "")

    def resolve(self, href: str, folder: str = "") -> str:
        """Return the path to which a reference in a file of `folder` leads; blank when there is no such file."""
        try:
            parts = urlsplit(href.strip().replace("\\", "/"))
        except ValueError:
            return ""
        if parts.scheme or parts.netloc or not parts.path:
            return ""
        return self.find_relative(unquote(parts.path), folder) or self.find_relative(parts.path, folder)

    def find_relative(self, path: str, folder: str = "") -> str:
        """Return the path of a file that is named from a folder; blank when there is no such file."""
        return self.find(posixpath.normpath(posixpath.join(folder, path)).lstrip("/"))

    def read(self, path: str) -> bytes:
        """Return the bytes of a small file. Raises PackageDamaged when it is missing, damaged or too large."""
        if path not in self._paths:
            raise PackageDamaged(f"It has no file {path[:200]!r}.")
        data = self._read(path, MAX_XML_BYTES + 1)
        if len(data) > MAX_XML_BYTES:
            raise PackageDamaged(f"{path[:200]!r} has more than {MAX_XML_BYTES // 2**20} MiB.")
        return data

    def read_head(self, path: str, size: int) -> bytes:
        """Return the first bytes of a file. Raises PackageDamaged."""
        return self._read(path, size)

    def parse(self, path: str) -> Any:
        """Return the root element of an XML file, and note it in `mended` if it is damaged. Raises PackageDamaged."""
        data = self.read(path)
        try:
            return _parse_xml(data, path, is_mended=False)
        except DamagedXML:
            # Written by hand or by a careless program: an ampersand in a title, a prefix that is declared nowhere.
            self.mended.append(path)
            try:
                return _parse_xml(data, path, is_mended=True)
            except DamagedXML:
                raise PackageDamaged(f"{path[:200]!r} holds no XML.") from None


def _parse_xml(data: bytes, path: str, *, is_mended: bool) -> Any:
    """Return the root element of an XML document. Raises DamagedXML and PackageDamaged."""
    try:
        return parse_untrusted_xml(data, is_mended=is_mended, allows_doctype=True)
    except DoctypeDeclared:
        raise PackageDamaged(f"{path[:200]!r} declares entities of its own.") from None


def get_local_name(element: Any) -> str:
    """Return an element's name without its namespace; blank for an entity reference."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def list_children(element: Any, name: str) -> list[Any]:
    """Return the children of an element with a name, in whatever namespace."""
    return [] if element is None else [child for child in element if get_local_name(child) == name]


def find_child(element: Any, *names: str) -> Any:
    """Return the first element on a way of names below an element, in whatever namespace; None without one."""
    for name in names:
        element = next(iter(list_children(element, name)), None)
    return element


def collect_text(element: Any) -> str:
    """Return the text of an element and all below it, with single blanks; blank for None."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def arrange_items(items: Iterable[PackageItem], title: str, *, has_headings: bool = False) -> tuple[PackageItem, ...]:
    """Return the items as people see them.

    Items without a title, which only hold others, give way to what they hold; so does a single item at the top that has
    the title of the whole. With `has_headings` a heading takes the items after it, up to the next heading.
    """
    arranged = _arrange(items, has_headings=has_headings)
    while len(arranged) == 1 and arranged[0].children and not arranged[0].files and _is_same(arranged[0].title, title):
        arranged = arranged[0].children
    return arranged


def _arrange(items: Iterable[PackageItem], *, has_headings: bool) -> tuple[PackageItem, ...]:
    flat: list[PackageItem] = []
    for item in items:
        children = _arrange(item.children, has_headings=has_headings)
        if not item.title and not item.files and item.skip_reason is None:
            flat.extend(children)
        else:
            flat.append(_pass_start_on(replace(item, children=children)))
    found: list[PackageItem] = []
    is_below_heading = False
    for item in flat:
        if has_headings and item.is_heading:
            found.append(item)
            is_below_heading = True
        elif is_below_heading:
            found[-1] = replace(found[-1], children=(*found[-1].children, item))
        else:
            found.append(item)
    return tuple(found)


def _pass_start_on(item: PackageItem) -> PackageItem:
    """Return an item without files when it leads to the same place as one of several below it.

    In EPUB 2 every item has to lead somewhere, so a part leads to its first chapter.
    """
    if len(item.children) > 1 and any(
        child.files and child.files == item.files and child.fragment == item.fragment for child in item.children
    ):
        return replace(item, files=(), fragment="")
    return item


def _is_same(title: str, other: str) -> bool:
    return title.split() == other.split()
