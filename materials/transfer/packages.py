"""Find a course package among the files of an import, and read what it says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from materials.readers.packages.package import CoursePackage, PackageDamaged, PackageFiles
from materials.readers.packages.registry import find_descriptor, read_package
from materials.transfer.names import format_path
from materials.transfer.plan import PathParts, read_at_most
from materials.transfer.sources import ImportSource, SkipItem, SourceItem, open_item

# What all descriptions of one package may have together: an export of Open edX has an XML file for each of its parts.
_MAX_DESCRIPTION_BYTES = 200 * 2**20


@dataclass(frozen=True, kw_only=True)
class FoundPackage:
    """The files of a source by their path from the top of a package, and the package, with what reads its files.

    `package` is None when it cannot be read; `warnings` then say why.
    """

    files: Mapping[str, SourceItem]
    reader: PackageFiles
    package: CoursePackage | None
    warnings: Sequence[str] = ()


def find_package(source: ImportSource, files: Mapping[PathParts, SourceItem], top: PathParts) -> FoundPackage | None:
    """Return the package whose description lies at the top of a source, or in its single top folder `top`.

    None when there is none.
    """
    for base in dict.fromkeys([(), top]):
        inside = {format_path(path[len(base) :]): item for path, item in files.items() if path[: len(base)] == base}
        if not (descriptor := find_descriptor(inside)):
            continue
        reader = _build_package_files(source, inside)
        try:
            package = read_package(reader, descriptor)
        except PackageDamaged as exc:
            reason = f"{descriptor} was not used, and the files were taken as they lie: {exc}"
            return FoundPackage(files=inside, reader=reader, package=None, warnings=(reason,))
        if package is not None:
            return FoundPackage(files=inside, reader=reader, package=package)
    return None


def _build_package_files(source: ImportSource, inside: Mapping[str, SourceItem]) -> PackageFiles:
    left = _MAX_DESCRIPTION_BYTES

    def read(path: str, limit: int) -> bytes:
        nonlocal left
        item = inside[path]
        try:
            if item.skip is not None:
                raise item.skip
            with open_item(source, item) as file:
                data = read_at_most(file, limit=limit)
        except SkipItem as skip:
            raise PackageDamaged(f"{path[:200]!r} cannot be read. {skip}") from None
        left -= len(data)
        if left < 0:
            raise PackageDamaged(f"Its descriptions have more than {_MAX_DESCRIPTION_BYTES // 2**20} MiB.")
        return data

    return PackageFiles((path for path, item in inside.items() if not item.is_folder), read)
