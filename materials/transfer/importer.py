"""Create nodes and entries from an import source, and record the outcome of each file and folder.

The ids of all nodes and entries are stored before any of them is created. So an import that was interrupted anywhere
finds what exists when it is run again, and creates nothing twice (docs/decisions/0040).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.conf import settings

from materials.documents import Format
from materials.entries.intake import AddedEntry, EntryOptions
from materials.entries.services import add_stored_file, add_url
from materials.errors import QuotaExceeded
from materials.models import ImportItem, ItemKind, ItemOutcome, MaterialEntry, MaterialImport, build_raw_file_key
from materials.objects.quotas import QuotaReservation
from materials.readers.formats import FORMATS
from materials.transfer.importer_tree import (
    apply_manifest_fields,
    compute_max_levels,
    order_imported_entries,
    store_import_plan,
)
from materials.transfer.names import format_path
from materials.transfer.plan import ImportPlan, PathParts, PlannedFile
from materials.transfer.planning import build_import_plan
from materials.transfer.shortcuts import parse_shortcut_url
from materials.transfer.sources import ImportSource, SkipItem, open_item
from project.errors import DomainError
from project.jobs.queues import BULK, NORMAL
from project.storage.objects import StoredObject, get_object_storage

# What an import holds of a file in memory, besides its writer's parts. Nothing depends on the exact value.
_PIECE_BYTES = 2**20
_CAPTION_SUFFIXES = {suffix for format_ in Format if format_.is_captions for suffix in FORMATS[format_].extensions}


@dataclass(kw_only=True)
class Importer:
    """Runs one import. Call `prepare_nodes`, then `import_files`, both outside a transaction.

    `progress` is called with a stage, the bytes done and their total, and may raise to stop the import. `note_step` is
    called with each file or folder that another run will not take again. With `takes_packages`, a course package is
    imported as the course that it describes.
    """

    batch: MaterialImport
    source: ImportSource
    progress: Callable[[str, int, int], None]
    priority: int = NORMAL
    takes_packages: bool = False
    note_step: Callable[[], None] = lambda: None
    _plan: ImportPlan = field(init=False)
    _nodes: dict[PathParts, UUID] = field(init=False)
    _existing_files: dict[tuple[UUID, int], dict[str, UUID]] = field(init=False)
    _is_resumed: bool = field(init=False)
    _done_bytes: int = 0

    def prepare_nodes(self) -> dict[str, Any]:
        """Plan the import, create its nodes, and return the numbers of the plan. Raises NotFound and ArchiveRefused."""
        levels = compute_max_levels(self.batch)
        self._plan = build_import_plan(
            self.source, unwrap=self.batch.unwrap, levels=levels, takes_packages=self.takes_packages
        )
        self._is_resumed = self.batch.planned_at is not None
        if not self._is_resumed:
            store_import_plan(batch=self.batch, plan=self._plan)
        # From the rows, not from the plan: an earlier attempt may have chosen the nodes.
        folders = self._filter_items(ItemKind.FOLDER).exclude(outcome=ItemOutcome.SKIPPED)
        by_path = dict(folders.values_list("path", "target"))
        targets = {folder.path: by_path.get(f"{format_path(folder.path)}/") for folder in self._plan.folders}
        self._nodes = {path: target for path, target in targets.items() if target is not None}
        self._nodes[self._plan.base] = self.batch.node_id
        # Only nodes that were there before can hold the same files; those that the import made are empty.
        found = folders.filter(outcome=ItemOutcome.SAME).values_list("target", flat=True)
        self._existing_files = self._index_files([self.batch.node_id, *found])
        return {
            "folders": len(self._plan.folders),
            "files": len(self._plan.files),
            "left_out": sum(each.count for each in self._plan.skipped),
            "bytes": self._plan.total_bytes,
        }

    def import_files(self) -> None:
        """Create an entry for each file that waits, or record why it is skipped. Raises QuotaExceeded."""
        waiting = self._filter_items(ItemKind.FILE).filter(outcome=ItemOutcome.WAITING)
        items = {path: (pk, target) for path, pk, target in waiting.values_list("path", "pk", "target")}
        made = self._find_made_entries([target for _, target in items.values()])
        # Captions first: a video without sound is accepted only when its captions exist.
        for file in sorted(self._plan.files, key=lambda file: not _is_captions(file)):
            if (item := items.get(format_path(file.path))) is not None:
                self._import_file(file, *item, is_made=item[1] in made)
            self._done_bytes += file.item.size
            self._report_progress()
        if any(map(_is_captions, self._plan.files)):
            order_imported_entries(batch=self.batch, plan=self._plan, nodes=self._nodes)

    def _import_file(self, file: PlannedFile, item: UUID, target: UUID, *, is_made: bool) -> None:
        node = self._nodes[file.path[:-1]]
        try:
            if is_made:
                outcome = ItemOutcome.TAKEN
            elif (same := self._find_same_entry(file, node)) is not None:
                outcome, target = ItemOutcome.SAME, same
            else:
                added = self._add_entry(file, node, target)
                outcome, target = (ItemOutcome.TAKEN if added.created else ItemOutcome.SAME), added.entry.pk
            if file.manifest_fields and outcome == ItemOutcome.TAKEN:
                apply_manifest_fields(
                    batch=self.batch, entry_id=target, name=file.name, manifest_fields=file.manifest_fields
                )
        except SkipItem as skip:
            self._update_item(item, outcome=ItemOutcome.SKIPPED, code=skip.code, reason=skip.reason)
        except QuotaExceeded:
            raise  # the job fails and can be retried; skipping every file that is left would end it
        except DomainError as exc:
            if not exc.is_final:
                raise  # the job is tried again, and goes on with this file
            self._update_item(item, outcome=ItemOutcome.SKIPPED, code=exc.code, reason=f"{exc} {exc.next_step}".strip())
        else:
            self._update_item(item, outcome=outcome, target=target)

    def _add_entry(self, file: PlannedFile, node: UUID, target: UUID) -> AddedEntry:
        if file.is_url_shortcut:
            return self._add_url_entry(file, node, target)
        _check_file_size(file.item.size)
        with QuotaReservation(self.batch.tenant) as reservation:
            reservation.reserve_bytes(file.item.size)
            return add_stored_file(
                tenant=self.batch.tenant,
                node_id=node,
                entry_id=target,
                stored=self._store_file(file, target),
                name=_choose_detection_name(file),
                options=self._build_options(file),
            )

    def _add_url_entry(self, file: PlannedFile, node: UUID, target: UUID) -> AddedEntry:
        data = b"".join(self._read_pieces(file))
        return add_url(
            tenant=self.batch.tenant,
            node_id=node,
            entry_id=target,
            url=file.manifest_fields.get("source_url") or parse_shortcut_url(data),
            name=file.manifest_fields.get("name") or PurePosixPath(file.path[-1]).stem,
            options=self._build_options(file),
        )

    def _store_file(self, file: PlannedFile, target: UUID) -> StoredObject:
        writer = get_object_storage().open_writer(build_raw_file_key(tenant_id=self.batch.tenant_id, entry_id=target))
        try:
            for piece in self._read_pieces(file):
                writer.write(piece)
            return writer.finish()
        finally:
            writer.abort()

    def _read_pieces(self, file: PlannedFile) -> Iterator[bytes]:
        """Yield a file's bytes, at most as many as the plan counted: a file may grow while it is read."""
        left = file.item.size
        with open_item(self.source, file.item) as reader:
            while left and (piece := reader.read(min(_PIECE_BYTES, left))):
                left -= len(piece)
                self._report_progress(ahead=file.item.size - left)
                yield piece

    def _find_same_entry(self, file: PlannedFile, node: UUID) -> UUID | None:
        """Return the entry with the same bytes that the node had before the import, else None."""
        # Most files have a size of their own, so they are not read twice.
        if not (candidates := self._existing_files.get((node, file.item.size))):
            return None
        digest = hashlib.sha256()
        for piece in self._read_pieces(file):
            digest.update(piece)
        return candidates.get(digest.hexdigest())

    def _build_options(self, file: PlannedFile) -> EntryOptions:
        return EntryOptions(
            language=file.manifest_fields.get("language") or self.batch.language,
            use_captions=file.manifest_fields.get("use_captions", self.batch.use_captions),
            # Thousands of files must not delay single uploads of other tenants.
            priority=BULK if self.priority == NORMAL else self.priority,
        )

    def _report_progress(self, *, ahead: int = 0) -> None:
        self.progress("importing", self._done_bytes + ahead, self._plan.total_bytes)

    def _update_item(self, item: UUID, **changes: Any) -> None:
        ImportItem.objects.for_tenant(self.batch.tenant).filter(pk=item).update(**changes)
        self.note_step()

    def _filter_items(self, kind: ItemKind) -> Any:
        return ImportItem.objects.for_tenant(self.batch.tenant).filter(batch=self.batch, kind=kind)

    def _find_made_entries(self, targets: list[UUID]) -> set[UUID]:
        """Return the entries that an interrupted attempt created without recording it."""
        if not self._is_resumed:
            return set()
        return set(
            MaterialEntry.objects.for_tenant(self.batch.tenant).filter(pk__in=targets).values_list("pk", flat=True)
        )

    def _index_files(self, nodes: list[UUID]) -> dict[tuple[UUID, int], dict[str, UUID]]:
        rows = MaterialEntry.objects.for_tenant(self.batch.tenant).filter(node__in=nodes).exclude(raw_sha256="")
        found: dict[tuple[UUID, int], dict[str, UUID]] = defaultdict(dict)
        for pk, node, size, sha256 in rows.values_list("pk", "node_id", "size_bytes", "raw_sha256"):
            found[node, size][sha256] = pk
        return found


def _check_file_size(size: int) -> None:
    """Raise SkipItem for a file above UPLOAD_MAX_BYTES, before quota is reserved for it."""
    if size > (most := settings.UPLOAD_MAX_BYTES):
        raise SkipItem("upload_too_large", f"It has {size} bytes; the largest that is taken has {most}.")


def _is_captions(file: PlannedFile) -> bool:
    return PurePosixPath(file.path[-1]).suffix.lower() in _CAPTION_SUFFIXES


def _choose_detection_name(file: PlannedFile) -> str:
    """Return the name for detecting the format. A name from a manifest counts only if it keeps the extension."""
    suffixes = {PurePosixPath(name).suffix.lower() for name in (file.name, file.path[-1])}
    return file.name if len(suffixes) == 1 else file.path[-1]
