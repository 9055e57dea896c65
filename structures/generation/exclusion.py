"""Leaving out what a request names: entries by name or title, and sections by heading. For every engine alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from uuid import UUID

from materials.documents import ChunkKind
from project.counts import format_count
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.base.text import normalize_quote


@dataclass(kw_only=True)
class Exclusion:
    """The materials without what was to be left out, and what that was.

    `entries` are the ids of whole entries; `sections` and `chunks` count what went from others. `unmatched` are items
    that name nothing.
    """

    root: SourceNode
    entries: dict[UUID, str] = field(default_factory=dict)
    sections: int = 0
    chunks: int = 0
    unmatched: tuple[str, ...] = ()

    def list_warnings(self) -> list[str]:
        """Return sentences that count what was left out, and name what was not found."""
        warnings = []
        if self.entries:
            warnings.append(f"Left out as the request says: {'; '.join(self.entries.values())}.")
        if self.sections:
            warnings.append(
                f"Left out as the request says: {format_count(self.sections, 'section')} with "
                f"{format_count(self.chunks, 'chunk')}."
            )
        if self.unmatched:
            warnings.append(
                f"No entry and no heading is called like this, to be left out: {'; '.join(self.unmatched)}."
            )
        return warnings


def exclude_materials(root: SourceNode, leave_out: Sequence[str]) -> Exclusion:
    """Return the materials without the entries and sections that `leave_out` names.

    An item names an entry by its file name, with or without the ending, or by its title, and a section by its heading;
    letters must be the same but for case, white space and typographic variants. A section goes with all below it.
    Nodes stay, also when nothing is left in them.
    """
    wanted = {key: item for item in leave_out if (key := _build_key(item))}
    if not wanted:
        return Exclusion(root=root, unmatched=tuple(leave_out))
    exclusion = Exclusion(root=root)
    found: set[str] = set()
    exclusion.root = _exclude_below(root, "", frozenset(wanted), exclusion, found)
    exclusion.unmatched = tuple(item for key, item in wanted.items() if key not in found)
    return exclusion


def _exclude_below(
    node: SourceNode, path: str, wanted: frozenset[str], exclusion: Exclusion, found: set[str]
) -> SourceNode:
    kept: list[SourceEntry] = []
    for entry in node.entries:
        names = {_build_key(entry.name), _build_key(PurePath(entry.name).stem), _build_key(entry.title)}
        if matched := names & wanted:
            # Sections inside that are named as well are left out with it, and not missing.
            found |= matched | wanted & {_build_key(chunk.text) for chunk in entry.chunks if _is_heading(chunk)}
            exclusion.entries[entry.id] = path + entry.name
        else:
            kept.append(_exclude_sections(entry, wanted, exclusion, found))
    children = (_exclude_below(child, f"{path}{child.title}/", wanted, exclusion, found) for child in node.children)
    return replace(node, entries=tuple(kept), children=tuple(children))


def _exclude_sections(entry: SourceEntry, wanted: frozenset[str], exclusion: Exclusion, found: set[str]) -> SourceEntry:
    kept: list[SourceChunk] = []
    # The level of the heading that is left out with all below it; None outside of one.
    level: int | None = None
    for chunk in entry.chunks:
        if _is_heading(chunk):
            own = chunk.level or 1
            if level is not None and own <= level:
                level = None
            key = _build_key(chunk.text)
            if key in wanted:
                found.add(key)
                if level is None:
                    level = own
                    exclusion.sections += 1
        if level is None:
            kept.append(chunk)
    exclusion.chunks += len(entry.chunks) - len(kept)
    return entry if len(kept) == len(entry.chunks) else replace(entry, chunks=tuple(kept))


def _is_heading(chunk: SourceChunk) -> bool:
    return chunk.kind is ChunkKind.HEADING


def _build_key(text: str) -> str:
    return normalize_quote(text).casefold()
