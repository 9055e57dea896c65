"""The resources of the API as they come: JSON objects with the members that programs look at.

Ids are UUIDs and times RFC 3339, both as text. What the API adds later is in the objects, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypedDict, TypeVar

T = TypeVar("T")

JobStatus = Literal["queued", "active", "complete", "failed", "cancelled"]
EntryState = Literal["raw", "pending", "ready", "error", "integrity_broken"]
NodeType = Literal["module", "lesson", "concept", "exercise"]


@dataclass(frozen=True, kw_only=True)
class Versioned(Generic[T]):
    """A resource and the version (`ETag`) in which it was read, which goes into `If-Match` of a change."""

    value: T
    etag: str


class FailureJson(TypedDict):
    """Why work ended without a result, and what is next."""

    code: str
    message: str
    next_step: str


class MeJson(TypedDict):
    """Whose key it is, and what it may do."""

    tenant: str
    prefix: str
    label: str
    scopes: list[str]
    expires_at: str | None


class KeyJson(TypedDict):
    """An API key, without its secret."""

    id: str
    prefix: str
    label: str
    state: str
    scopes: list[str]
    node: str | None
    networks: list[str]
    created_at: str
    last_used_at: str | None
    expires_at: str | None


class IssuedKeyJson(KeyJson):
    """A key that was just made; the secret is shown only now."""

    secret: str


class EventJson(TypedDict):
    """Something that happened. More types may come: leave out those that you do not know."""

    id: str
    type: str
    timestamp: str
    data: dict[str, Any]


class EventPageJson(TypedDict):
    """Events, and the last one up to which they were looked for."""

    data: list[EventJson]
    has_more: bool
    next_cursor: str | None


class NodeJson(TypedDict):
    """A node of the materials. Without a parent it is a course."""

    id: str
    parent: str | None
    position: int
    title: str
    language: str
    created_at: str
    updated_at: str


class EntryJson(TypedDict):
    """A file or a page of the materials."""

    id: str
    node: str
    name: str
    format: str
    source_url: str
    size_bytes: int
    sha256: str
    state: EntryState
    job: str | None
    error: FailureJson | None
    title: str
    page_count: int | None
    duration_ms: int | None
    chunk_count: int
    warnings: list[str]


class TreeJson(NodeJson):
    """A node with its entries and, in the same way, its children."""

    entries: list[EntryJson]
    children: list[TreeJson]


class ProgressJson(TypedDict):
    """How far the present stage of a job is."""

    stage: str
    done: int
    total: int


class JobJson(TypedDict):
    """A piece of work."""

    id: str
    kind: str
    status: JobStatus
    subject: str
    progress: ProgressJson
    attempt: int
    error: FailureJson | None
    result: Mapping[str, Any] | None
    created_at: str
    finished_at: str | None
    estimated_end: str | None


class EntryCountsJson(TypedDict):
    """How many entries are in each state."""

    total: int
    raw: int
    pending: int
    ready: int
    error: int
    integrity_broken: int


class JobCountsJson(TypedDict):
    """How many jobs are in each state."""

    total: int
    queued: int
    active: int
    complete: int
    failed: int
    cancelled: int


class NodeProgressJson(TypedDict):
    """How many of the jobs have ended."""

    done: int
    total: int


class StageCountJson(TypedDict):
    """The active jobs of one kind that are in one stage, and how far they are together."""

    kind: str
    stage: str
    jobs: int
    done: int
    total: int


class JobFailureJson(FailureJson):
    """A job that failed; `name` is that of the entry, blank when it worked on something else."""

    job: str
    kind: str
    subject: str
    name: str


class NodeStatusJson(TypedDict):
    """What there is at and below a node, and how far the work on it is."""

    node: str
    is_settled: bool
    entries: EntryCountsJson
    jobs: JobCountsJson
    progress: NodeProgressJson
    stages: list[StageCountJson]
    failures: list[JobFailureJson]
    estimated_end: str | None


class PartJson(TypedDict):
    """A part of an upload that has not arrived, and where to PUT its bytes."""

    number: int
    size_bytes: int
    url: str
    headers: dict[str, str]


class UploadJson(TypedDict):
    """A file that is sent in parts."""

    id: str
    node: str | None
    name: str
    size_bytes: int
    sha256: str
    state: Literal["open", "verifying", "complete", "refused", "aborted", "expired"]
    entry: str | None
    job: str | None
    error: FailureJson | None
    part_bytes: int
    parts: int
    arrived: list[int]
    urls: list[PartJson]


class LocatorJson(TypedDict, total=False):
    """A place in a source; only what applies is there. Pages and slides count from 1."""

    page: int
    slide: int
    start_ms: int
    end_ms: int
    heading_path: list[str]
    fragment: str


class ReferenceJson(TypedDict):
    """Evidence: this quote stands at this place of this entry."""

    entry: str
    entry_name: str
    entry_path: str
    chunk: str
    locator: LocatorJson
    quote: str


class StructureNodeJson(TypedDict):
    """A module, lesson, concept or exercise. `key` stays the same in later structures of the course."""

    id: str
    key: str
    node_type: NodeType
    title: str
    description: str
    learning_goal: str
    estimated_minutes: int | None
    references: list[ReferenceJson]
    children: list[StructureNodeJson]


class SnapshotSummaryJson(TypedDict):
    """A structure of a course, without its nodes."""

    id: str
    node: str
    job: str | None
    engine: str
    title: str
    description: str
    counts: Mapping[str, int]
    warnings: list[str]
    created_at: str


class SnapshotJson(SnapshotSummaryJson):
    """A structure of a course."""

    children: list[StructureNodeJson]


class FoundEntryJson(TypedDict):
    """The entry of a passage that was found."""

    id: str
    node: str
    name: str
    format: str


class FoundJson(TypedDict):
    """A passage that a search found; `snippet` is HTML with `<mark>`."""

    id: str
    entry: FoundEntryJson
    kind: str
    locator: LocatorJson
    score: int
    snippet: str


class WorkingCopyJson(TypedDict):
    """An editable copy of a structure."""

    id: str
    node: str
    name: str
    status: str
    review_state: str
    base: str
    revision: int
    node_count: int


class WorkingTreeJson(TypedDict):
    """The nodes of a working copy in order; the first is the course."""

    nodes: list[dict[str, Any]]


class WorkingCopyStateJson(WorkingCopyJson):
    """A working copy with its tree."""

    open_conflicts: int
    can_undo: bool
    can_redo: bool
    tree: WorkingTreeJson


class StepJson(TypedDict):
    """What a change of a working copy did."""

    revision: int
    node_count: int
    record: Mapping[str, Any] | None


class ExportedFileJson(TypedDict):
    """The file of an export."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


