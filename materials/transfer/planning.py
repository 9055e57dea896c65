"""Plan an import from names, sizes, the manifest of an export, and the description of a course package.

They do not change, so a resumed import computes the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from materials.transfer import manifest as manifests
from materials.transfer.h5p import plan_h5p
from materials.transfer.manifest import Manifest
from materials.transfer.names import format_path, is_hidden
from materials.transfer.package_plan import build_package_plan
from materials.transfer.packages import find_package
from materials.transfer.plan import (
    HIDDEN_CODE,
    ImportPlan,
    PathParts,
    PlannedFile,
    PlannedFolder,
    SkippedItem,
    build_skipped_item,
    find_skip_reason,
    path_sort_key,
    read_at_most,
)
from materials.transfer.sources import ImportSource, SkipItem, SourceItem, open_item

_TOO_DEEP = SkipItem("too_deep", "Its folder lies deeper than a tree may be.")


def build_import_plan(
    source: ImportSource, *, unwrap: bool = True, levels: int = 64, takes_packages: bool = False
) -> ImportPlan:
    """Return the plan for a source. Only its manifest is opened, and of a course package what describes it.

    With `unwrap`, a single top folder that holds everything else becomes the node itself. `levels` is how deep folders
    may be nested below the node. With `takes_packages`, the plan for a course package is what the package says; its
    files are named and arranged by their titles. Raises what listing the source raises.
    """
    found = source.list_items()
    hidden = [each for each in found if any(map(is_hidden, each.path))]
    skipped = [*_collapse_hidden(hidden), *(build_skipped_item(each) for each in found if not each.path)]
    seen = [each for each in found if each.path and not any(map(is_hidden, each.path))]
    base = _find_single_top_folder(seen) if unwrap else ()
    files: dict[PathParts, SourceItem] = {}
    for each in seen:
        if each.is_folder:
            if each.skip is not None:
                skipped.append(build_skipped_item(each))
            continue
        # Archives may hold a path twice; programs that unpack them keep the last one.
        if (earlier := files.get(each.path)) is not None:
            skipped.append(
                build_skipped_item(earlier, SkipItem("path_twice", "Another file of the same path comes after it."))
            )
        files[each.path] = each
    package_warnings: Sequence[str] = ()
    manifest = _read_manifest(source, files, base)
    if manifest is not None:
        del files[(*base, manifests.FILE_NAME)]
    elif takes_packages:
        if (whole := plan_h5p(source, files)) is not None:
            return whole
        found_package = find_package(source, files, base or _find_single_top_folder(seen))
        if found_package is not None and found_package.package is not None:
            return build_package_plan(found_package, skipped=skipped, warnings=source.warnings, levels=levels)
        package_warnings = found_package.warnings if found_package is not None else ()
    # One level deeper than allowed, so that each folder that is too deep is reported once, not with all below it.
    folders = _collect_folders(seen, base=base, max_depth=len(base) + levels + 1)
    too_deep = {path for path in folders if len(path) - len(base) > levels}
    planned = []
    for path in sorted(files, key=path_sort_key):
        manifest_fields = (manifest.entries if manifest else {}).get(path[len(base) :], {})
        name = manifest_fields.get("name") or path[-1]
        if skip := (_TOO_DEEP if len(path) - 1 - len(base) > levels else find_skip_reason(files[path], name)):
            skipped.append(build_skipped_item(files[path], skip))
        else:
            planned.append(PlannedFile(path=path, name=name, item=files[path], manifest_fields=manifest_fields))
    skipped += [
        SkippedItem(display_path=format_path(path) + "/", size=0, skip=_TOO_DEEP, is_folder=True, count=0)
        for path in too_deep
    ]
    return ImportPlan(
        base=base,
        folders=[_plan_folder(path, base, manifest) for path in sorted(folders - too_deep, key=path_sort_key)],
        files=planned,
        skipped=skipped,
        manifest=manifest,
        root_fields=manifest.root_fields if manifest is not None else {},
        warnings=(*source.warnings, *package_warnings, *(manifest.warnings if manifest is not None else ())),
    )


def _find_single_top_folder(seen: Iterable[SourceItem]) -> PathParts:
    """Return the path of the only folder at the top, blank when there are other files or folders beside it."""
    tops = set()
    for each in seen:
        if len(each.path) == 1 and not each.is_folder:
            return ()
        tops.add(each.path[0])
    return (tops.pop(),) if len(tops) == 1 else ()


def _collect_folders(seen: Iterable[SourceItem], *, base: PathParts, max_depth: int) -> set[PathParts]:
    """Return the folders below `base`, those deeper than `max_depth` cut to that depth."""
    folders: set[PathParts] = set()
    for each in seen:
        if each.skip is not None and each.is_folder:
            continue
        path = (each.path if each.is_folder else each.path[:-1])[:max_depth]
        while len(path) > len(base) and path not in folders:
            folders.add(path)
            path = path[:-1]
    return folders


def _plan_folder(path: PathParts, base: PathParts, manifest: Manifest | None) -> PlannedFolder:
    fields = dict((manifest.nodes if manifest else {}).get(path[len(base) :], {}))
    return PlannedFolder(path=path, title=fields.pop("title", "") or path[-1], fields=fields)


def _read_manifest(source: ImportSource, files: Mapping[PathParts, SourceItem], base: PathParts) -> Manifest | None:
    found = files.get((*base, manifests.FILE_NAME))
    if found is None or found.skip is not None or found.size > manifests.MAX_BYTES:
        return None
    try:
        with open_item(source, found) as file:
            return manifests.parse_manifest(read_at_most(file, limit=manifests.MAX_BYTES))
    except SkipItem:
        return None


def _collapse_hidden(hidden: Iterable[SourceItem]) -> list[SkippedItem]:
    """Return one skipped item for each topmost hidden folder or file, with the number of files in it."""
    groups: dict[tuple[PathParts, bool], list[SourceItem]] = {}
    for each in hidden:
        depth = next(number for number, part in enumerate(each.path, start=1) if is_hidden(part))
        is_folder = each.is_folder or depth < len(each.path)
        groups.setdefault((each.path[:depth], is_folder), []).append(each)
    return [
        SkippedItem(
            display_path=format_path(path) + ("/" if is_folder else ""),
            size=sum(each.size for each in inside),
            skip=SkipItem(HIDDEN_CODE, "It is a system's or a program's own, or hidden."),
            is_folder=is_folder,
            count=max(1, sum(not each.is_folder for each in inside)),
        )
        for (path, is_folder), inside in groups.items()
    ]
