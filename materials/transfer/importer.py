"""Making nodes and entries of what a source holds, and noting what became of each part.

The ids of nodes and entries are chosen and stored before anything is made, so that whoever is stopped in the middle,
however that comes, finds on the next try what is there, and makes nothing twice.
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
from materials.entries.intake import Added, Wanted
from materials.entries.services import add_address, add_stored
from materials.errors import QuotaExceeded
from materials.models import ImportItem, MaterialEntry, MaterialImport, object_key
from materials.objects.quotas import Space
from materials.readers.formats import FORMATS
from materials.transfer.importer_tree import levels_below, put_in_order, store_plan, take_what_is_said
from materials.transfer.names import shown
from materials.transfer.plan import Path, Plan, PlannedFile, make_plan
from materials.transfer.shortcuts import address_in
from materials.transfer.sources import Skip, Source
from project.errors import DomainError
from project.jobs.queues import BULK, NORMAL
from project.storage.objects import StoredObject, get_object_storage

_PIECE = 2**20
_CAPTIONS = {suffix for format_ in Format if format_.is_captions for suffix in FORMATS[format_].extensions}

Outcome = ImportItem.Outcome


@dataclass(kw_only=True)
class Importer:
    """One import. Call `prepare`, then `take_all`; `progress` (stage, done, total) may raise to stop them."""

    batch: MaterialImport
    source: Source
    progress: Callable[[str, int, int], None]
    priority: int = NORMAL
    _plan: Plan = field(init=False)
    _nodes: dict[Path, UUID] = field(init=False)
    _there: dict[tuple[UUID, int], dict[str, UUID]] = field(init=False)
    _resumed: bool = field(init=False)
    _done: int = 0

    def prepare(self) -> dict[str, Any]:
        """Look at the source, make the nodes, and return what is going to be done. Raises NotFound."""
        levels = levels_below(self.batch)
        self._plan = make_plan(self.source, unwrap=self.batch.unwrap, levels=levels)
        self._resumed = self.batch.planned_at is not None
        if not self._resumed:
            store_plan(batch=self.batch, plan=self._plan)
        folders = self._items(ImportItem.Kind.FOLDER).exclude(outcome=Outcome.SKIPPED)
        by_path = dict(folders.values_list("path", "target"))
        targets = {folder.path: by_path.get(f"{shown(folder.path)}/") for folder in self._plan.folders}
        self._nodes = {path: target for path, target in targets.items() if target is not None}
        self._nodes[self._plan.base] = self.batch.node_id
        found = folders.filter(outcome=Outcome.SAME).values_list("target", flat=True)
        self._there = self._files_in([self.batch.node_id, *found])
        return {
            "folders": len(self._plan.folders),
            "files": len(self._plan.files),
            "left_out": sum(each.count for each in self._plan.left_out),
            "bytes": self._plan.bytes,
        }

    def take_all(self) -> None:
        """Make an entry of each file that waits. One that cannot be taken is noted with the reason."""
        waiting = self._items(ImportItem.Kind.FILE).filter(outcome=Outcome.WAITING)
        items = {path: (pk, target) for path, pk, target in waiting.values_list("path", "pk", "target")}
        made = self._made([target for _, target in items.values()])
        # Captions first: a video without sound is taken only when its captions are there.
        for file in sorted(self._plan.files, key=lambda file: not _is_captions(file)):
            if (item := items.get(shown(file.path))) is not None:
                self._take(file, *item, is_made=item[1] in made)
            self._done += file.found.size
            self._tell()
        if any(map(_is_captions, self._plan.files)):
            put_in_order(batch=self.batch, plan=self._plan, nodes=self._nodes)

    def _take(self, file: PlannedFile, item: UUID, target: UUID, *, is_made: bool) -> None:
        node = self._nodes[file.path[:-1]]
        try:
            if is_made:
                outcome = Outcome.TAKEN
            elif (same := self._same(file, node)) is not None:
                outcome, target = Outcome.SAME, same
            else:
                added = self._added(file, node, target)
                outcome, target = (Outcome.TAKEN if added.created else Outcome.SAME), added.entry.pk
            if file.said and outcome == Outcome.TAKEN:
                take_what_is_said(batch=self.batch, entry_id=target, name=file.name, said=file.said)
        except Skip as skip:
            self._note(item, outcome=Outcome.SKIPPED, code=skip.code, reason=skip.reason)
        except QuotaExceeded:
            raise  # the files that wait have no place either: a retry goes on when there is
        except DomainError as exc:
            self._note(item, outcome=Outcome.SKIPPED, code=exc.code, reason=f"{exc} {exc.next_step}".strip())
        else:
            self._note(item, outcome=outcome, target=target)

    def _added(self, file: PlannedFile, node: UUID, target: UUID) -> Added:
        if file.is_address:
            return self._added_address(file, node, target)
        _refuse_large(file.found.size)
        with Space(self.batch.tenant) as space:
            space.claim(file.found.size)
            return add_stored(
                tenant=self.batch.tenant,
                node_id=node,
                entry_id=target,
                stored=self._stored(file, target),
                name=_name_for_bytes(file),
                wanted=self._wanted(file),
            )

    def _added_address(self, file: PlannedFile, node: UUID, target: UUID) -> Added:
        data = b"".join(self._pieces(file))
        return add_address(
            tenant=self.batch.tenant,
            node_id=node,
            entry_id=target,
            url=file.said.get("source_url") or address_in(data),
            name=file.said.get("name") or PurePosixPath(file.path[-1]).stem,
            wanted=self._wanted(file),
        )

    def _stored(self, file: PlannedFile, target: UUID) -> StoredObject:
        writer = get_object_storage().open_writer(object_key(tenant_id=self.batch.tenant_id, entry_id=target))
        try:
            for piece in self._pieces(file):
                writer.write(piece)
            return writer.finish()
        finally:
            writer.abort()

    def _pieces(self, file: PlannedFile) -> Iterator[bytes]:
        """Yield a file's bytes, at most as many as it was found to have."""
        left = file.found.size
        with self.source.open(file.found) as reader:
            while left and (piece := reader.read(min(_PIECE, left))):
                left -= len(piece)
                self._tell(ahead=file.found.size - left)
                yield piece

    def _same(self, file: PlannedFile, node: UUID) -> UUID | None:
        """Return the node's entry of the same bytes where there was one before; else None."""
        if not (candidates := self._there.get((node, file.found.size))):
            return None
        digest = hashlib.sha256()
        for piece in self._pieces(file):
            digest.update(piece)
        return candidates.get(digest.hexdigest())

    def _wanted(self, file: PlannedFile) -> Wanted:
        return Wanted(
            language=file.said.get("language") or self.batch.language,
            use_captions=file.said.get("use_captions", self.batch.use_captions),
            priority=BULK if self.priority == NORMAL else self.priority,
        )

    def _tell(self, *, ahead: int = 0) -> None:
        self.progress("importing", self._done + ahead, self._plan.bytes)

    def _note(self, item: UUID, **what: Any) -> None:
        ImportItem.objects.for_tenant(self.batch.tenant).filter(pk=item).update(**what)

    def _items(self, kind: ImportItem.Kind) -> Any:
        return ImportItem.objects.for_tenant(self.batch.tenant).filter(batch=self.batch, kind=kind)

    def _made(self, targets: list[UUID]) -> set[UUID]:
        """Return which of the entries are there although their items wait: those of a try that was stopped."""
        if not self._resumed:
            return set()
        return set(
            MaterialEntry.objects.for_tenant(self.batch.tenant).filter(pk__in=targets).values_list("pk", flat=True)
        )

    def _files_in(self, nodes: list[UUID]) -> dict[tuple[UUID, int], dict[str, UUID]]:
        rows = MaterialEntry.objects.for_tenant(self.batch.tenant).filter(node__in=nodes).exclude(raw_sha256="")
        found: dict[tuple[UUID, int], dict[str, UUID]] = defaultdict(dict)
        for pk, node, size, sha256 in rows.values_list("pk", "node_id", "size_bytes", "raw_sha256"):
            found[node, size][sha256] = pk
        return found


def _refuse_large(size: int) -> None:
    """Raise Skip for a file that is never taken, so that it needs no space."""
    if size > (most := settings.UPLOAD_MAX_BYTES):
        raise Skip("upload_too_large", f"It has {size} bytes; the largest that is taken has {most}.")


def _is_captions(file: PlannedFile) -> bool:
    return PurePosixPath(file.path[-1]).suffix.lower() in _CAPTIONS


def _name_for_bytes(file: PlannedFile) -> str:
    """Return the name under which the bytes are looked into: a manifest cannot make a file of another type of them."""
    suffixes = {PurePosixPath(name).suffix.lower() for name in (file.name, file.path[-1])}
    return file.name if len(suffixes) == 1 else file.path[-1]