class LossesJson(TypedDict):
    """What the format did not carry: how much, and the first of it."""

    total: int
    listed: list[dict[str, Any]]


class ValidationJson(TypedDict):
    """What a validator said of the file; `exit` is null when it did not run."""

    validator: str
    version: str
    exit: int | None
    messages: list[str]


class ExportJson(TypedDict):
    """A structure in a format."""

    id: str
    snapshot: str
    format: str
    state: Literal["ready", "queued", "active", "complete", "failed", "cancelled", "lost"]
    job: str | None
    error: FailureJson | None
    file: ExportedFileJson | None
    losses: LossesJson
    validation: ValidationJson | None


class CostRowJson(TypedDict):
    """What one model cost for one action."""

    action: str
    provider: str
    model: str
    calls: int
    failed: int
    cost_usd: str


class CostsJson(TypedDict):
    """What models cost in a month; money is dollars as decimal text."""

    month: str
    spent_usd: str
    estimated_usd: str
    reserved_usd: str
    soft_limit_usd: str | None
    hard_limit_usd: str | None
    rows: list[CostRowJson]


class UsageJson(TypedDict):
    """How much the tenant stores and may store."""

    entries: int
    objects: int
    stored_bytes: int
    hard_limit_bytes: int | None
    left_bytes: int | None
