"""The interface of export formats: what they are given, what they write, what they lose, and how a file is checked.

The protocols describe the parts of a snapshot that formats read, so that a format depends on no model and can be tested
with plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable
from uuid import UUID, uuid5

from materials.chunks.transcript_formats import TranscriptChunk
from materials.documents import Locator
from structures.engines.base.drafts import NodeType
from structures.exports.options import ExportOption

_COURSES = UUID("6f2b0a4e-3b9d-5c1a-9a57-0f1f6c9f7d52")  # the name space of keys that are made of titles


class CitedPlace(Protocol):
    """Where evidence stands."""

    @property
    def entry_path(self) -> str: ...
    @property
    def locator(self) -> Locator: ...
    @property
    def machine_written(self) -> bool: ...


class ExportedReference(CitedPlace, Protocol):
    """Evidence of a structure node."""

    @property
    def entry_id(self) -> UUID: ...
    @property
    def entry_name(self) -> str: ...
    @property
    def quote(self) -> str: ...


class ExportedCourse(Protocol):
    """The fields of a snapshot that a format may carry.

    `node_id` is the material node that it was made of, and `created_at` is when; without a database they are None.
    """

    @property
    def node_id(self) -> UUID | None: ...
    @property
    def created_at(self) -> datetime | None: ...
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


def build_course_key(course: ExportedCourse) -> UUID:
    """Return the key of a course, which later snapshots of it have, too; without a database that of its title."""
    return course.node_id or uuid5(_COURSES, course.title.encode(errors="replace").decode())


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
    @property
    def unproved(self) -> Sequence[Mapping[str, Any]]: ...


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
class ExportedRecording:
    """A recording or caption file that the snapshot was made from or cites, as it is when the export is made.

    `path` is the name behind the titles of the nodes below the course. `open_transcript` reads the transcript in order
    and in constant memory; it yields nothing when there is none.
    """

    entry_id: UUID
    name: str
    path: str
    duration_ms: int | None
    open_transcript: Callable[[], Iterable[TranscriptChunk]]


@dataclass(frozen=True, kw_only=True)
class ExportedFile:
    """The stored file of a material that the snapshot was made from or cites, as it is when the export is made.

    `path` is the name behind the titles of the nodes below the course. `open` opens the file for reading in constant
    memory, which may raise a DomainError; who reads it closes it.
    """

    entry_id: UUID
    name: str
    path: str
    size_bytes: int
    open: Callable[[], BinaryIO]


class ExportedLine(Protocol):
    """A chunk around a quote; `marked` is the part of it that is quoted, blank in others."""

    @property
    def before(self) -> str: ...
    @property
    def marked(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def start_ms(self) -> int | None: ...
    @property
    def time(self) -> str: ...
    @property
    def speaker(self) -> str: ...
    @property
    def is_code(self) -> bool: ...
    @property
    def is_heading(self) -> bool: ...
    @property
    def is_machine_written(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class ExportedPassage:
    """What stands around the quote of a reference when the export is made.

    `lines` are empty when the quote is not in the materials any more; `is_deleted` says that its source is gone.
    `draw_picture` returns the cited page or what a video shows there as a JPEG, None when that fails; it is None when
    there is no such picture, and `no_picture` says in a sentence why, blank where nobody would look for one. It is
    called before the next passage is taken.
    """

    reference: ExportedReference
    lines: Sequence[ExportedLine] = ()
    is_deleted: bool = False
    draw_picture: Callable[[], bytes | None] | None = None
    no_picture: str = ""


@dataclass(frozen=True, kw_only=True)
class ExportedSnapshot:
    """A snapshot as it is handed to a format: the course, and its modules with everything below them in order.

    `recordings` are those that still exist, in the order of their paths; none for a format that does not read materials
    (`ExportFormat.reads_materials`). What cites an entry that is not among them cites one that was deleted.
    `addresses` are those on the web of the entries that have one, under the same condition. `open_passages` reads what
    stands around each quote, those of one source after another, in constant memory; those that say the same come once.
    `files` are the stored files of the entries that have one, in the order of their paths, under the same condition.
    """

    course: ExportedCourse
    modules: Sequence[ExportedNode]
    recordings: Sequence[ExportedRecording] = ()
    addresses: Mapping[UUID, str] = field(default_factory=dict)
    open_passages: Callable[[], Iterable[ExportedPassage]] = tuple
    files: Sequence[ExportedFile] = ()

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
    """What a format does not carry of one structure node, and why, in a sentence.

    `key` and `title` are the node's; for what belongs to no node `key` is None and `title` names it, such as a
    recording.
    """

    key: UUID | None
    title: str
    field: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ValidationReport:
    """What a validator says of an export. `exit` is 0 when it finds no fault, and None when it could not run."""

    validator: str
    version: str
    exit: int | None
    messages: Sequence[str] = ()


class ExportFormat(Protocol):
    """One format. A new one is a module of this folder and a row in `structures.exports.registry`.

    - `name` is what clients ask for, `title` and `audience` tell people what it is and for whom.
    - `media_type` has no parameters, `extension` begins with a dot. Text is encoded in UTF-8.
    - `version` changes with every edit after which the same snapshot gives another file: files that exist are given
      again as long as it stays.
    - `options` are declared; the methods get all of them, validated, with their defaults filled in.
    - `reads_materials` says whether the file depends on `ExportedSnapshot.recordings` or `addresses`, besides the
      snapshot.

    The same snapshot, options and materials give the same bytes. What identifies a node in the file is made of its key,
    which later snapshots keep, never of ids of rows.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def extension(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def options(self) -> Sequence[ExportOption]: ...
    @property
    def reads_materials(self) -> bool: ...

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        """Write the file piece by piece; the memory that this takes does not grow with the file."""

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterable[ExportLoss]:
        """Yield what this export leaves out of the snapshot, in the order of its nodes."""

    def validate(self, path: Path) -> ValidationReport:
        """Check a written file. A validator that is not installed is said in the report; a fault raises nothing."""


@runtime_checkable
class AttachesFiles(Protocol):
    """A format whose file holds files of materials as they are. How large they are is known before it is written."""

    def list_attached_files(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Sequence[ExportedFile]:
        """Return the files that an export holds."""
