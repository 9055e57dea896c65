"""Bringing what is behind an address into object storage, each version under a key of its own."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from llm.video.platforms import fetch_video, find_platform_name
from materials.documents import Format
from materials.entries.intake import lost_twins, shared_key
from materials.errors import IngestionFailed
from materials.locks import lock_tree
from materials.models import MaterialEntry, fetched_key
from materials.objects.quotas import Space
from materials.objects.removal import discard_object, release_objects
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import FORMATS, detect
from materials.web import page_requests
from project.db.fields import new_id
from project.jobs.errors import JobCancelled
from project.jobs.runner import JobRun
from project.storage.objects import StoredObject, get_object_storage

if TYPE_CHECKING:
    from project.outbound.responses import FetchedResponse

PIECE = 1024 * 1024
COLUMNS = (
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
    "watched_at",
    "updated_at",
)
"""What `note` changes."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A stored file that is nobody's yet. `source` is None when a platform handed it out.

    `lost` are keys of files with the same bytes that are not in the store (`materials.entries.intake`).
    """

    stored: StoredObject
    format: Format
    lost: frozenset[str]
    source: page_requests.Source | None = None
    title: str = ""


class LeadsToRecording(Exception):
    """The server announces a recording, which is fetched in the heavy room."""

    def __init__(self, format_: Format) -> None:
        super().__init__(format_.value)
        self.format = format_


@contextlib.contextmanager
def brought(run: JobRun, entry: MaterialEntry, *, recordings: bool, only_if_new: bool) -> Iterator[Brought | None]:
    """Yield what the entry's address leads to, stored; None when `only_if_new` and the server says it is as it was.

    It is deleted after the block, unless an entry has it by then. Holds no transaction meanwhile. Raises
    LeadsToRecording without `recordings`, IngestionFailed, QuotaExceeded, FetchRefused and FetchFailed.
    """
    space = Space(entry.tenant)
    key = fetched_key(tenant_id=entry.tenant_id, entry_id=entry.pk, version_id=new_id())
    most = settings.UPLOAD_MAX_BYTES if recordings else settings.DOCUMENT_MAX_BYTES
    seconds = page_requests.RECORDING_SECONDS if recordings else page_requests.DOCUMENT_SECONDS
    run.report_progress("fetching", 0, 1)
    try:
        with page_requests.opened(
            entry, most_bytes=most, seconds=seconds, checkpoint=run.checkpoint, only_if_new=only_if_new
        ) as fetched:
            found = None if fetched.is_not_modified else _stored(run, fetched, key, space, recordings=recordings)
        yield found
    finally:
        discard_object(key)
        space.give_back()


def fetch_from_platform(run: JobRun, entry: MaterialEntry) -> None:
    """Store the captions of a platform's video, or the video, and note that on the entry.

    Raises IngestionFailed, QuotaExceeded, MediaUnreadable, PlatformFailed and TranscriberMissing; nothing stays then.
    """
    if not settings.PLATFORM_VIDEOS:
        raise IngestionFailed(
            f"Videos of {find_platform_name(entry.source_url)} are not fetched on this server.",
            code="platforms_off",
            next_step="Upload the video or its captions, or ask the operator to set PLATFORM_VIDEOS=1.",
        )
    key = fetched_key(tenant_id=entry.tenant_id, entry_id=entry.pk, version_id=new_id())
    with Space(entry.tenant) as space:
        try:
            keep(entry, _from_platform(run, entry, key, space))
        finally:
            discard_object(key)


def keep(entry: MaterialEntry, found: Brought) -> None:
    """Make what was brought the entry's, in a transaction of its own. Raises IngestionFailed and JobCancelled."""
    with same_source_refused(), transaction.atomic():
        lock_tree(entry.tenant)
        if not MaterialEntry.objects.for_tenant(entry.tenant).filter(pk=entry.pk).exists():
            raise JobCancelled("The entry is gone.")
        old = note(entry, found)
        save_noted(entry, old, lost=found.lost)


