"""Attaching sources to nodes, renaming, moving and removing them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from llm.video.build import probe
from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.transcript import MediaInfo
from materials import queries
from materials.documents import Format
from materials.errors import LengthRequired, UploadRefused, UploadTooLarge
from materials.formats import FORMATS, FormatProblem, detect
from materials.models import MaterialEntry, object_key
from materials.services.beside import captions_beside
from materials.services.fingerprinting import clear_fingerprints
from materials.services.locks import lock_tree
from materials.services.objects import discard_object, keys_of, release_objects
from materials.services.positions import close_gap, next_position
from materials.services.promising import submit_ingestion
from project.db.fields import new_id
from project.errors import Conflict
from project.jobs.services import cancel_jobs_of
from project.storage import receive
from project.storage.objects import StoredObject, objects
from tenants.models import Tenant

MAX_NAME = 500


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the sender wants of a source: its language (BCP 47), whether captions may be taken, the job's priority."""

    language: str = ""
    use_captions: bool = True
    priority: int = 0


@dataclass(frozen=True, kw_only=True)
class Added:
    """An entry, and whether this call made it (False: the node already had the same source)."""

    entry: MaterialEntry
    created: bool


def add_file(*, tenant: Tenant, node_id: UUID, request: HttpRequest, wanted: Wanted) -> Added:
    """Store the request's file as an entry at the end of the node, and submit its ingestion.

    A recording is looked into first: what is broken, silent or too long is refused. The same bytes again in the same
    node give the entry that is there. Opens its own transaction, after the body has been stored: none is held while
    bytes arrive. Raises NotFound, UploadTooLarge, LengthRequired, UploadRefused or MediaUnreadable; after an exception
    nothing is stored.
    """
    queries.get_node(tenant=tenant, node_id=node_id)
    entry_id = new_id()
    key = object_key(tenant_id=tenant.pk, entry_id=entry_id)
    received = _receive(request, key=key, max_bytes=settings.UPLOAD_MAX_BYTES)
    kept = False
    try:
        name = clean_name(received.fields.get("name") or received.name)
        format_ = _format(received.stored, name)
        if not format_.is_recording and received.stored.size > settings.DOCUMENT_MAX_BYTES:
            raise UploadTooLarge(
                f"The document has {received.stored.size} bytes; the largest that is read has "
                f"{settings.DOCUMENT_MAX_BYTES}.",
                next_step="Split the file, or ask the operator to raise DOCUMENT_MAX_BYTES.",
                extra={"max_bytes": settings.DOCUMENT_MAX_BYTES},
            )
        media = _probed(key) if format_.is_recording else None
        with transaction.atomic():
            lock_tree(tenant)
            node = queries.get_node(tenant=tenant, node_id=node_id)
            same = MaterialEntry.objects.of(tenant).with_job().filter(node=node, raw_sha256=received.stored.sha256)
            if (existing := same.first()) is not None:
                return Added(entry=existing, created=False)
            entry = MaterialEntry(
                id=entry_id,
                tenant=tenant,
                node=node,
                position=next_position(_siblings(tenant, node.pk)),
                name=name or f"untitled{FORMATS[format_].extensions[0]}",
                format=format_.value,
                object_key=key,
                size_bytes=received.stored.size,
                raw_sha256=received.stored.sha256,
                language=wanted.language,
                use_captions=wanted.use_captions,
            )
            if media is not None:
                take_media(entry, media)
            entry.save(force_insert=True)
            submit_ingestion(entry, priority=wanted.priority)
        kept = True
        return Added(entry=entry, created=True)
    finally:
        if not kept:
            discard_object(key)


@transaction.atomic
def add_address(*, tenant: Tenant, node_id: UUID, url: str, wanted: Wanted, name: str = "") -> Added:
    """Attach a web address to the end of the node, and submit the job that fetches and ingests what it leads to.

    The same address again in the same node gives the entry that is there. Raises NotFound and UploadRefused.
    """
    lock_tree(tenant)
    node = queries.get_node(tenant=tenant, node_id=node_id)
    address = _checked_address(url)
    same = MaterialEntry.objects.of(tenant).with_job().filter(node=node, source_url=address)
    if (existing := same.first()) is not None:
        return Added(entry=existing, created=False)
    entry = MaterialEntry.objects.create(
        tenant=tenant,
        node=node,
        position=next_position(_siblings(tenant, node.pk)),
        name=clean_name(name) or address[:MAX_NAME],
        source_url=address,
        language=wanted.language,
        use_captions=wanted.use_captions,
    )
    submit_ingestion(entry, priority=wanted.priority)
    return Added(entry=entry, created=True)


