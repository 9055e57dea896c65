"""Tell packages by their files, and read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from materials.readers.packages import epub, ims, olx, structure_json
from materials.readers.packages.package import CoursePackage, PackageDamaged, PackageFiles


def find_descriptor(paths: Collection[str]) -> str:
    """Return the path of the file that makes a package of these files; blank when they are none."""
    if ims.MANIFEST in paths:
        return ims.MANIFEST
    if epub.CONTAINER in paths:
        return epub.CONTAINER
    if structure_json.DOCUMENT in paths:
        return structure_json.DOCUMENT
    # A course of Open edX has chapters in files of their own or in this one; other programs use the name, too.
    return olx.COURSE if olx.COURSE in paths else ""


def read_package(files: PackageFiles, descriptor: str) -> CoursePackage | None:
    """Return the package that a descriptor describes; None when it is a file of another kind. Raises PackageDamaged."""
    try:
        package = _read(files, descriptor)
    except RecursionError:
        raise PackageDamaged("Its parts are nested too deeply.") from None
    if package is None or not files.mended:
        return package
    if not package.items:
        raise PackageDamaged(f"{files.mended[0][:200]!r} is no valid XML.")
    warning = (
        f"{files.mended[0][:200]!r} is no valid XML. It was read as far as it can be, so some items may be missing."
    )
    return replace(package, warnings=(*package.warnings, warning))


def _read(files: PackageFiles, descriptor: str) -> CoursePackage | None:
    if descriptor == ims.MANIFEST:
        return ims.read(files)
    if descriptor == epub.CONTAINER:
        return epub.read(files)
    if descriptor == structure_json.DOCUMENT:
        return structure_json.read(files)
    return olx.read(files) if olx.is_course(files) else None
