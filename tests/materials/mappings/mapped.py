"""Presentations and videos as rows, without ingesting anything, and how mappings are sent."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.test import APIClient

from materials.documents import Format
from materials.models import MaterialEntry, MaterialNode, SlideVideoMapping
from project.jobs.models import Job, JobStatus

SLIDES, LASTS_MS = 12, 600_000


def entry(
    node: MaterialNode, name: str, format_: Format | None, *, is_ready: bool = True, **more: Any
) -> MaterialEntry:
    """Return a stored entry of a format (None: not known yet), ready or as brought."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    processed = {
        "processed_at": timezone.now(), "processed_sha256": sha256, "fingerprint": sha256, "chunk_count": 1
    }  # fmt: skip
    values: dict[str, Any] = {
        "format": format_ or "", "raw_sha256": sha256, "object_key": f"keys/{name}", **(processed if is_ready else {}),
        **more,
    }  # fmt: skip
    position = MaterialEntry.objects.filter(node=node).count()
    return MaterialEntry.objects.create(tenant=node.tenant, node=node, position=position, name=name, **values)


def deck(node: MaterialNode, name: str = "deck.pptx", **more: Any) -> MaterialEntry:
    """Return a presentation of SLIDES slides."""
    return entry(node, name, Format.PPTX, **{"page_count": SLIDES, **more})


def talk(node: MaterialNode, name: str = "talk.mp4", **more: Any) -> MaterialEntry:
    """Return a video of LASTS_MS."""
    return entry(node, name, Format.VIDEO, **{"duration_ms": LASTS_MS, **more})


def ended(one: MaterialEntry, status: JobStatus, **more: Any) -> None:
    """Give an entry an ingestion job of this status."""
    now = timezone.now()
    finished = {} if status in Job.OPEN else {"finished_at": now}
    one.job = Job.objects.create(
        tenant=one.tenant, kind="ingest_entry", subject_id=one.pk, status=status, queued_at=now,
        lease_until=now if status == JobStatus.ACTIVE else None, **finished, **more,
    )  # fmt: skip
    one.save(update_fields=["job"])


def item(
    presentation: Any, video: Any, *, slide: Any = 4, start_ms: Any = 60_000, end_ms: Any = 90_000
) -> dict[str, Any]:
    """Return one item of a batch; entries may be rows or ids."""
    return {
        "presentation": _id(presentation), "slide": slide, "video": _id(video), "start_ms": start_ms, "end_ms": end_ms
    }  # fmt: skip


def send(client: APIClient, node: MaterialNode | UUID, *items: Any) -> Any:
    """Send a batch and return the answer."""
    pk = node.pk if isinstance(node, MaterialNode) else node
    return client.post(f"/api/v1/nodes/{pk}/mappings", {"items": list(items)}, format="json")


def created(client: APIClient, node: MaterialNode | UUID, one: dict[str, Any]) -> dict[str, Any]:
    """Create one mapping and return it; fails unless it is created."""
    answer = send(client, node, one)
    assert answer.status_code == 201, answer.content
    mapping: dict[str, Any] = answer.json()["created"][0]["mapping"]
    return mapping


def proposed(presentation: MaterialEntry, video: MaterialEntry, **more: Any) -> SlideVideoMapping:
    """Return a stored proposal."""
    values = {"slide": 4, "start_ms": 60_000, "end_ms": 80_000, "confidence": 0.5, **more}
    return SlideVideoMapping.objects.create(
        tenant=presentation.tenant, presentation=presentation, video=video, **values
    )


def _id(one: Any) -> Any:
    return str(one.pk) if isinstance(one, MaterialEntry) else one
