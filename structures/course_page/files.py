"""What an evidence's page shows besides text: the cited recording, its captions, and the cited page as a picture."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse

from materials.chunks.queries import list_transcript_chunks
from materials.chunks.transcript_formats import MEDIA_TYPES, TranscriptFormat, render_transcript
from materials.documents import Format
from materials.models import MaterialEntry
from materials.objects.stored_files import open_entry_copy
from materials.readers.passage_pictures import draw_passage
from materials.uploads.downloads import describe_entry_file
from materials.uploads.file_responses import build_file_response
from project.errors import NotFound
from project.http.transfers import hold_transfer_slot
from structures.course_page.evidence import find_quoted_words, get_cited_entry, get_reference
from structures.export_files.passages import can_draw_page
from tenants.models import Tenant

RECORDING_RESPONSES = {
    (200, "audio/*"): OpenApiTypes.BINARY,
    (200, "video/*"): OpenApiTypes.BINARY,
    (206, "audio/*"): OpenApiTypes.BINARY,
    (206, "video/*"): OpenApiTypes.BINARY,
    416: OpenApiResponse(description="The range begins behind the end of the file."),
}
CAPTIONS_RESPONSES = {(200, MEDIA_TYPES[TranscriptFormat.VTT]): OpenApiTypes.STR}
# Players ask for the rest of a recording, and read it as slowly as it plays: in parts of this size no request holds a
# thread for long. Two megabytes are some ten seconds of video as lectures are recorded.
_MAX_PART_BYTES = 2 * 2**20


def build_media_response(
    request: HttpRequest, *, tenant: Tenant, snapshot_id: UUID, reference_id: UUID
) -> HttpResponseBase:
    """Return the cited recording, or the part of it that `Range` names. Raises NotFound for anything else."""
    entry = _get_cited_recording(tenant=tenant, snapshot_id=snapshot_id, reference_id=reference_id)
    return build_file_response(request, describe_entry_file(entry), max_part_bytes=_MAX_PART_BYTES)


def build_captions_response(*, tenant: Tenant, snapshot_id: UUID, reference_id: UUID) -> StreamingHttpResponse:
    """Return the transcript of the cited recording as WebVTT, with its corrections.

    Raises NotFound for anything else and RuleViolation for a recording without a transcript.
    """
    entry = _get_cited_recording(tenant=tenant, snapshot_id=snapshot_id, reference_id=reference_id)
    chunks = list_transcript_chunks(tenant=tenant, entry=entry)
    return StreamingHttpResponse(
        render_transcript(chunks.iterator(chunk_size=500), TranscriptFormat.VTT),
        content_type=f"{MEDIA_TYPES[TranscriptFormat.VTT]}; charset=utf-8",
        headers={"Cache-Control": "private, no-store"},
    )


def build_picture_response(
    request: HttpRequest, *, tenant: Tenant, snapshot_id: UUID, reference_id: UUID
) -> HttpResponse:
    """Return the cited page of a PDF as a JPEG with the passage marked. Raises NotFound when it cannot be drawn."""
    reference = get_reference(tenant=tenant, snapshot_id=snapshot_id, reference_id=reference_id)
    entry = get_cited_entry(tenant=tenant, reference=reference)
    if not can_draw_page(reference, entry):
        raise NotFound(f"{entry.name} has no page that could be drawn.")
    assert reference.page is not None
    place = find_quoted_words(tenant=tenant, reference=reference)
    # A child process draws it; a tenant may have as many at once as transfers.
    hold_transfer_slot(request, str(tenant.pk))
    with open_entry_copy(entry) as path:
        picture = draw_passage(path, page=reference.page, passage=reference.quote, place=place)
    if picture is None:
        raise NotFound(f"Page {reference.page} of {entry.name} could not be drawn.")
    # The picture of a reference changes only with its file, which gets another reference then.
    return HttpResponse(picture.jpeg, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def _get_cited_recording(*, tenant: Tenant, snapshot_id: UUID, reference_id: UUID) -> MaterialEntry:
    """Return the entry that a reference cites. Raises NotFound for one that is no stored recording."""
    reference = get_reference(tenant=tenant, snapshot_id=snapshot_id, reference_id=reference_id)
    entry = get_cited_entry(tenant=tenant, reference=reference)
    if not entry.object_key or not entry.format or not Format(entry.format).is_recording:
        raise NotFound(f"{entry.name} is not a stored recording.")
    return entry
