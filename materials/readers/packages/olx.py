"""Read OLX, the format in which Open edX exports courses: chapters, sequentials, verticals and their components."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from materials.readers.packages.olx_components import ComponentFiles, build_components
from materials.readers.packages.package import (
    DESCRIPTION,
    MAX_ITEMS,
    CoursePackage,
    PackageDamaged,
    PackageFiles,
    PackageItem,
    SkipReason,
    arrange_items,
    find_child,
    get_local_name,
)

COURSE = "course.xml"
_CONTAINERS = {"course", "chapter", "sequential", "vertical"}
# What stands between a vertical and its components and shows some or all of them.
_WRAPPERS = {
    "wrapper", "conditional", "split_test", "randomize", "library_content", "itembank", "problemset", "videosequence",
}  # fmt: skip
# No components: settings of the course.
_SETTINGS = {"wiki", "textbook", "pdf_textbook", "html_textbook", "show"}
_MAX_LEVELS = 12
# Folders of an export with nothing but settings.
_DESCRIPTIONS = (
    "policies/",
    "assets/",
    "course/",
    "chapter/",
    "sequential/",
    "vertical/",
    *(f"{w}/" for w in _WRAPPERS),
)
# What Open edX shows where a course names no image of its own.
_DEFAULT_IMAGE = "images_course_image.jpg"
_DRAFT = SkipReason(code="draft", reason="It is a draft, which is not part of the published course.")


def is_course(files: PackageFiles) -> bool:
    """Tell whether `course.xml` is that of Open edX: other programs use the name, too."""
    try:
        root = files.parse(COURSE)
    except PackageDamaged:
        return False
    return get_local_name(root) == "course" and ("url_name" in root.attrib or find_child(root, "chapter") is not None)


def read(files: PackageFiles) -> CoursePackage:
    """Return the package that `course.xml` at the top of the files describes. Raises PackageDamaged."""
    return _CourseReader(files=files).read()


def _is_setting(path: str) -> bool:
    """Tell whether a file holds one value of the page that announces the course, such as its duration."""
    return path.startswith("about/") and path != "about/overview.html"


@dataclass(kw_only=True)
class _CourseReader:
    files: PackageFiles
    _policy: dict[str, Any] = field(default_factory=dict)
    _skip_reasons: dict[str, SkipReason] = field(default_factory=dict)
    _language: str = ""
    _item_count: int = 0

    def read(self) -> CoursePackage:
        pointer = self.files.parse(COURSE)
        run = pointer.get("url_name", "")
        course = self._resolve(pointer)
        self._policy = self._read_policy(run)
        settings = self._policy.get(f"course/{run}", {})
        self._language = course.get("language", "") or str(settings.get("language", ""))
        image = course.get("course_image", "") or str(settings.get("course_image", "")) or _DEFAULT_IMAGE
        title = self._find_title(course)
        items = [self._read_container(each, 1) for each in course if get_local_name(each) not in _SETTINGS]
        for path in self.files:
            if path.startswith("drafts/"):
                self._skip_reasons.setdefault(path, _DRAFT)
            elif path in {COURSE, f"static/{image}"} or path.startswith(_DESCRIPTIONS) or _is_setting(path):
                self._skip_reasons.setdefault(path, DESCRIPTION)
        return CoursePackage(
            kind="Open edX course (OLX)",
            title=title,
            language=self._language,
            items=arrange_items([item for item in items if item is not None], title),
            skip_reasons=self._skip_reasons,
        )

    def _read_container(self, element: Any, level: int) -> PackageItem | None:
        """Return the item of a chapter or sequential with all below it; of a vertical, or what stands in its place."""
        self._item_count += 1
        if self._item_count > MAX_ITEMS or level > _MAX_LEVELS or not get_local_name(element):
            return None
        element = self._resolve(element)
        name = get_local_name(element)
        title = self._find_title(element)
        if name in _CONTAINERS and name != "vertical":
            inside = [self._read_container(child, level + 1) for child in element]
            children = tuple(item for item in inside if item is not None)
            # A subsection of one page of the same title is that page.
            if name == "sequential" and len(children) == 1 and children[0].title in {"", title}:
                return PackageItem(
                    title=title,
                    files=children[0].files,
                    skip_reason=children[0].skip_reason,
                    is_whole=children[0].is_whole,
                )
            return PackageItem(title=title, children=children)
        components = self._collect_components(element, level) if name == "vertical" else [element]
        found = build_components(
            self.files,
            components,
            title=title,
            titles=list(map(self._find_title, components)),
            language=self._language,
        )
        return self._build_unit(title, found)

    def _build_unit(self, title: str, found: ComponentFiles) -> PackageItem:
        self._skip_reasons.update(found.skip_reasons)
        # What has a path is reported under it.
        reason = found.reason if not found.files and not found.skip_reasons else None
        return PackageItem(title=title, files=found.files, skip_reason=reason, is_whole=len(found.files) > 1)

    def _collect_components(self, element: Any, level: int) -> list[Any]:
        components: list[Any] = []
        for child in element:
            resolved = self._resolve(child)
            name = get_local_name(resolved)
            self._item_count += 1
            if not name or self._item_count > MAX_ITEMS:
                continue
            if (name in _WRAPPERS or name == "vertical") and level < _MAX_LEVELS:
                components.extend(self._collect_components(resolved, level + 1))
            else:
                components.append(resolved)
        return components

    def _resolve(self, element: Any) -> Any:
        """Return an element with its content, which may stand in a file of its own named by `url_name`."""
        name, url_name = get_local_name(element), element.get("url_name", "")
        path = self.files.find(f"{name}/{url_name.replace(':', '/')}.xml") if url_name else ""
        if not path or len(element):
            return element
        try:
            found = self.files.parse(path)
        except PackageDamaged as exc:
            self._skip_reasons[path] = SkipReason(code="package_file_damaged", reason=str(exc))
            return element
        if get_local_name(found) != name:
            return element
        # The pointer and its file share their attributes; the file's count.
        merged = {**element.attrib, **found.attrib, "url_name": url_name}
        for key, value in merged.items():
            found.set(key, value)
        return found

    def _find_title(self, element: Any) -> str:
        title = element.get("display_name", "")
        if not title:
            policy = self._policy.get(f"{get_local_name(element)}/{element.get('url_name', '')}")
            title = policy.get("display_name", "") if isinstance(policy, dict) else ""
        return " ".join(str(title).split())

    def _read_policy(self, run: str) -> dict[str, Any]:
        """Return the settings of older exports, in which titles stand apart from what they name."""
        for path in (f"policies/{run}/policy.json", f"policies/{run}.json"):
            if path in self.files:
                try:
                    found = json.loads(self.files.read(path))
                except (PackageDamaged, ValueError, RecursionError):
                    continue
                if isinstance(found, dict):
                    return {key: value for key, value in found.items() if isinstance(value, dict)}
        return {}
