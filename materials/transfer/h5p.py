"""Plan the import of an H5P package: its reader takes it whole, so it is one file, whatever lies in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from materials.transfer.package_names import SiblingNames
from materials.transfer.plan import ImportPlan, PathParts, PlannedFile, read_at_most
from materials.transfer.sources import ImportSource, SkipItem, SourceItem, open_item

_SUFFIX = ".h5p"
_MANIFEST, _CONTENT = ("h5p.json",), ("content", "content.json")
# It holds a title and the names of a dozen libraries.
_MAX_MANIFEST_BYTES = 2**20


def plan_h5p(source: ImportSource, files: Mapping[PathParts, SourceItem]) -> ImportPlan | None:
    """Return the plan for an H5P package, None for another source."""
    if _MANIFEST not in files or _CONTENT not in files or (whole := source.get_whole()) is None:
        return None
    name = SiblingNames().choose(_read_title(source, files[_MANIFEST]) or "H5P", _SUFFIX)
    item = replace(whole, path=(name,), display_path=name)
    return ImportPlan(
        base=(),
        folders=[],
        files=[PlannedFile(path=(name[-200:],), name=name, item=item)],
        skipped=[],
        manifest=None,
        package="H5P",
        title=name.removesuffix(_SUFFIX),
        warnings=source.warnings,
    )


def _read_title(source: ImportSource, manifest: SourceItem) -> str:
    try:
        with open_item(source, manifest) as file:
            fields = json.loads(read_at_most(file, limit=_MAX_MANIFEST_BYTES))
    except (SkipItem, ValueError, RecursionError):
        return ""
    return str(fields.get("title") or "") if isinstance(fields, dict) else ""
