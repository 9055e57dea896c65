"""Store the file behind a URL in object storage, each version under its own key."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from llm.video.platforms import fetch_video, find_platform_name
from materials.documents import Format
from materials.entries.intake import find_missing_keys, find_shared_key
from materials.errors import IngestionFailed
from materials.locks import lock_tree
from materials.models import MaterialEntry, build_fetched_file_key
from materials.objects.quotas import QuotaReservation
from materials.objects.removal import discard_object, release_objects
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import FORMATS, detect_format
from materials.web import page_requests
from project.db.fields import new_id
from project.jobs.errors import JobCancelled
from project.jobs.run import JobRun
from project.storage.objects import StoredObject, get_object_storage
from tenants.models import Tenant

if TYPE_CHECKING:
    from project.outbound.responses import FetchedResponse

# What is in memory of a file from a platform, besides its writer's parts. Nothing depends on the exact value.
PIECE_BYTES = 1024 * 1024
# What `apply_fetched_file` sets. Saving other columns would overwrite changes that were made during the download.
FETCHED_COLUMNS = (
    "format",
    "object_key",
    "size_bytes",
    "raw_sha256",
    "title",
    "final_url",
    "content_type",
    "etag",
    "last_modified",
    "fetched_at",
    "source_checked_at",
    "source_changed_at",
    "media",
    "duration_ms",
    "key_frames_stored_at",
    "updated_at",
)


@dataclass(frozen=True, kw_only=True)
class FetchedFile:
    """A stored file that no entry has yet. `metadata` is None when it comes from a video platform.

    `missing_keys` are keys of files with the same bytes that are not in the store (`materials.entries.intake`).
    """

    stored: StoredObject
    format: Format
    missing_keys: frozenset[str]
    metadata: page_requests.ResponseMetadata | None = None
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class AnnouncedRecording:
    """A recording that the server announces and that only a job in the heavy queue downloads."""

    format: Format


class IncomingFile:
    """Writes a file for an entry into object storage under a new key, within reserved quota.

    At the end of the block the reservation is released, and the file is deleted unless an entry has it by then.
    """

    def __init__(self, run: JobRun, entry: MaterialEntry) -> None:
        self._run = run
        self._key = build_fetched_file_key(tenant_id=entry.tenant_id, entry_id=entry.pk, version_id=new_id())
        self._reservation = QuotaReservation(entry.tenant)

    def store_pieces(self, pieces: Iterable[bytes], *, total: int, max_bytes: int | None = None) -> StoredObject:
        """Store the pieces. `total` is their size in bytes, 0 if unknown; `max_bytes` the most that they yield.

        Raises QuotaExceeded and StorageUnavailable.
        """
        max_bytes = self._reservation.reserve_bytes(total or None, max_bytes=max_bytes)
        writer = get_object_storage().open_writer(self._key)
        done = 0
        try:
            for piece in pieces:
                writer.write(piece)
                done += len(piece)
                if done > max_bytes:
                    raise self._reservation.build_exceeded_error(done)
                self._run.report_progress("fetching", done, max(total, done))
            return writer.finish()
        finally:
            writer.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            discard_object(self._key)  # does nothing when a row points at it
        finally:
            self._reservation.release()


@contextlib.contextmanager
def fetch_entry_file(
    run: JobRun, entry: MaterialEntry, *, allow_recordings: bool, only_if_new: bool
) -> Iterator[FetchedFile | AnnouncedRecording | None]:
    """Download the entry's source URL and yield the stored file; None when `only_if_new` and it has not changed.

    Without `allow_recordings` a recording that the server announces is yielded without its file. The file is deleted
    after the block unless an entry has it by then. Holds no transaction. Raises IngestionFailed, QuotaExceeded,
    FetchRefused and FetchFailed.
    """
    max_bytes = settings.UPLOAD_MAX_BYTES if allow_recordings else settings.DOCUMENT_MAX_BYTES
    seconds = page_requests.RECORDING_TIMEOUT_SECONDS if allow_recordings else page_requests.DOCUMENT_TIMEOUT_SECONDS
    with IncomingFile(run, entry) as incoming:
        run.report_progress("fetching", 0, 1)
        with page_requests.open_entry_url(
            entry, most_bytes=max_bytes, seconds=seconds, checkpoint=run.checkpoint, only_if_new=only_if_new
        ) as fetched:
            found: FetchedFile | AnnouncedRecording | None = None
            announced = None if allow_recordings else _get_announced_format(fetched.content_type)
            if announced is not None:
                found = AnnouncedRecording(format=announced)
            elif not fetched.is_not_modified:
                found = _store_response(run.tenant, fetched, incoming)
        yield found


def fetch_from_platform(run: JobRun, entry: MaterialEntry) -> None:
    """Store the captions of a platform's video, or else the video, as the entry's file.

    Raises IngestionFailed, QuotaExceeded, MediaUnreadable, PlatformFailed and TranscriberMissing; nothing is stored
    then.
    """
    if not settings.PLATFORM_VIDEOS:
        raise IngestionFailed(
            f"Videos of {find_platform_name(entry.source_url)} are not fetched on this server.",
            code="platforms_off",
            next_step="Upload the video or its captions, or ask the operator to set PLATFORM_VIDEOS=1.",
        )
    with IncomingFile(run, entry) as incoming:
        attach_fetched_file(entry, _store_platform_video(run, entry, incoming))


def attach_fetched_file(entry: MaterialEntry, found: FetchedFile) -> None:
    """Make the fetched file the entry's in a transaction of its own. Raises IngestionFailed and JobCancelled."""
    with refuse_duplicate_source(), transaction.atomic():
        lock_tree(entry.tenant)
        if not MaterialEntry.objects.for_tenant(entry.tenant).filter(pk=entry.pk).exists():
            raise JobCancelled("The entry is gone.")
        old = apply_fetched_file(entry, found)
        save_fetched_file(entry, old, missing_keys=found.missing_keys)


