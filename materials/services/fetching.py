"""Bringing the recording behind an address into object storage."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from llm.video.platforms import PlatformVideo, fetch_video, platform_of
from materials.documents import Format
from materials.errors import IngestionFailed
from materials.formats import FORMATS, FormatProblem, detect
from materials.models import MaterialEntry, object_key
from materials.services.locks import lock_tree
from project.jobs.runner import JobCancelled, Run
from project.storage.objects import StoredObject, objects

TYPES = ("video/*", "audio/*", "application/ogg", "application/octet-stream", "binary/octet-stream")
FETCH_SECONDS = 4 * 3600.0
PIECE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class _Brought:
    stored: StoredObject
    name: str
    title: str = ""
    warnings: tuple[str, ...] = ()


def fetch_recording(run: Run, entry: MaterialEntry) -> MaterialEntry:
    """Store what the entry's address leads to, and return the entry with its file. Holds no transaction meanwhile.

    Of a platform's video the captions are preferred, and then they are what is stored. Raises IngestionFailed,
    FetchRefused, FetchFailed, MediaUnreadable and TranscriberMissing; after an exception nothing is stored.
    """
    key = object_key(tenant_id=entry.tenant_id, entry_id=entry.pk)
    kept = False
    try:
        platform = platform_of(entry.source_url)
        brought = _from_platform(run, entry, platform, key) if platform else _from_address(run, entry, key)
        format_ = _format(key, brought.name)
        if not format_.is_recording and not format_.is_captions:
            raise IngestionFailed(
                f"The address leads to {FORMATS[format_].label}, not to a recording.",
                code="type_unexpected",
                next_step="Give the address of the media file itself, or upload the file.",
            )
        _take(entry, brought, format_)
        kept = True
        return entry
    finally:
        if not kept:
            objects().delete(key)


def _from_address(run: Run, entry: MaterialEntry, key: str) -> _Brought:
    from project.fetch import Fetcher, Limits  # noqa: PLC0415  # its HTTP library is for workers only

    fetcher = Fetcher(user_agent=f"Coursewright/{settings.VERSION}", allowed_hosts=tuple(settings.FETCH_ALLOWED_HOSTS))
    limits = Limits(most_bytes=settings.UPLOAD_MAX_BYTES, seconds=FETCH_SECONDS)
    with fetcher.open(entry.source_url, types=TYPES, limits=limits, checkpoint=run.checkpoint) as fetched:
        length = fetched.headers.get("content-length", "")
        stored = _store(run, key, fetched.chunks, total=int(length) if length.isdecimal() else 0)
        path = unquote(urlsplit(fetched.url).path)
    return _Brought(stored=stored, name=PurePosixPath(path).name)


def _from_platform(run: Run, entry: MaterialEntry, platform: str, key: str) -> _Brought:
    if not settings.PLATFORM_VIDEOS:
        raise IngestionFailed(
            f"Videos of {platform} are not fetched on this server.",
            code="platforms_off",
            next_step="Upload the video or its captions, or ask the operator to set PLATFORM_VIDEOS=1.",
        )
    with tempfile.TemporaryDirectory(prefix="coursewright-video-") as folder:
        run.progress("fetching", 0, 1)
        found = _fetched_video(run, entry, Path(folder))
        path = found.captions_path if found.captions_path is not None else found.media_path
        assert path is not None
        with path.open("rb") as file:
            stored = _store(run, key, iter(lambda: file.read(PIECE), b""), total=path.stat().st_size)
        return _Brought(stored=stored, name=path.name, title=found.title, warnings=found.warnings)


def _fetched_video(run: Run, entry: MaterialEntry, folder: Path) -> PlatformVideo:
    return fetch_video(
        entry.source_url,
        folder,
        max_bytes=settings.UPLOAD_MAX_BYTES,
        max_ms=settings.MEDIA_MAX_MINUTES * 60_000,
        captions=entry.use_captions,
        language=entry.language or entry.node.language,
        checkpoint=run.checkpoint,
    )


def _store(run: Run, key: str, pieces: Iterable[bytes], *, total: int) -> StoredObject:
    writer = objects().writer(key)
    done = 0
    try:
        for piece in pieces:
            writer.write(piece)
            done += len(piece)
            run.progress("fetching", done, max(total, done))
        return writer.finish()
    finally:
        writer.abort()


def _format(key: str, name: str) -> Format:
    with objects().open(key) as file:
        try:
            return detect(file, name)
        except FormatProblem as exc:
            raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc


def _take(entry: MaterialEntry, brought: _Brought, format_: Format) -> None:
    """Note on the entry what was brought."""
    with _same_source(entry), transaction.atomic():
        lock_tree(entry.tenant)
        if not MaterialEntry.objects.of(entry.tenant).filter(pk=entry.pk).exists():
            raise JobCancelled("The entry is gone.")
        entry.format = format_.value
        entry.object_key, entry.size_bytes = brought.stored.key, brought.stored.size
        entry.raw_sha256 = brought.stored.sha256
        entry.title = brought.title[:500]
        entry.save(update_fields=["format", "object_key", "size_bytes", "raw_sha256", "title", "updated_at"])


@contextlib.contextmanager
def _same_source(entry: MaterialEntry) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise IngestionFailed(
            "The node already has the same recording.",
            code="same_source",
            next_step="Delete one of the two entries.",
        ) from None
