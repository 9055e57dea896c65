"""Making an entry of a stored file: the steps that uploads, imports and fetched URLs share.

`inspect_file` reads the file and holds no transaction; `attach_file` creates the entry in the caller's.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.factory import probe_recording
from llm.video.transcript import MediaInfo
from materials.documents import Format
from materials.entries.forced import find_forced_format
from materials.entries.sidecar_captions import find_sidecar_captions
from materials.entries.submission import submit_ingestion
from materials.errors import UploadRefused, UploadTooLarge
from materials.models import MaterialEntry
from materials.positions import get_next_position
from materials.queries import get_node
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import FORMATS, detect_format
from project.storage.objects import StoredObject, get_object_storage
from tenants.models import Tenant

MAX_NAME_LENGTH = 500  # of the column
# Entries with the same bytes nearly always share one key, so the first few are all there are. Each costs a request to
# the store; a further key whose file is missing is found by `manage.py sweep_objects`.
_MAX_TWINS_CHECKED = 5


@dataclass(frozen=True, kw_only=True)
class EntryOptions:
    """Options of the sender for a source: its language (BCP 47), whether captions may be used, the job's priority."""

    language: str = ""
    use_captions: bool = True
    priority: int = 0


@dataclass(frozen=True, kw_only=True)
class AddedEntry:
    """An entry, and whether this call created it (False: the node already had the same source).

    `warning` tells the sender that the soft limit of storage is passed; blank when it is not.
    """

    entry: MaterialEntry
    created: bool
    warning: str = ""


@dataclass(frozen=True, kw_only=True)
class InspectedFile:
    """A stored file that passed inspection. `media` is None for documents and for recordings that were not probed.

    `missing_keys` are object keys of entries with the same bytes under which nothing is stored.
    """

    stored: StoredObject
    name: str
    format: Format
    media: MediaInfo | None
    missing_keys: frozenset[str]


def inspect_file(*, tenant: Tenant, stored: StoredObject, name: str, may_copy: bool) -> InspectedFile:
    """Detect the file's format from its bytes and probe a recording, which is refused when broken or too long.

    Probing needs the file on a disk of this machine. A recording in a bucket is probed only with `may_copy`, which
    copies it here; else its job does that. Raises UploadRefused, UploadTooLarge or MediaUnreadable. The file stays
    stored: the caller deletes it. Of a name that forces a failure in a sandbox the bytes are not looked at.
    """
    forced = find_forced_format(tenant, name)
    format_ = forced or _detect_format(stored, name)
    if not format_.is_recording:
        refuse_large_document(stored.size)
    return InspectedFile(
        stored=stored,
        name=name or f"untitled{next(iter(FORMATS[format_].extensions), '')}",
        format=format_,
        media=_probe_recording(stored.key)
        if format_.is_recording and forced is None and (may_copy or get_object_storage().is_local)
        else None,
        missing_keys=find_missing_keys(tenant=tenant, stored=stored),
    )


def attach_file(
    inspected: InspectedFile, *, tenant: Tenant, node_id: UUID, entry_id: UUID, options: EntryOptions
) -> AddedEntry:
    """Create the file's entry at the end of the node, in the caller's transaction, which holds the tree lock.

    When the node has an entry with the same bytes, that one is returned. When the tenant has them elsewhere, the new
    entry shares the file that is stored already: the caller deletes `inspected.stored` unless the entry has its key.
    Raises NotFound and MediaUnreadable.
    """
    stored = inspected.stored
    node = get_node(tenant=tenant, node_id=node_id)
    same = MaterialEntry.objects.for_tenant(tenant).with_job().filter(node=node, raw_sha256=stored.sha256)
    if (existing := same.first()) is not None:
        return AddedEntry(entry=existing, created=False)
    entry = MaterialEntry(
        id=entry_id,
        tenant=tenant,
        node=node,
        position=get_next_position(MaterialEntry.objects.for_tenant(tenant).filter(node=node)),
        name=inspected.name,
        format=inspected.format.value,
        object_key=find_shared_key(tenant=tenant, stored=stored, missing_keys=inspected.missing_keys),
        size_bytes=stored.size,
        raw_sha256=stored.sha256,
        language=options.language,
        use_captions=options.use_captions,
    )
    if inspected.media is not None:
        apply_media_info(entry, inspected.media)
    entry.save(force_insert=True)
    submit_ingestion(entry, priority=options.priority)
    return AddedEntry(entry=entry, created=True)


