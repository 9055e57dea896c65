"""Read EPUB 2 and 3: the chapters of the table of contents, and the documents of the reading order around them."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from materials.documents import ContentsItem
from materials.readers.base.encodings import decode_text
from materials.readers.contents.epub import read as read_contents
from materials.readers.contents.errors import NotContents
from materials.readers.packages.package import (
    DESCRIPTION,
    MAX_ITEMS,
    CoursePackage,
    PackageDamaged,
    PackageFile,
    PackageFiles,
    PackageItem,
    SkipReason,
    arrange_items,
    collect_text,
    find_child,
    list_children,
)

CONTAINER = "META-INF/container.xml"
MIMETYPE = "mimetype"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are disguised by these, which is no protection of the text (EPUB 3.3, 4.3; Adobe's older one).
_FONT_ALGORITHMS = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
_MAX_LEVELS = 32
_ENCRYPTED = SkipReason(
    code="file_encrypted", reason="It is protected against copying. Only the publisher can take it off."
)
_NO_FILE = SkipReason(code="package_file_missing", reason="The table of contents names a file that is not there.")


def read(files: PackageFiles) -> CoursePackage:
    """Return the package of an e-book. Raises PackageDamaged."""
    rootfiles = list_children(find_child(files.parse(CONTAINER), "rootfiles"), "rootfile")
    path = next((found for each in rootfiles if (found := files.resolve(each.get("full-path", "")))), "")
    if not path:
        raise PackageDamaged(f"{CONTAINER} names no package document.")
    return _BookReader(files=files, path=path).read()


@dataclass(kw_only=True)
class _BookReader:
    files: PackageFiles
    path: str
    _item_count: int = 0

    def read(self) -> CoursePackage:
        root = self.files.parse(self.path)
        folder = posixpath.dirname(self.path)
        entries = {each.get("id", ""): each for each in list_children(find_child(root, "manifest"), "item")}
        paths = {name: self.files.resolve(each.get("href", ""), folder) for name, each in entries.items()}
        spine = find_child(root, "spine")
        order = [paths.get(each.get("idref", ""), "") for each in list_children(spine, "itemref")]
        documents = [path for path in dict.fromkeys(order) if path]
        nav = next((name for name, each in entries.items() if "nav" in each.get("properties", "").split()), "")
        ncx = "" if spine is None else spine.get("toc", "")
        ncx = ncx or next((n for n, e in entries.items() if e.get("media-type") == "application/x-dtbncx+xml"), "")
        items = self._read_contents(paths.get(nav, ""), paths.get(ncx, ""))
        described = {self.path, CONTAINER, MIMETYPE, _ENCRYPTION, paths.get(nav, ""), paths.get(ncx, "")}
        locked = self._list_encrypted()
        metadata = find_child(root, "metadata")
        title = collect_text(find_child(metadata, "title"))
        if not items:
            items = tuple(PackageItem(files=(PackageFile(path=path),)) for path in documents if path not in described)
            documents = []
        items, before = _add_unlisted(arrange_items(items, title), [d for d in documents if d not in described])
        skip_reasons = {path: DESCRIPTION for path in described if path in self.files}
        skip_reasons.update(dict.fromkeys(locked, _ENCRYPTED))
        return CoursePackage(
            kind=f"EPUB {root.get('version', '')}".strip(),
            title=title,
            language=collect_text(find_child(metadata, "language")),
            items=_drop_locked(items, locked),
            unlisted=_drop_locked(before, locked),
            skip_reasons=skip_reasons,
            warnings=("The book is protected against copying, so its text cannot be read.",) if locked else (),
        )

    def _read_contents(self, *paths: str) -> tuple[PackageItem, ...]:
        """Return the items of the first of the tables of contents that can be read: that of EPUB 3 comes first."""
        for path in filter(None, paths):
            text = decode_text(self.files.read(path))
            # A table of contents that is no valid XML is lost; the reading order is still there.
            with contextlib.suppress(NotContents, RecursionError):
                return self._convert_items(read_contents(text, path).items, posixpath.dirname(path), 1)
        return ()

    def _convert_items(self, items: Iterable[ContentsItem], folder: str, level: int) -> tuple[PackageItem, ...]:
        return tuple(self._convert_item(item, folder, level) for item in items if self._item_count < MAX_ITEMS)

    def _convert_item(self, item: ContentsItem, folder: str, level: int) -> PackageItem:
        self._item_count += 1
        path = self.files.find_relative(item.target, folder) if item.target else ""
        return PackageItem(
            title=item.title,
            files=(PackageFile(path=path),) if path else (),
            fragment=item.fragment if path else "",
            children=self._convert_items(item.children, folder, level + 1) if level < _MAX_LEVELS else (),
            skip_reason=_NO_FILE if item.target and not path else None,
        )

    def _list_encrypted(self) -> set[str]:
        """Return the paths of encrypted files, without fonts."""
        if _ENCRYPTION not in self.files:
            return set()
        found = set()
        for data in list_children(self.files.parse(_ENCRYPTION), "EncryptedData"):
            method = find_child(data, "EncryptionMethod")
            if method is not None and method.get("Algorithm") in _FONT_ALGORITHMS:
                continue
            reference = find_child(data, "CipherData", "CipherReference")
            if reference is not None and (path := self.files.resolve(reference.get("URI", ""))):
                found.add(path)
        return found


def _add_unlisted(
    items: Sequence[PackageItem], documents: Sequence[str]
) -> tuple[tuple[PackageItem, ...], tuple[PackageItem, ...]]:
    """Return the items with the documents that they do not name, and those documents that come before all items.

    In the reading order a document that the table of contents does not name goes on with the one before it: programs
    cut long chapters into several files.
    """
    listed = {file.path for item in _iter_items(items) for file in item.files}
    following: dict[str, list[str]] = {}
    before: list[str] = []
    current = ""
    for path in documents:
        if path in listed:
            current = path
        elif current:
            following.setdefault(current, []).append(path)
        else:
            before.append(path)
    # The first item of a document takes them, because those that come after it may be its sections.
    owners = {file.path: id(item) for item in reversed(_iter_items(items)) for file in item.files}

    def extend(item: PackageItem) -> PackageItem:
        more = [
            PackageFile(path=path)
            for file in item.files
            if owners[file.path] == id(item)
            for path in following.get(file.path, ())
        ]
        return replace(
            item,
            files=(*item.files, *more),
            children=tuple(extend(child) for child in item.children),
            is_whole=bool(more),
        )

    loose = [PackageItem(title=PurePosixPath(path).stem, files=(PackageFile(path=path),)) for path in before]
    return tuple(extend(item) for item in items), tuple(loose)


def _iter_items(items: Sequence[PackageItem]) -> list[PackageItem]:
    """Return the items and all below them, in order."""
    found: list[PackageItem] = []
    for item in items:
        found += [item, *_iter_items(item.children)]
    return found


def _drop_locked(items: Sequence[PackageItem], locked: set[str]) -> tuple[PackageItem, ...]:
    """Return the items with why their files are left out instead of files that nothing can read."""
    if not locked:
        return tuple(items)
    return tuple(
        replace(
            item,
            files=tuple(file for file in item.files if file.path not in locked),
            skip_reason=_ENCRYPTED if any(file.path in locked for file in item.files) else item.skip_reason,
            children=_drop_locked(item.children, locked),
        )
        for item in items
    )
