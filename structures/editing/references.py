"""The evidence of a node in a keyed tree, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from materials.documents import Locator


@dataclass(frozen=True)
class ReferenceIdentity:
    """What makes two references the same evidence: entry, place and words.

    The chunk is no part of it, because a source that is read again has new chunks with the same words.
    """

    entry_id: UUID
    locator: Locator
    quote: str


@dataclass(frozen=True, kw_only=True)
class TreeReference:
    """A quote of an entry that proves a node. What is said of the entry is a value, as in a snapshot."""

    entry_id: UUID
    chunk_id: UUID
    quote: str
    locator: Locator = field(default_factory=Locator)
    machine_written: bool = False
    entry_name: str = ""
    entry_path: str = ""
    entry_fingerprint: str = ""

    @cached_property
    def identity(self) -> ReferenceIdentity:
        return ReferenceIdentity(self.entry_id, self.locator, self.quote)


@dataclass(frozen=True, kw_only=True)
class KeyedPrerequisite:
    """A term that the lesson with the key `lesson` defines and this node uses, quoted in both."""

    term: str
    lesson: UUID
    definition: TreeReference
    use: TreeReference