def note(entry: MaterialEntry, found: Brought) -> str:
    """Note on the entry, unsaved, what was brought; return where its version before is stored."""
    old = entry.object_key
    if found.stored.sha256 != entry.raw_sha256:
        entry.media = entry.duration_ms = entry.watched_at = None
    entry.format = found.format.value
    entry.object_key, entry.size_bytes, entry.raw_sha256 = found.stored.key, found.stored.size, found.stored.sha256
    entry.title = found.title[:500]
    entry.fetched_at = entry.source_checked_at = timezone.now()
    entry.source_changed_at = None
    if found.source is not None:
        entry.final_url, entry.content_type = found.source.url, found.source.content_type
        entry.etag, entry.last_modified = found.source.etag, found.source.last_modified
    return old


def save_noted(entry: MaterialEntry, old_key: str, *, lost: frozenset[str]) -> None:
    """Save what `note` noted, in the caller's transaction, which holds the tree lock, and let the old version go.

    The same bytes elsewhere in the tenant are shared.
    """
    stored = StoredObject(key=entry.object_key, size=entry.size_bytes, sha256=entry.raw_sha256)
    entry.object_key = shared_key(tenant=entry.tenant, stored=stored, lost=lost)
    entry.save(update_fields=COLUMNS)
    release_objects(tenant=entry.tenant, keys=[old_key])


@contextlib.contextmanager
def same_source_refused() -> Iterator[None]:
    """Say it in words when the node has the same bytes already. Raises IngestionFailed."""
    try:
        yield
    except IntegrityError:
        raise IngestionFailed(
            "The node already has an entry with the same content.",
            code="same_source",
            next_step="Delete one of the two entries.",
        ) from None


def _stored(run: JobRun, fetched: FetchedResponse, key: str, space: Space, *, recordings: bool) -> Brought:
    from materials.readers.html.reader import MAX_BYTES as PAGE_BYTES  # noqa: PLC0415  # its parser is for workers only

    if not recordings and fetched.content_type.startswith(("video/", "audio/", *page_requests.MEDIA_TYPES[2:])):
        raise LeadsToRecording(Format.AUDIO if fetched.content_type.startswith("audio/") else Format.VIDEO)
    source = page_requests.source_of(fetched)
    is_packed = fetched.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}
    length = "" if is_packed else fetched.headers.get("content-length", "")
    is_page = source.name.endswith(".html")
    pieces = _page_sized(fetched.chunks, PAGE_BYTES) if is_page else fetched.chunks
    total = int(length) if length.isdecimal() else 0
    stored = _store(run, key, space, pieces, total=total, most=PAGE_BYTES if is_page else None)
    lost = lost_twins(tenant=run.tenant, stored=stored)
    return Brought(stored=stored, format=_format(stored, source.name), lost=lost, source=source)


def _page_sized(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise IngestionFailed(
                f"The page is larger than {most // 2**20} MiB.",
                code="too_large",
                next_step="Give the address of a part of it, or save the part that you need and upload that.",
            )
        yield piece


def _from_platform(run: JobRun, entry: MaterialEntry, key: str, space: Space) -> Brought:
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
            stored = _store(run, key, space, iter(lambda: file.read(PIECE), b""), total=path.stat().st_size)
        format_ = _format(stored, path.name)
        if not format_.is_recording and not format_.is_captions:
            raise IngestionFailed(
                f"The address leads to {FORMATS[format_].label}, not to a recording.",
                code="type_unexpected",
                next_step="Give the address of the media file itself, or upload the file.",
            )
        lost = lost_twins(tenant=run.tenant, stored=stored)
        return Brought(stored=stored, format=format_, lost=lost, title=found.title)


def _store(
    run: JobRun, key: str, space: Space, pieces: Iterable[bytes], *, total: int, most: int | None = None
) -> StoredObject:
    """Store what comes. `total` is 0 when nobody has said it; `most` is where `pieces` ends by itself."""
    most = space.claim(total or None, most=most)
    writer = get_object_storage().open_writer(key)
    done = 0
    try:
        for piece in pieces:
            writer.write(piece)
            done += len(piece)
            if done > most:
                raise space.exceeded(done)
            run.report_progress("fetching", done, max(total, done))
        return writer.finish()
    finally:
        writer.abort()


def _format(stored: StoredObject, name: str) -> Format:
    """Return what the bytes are, whatever they are called: on the web names are often wrong."""
    with stored.open() as file:
        try:
            return detect(file, name)
        except FormatProblem as exc:
            if exc.code != "file_mislabelled":
                raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
        try:
            return detect(file, "")
        except FormatProblem as exc:
            raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc
