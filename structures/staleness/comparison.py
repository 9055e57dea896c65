"""What has happened to the sources of a snapshot since it was made.

Contents are compared, not names: a file that was moved, renamed or sent again with the same content is no change.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Source:
    """An entry that a snapshot was made from, as it was then."""

    entry_id: UUID
    name: str
    path: str
    fingerprint: str
    raw_sha256: str


@dataclass(frozen=True, kw_only=True)
class PresentEntry:
    """An entry as it is today. `is_readable` is False where its last reading failed.

    `fingerprint` is that of the text, blank before the first reading; `raw_sha256` is of the bytes that the text comes
    from. `was_read_since` tells whether it was read after the snapshot, `was_corrected_since` whether a person
    corrected its text after it.
    """

    entry_id: UUID
    name: str
    path: str
    fingerprint: str
    raw_sha256: str
    is_readable: bool
    was_read_since: bool
    was_corrected_since: bool = False

    @property
    def is_source(self) -> bool:
        """Tell whether a generation would read it. One that is read again counts with the text that it has."""
        return self.is_readable and self.fingerprint != ""


@dataclass(frozen=True, kw_only=True)
class NamedEntry:
    """An entry to tell people of; its name and path are those of today, or the last known ones."""

    entry_id: UUID
    name: str
    path: str


@dataclass(frozen=True, kw_only=True)
class SourceChanges:
    """The entries that changed, each list in the order of paths. An entry may be both `re_read` and `corrected`."""

    added: tuple[NamedEntry, ...] = ()
    removed: tuple[NamedEntry, ...] = ()
    re_read: tuple[NamedEntry, ...] = ()
    corrected: tuple[NamedEntry, ...] = ()
    unreadable: tuple[NamedEntry, ...] = ()

    @property
    def has_any(self) -> bool:
        return any((self.added, self.removed, self.re_read, self.corrected, self.unreadable))

    def list_cited_ids(self) -> set[UUID]:
        """Return the ids of the sources that are not as they were."""
        groups = (self.removed, self.re_read, self.corrected, self.unreadable)
        return {entry.entry_id for group in groups for entry in group}

    def filter_entries(self, entry_ids: set[UUID]) -> SourceChanges:
        """Return the changes of these sources alone."""

        def keep(entries: Iterable[NamedEntry]) -> tuple[NamedEntry, ...]:
            return tuple(entry for entry in entries if entry.entry_id in entry_ids)

        return SourceChanges(
            removed=keep(self.removed),
            re_read=keep(self.re_read),
            corrected=keep(self.corrected),
            unreadable=keep(self.unreadable),
        )


def compute_sources_digest(fingerprints: Iterable[str]) -> str:
    """Return a digest of contents, whatever their order. Equal digests mean that `compare_sources` finds nothing."""
    return hashlib.sha256("\n".join(sorted(fingerprints)).encode()).hexdigest()


def compare_sources(sources: Sequence[Source], present: Sequence[PresentEntry]) -> SourceChanges:
    """Return what has changed between the sources of a snapshot and the entries of today, whichever their number."""
    by_id = {entry.entry_id: entry for entry in present}
    same = {
        source.entry_id
        for source in sources
        if (entry := by_id.get(source.entry_id)) and entry.is_source and entry.fingerprint == source.fingerprint
    }
    # The same content elsewhere: sent again, or two files that changed places.
    elsewhere: dict[str, deque[UUID]] = defaultdict(deque)
    for entry in present:
        if entry.is_source and entry.entry_id not in same:
            elsewhere[entry.fingerprint].append(entry.entry_id)
    found: set[UUID] = set()
    left: list[Source] = []
    for source in sources:
        if source.entry_id in same:
            continue
        if places := elsewhere[source.fingerprint]:
            found.add(places.popleft())
        else:
            left.append(source)
    removed, re_read, corrected, unreadable = [], [], [], []
    changed: set[UUID] = set()
    for source in left:
        now = by_id.get(source.entry_id)
        # An entry that has the content of another source by now is gone as what it was.
        if now is None or now.entry_id in found:
            removed.append(NamedEntry(entry_id=source.entry_id, name=source.name, path=source.path))
            continue
        changed.add(now.entry_id)
        if not now.is_source:
            unreadable.append(_name_entry(now))
            continue
        is_other_file = now.raw_sha256 != source.raw_sha256
        # Of the same bytes, a reading gives another text only where the reader is another one.
        was_corrected = now.was_corrected_since or not (now.was_read_since or is_other_file)
        if was_corrected:
            corrected.append(_name_entry(now))
        if is_other_file or not was_corrected:
            re_read.append(_name_entry(now))
    accounted = same | found | changed
    added = [_name_entry(entry) for entry in present if entry.is_source and entry.entry_id not in accounted]
    return SourceChanges(
        added=_sort(added),
        removed=_sort(removed),
        re_read=_sort(re_read),
        corrected=_sort(corrected),
        unreadable=_sort(unreadable),
    )


def _name_entry(entry: PresentEntry) -> NamedEntry:
    return NamedEntry(entry_id=entry.entry_id, name=entry.name, path=entry.path)


def _sort(entries: Iterable[NamedEntry]) -> tuple[NamedEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: (entry.path, entry.entry_id)))
