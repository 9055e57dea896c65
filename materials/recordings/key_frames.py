"""Extract the key frames of a video, describe them, and match them with the slides of its node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from llm.video.factory import extract_key_frames
from llm.video.ports import Recording
from materials.ingestion.completion import store_result
from materials.ingestion.services import get_job_entry
from materials.ingestion.vision import ImageDescriber, NamedImage, why_no_vision_model
from materials.locks import lock_tree
from materials.models import KeyFrame, MaterialEntry, build_frame_key
from materials.objects.removal import discard_object, release_objects
from materials.objects.stored_files import refuse_missing_file
from materials.queries import list_lineage, resolve_language
from materials.recordings.slide_matching import match_slides, replace_proposals
from materials.recordings.transcription import get_recording
from project import logs
from project.db.fields import new_id
from project.jobs.run import JobRun
from project.storage.objects import get_object_storage
from tenants.models import Tenant

if TYPE_CHECKING:
    from llm.video.key_frames import ExtractedKeyFrame as Frame

RETRY_HINT = "Ingest the recording again when the models answer."

log = logs.get_logger(__name__)


def process_key_frames(run: JobRun) -> None:
    """Run the job of a video's key frames. Frames and descriptions of an earlier attempt are kept.

    Raises MediaUnreadable, TranscriberMissing and TranscriberBroken.
    """
    entry = get_job_entry(run)
    if entry.key_frames_stored_at is None:
        _store_key_frames(run, entry)
    frames = list(KeyFrame.objects.for_tenant(run.tenant).filter(entry=entry).order_by("start_ms"))
    above = list_lineage(tenant=entry.tenant, node_id=entry.node_id)
    undescribed = _describe_frames(run, frames, resolve_language(entry, above))
    matched = match_slides(run, entry, frames)
    result = {
        "frames": len(frames),
        "described": sum(bool(frame.description) for frame in frames),
        "proposed": sum(len(proposals) for _, proposals in matched.proposals),
        "warnings": [*undescribed, *matched.warnings],
    }
    with store_result(run, result=result):
        for presentation, proposals in matched.proposals:
            replace_proposals(entry, presentation, proposals)
    log.info("video watched", entry=str(entry.pk), frames=len(frames), proposed=result["proposed"])


def _store_key_frames(run: JobRun, entry: MaterialEntry) -> None:
    """Store the video's key frames one by one, after deleting those of an interrupted attempt."""
    recording = get_recording(entry, checkpoint=run.checkpoint)
    with transaction.atomic():
        lock_tree(run.tenant)
        old = KeyFrame.objects.for_tenant(run.tenant).filter(entry=entry)
        keys = list(old.values_list("object_key", flat=True))
        old.delete()
        release_objects(tenant=run.tenant, keys=keys)
    # `key_frames_stored_at` is set last: until then the frames that exist are not known to be all.
    total = max(1, recording.media.duration_ms // 1000)
    for frame in _extract_key_frames(run, recording):
        run.report_progress("watching", min(total, frame.end_ms // 1000), total)
        _store_key_frame(run.tenant, entry, frame)
    MaterialEntry.objects.for_tenant(run.tenant).filter(pk=entry.pk).update(key_frames_stored_at=timezone.now())


def _extract_key_frames(run: JobRun, recording: Recording) -> Iterator[Frame]:
    with recording.local_copy() as path:
        yield from extract_key_frames(
            path, recording.media, most_per_minute=settings.KEY_FRAMES_PER_MINUTE, checkpoint=run.checkpoint
        )


def _store_key_frame(tenant: Tenant, entry: MaterialEntry, frame: Frame) -> None:
    frame_id = new_id()
    key = build_frame_key(tenant_id=tenant.pk, entry_id=entry.pk, frame_id=frame_id)
    writer = get_object_storage().open_writer(key)
    try:
        writer.write(frame.jpeg)
        stored = writer.finish()
        KeyFrame.objects.create(
            id=frame_id,
            tenant=tenant,
            entry=entry,
            start_ms=frame.start_ms,
            end_ms=frame.end_ms,
            object_key=key,
            size_bytes=stored.size,
            width=frame.width,
            height=frame.height,
        )
    except BaseException:  # also SystemExit: the object has no row yet, so only the sweep would find it
        writer.abort()
        discard_object(key)
        raise


def _describe_frames(run: JobRun, frames: list[KeyFrame], language: str) -> list[str]:
    """Describe the frames by a vision model; return a sentence for each that could not be described.

    Without a configured model there are no descriptions and no warnings: key frames and mappings work without.
    """
    undescribed = [frame for frame in frames if not frame.description]
    if why_no_vision_model(run.tenant):
        return []
    describer = ImageDescriber(run, language=language)
    for number, frame in enumerate(undescribed):
        if describer.has_stopped:
            if describer.has_failed_repeatedly:
                return [
                    *describer.warnings,
                    describer.format_remaining_warning(len(undescribed) - number, retry_hint=RETRY_HINT),
                ]
            break
        run.report_progress("describing", number, len(undescribed))
        name = f"The picture at {frame.start_ms // 1000} s"
        with refuse_missing_file(name), get_object_storage().open(frame.object_key) as file:
            image = NamedImage(name=name, jpeg=file.read())
        (description,) = describer.describe_images([image])
        if description is not None:
            # Saved one by one, so that an interrupted job keeps what it has paid for.
            frame.description = description.as_text()
            KeyFrame.objects.for_tenant(run.tenant).filter(pk=frame.pk).update(description=frame.description)
    return describer.warnings
