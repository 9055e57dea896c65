"""The types of events and what each of them tells: the one place where they are listed.

The classes are the contract: `data` of an event has exactly the fields of its class, and `links`. They hold ids and
names of states, never names or texts that somebody wrote, so that an event may be sent to other systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import TypeAdapter

JobOutcome = Literal["complete", "failed", "cancelled"]


class EventType(StrEnum):
    """What may happen."""

    ENTRY_READY = "entry.ready"
    ENTRY_FAILED = "entry.failed"
    MATERIALS_CHANGED = "materials.changed"
    IMPORT_FINISHED = "import.finished"
    JOB_FINISHED = "job.finished"
    SNAPSHOT_CREATED = "snapshot.created"
    STRUCTURE_APPROVED = "structure.approved"
    STRUCTURE_PUBLISHED = "structure.published"
    EXPORT_READY = "export.ready"
    BUDGET_WARNING = "budget.warning"
    BUDGET_EXHAUSTED = "budget.exhausted"
    KEY_EXPIRING = "key.expiring"
    WEBHOOK_DISABLED = "webhook.disabled"


@dataclass(frozen=True, kw_only=True)
class EventData:
    """What events of one type tell. `subject_field` names the field with the id of what it happened to.

    `links` are paths of the API by the name of the link, with names of fields in braces. A field whose name is a word
    of Python ends in an underscore here, and in JSON does not.
    """

    event_type: ClassVar[EventType]
    subject_field: ClassVar[str]
    links: ClassVar[Mapping[str, str]]

    def get_subject_id(self) -> UUID:
        """Return the id of what it happened to."""
        subject_id: UUID = getattr(self, self.subject_field)
        return subject_id

    def encode(self) -> dict[str, Any]:
        """Return the fields as JSON."""
        return {
            name.rstrip("_"): str(value) if isinstance(value, UUID) else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True, kw_only=True)
class EntryReady(EventData):
    """The text of an entry is stored and can be read and searched, for the first time or anew."""

    event_type = EventType.ENTRY_READY
    subject_field = "entry"
    links = {"entry": "/api/v1/entries/{entry}", "job": "/api/v1/jobs/{job}", "node": "/api/v1/nodes/{node}"}

    entry: UUID
    node: UUID
    job: UUID


@dataclass(frozen=True, kw_only=True)
class EntryFailed(EventData):
    """An entry could not be read: its job failed, or was cancelled. `error_code` says why."""

    event_type = EventType.ENTRY_FAILED
    subject_field = "entry"
    links = {"entry": "/api/v1/entries/{entry}", "job": "/api/v1/jobs/{job}", "node": "/api/v1/nodes/{node}"}

    entry: UUID
    node: UUID
    job: UUID
    error_code: str


@dataclass(frozen=True, kw_only=True)
class JobFinished(EventData):
    """A job has ended; one that is retried ends again, and is told again. `error_code` says why it failed."""

    event_type = EventType.JOB_FINISHED
    subject_field = "job"
    links = {"job": "/api/v1/jobs/{job}"}

    job: UUID
    kind: str
    subject: UUID
    status: JobOutcome
    error_code: str


@dataclass(frozen=True, kw_only=True)
class MaterialsChanged(EventData):
    """The materials of a course have changed, so that its structures may be out of date; or the course is gone.

    Once for all changes until none comes for some seconds, or a minute has passed since the first one.
    """

    event_type = EventType.MATERIALS_CHANGED
    subject_field = "node"
    links = {"node": "/api/v1/nodes/{node}", "tree": "/api/v1/nodes/{node}/tree"}

    node: UUID
    is_deleted: bool


@dataclass(frozen=True, kw_only=True)
class ImportFinished(EventData):
    """An import has ended: its files are taken or skipped, or it failed or was cancelled. Entries are read later."""

    event_type = EventType.IMPORT_FINISHED
    subject_field = "import_"
    links = {"import": "/api/v1/imports/{import}", "job": "/api/v1/jobs/{job}", "node": "/api/v1/nodes/{node}"}

    import_: UUID
    node: UUID
    job: UUID
    status: JobOutcome
    error_code: str


@dataclass(frozen=True, kw_only=True)
class SnapshotCreated(EventData):
    """There is a new structure of a node: generated, or a working copy as it was approved."""

    event_type = EventType.SNAPSHOT_CREATED
    subject_field = "snapshot"
    links = {"snapshot": "/api/v1/snapshots/{snapshot}", "node": "/api/v1/nodes/{node}"}

    snapshot: UUID
    node: UUID


@dataclass(frozen=True, kw_only=True)
class StructureApproved(EventData):
    """As many people as the operator asks for have approved a structure: it can be published."""

    event_type = EventType.STRUCTURE_APPROVED
    subject_field = "snapshot"
    links = {"snapshot": "/api/v1/snapshots/{snapshot}", "node": "/api/v1/nodes/{node}"}

    snapshot: UUID
    node: UUID


@dataclass(frozen=True, kw_only=True)
class StructurePublished(EventData):
    """A structure is what readers of its node get from now on."""

    event_type = EventType.STRUCTURE_PUBLISHED
    subject_field = "snapshot"
    links = {
        "snapshot": "/api/v1/snapshots/{snapshot}",
        "node": "/api/v1/nodes/{node}",
        "structure": "/api/v1/nodes/{node}/structure",
    }

    snapshot: UUID
    node: UUID


@dataclass(frozen=True, kw_only=True)
class ExportReady(EventData):
    """The file of an export can be downloaded."""

    event_type = EventType.EXPORT_READY
    subject_field = "export"
    links = {"export": "/api/v1/exports/{export}", "snapshot": "/api/v1/snapshots/{snapshot}"}

    export: UUID
    snapshot: UUID
    format: str


@dataclass(frozen=True, kw_only=True)
class BudgetWarning(EventData):
    """The tenant has spent its soft limit on models (dollars). Once in a month (UTC), and for a new limit."""

    event_type = EventType.BUDGET_WARNING
    subject_field = "tenant"
    links = {"costs": "/api/v1/costs?month={month}"}

    tenant: UUID
    month: str
    spent: str
    soft_limit: str


@dataclass(frozen=True, kw_only=True)
class BudgetExhausted(EventData):
    """Work of models was refused, as it could go beyond the hard limit. Once in a month (UTC), and for a new limit."""

    event_type = EventType.BUDGET_EXHAUSTED
    subject_field = "tenant"
    links = {"costs": "/api/v1/costs?month={month}"}

    tenant: UUID
    month: str
    spent: str
    hard_limit: str


@dataclass(frozen=True, kw_only=True)
class KeyExpiring(EventData):
    """A key stops working soon, at `expires_at`. Once for each time at which it was to expire."""

    event_type = EventType.KEY_EXPIRING
    subject_field = "key"
    links = {"key": "/api/v1/keys/{key}"}

    key: UUID
    expires_at: str


@dataclass(frozen=True, kw_only=True)
class WebhookDisabled(EventData):
    """Nothing is sent to a webhook any more: it answered 410 (`gone`), or all attempts of days failed (`failing`)."""

    event_type = EventType.WEBHOOK_DISABLED
    subject_field = "webhook"
    links = {"webhook": "/api/v1/webhooks/{webhook}"}

    webhook: UUID
    reason: Literal["gone", "failing"]


_CLASSES = EventData.__subclasses__()
DATA_CLASSES: Mapping[EventType, type[EventData]] = {each.event_type: each for each in _CLASSES}


def build_links(event_type: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Return the links of an event by its stored data. None for a type that this version does not know."""
    known = DATA_CLASSES.get(EventType(event_type)) if event_type in set(EventType) else None
    return {} if known is None else {name: path.format(**data) for name, path in known.links.items()}


@cache
def build_data_schema(event_type: EventType) -> dict[str, Any]:
    """Return the JSON schema of `data` of the type."""
    described = DATA_CLASSES[event_type]
    schema = TypeAdapter(described).json_schema()
    links = {name: {"type": "string"} for name in described.links}
    return {
        "type": "object",
        "title": described.__name__,
        "description": " ".join((described.__doc__ or "").split()),
        "properties": {
            **{
                name.rstrip("_"): {key: value for key, value in field.items() if key != "title"}
                for name, field in schema["properties"].items()
            },
            "links": {"type": "object", "properties": links, "required": list(links)},
        },
        "required": [*(field.name.rstrip("_") for field in fields(described)), "links"],
    }