def apply_fetched_file(entry: MaterialEntry, found: FetchedFile) -> str:
    """Set the fields of the fetched file on the entry without saving it; return the key of its previous version."""
    old = entry.object_key
    # What was derived from the bytes stays when they are the same: probing and key frames cost minutes.
    if found.stored.sha256 != entry.raw_sha256:
        entry.media = entry.duration_ms = entry.key_frames_stored_at = None
    entry.format = found.format.value
    entry.object_key, entry.size_bytes, entry.raw_sha256 = found.stored.key, found.stored.size, found.stored.sha256
    entry.title = found.title[:500]
    entry.fetched_at = entry.source_checked_at = timezone.now()
    entry.source_changed_at = None
    if found.metadata is not None:
        entry.final_url, entry.content_type = found.metadata.url, found.metadata.content_type
        entry.etag, entry.last_modified = found.metadata.etag, found.metadata.last_modified
    return old


def save_fetched_file(entry: MaterialEntry, old_key: str, *, missing_keys: frozenset[str]) -> None:
    """Save what `apply_fetched_file` set, share equal bytes within the tenant, and release the previous version.

    The caller owns the transaction and holds the tree lock.
    """
    stored = StoredObject(key=entry.object_key, size=entry.size_bytes, sha256=entry.raw_sha256)
    entry.object_key = find_shared_key(tenant=entry.tenant, stored=stored, missing_keys=missing_keys)
    entry.save(update_fields=FETCHED_COLUMNS)
    release_objects(tenant=entry.tenant, keys=[old_key])


@contextlib.contextmanager
def refuse_duplicate_source() -> Iterator[None]:
    """Raise IngestionFailed when the block violates the constraint that a node has the same bytes only once."""
    try:
        yield
    except IntegrityError:
        raise IngestionFailed(
            "The node already has an entry with the same content.",
            code="same_source",
            next_step="Delete one of the two entries.",
        ) from None


def _get_announced_format(content_type: str) -> Format | None:
    """Return VIDEO or AUDIO for the media type of a recording, else None."""
    if content_type.startswith("audio/"):
        return Format.AUDIO
    return Format.VIDEO if content_type.startswith(("video/", *page_requests.MEDIA_TYPES[2:])) else None


def _store_response(tenant: Tenant, fetched: FetchedResponse, incoming: IncomingFile) -> FetchedFile:
    from materials.readers.html.reader import MAX_BYTES as PAGE_BYTES  # noqa: PLC0415  # its parser is for workers only

    metadata = page_requests.parse_response_metadata(fetched)
    # The length of a compressed body says nothing about its size (RFC 9110, section 8.6).
    is_packed = fetched.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}
    length = "" if is_packed else fetched.headers.get("content-length", "")
    is_page = metadata.name.endswith(".html")
    # The reader of pages takes no more, so the rest of a larger one need not be downloaded.
    pieces = _limit_page_size(fetched.chunks, PAGE_BYTES) if is_page else fetched.chunks
    total = int(length) if length.isdecimal() else 0
    stored = incoming.store_pieces(pieces, total=total, max_bytes=PAGE_BYTES if is_page else None)
    missing_keys = find_missing_keys(tenant=tenant, stored=stored)
    return FetchedFile(
        stored=stored, format=_detect_format(stored, metadata.name), missing_keys=missing_keys, metadata=metadata
    )


def _limit_page_size(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise IngestionFailed(
                f"The page is larger than {max_bytes // 2**20} MiB.",
                code="too_large",
                next_step="Give the address of a part of it, or save the part that you need and upload that.",
            )
        yield piece


def _store_platform_video(run: JobRun, entry: MaterialEntry, incoming: IncomingFile) -> FetchedFile:
    with tempfile.TemporaryDirectory(prefix="coursewright-video-") as folder:
        run.report_progress("fetching", 0, 1)
        found = fetch_video(
            entry.source_url,
            Path(folder),
            max_bytes=settings.UPLOAD_MAX_BYTES,
            max_ms=settings.MEDIA_MAX_MINUTES * 60_000,
            captions=entry.use_captions,
            language=entry.language or entry.node.language,
            checkpoint=run.checkpoint,
        )
        path = found.captions_path if found.captions_path is not None else found.media_path
        assert path is not None
        with path.open("rb") as file:
            stored = incoming.store_pieces(iter(lambda: file.read(PIECE_BYTES), b""), total=path.stat().st_size)
        format_ = _detect_format(stored, path.name)
        if not format_.is_recording and not format_.is_captions:
            raise IngestionFailed(
                f"The address leads to {FORMATS[format_].label}, not to a recording.",
                code="type_unexpected",
                next_step="Give the address of the media file itself, or upload the file.",
            )
        missing_keys = find_missing_keys(tenant=run.tenant, stored=stored)
        return FetchedFile(stored=stored, format=format_, missing_keys=missing_keys, title=found.title)


def _detect_format(stored: StoredObject, name: str) -> Format:
    """Return the format of the bytes. A name that contradicts them is ignored: on the web names are often wrong."""
    with stored.open() as file:
        try:
            return detect_format(file, name)
        except FormatProblem as exc:
            if exc.code != "file_mislabelled":
                raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
        try:
            return detect_format(file, "")
        except FormatProblem as exc:
            raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