@transaction.atomic
def update_entry(
    *, tenant: Tenant, entry_id: UUID, changes: Mapping[str, Any], node_id: UUID | None = None
) -> MaterialEntry:
    """Change an entry's name, language or use of captions, and hang it on the end of another node if one is given.

    Raises NotFound, and Conflict when the other node already has the same source.
    """
    lock_tree(tenant)
    entry = queries.get_entry(tenant=tenant, entry_id=entry_id)
    for name, value in changes.items():
        setattr(entry, name, value)
    if node_id is not None and node_id != entry.node_id:
        node = queries.get_node(tenant=tenant, node_id=node_id)
        same = Q(raw_sha256=entry.raw_sha256) & ~Q(raw_sha256="") | Q(source_url=entry.source_url) & ~Q(source_url="")
        if MaterialEntry.objects.of(tenant).filter(same, node=node).exists():
            raise Conflict(f"Node {node_id} already has the same source.", next_step="Delete one of the two entries.")
        clear_fingerprints(entry.node_id)
        close_gap(_siblings(tenant, entry.node_id), entry.position)
        entry.node, entry.position = node, next_position(_siblings(tenant, node.pk))
    entry.save(update_fields=[*changes, "node", "position", "updated_at"])
    clear_fingerprints(entry.node_id)
    return entry


@transaction.atomic
def delete_entry(*, tenant: Tenant, entry_id: UUID) -> None:
    """Delete an entry with its chunks, and after the commit its stored file. Cancels an open job. Raises NotFound."""
    lock_tree(tenant)
    entry = queries.get_entry(tenant=tenant, entry_id=entry_id)
    cancel_jobs_of(tenant=tenant, subjects=[entry.pk])
    clear_fingerprints(entry.node_id)
    keys = keys_of(tenant=tenant, entries=[entry.pk])
    entry.delete()
    close_gap(_siblings(tenant, entry.node_id), entry.position)
    release_objects(tenant=tenant, keys=keys)


def clean_name(name: str) -> str:
    """Return a name fit to be shown: the last part of a path, no control characters, at most MAX_NAME characters."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    visible = "".join(
        c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"}
    )
    return visible.strip()[:MAX_NAME]


def take_media(entry: MaterialEntry, media: MediaInfo) -> None:
    """Note what a recording holds, unsaved. Raises MediaUnreadable when there is nothing in it to make words of."""
    if media.speech is None and not media.subtitles and not captions_beside(entry):
        raise MediaUnreadable(
            "The recording has no sound and no captions.",
            code="no_sound_and_no_captions",
            next_step="Export it with its sound, or upload captions (.vtt or .srt) of the same name first.",
        )
    entry.media, entry.duration_ms = asdict(media), media.duration_ms
    if not media.has_video:
        entry.format = Format.AUDIO.value


def _format(stored: StoredObject, name: str) -> Format:
    with stored.open() as file:
        try:
            return detect(file, name)
        except FormatProblem as exc:
            raise UploadRefused(str(exc), code=exc.code, next_step=exc.next_step, status=exc.status) from exc


def _probed(key: str) -> MediaInfo | None:
    """Return what a stored recording holds; None when its job will tell, because nothing is installed here that could,
    or because the recording is in a store elsewhere and would have to be brought back.
    """
    if not objects().is_local:
        return None
    try:
        with objects().local_copy(key) as path:
            return probe(path)
    except TranscriberMissing:
        return None


def _receive(request: HttpRequest, *, key: str, max_bytes: int) -> receive.Received:
    try:
        return receive.receive(request, key=key, max_bytes=max_bytes)
    except receive.LengthMissing as exc:
        raise LengthRequired(str(exc)) from exc
    except receive.TooLarge as exc:
        raise UploadTooLarge(str(exc), extra={"max_bytes": max_bytes}) from exc
    except receive.Incomplete as exc:
        raise UploadRefused(str(exc), code="upload_incomplete", next_step="Send the file again.", status=400) from exc
    except receive.NoFile as exc:
        raise UploadRefused(
            str(exc),
            code="file_missing",
            next_step='Send one file in a form field, for example: -F "file=@lecture.pdf".',
        ) from exc


def _checked_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise UploadRefused(
            f"{url[:100]!r} is not an address that can be attached.",
            code="bad_address",
            next_step="Give an http or https address without user name and password.",
        )
    return url


def _siblings(tenant: Tenant, node_id: UUID) -> QuerySet[MaterialEntry]:
    return MaterialEntry.objects.of(tenant).filter(node=node_id)
