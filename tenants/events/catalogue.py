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
    JOB_FINISHED = "job.finished"


@dataclass(frozen=True, kw_only=True)
class EventData:
    """What events of one type tell. `subject_field` names the field with the id of what it happened to.

    `links` are paths of the API by the name of the link, with names of fields in braces.
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
        return {name: str(value) if isinstance(value, UUID) else value for name, value in asdict(self).items()}


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
                name: {key: value for key, value in field.items() if key != "title"}
                for name, field in schema["properties"].items()
            },
            "links": {"type": "object", "properties": links, "required": list(links), "additionalProperties": False},
        },
        "required": [*(field.name for field in fields(described)), "links"],
        "additionalProperties": False,
    }
