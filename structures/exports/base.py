"""The interface of export formats: a name, a media type, rendering, and a list of what the format cannot carry.

The protocols describe the parts of a snapshot that formats read, so that a format depends on no model and can be tested
with plain values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from materials.documents import Locator
from structures.engines.base.drafts import NodeType


class ExportedReference(Protocol):
    """Evidence of a structure node."""

    @property
    def entry_path(self) -> str: ...
    @property
    def locator(self) -> Locator: ...
    @property
    def quote(self) -> str: ...
    @property
    def machine_written(self) -> bool: ...


class ExportedCourse(Protocol):
    """The fields of a snapshot that a format may carry."""

    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def learning_goal(self) -> str: ...
    @property
    def expected_knowledge(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def expected_skills(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def prerequisites(self) -> Sequence[str]: ...
    @property
    def quality(self) -> Mapping[str, Mapping[str, int]]: ...


class ExportedNodeFields(Protocol):
    """The fields of a structure node that a format may carry."""

    @property
    def pk(self) -> UUID: ...
    @property
    def key(self) -> UUID: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def learning_goal(self) -> str: ...
    @property
    def difficulty(self) -> int | None: ...
    @property
    def estimated_minutes(self) -> int | None: ...
    @property
    def minutes_basis(self) -> str: ...
    @property
    def key_points(self) -> Sequence[str]: ...
    @property
    def questions(self) -> Sequence[str]: ...
    @property
    def topics(self) -> Sequence[str]: ...
    @property
    def required_knowledge(self) -> Sequence[str]: ...
    @property
    def prerequisites(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def examples(self) -> Sequence[str]: ...
    @property
    def reference_solution(self) -> str: ...
    @property
    def grading_criteria(self) -> Sequence[str]: ...
    @property
    def arranged_by(self) -> str: ...


class ExportedNode(Protocol):
    """A structure node: its own fields, its evidence and its children, in order."""

    @property
    def node_type(self) -> NodeType: ...
    @property
    def row(self) -> ExportedNodeFields: ...
    @property
    def references(self) -> Sequence[ExportedReference]: ...
    @property
    def children(self) -> Sequence[ExportedNode]: ...


@dataclass(frozen=True, kw_only=True)
class ExportedSnapshot:
    """A snapshot as it is handed to a format: the course, and its modules with everything below them in order."""

    course: ExportedCourse
    modules: Sequence[ExportedNode]

    def walk_nodes(self) -> Iterator[ExportedNode]:
        """Yield all nodes, parents first, in order."""
        # A stack instead of recursion: nested generators pass each node through every level above it.
        pending = list(reversed(self.modules))
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.children))


@dataclass(frozen=True, kw_only=True)
class ExportLoss:
    """A field of one structure node that a format cannot carry, and why, in a sentence."""

    node_id: UUID
    field: str
    reason: str


class ExportFormat(Protocol):
    """One format. A new one is a module of this folder and a row in `structures.exports.registry`.

    `name` is what clients send as `?format=`, `media_type` what they send as `Accept`, without parameters. Text is
    encoded in UTF-8.
    """

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...

    def render(self, snapshot: ExportedSnapshot) -> bytes | Iterator[bytes]:
        """Return the export, whole or as a stream of pieces. The same snapshot gives the same bytes."""

    def list_losses(self, snapshot: ExportedSnapshot) -> list[ExportLoss]:
        """Return what this export leaves out of the snapshot, in the order of its nodes."""
