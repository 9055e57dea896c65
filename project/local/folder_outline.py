"""The structure of a folder of materials in one process: no server, no worker, no tenant and no stored rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid5

from rest_framework.renderers import JSONRenderer

from project.local.course_files import CourseFiles, SkippedFile, list_skipped_files, open_course, raise_nothing_read
from project.local.folder_reading import FolderReading, read_planned_files
from project.local.folder_sources import FolderSources, build_folder_sources
from project.local.reading_cache import ReadingCache
from structures.course_page.rendering import render_page_file
from structures.engines.outline.engine import build_outline
from structures.engines.registry import ENGINES, EngineName
from structures.exports.markdown import render_markdown
from structures.generation.snapshots import SnapshotRows, build_snapshot_rows, verify_draft
from structures.models import StructureSnapshot
from structures.queries import StoredNode, build_structure_tree
from structures.serializers import build_snapshot_json
from structures.staleness.queries import MaterialChanges
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class FolderOutline:
    """The structure of a folder: as the API gives a snapshot, as Markdown, and the files that are not in it."""

    snapshot: dict[str, Any]
    markdown: str
    row: StructureSnapshot
    tree: list[StoredNode]
    skipped: Sequence[SkippedFile]
    failed: Sequence[SkippedFile]

    def render_html(self) -> str:
        """Return the structure as one HTML file."""
        return render_page_file(self.row, self.tree)


def build_folder_outline(
    path: Path, *, cache: ReadingCache, report_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> FolderOutline:
    """Return the structure that the outline engine makes of a folder or an archive, the one that `build_course` stores.

    `report_progress` is called while files are read, with how many are done and how many there are. Raises BuildFailed
    when there is nothing that could be read.
    """
    with open_course(path) as course:
        reading = read_planned_files(course.plan, cache=cache, report_progress=report_progress)
    return _build_outline(course, reading)


def _build_outline(course: CourseFiles, reading: FolderReading) -> FolderOutline:
    plan = course.plan
    skipped = [*list_skipped_files(plan), *reading.skipped]
    if not any(file.document for file in reading.files):
        raise_nothing_read([*skipped, *reading.failed])
    folder_sources = build_folder_sources(plan, reading, title=course.title)
    rows = _build_rows(folder_sources)
    tree = build_structure_tree(rows.nodes, rows.references)
    rendered = JSONRenderer().render(build_snapshot_json(rows.snapshot, tree, MaterialChanges()))
    return FolderOutline(
        snapshot=json.loads(rendered),
        markdown=render_markdown(rows.snapshot, tree),
        row=rows.snapshot,
        tree=tree,
        skipped=skipped,
        failed=reading.failed,
    )


def _build_rows(folder_sources: FolderSources) -> SnapshotRows:
    """Return the rows that a generation would store."""
    engine, sources = ENGINES[EngineName.OUTLINE], folder_sources.sources
    fingerprint = folder_sources.fingerprint
    draft, grounding = verify_draft(build_outline(sources.root), engine, sources.root)
    snapshot_id = uuid5(sources.root.id, f"{fingerprint} {engine.compute_version()}")
    numbers = count()
    return build_snapshot_rows(
        tenant=Tenant(slug="local"),
        snapshot_id=snapshot_id,
        job_id=None,
        options={},
        key={
            "node_id": sources.root.id,
            "fingerprint": fingerprint,
            "engine": engine.name.value,
            "engine_version": engine.compute_version(),
        },
        draft=draft,
        grounding=grounding,
        sources=sources,
        provenance={},
        create_id=lambda: uuid5(snapshot_id, str(next(numbers))),
    )
