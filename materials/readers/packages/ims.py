"""Read `imsmanifest.xml`: IMS Common Cartridge 1.0 to 1.3, SCORM 1.2 and 2004, and plain IMS content packages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from materials.readers.packages.ims_resources import build_files
from materials.readers.packages.package import (
    DESCRIPTION,
    MAX_ITEMS,
    CoursePackage,
    PackageDamaged,
    PackageFiles,
    PackageItem,
    SkipReason,
    arrange_items,
    collect_text,
    find_child,
    get_local_name,
    list_children,
)

MANIFEST = "imsmanifest.xml"
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
# Libxml2 takes 256 levels of elements; no course has a tenth of it.
_MAX_LEVELS = 64
_NO_FILE = SkipReason(code="package_file_missing", reason="The package names a file for it and does not hold it.")
_NO_RESOURCE = SkipReason(
    code="package_resource_missing",
    reason="The package names a resource for it and does not describe it, as for tools of the platform it came from.",
)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a manifest. `href` is the path where it begins, `paths` are all its files that are there."""

    kind: str
    href: str
    paths: tuple[str, ...]
    has_lost_files: bool = False


def read(files: PackageFiles) -> CoursePackage:
    """Return the package that a manifest at the top of the files describes. Raises PackageDamaged."""
    root = files.parse(MANIFEST)
    if get_local_name(root) != "manifest":
        raise PackageDamaged(f"{MANIFEST} has another root element than `manifest`.")
    return _ManifestReader(files=files, root=root).read()


@dataclass(kw_only=True)
class _ManifestReader:
    files: PackageFiles
    root: Any
    _resources: dict[str, Resource] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _skip_reasons: dict[str, SkipReason] = field(default_factory=dict)
    _item_count: int = 0

    def read(self) -> CoursePackage:
        self._resources = dict(self._read_resources())
        warnings: list[str] = []
        organization = self._choose_organization(warnings)
        listed = [self._read_item(item, 1) for item in list_children(organization, "item")]
        title = self._find_title() or collect_text(find_child(organization, "title"))
        unlisted = [
            item
            for name, resource in self._resources.items()
            if name not in self._used and (item := self._build_resource_item(resource)).files
        ]
        items = arrange_items(listed, title, has_headings=True)
        if len(items) == 0:
            # A cartridge without an organisation only carries its resources.
            items, unlisted = arrange_items(unlisted, title), []
        if self._item_count > MAX_ITEMS:
            warnings.append(f"Of the package's contents the first {MAX_ITEMS:,} lines were used.")
        return CoursePackage(
            kind=self._describe_kind(),
            title=title,
            language=self._find_language(),
            items=items,
            unlisted=tuple(unlisted),
            skip_reasons={MANIFEST: DESCRIPTION, **self._skip_reasons},
            warnings=tuple(warnings),
        )

    def _read_resources(self) -> Iterator[tuple[str, Resource]]:
        resources = find_child(self.root, "resources")
        top = posixpath.join(self.root.get(_XML_BASE, ""), "" if resources is None else resources.get(_XML_BASE, ""))
        for each in list_children(resources, "resource"):
            folder = posixpath.join(top, each.get(_XML_BASE, ""))
            hrefs = [file.get("href", "") for file in list_children(each, "file")]
            found = [path for href in hrefs if (path := self.files.resolve(href, folder))]
            start = self.files.resolve(each.get("href", ""), folder)
            yield (
                each.get("identifier", ""),
                Resource(
                    kind=each.get("type", "").strip().lower(),
                    href=start or (found[0] if found else ""),
                    paths=tuple(dict.fromkeys([*([start] if start else []), *found])),
                    has_lost_files=bool(hrefs or each.get("href")),
                ),
            )

    def _choose_organization(self, warnings: list[str]) -> Any:
        organizations = find_child(self.root, "organizations")
        known = list_children(organizations, "organization")
        wanted = organizations.get("default", "") if organizations is not None else ""
        chosen = next((each for each in known if wanted and each.get("identifier") == wanted), None)
        if chosen is None:
            chosen = next(iter(known), None)
        if len(known) > 1:
            warnings.append(f"The package has {len(known)} tables of contents; its default one was used.")
        return chosen

    def _read_item(self, element: Any, level: int) -> PackageItem:
        self._item_count += 1
        title = collect_text(find_child(element, "title"))
        inside = list_children(element, "item") if level < _MAX_LEVELS else []
        children = tuple(self._read_item(child, level + 1) for child in inside if self._item_count <= MAX_ITEMS)
        name = element.get("identifierref", "").strip()
        if not name:
            return PackageItem(title=title, children=children)
        self._used.add(name)
        if (resource := self._resources.get(name)) is None:
            return PackageItem(title=title, children=children, skip_reason=_NO_RESOURCE)
        found = self._build_resource_item(resource)
        return PackageItem(
            title=title or found.title,
            files=found.files,
            fragment=element.get("parameters", "").partition("#")[2],
            children=children,
            skip_reason=found.skip_reason,
            source=found.source,
        )

    def _build_resource_item(self, resource: Resource) -> PackageItem:
        if not resource.href:
            return PackageItem(skip_reason=_NO_FILE if resource.has_lost_files else None)
        found = build_files(self.files, resource.kind, resource.href, resource.paths)
        self._skip_reasons.update(found.skip_reasons)
        return PackageItem(
            title=found.title,
            files=found.files,
            skip_reason=None if found.files else found.reason,
            source=resource.href,
        )

    def _find_title(self) -> str:
        general = find_child(self.root, "metadata", "lom", "general")
        return collect_text(find_child(general, "title", "string")) or collect_text(
            find_child(general, "title", "langstring")
        )

    def _find_language(self) -> str:
        return collect_text(find_child(self.root, "metadata", "lom", "general", "language"))

    def _describe_kind(self) -> str:
        metadata = find_child(self.root, "metadata")
        schema = collect_text(find_child(metadata, "schema")).lower()
        version = collect_text(find_child(metadata, "schemaversion"))
        if "common cartridge" in schema:
            return f"Common Cartridge {version}".strip()
        if "scorm" in schema or "scormtype" in {name.rpartition("}")[2].lower() for name in self._list_attributes()}:
            return f"SCORM {version}".strip()
        return "IMS content package"

    def _list_attributes(self) -> set[str]:
        resources = list_children(find_child(self.root, "resources"), "resource")
        return {str(name) for resource in resources for name in resource.attrib}
