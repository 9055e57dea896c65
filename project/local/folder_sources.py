"""Files that were read from a folder as the sources of a generation, with ids that follow from their paths."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from materials.fingerprints import compute_entry_fingerprint, compute_node_fingerprint
from materials.transfer.plan import ImportPlan, PathParts, PlannedFolder
from project.local.folder_reading import FolderFile, FolderReading
from structures.engines.base.conversion import build_source_chunk
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.generation.queries import GenerationSources

# The namespace of the ids (RFC 9562, 5.5), drawn once. Equal folders give equal ids.
_NAMESPACE = UUID("6f1f6c1e-8a7b-5c1d-9a55-0d6f0c2b7e11")


@dataclass(frozen=True, kw_only=True)
class FolderSources:
    """The sources of a generation, and the fingerprint that the course of these files has."""

    sources: GenerationSources
    fingerprint: str


def build_folder_sources(plan: ImportPlan, reading: FolderReading, *, title: str) -> FolderSources:
    """Return what a generation would load, had the folder been uploaded as a course of that title."""
    builder = _SourceBuilder()
    for file in reading.files:
        if file.document is not None:
            builder.files[file.planned.path[:-1]].append(file)
    for folder in plan.folders:
        builder.folders[folder.path[:-1]].append(folder)
    # As stored entries are listed: folder by folder, then by position.
    folders = {path: number for number, path in enumerate([plan.base, *(folder.path for folder in plan.folders)])}
    by_folder = sorted(plan.files, key=lambda file: folders[file.path[:-1]])
    failed = {file.path for file in reading.failed}
    root, fingerprint = builder.build_node(PlannedFolder(path=plan.base, title=title), above="", language="")
    sources = GenerationSources(
        root=root,
        entries=builder.entries,
        fingerprints=builder.fingerprints,
        paths=builder.paths,
        left_out=tuple(path for file in by_folder if (path := file.item.display_path) in failed),
    )
    return FolderSources(sources=sources, fingerprint=fingerprint)


@dataclass(kw_only=True)
class _SourceBuilder:
    """Builds the source tree; `files` and `folders` are those inside each folder, in order."""

    files: dict[PathParts, list[FolderFile]] = field(default_factory=lambda: defaultdict(list))
    folders: dict[PathParts, list[PlannedFolder]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[UUID, SourceEntry] = field(default_factory=dict)
    fingerprints: dict[UUID, str] = field(default_factory=dict)
    paths: dict[UUID, str] = field(default_factory=dict)

    def build_node(self, folder: PlannedFolder, *, above: str, language: str) -> tuple[SourceNode, str]:
        """Return the node of a folder and its fingerprint.

        `above` is the path that its entries have before their names, `language` that of the nearest folder above.
        """
        fields: dict[str, Any] = dict(folder.fields)
        spoken = fields.get("language") or language
        fingerprinted = []
        entries = []
        for file in self.files[folder.path]:
            entry = self._build_entry(file, path=above + file.name, language=spoken)
            fingerprinted.append((entry.name, self.fingerprints[entry.id]))
            if not file.is_captions_of_recording:
                entries.append(entry)
                self.entries[entry.id] = entry
        below = [
            self.build_node(child, above=f"{above}{child.title}/", language=spoken)
            for child in self.folders[folder.path]
        ]
        node = SourceNode(
            id=uuid5(_NAMESPACE, "/".join(folder.path) + "/"),
            title=folder.title,
            language=fields.get("language", ""),
            learning_goal=fields.get("learning_goal", ""),
            entries=tuple(entries),
            children=tuple(child for child, _ in below),
        )
        fingerprint = compute_node_fingerprint(
            title=node.title,
            language=node.language,
            learning_goal=node.learning_goal,
            expected_knowledge=fields.get("expected_knowledge", []),
            expected_skills=fields.get("expected_skills", []),
            entries=fingerprinted,
            children=[child_fingerprint for _, child_fingerprint in below],
        )
        return node, fingerprint

    def _build_entry(self, file: FolderFile, *, path: str, language: str) -> SourceEntry:
        assert file.document is not None
        document = file.document
        entry_id = uuid5(_NAMESPACE, file.display_path)
        self.paths[entry_id] = path
        self.fingerprints[entry_id] = compute_entry_fingerprint(
            document.pieces, contents=document.contents, metadata=document.metadata
        )
        return SourceEntry(
            id=entry_id,
            name=file.name,
            title=document.title,
            format=file.format,
            chunks=tuple(
                build_source_chunk(uuid5(entry_id, str(number)), piece) for number, piece in enumerate(document.pieces)
            ),
            sha256=file.sha256,
            language=document.language or language,
            contents=document.contents,
            metadata=document.metadata,
            page_count=document.page_count,
            duration_ms=document.duration_ms,
        )
