"""Download stored files by signed URLs that are valid for minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from materials.documents import Format
from materials.errors import NothingToDownload
from materials.models import MaterialEntry
from materials.queries import get_entry
from materials.recordings.transcription import get_media_type
from project.storage.direct_access import get_direct_storage
from tenants.models import Tenant

_MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


@dataclass(frozen=True, kw_only=True)
class DownloadableFile:
    """A stored file that may be downloaded. `media_type` is one that no browser shows as a page."""

    tenant_id: UUID
    object_key: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Download:
    """A URL to read a stored file from without a key until `expires_at`, with what is known of the file."""

    url: str
    expires_at: datetime
    name: str
    media_type: str
    size_bytes: int
    sha256: str


def get_download(*, tenant: Tenant, entry_id: UUID) -> Download:
    """Return a signed URL of the entry's file. Raises NotFound and NothingToDownload."""
    entry = get_entry(tenant=tenant, entry_id=entry_id)
    if not entry.object_key:
        raise NothingToDownload(f"{entry.name} has no stored file.")
    return sign_download(describe_entry_file(entry), own_path=f"/api/v1/entries/{entry.pk}/file")


def describe_entry_file(entry: MaterialEntry) -> DownloadableFile:
    """Return an entry's stored file."""
    return DownloadableFile(
        tenant_id=entry.tenant_id,
        object_key=entry.object_key,
        name=entry.name,
        media_type=get_safe_media_type(entry),
        size_bytes=entry.size_bytes,
        sha256=entry.raw_sha256,
    )


def sign_download(file: DownloadableFile, *, own_path: str) -> Download:
    """Return a signed URL of a stored file: of the store, or of `own_path` where this service serves the file."""
    now = timezone.now().replace(microsecond=0)  # signatures count whole seconds, and so does `expires_at`
    until = now + timedelta(seconds=settings.DOWNLOAD_URL_SECONDS)
    signed_url = get_direct_storage().create_download_url(
        file.object_key, own_path=own_path, name=file.name, media_type=file.media_type, now=now, until=until
    )
    return Download(
        url=signed_url.url,
        expires_at=until,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )


def get_safe_media_type(entry: MaterialEntry) -> str:
    """Return a media type that no browser shows as a page."""
    if not entry.format:
        return "application/octet-stream"
    # HTML would run scripts with the origin of this service or of the bucket; plain text may be sniffed as HTML.
    format_ = Format(entry.format)
    return get_media_type(entry) if format_.is_recording else _MEDIA_TYPES.get(format_, "application/octet-stream")
