"""The files that a resource of an IMS package stands for: pages, links, topics, tasks, quizzes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from materials.readers.formats import FORMATS
from materials.readers.packages.package import (
    DESCRIPTION,
    PackageDamaged,
    PackageFile,
    PackageFiles,
    SkipReason,
    collect_text,
    find_child,
)
from materials.readers.packages.pages import build_page

_READABLE = {suffix for info in FORMATS.values() for suffix in info.extensions}
_DAMAGED = SkipReason(
    code="package_file_damaged", reason="The package says what it is, and it is not readable as that."
)
_TWIN = SkipReason(code="package_twin", reason="The same quiz is in the package with all its questions.")
_LTI = SkipReason(
    code="external_tool", reason="It is a tool of another site (LTI), which has no content in the package."
)


@dataclass(frozen=True, kw_only=True)
class ResourceFiles:
    """The files of a resource, its own title, and what is no material; `reason` says why there are no files."""

    files: tuple[PackageFile, ...] = ()
    title: str = ""
    skip_reasons: Mapping[str, SkipReason] = field(default_factory=dict)
    reason: SkipReason | None = None


def build_files(files: PackageFiles, kind: str, href: str, paths: Sequence[str]) -> ResourceFiles:
    """Return what a resource of a type of `imsmanifest.xml` stands for; `href` is where it begins."""
    if "imsbasiclti" in kind or "imslti" in kind:
        return ResourceFiles(skip_reasons=dict.fromkeys(paths, _LTI), reason=_LTI)
    for prefix, build in (("imswl", _build_link), ("imsdt", _build_topic), ("assignment", _build_assignment)):
        if kind.startswith(prefix):
            try:
                return build(files.parse(href), href, paths)
            except PackageDamaged:
                return ResourceFiles(skip_reasons=dict.fromkeys(paths, _DAMAGED), reason=_DAMAGED)
    if "imsqti" in kind:
        return _build_quiz(files, href)
    # Beside where it begins, a resource lists all that its pages need: pictures and scripts, but further pages, too.
    pages = [path for path in paths if path != href and PurePosixPath(path).suffix.lower() in _READABLE]
    if href.lower().endswith(".xml") and kind.startswith("associatedcontent"):
        # Settings of a platform, beside the file that it writes for others.
        skip_reasons = {href: DESCRIPTION}
        return ResourceFiles(files=tuple(PackageFile(path=path) for path in pages), skip_reasons=skip_reasons)
    return ResourceFiles(files=tuple(PackageFile(path=path) for path in (href, *pages)))


def _build_link(root: Any, href: str, _paths: Sequence[str]) -> ResourceFiles:
    url = find_child(root, "url")
    address = "" if url is None else url.get("href", "").strip()
    if not address.lower().startswith(("http://", "https://")):
        reason = SkipReason(code="bad_address", reason="It is a link without an address of the web.")
        return ResourceFiles(skip_reasons={href: reason}, reason=reason)
    title = collect_text(find_child(root, "title"))
    return ResourceFiles(files=(PackageFile(path=href, address=address),), title=title)


def _build_topic(root: Any, href: str, _paths: Sequence[str]) -> ResourceFiles:
    title = collect_text(find_child(root, "title"))
    return _build_page(href, title, find_child(root, "text"))


def _build_assignment(root: Any, href: str, paths: Sequence[str]) -> ResourceFiles:
    title = collect_text(find_child(root, "title"))
    text = find_child(root, "text")
    found = _build_page(href, title, text if text is not None else find_child(root, "instructor_text"))
    others = tuple(
        PackageFile(path=path) for path in paths if path != href and PurePosixPath(path).suffix.lower() in _READABLE
    )
    return ResourceFiles(
        files=(*found.files, *others), title=title, skip_reasons=found.skip_reasons, reason=found.reason
    )


def _build_page(href: str, title: str, text: Any) -> ResourceFiles:
    """Return a page with a text that the package holds as HTML or as plain text in an XML file."""
    body = "" if text is None else "".join(text.itertext()).strip()
    if not body:
        reason = SkipReason(code="file_empty", reason="It has a title and no text.")
        return ResourceFiles(title=title, skip_reasons={href: reason}, reason=reason)
    return ResourceFiles(
        files=(PackageFile(path=href, data=build_page(title, body, is_html=_is_html(text)), suffix=".html"),),
        title=title,
    )


def _is_html(text: Any) -> bool:
    return "html" in str(text.get("texttype", "text/html")).lower()


def _build_quiz(files: PackageFiles, href: str) -> ResourceFiles:
    # Canvas writes all questions of a quiz to a file of its own, and to this one those that the standard knows.
    whole = files.find(f"non_cc_assessments/{PurePosixPath(href).parent.name}.xml.qti")
    return ResourceFiles(
        files=(PackageFile(path=whole or href, is_quiz=True),),
        title=_find_quiz_title(files, href),
        skip_reasons={href: _TWIN} if whole else {},
    )


def _find_quiz_title(files: PackageFiles, path: str) -> str:
    try:
        root = files.parse(path)
    except PackageDamaged:
        return ""
    for name in ("assessment", "objectbank"):
        if (found := find_child(root, name)) is not None:
            return " ".join(str(found.get("title", "")).split())
    return ""
