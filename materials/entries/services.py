"""Services that attach sources to nodes, and rename, move and delete entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from materials.entries.forced import force_upload_outcome
from materials.entries.intake import MAX_NAME_LENGTH, AddedEntry, EntryOptions, attach_file, clean_name, inspect_file
from materials.entries.submission import submit_ingestion
from materials.errors import LengthRequired, UploadRefused, UploadTooLarge
from materials.fingerprints import clear_fingerprints
from materials.locks import lock_tree
from materials.models import MaterialEntry, build_raw_file_key
from materials.objects.quotas import QuotaReservation
from materials.objects.removal import discard_object, list_object_keys, release_objects
from materials.positions import close_gap, get_next_position
from materials.queries import get_entry, get_node
from project.db.fields import new_id
from project.errors import Conflict
from project.http.preconditions import CheckVersion, accept_any_version
from project.jobs.services import cancel_subject_jobs
from project.storage import request_files
from project.storage.objects import StoredObject
from tenants.models import Tenant


def add_file(*, tenant: Tenant, node_id: UUID, request: HttpRequest, options: EntryOptions) -> AddedEntry:
    """Store the request's file as an entry at the end of the node, and submit its ingestion.

    A recording is probed first, and refused when it is broken, silent or too long. When the node has an entry with the
    same bytes, that one is returned. Opens its own transaction, after the body has been stored: none is held while
    bytes arrive. Raises NotFound, UploadTooLarge, QuotaExceeded, LengthRequired, UploadRefused or MediaUnreadable;
    after an exception nothing is stored.
    """
    # Before the body is read, so that nobody sends gigabytes to a node that is not there.
    get_node(tenant=tenant, node_id=node_id)
    entry_id = new_id()
    key = build_raw_file_key(tenant_id=tenant.pk, entry_id=entry_id)
    with QuotaReservation(tenant) as reservation:
        received = receive_file(request, key=key, setting="UPLOAD_MAX_BYTES", reservation=reservation)
        name = received.fields.get("name") or received.name
        added = add_stored_file(
            tenant=tenant, node_id=node_id, entry_id=entry_id, stored=received.stored, name=name, options=options
        )
        return replace(added, warning=reservation.warning)


def add_stored_file(
    *, tenant: Tenant, node_id: UUID, entry_id: UUID, stored: StoredObject, name: str, options: EntryOptions
) -> AddedEntry:
    """Create the entry `entry_id` of a stored file, at the end of the node, and submit its ingestion.

    A file that is refused, or whose bytes the tenant has already, is deleted from the storage. Opens its own
    transaction, after the file was inspected. Raises NotFound, UploadTooLarge, UploadRefused or MediaUnreadable.
    """
    is_kept = False
    try:
        force_upload_outcome(tenant, clean_name(name))
        inspected = inspect_file(tenant=tenant, stored=stored, name=clean_name(name), may_copy=False)
        with transaction.atomic():
            lock_tree(tenant)
            added = attach_file(inspected, tenant=tenant, node_id=node_id, entry_id=entry_id, options=options)
        is_kept = added.entry.object_key == stored.key
        return added
    finally:
        if not is_kept:
            discard_object(stored.key)


@transaction.atomic
def add_url(
    *, tenant: Tenant, node_id: UUID, url: str, options: EntryOptions, name: str = "", entry_id: UUID | None = None
) -> AddedEntry:
    """Attach a URL at the end of the node, and submit the job that fetches and ingests its content.

    When the node has an entry with the same URL, that one is returned. Raises NotFound and UploadRefused.
    """
    lock_tree(tenant)
    node = get_node(tenant=tenant, node_id=node_id)
    source_url = validate_source_url(url)
    same = MaterialEntry.objects.for_tenant(tenant).with_job().filter(node=node, source_url=source_url)
    if (existing := same.first()) is not None:
        return AddedEntry(entry=existing, created=False)
    entry = MaterialEntry.objects.create(
        id=entry_id or new_id(),
        tenant=tenant,
        node=node,
        position=get_next_position(_filter_siblings(tenant, node.pk)),
        name=clean_name(name) or source_url[:MAX_NAME_LENGTH],
        source_url=source_url,
        language=options.language,
        use_captions=options.use_captions,
    )
    submit_ingestion(entry, priority=options.priority)
    return AddedEntry(entry=entry, created=True)


@transaction.atomic
def update_entry(
    *,
    tenant: Tenant,
    entry_id: UUID,
    changes: Mapping[str, Any],
    node_id: UUID | None = None,
    check_version: CheckVersion = accept_any_version,
) -> MaterialEntry:
    """Change an entry's name, language or use of captions, and move it to the end of another node if one is given.

    Raises NotFound, what `check_version` does, and Conflict when the other node already has the same source.
    """
    lock_tree(tenant)
    entry = get_entry(tenant=tenant, entry_id=entry_id)
    check_version(entry)
    for name, value in changes.items():
        setattr(entry, name, value)
    if node_id is not None and node_id != entry.node_id:
        node = get_node(tenant=tenant, node_id=node_id)
        # The unique constraints would refuse it as well; this says why. Blanks are no source: a URL that was not
        # fetched has no bytes, and a file has no URL.
        same = Q(raw_sha256=entry.raw_sha256) & ~Q(raw_sha256="") | Q(source_url=entry.source_url) & ~Q(source_url="")
        if MaterialEntry.objects.for_tenant(tenant).filter(same, node=node).exists():
            raise Conflict(f"Node {node_id} already has the same source.", next_step="Delete one of the two entries.")
        # Of the node that it leaves, now; of the one that it joins, below, once it is there.
        clear_fingerprints(entry.node_id)
        close_gap(_filter_siblings(tenant, entry.node_id), entry.position)
        entry.node, entry.position = node, get_next_position(_filter_siblings(tenant, node.pk))
    entry.save(update_fields=[*changes, "node", "position", "updated_at"])
    clear_fingerprints(entry.node_id)
    return entry


@transaction.atomic
def delete_entry(*, tenant: Tenant, entry_id: UUID, check_version: CheckVersion = accept_any_version) -> None:
    """Delete an entry with its chunks, and after the commit its stored file. Cancels an open job.

    Raises NotFound and what `check_version` does.
    """
    lock_tree(tenant)
    entry = get_entry(tenant=tenant, entry_id=entry_id)
    check_version(entry)
    cancel_subject_jobs(tenant=tenant, subjects=[entry.pk])
    clear_fingerprints(entry.node_id)
    keys = list_object_keys(tenant=tenant, entries=[entry.pk])
    entry.delete()
    close_gap(_filter_siblings(tenant, entry.node_id), entry.position)
    release_objects(tenant=tenant, keys=keys)


def receive_file(
    request: HttpRequest, *, key: str, setting: str, reservation: QuotaReservation
) -> request_files.ReceivedFile:
    """Reserve space for the request's file and store it. `setting` names the setting with the largest size in bytes.

    Raises UploadTooLarge, QuotaExceeded, LengthRequired or UploadRefused; after an exception nothing is stored.
    """
    max_bytes: int = getattr(settings, setting)
    try:
        reservation.reserve_bytes(request_files.get_announced_length(request, max_bytes=max_bytes))
        return request_files.receive_file(request, key=key, max_bytes=max_bytes)
    except request_files.ContentLengthMissing as exc:
        raise LengthRequired(str(exc)) from exc
    except request_files.RequestFileTooLarge as exc:
        raise UploadTooLarge(
            str(exc),
            next_step=f"Split the file, or ask the operator to raise {setting}.",
            extra={"max_bytes": max_bytes},
        ) from exc
    except request_files.RequestBodyIncomplete as exc:
        raise UploadRefused(str(exc), code="upload_incomplete", next_step="Send the file again.", status=400) from exc
    except request_files.RequestFileMissing as exc:
        raise UploadRefused(
            str(exc),
            code="file_missing",
            next_step='Send one file in a form field, for example: -F "file=@lecture.pdf".',
        ) from exc


def validate_source_url(url: str) -> str:
    """Return the URL if it can be attached. Raises UploadRefused."""
    if not _is_attachable_url(url):
        raise UploadRefused(
            f"{url[:100]!r} is not an address that can be attached.",
            code="bad_address",
            next_step="Give an http or https address without user name and password.",
        )
    return url


def _is_attachable_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # reading it raises when it is none
    except ValueError:
        return False
    # A URL is shown to everybody who reads the course, so it may hold no password.
    return bool(parts.scheme in {"http", "https"} and parts.hostname and not parts.username and not parts.password)


def _filter_siblings(tenant: Tenant, node_id: UUID) -> QuerySet[MaterialEntry]:
    return MaterialEntry.objects.for_tenant(tenant).filter(node=node_id)