def find_missing_keys(*, tenant: Tenant, stored: StoredObject) -> frozenset[str]:
    """Return the object keys of entries with the same bytes under which nothing is stored. Sends requests to the store.

    Apart from `find_shared_key`, because no transaction may be held meanwhile.
    """
    keys = dict.fromkeys(_filter_twins(tenant, stored).values_list("object_key", flat=True)[:_MAX_TWINS_CHECKED])
    return frozenset(key for key in keys if not get_object_storage().exists(key))


def find_shared_key(*, tenant: Tenant, stored: StoredObject, missing_keys: frozenset[str]) -> str:
    """Return the key of a file of the tenant with the same bytes, else that of the stored file itself.

    Call it holding the tree lock, in the transaction that points an entry at it, so that the file is not released
    meanwhile.
    """
    twins = _filter_twins(tenant, stored).exclude(object_key__in=missing_keys)
    return twins.values_list("object_key", flat=True).first() or stored.key


def refuse_large_document(size: int) -> None:
    """Raise UploadTooLarge for a document that would not be read."""
    if size > settings.DOCUMENT_MAX_BYTES:
        raise UploadTooLarge(
            f"The document has {size} bytes; the largest that is read has {settings.DOCUMENT_MAX_BYTES}.",
            next_step="Split the file, or ask the operator to raise DOCUMENT_MAX_BYTES.",
            extra={"max_bytes": settings.DOCUMENT_MAX_BYTES},
        )


def clean_name(name: str) -> str:
    """Return a name fit to be shown: a path's last part without control characters, at most MAX_NAME_LENGTH long."""
    # Browsers on Windows have sent whole paths with backslashes.
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    # Control characters, surrogates, private use and unassigned. Format characters (Cf) stay: names in Persian and with
    # emoji need joiners.
    visible = "".join(
        c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"}
    )
    return visible.strip()[:MAX_NAME_LENGTH]


def apply_media_info(entry: MaterialEntry, media: MediaInfo) -> None:
    """Set what the probe found on the entry, unsaved. Raises MediaUnreadable when there is no sound and no captions."""
    if media.speech_track is None and not media.subtitles and not find_sidecar_captions(entry):
        raise MediaUnreadable(
            "The recording has no sound and no captions.",
            code="no_sound_and_no_captions",
            next_step="Export it with its sound, or upload captions (.vtt or .srt) of the same name first.",
        )
    entry.media, entry.duration_ms = asdict(media), media.duration_ms
    # Containers such as MP4 do not tell by their first bytes whether they hold a video.
    if not media.has_video:
        entry.format = Format.AUDIO.value


def _detect_format(stored: StoredObject, name: str) -> Format:
    with stored.open() as file:
        try:
            return detect_format(file, name)
        except FormatProblem as exc:
            raise UploadRefused(str(exc), code=exc.code, next_step=exc.next_step, status=exc.status) from exc


def _probe_recording(key: str) -> MediaInfo | None:
    """Return the probe of a stored recording; None when this machine has no tool for it. Then its job probes it."""
    try:
        with get_object_storage().open_local_copy(key) as path:
            return probe_recording(path)
    except TranscriberMissing:
        return None


def _filter_twins(tenant: Tenant, stored: StoredObject) -> QuerySet[MaterialEntry]:
    # Of the same tenant only: sharing across tenants would tell one that another has the file.
    twins = MaterialEntry.objects.for_tenant(tenant).filter(raw_sha256=stored.sha256, size_bytes=stored.size)
    return twins.exclude(object_key__in=["", stored.key]).order_by("created_at", "pk")
