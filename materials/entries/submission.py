"""Submitting the jobs that ingest entries, check URLs, take key frames and describe pictures."""

from __future__ import annotations

import contextlib
from uuid import UUID

from django.conf import settings
from django.db import transaction

from llm.video.platforms import find_platform_name
from llm.video.processor import TranscriptSource
from materials.documents import Format
from materials.entries.sidecar_captions import find_captioned_recordings
from materials.entries.url_metadata import is_recording_url
from materials.errors import IngestionRunning, NothingToCheck
from materials.fingerprints import clear_fingerprints
from materials.job_kinds import (
    CHECK_ADDRESS,
    DESCRIBE_ENTRY,
    EMBED_CHANGES,
    INGEST_ADDRESS,
    INGEST_ENTRY,
    INGEST_RECORDING,
    WATCH_RECORDING,
)
from materials.locks import lock_tree
from materials.models import MaterialEntry
from materials.queries import get_entry
from materials.vector_space import find_vector_space
from project.jobs.errors import JobAlreadyOpen
from project.jobs.models import Job
from project.jobs.queues import NORMAL
from project.jobs.services import submit_job
from tenants.models import Tenant


@transaction.atomic
def request_ingestion(*, tenant: Tenant, entry_id: UUID, priority: int = 0) -> Job:
    """Submit another ingestion of the entry. Results of an earlier one stay until this one is done.

    The content of a URL is fetched again, unless its server says that it has not changed; a recording only when a check
    has found another version. Raises NotFound, and IngestionRunning while a job for the entry is open.
    """
    lock_tree(tenant)
    entry = get_entry(tenant=tenant, entry_id=entry_id)
    if entry.job is not None and entry.job.is_open:
        raise IngestionRunning(f"{entry.name} is already being ingested.", extra={"job": str(entry.job.pk)})
    clear_fingerprints(entry.node_id)  # until the job is done the entry is not among the ready ones
    return submit_ingestion(entry, priority=priority)


@transaction.atomic
def request_staleness_check(*, tenant: Tenant, entry_id: UUID, priority: int = 0) -> Job:
    """Submit a job that checks whether the entry's URL has another version than the stored one. Changes no text.

    Raises NotFound, NothingToCheck, IngestionRunning, and JobAlreadyOpen while such a check is open.
    """
    lock_tree(tenant)
    entry = get_entry(tenant=tenant, entry_id=entry_id)
    if not entry.source_url:
        raise NothingToCheck(f"{entry.name} is a file that was uploaded.", next_step="Upload the newer file.")
    if platform := find_platform_name(entry.source_url):
        raise NothingToCheck(f"Videos of {platform} do not change.", next_step="Ingest the entry again.")
    if entry.job is not None and entry.job.is_open:
        raise IngestionRunning(f"{entry.name} is being ingested.", extra={"job": str(entry.job.pk)})
    if entry.processed_at is None:
        raise NothingToCheck(f"{entry.name} has not been ingested.", next_step="Ingest it first.")
    return submit_job(tenant=tenant, kind=CHECK_ADDRESS, subject_id=entry.pk, priority=priority)


def submit_ingestion(entry: MaterialEntry, *, priority: int = 0) -> Job:
    """Submit the ingestion job that fits the entry and store it as `entry.job`, in the caller's transaction."""
    is_recording_entry = Format(entry.format).is_recording if entry.format else is_recording_url(entry.source_url)
    has_fetched_url = entry.source_url and not find_platform_name(entry.source_url)
    job = submit_job(
        tenant=entry.tenant,
        kind=INGEST_RECORDING if is_recording_entry else INGEST_ADDRESS if has_fetched_url else INGEST_ENTRY,
        subject_id=entry.pk,
        priority=priority,
        # From the length of earlier recordings `project.jobs.estimates` predicts how long this job will take.
        work_ms=entry.duration_ms if is_recording_entry else None,
    )
    entry.job = job
    entry.save(update_fields=["job", "updated_at"])
    return job


def submit_key_frames(entry: MaterialEntry) -> None:
    """Submit the job that takes a video's key frames, in the caller's transaction; none while one is open."""
    if entry.media is None or not entry.media["has_video"]:
        return
    with contextlib.suppress(JobAlreadyOpen):
        submit_job(
            tenant=entry.tenant,
            kind=WATCH_RECORDING,
            subject_id=entry.pk,
            priority=_get_follow_up_priority(entry),
            work_ms=entry.duration_ms,
        )


def submit_picture_description(entry: MaterialEntry, *, is_entry_job: bool) -> None:
    """Submit the job in which a model describes an entry's pictures, in the caller's transaction. Keeps an open one.

    With `is_entry_job` it becomes `entry.job`: the entry has no text without it, and jobs that depend on the present
    job of the entry depend on this one, too.
    """
    try:
        job = submit_job(
            tenant=entry.tenant, kind=DESCRIBE_ENTRY, subject_id=entry.pk, priority=_get_follow_up_priority(entry)
        )
    except JobAlreadyOpen:
        open_ = Job.objects.for_tenant(entry.tenant).open().filter(kind=DESCRIBE_ENTRY, subject_id=entry.pk).first()
        # It ended between the two statements: its result is as new as another would be.
        if open_ is None:
            return
        job = open_
    if not is_entry_job:
        return
    if entry.job is not None:
        for dependant in entry.job.dependants.all():
            dependant.depends_on.add(job)
    entry.job = job
    entry.save(update_fields=["job", "updated_at"])


def submit_embedding(entry: MaterialEntry) -> None:
    """Submit the job that makes vectors of the entry's new texts, in the caller's transaction that holds the tree lock.

    One job makes those of all entries of the tenant that have changed, and an open one is kept: it takes what has come
    meanwhile. None when vectors are not to be made by themselves (`EMBED_AFTER_INGESTION`), or cannot be.
    """
    if settings.EMBED_AFTER_INGESTION == "never":
        return
    space, _why_not = find_vector_space(entry.tenant)
    if space is None or (settings.EMBED_AFTER_INGESTION == "free" and not space.is_free):
        return
    MaterialEntry.objects.for_tenant(entry.tenant).filter(pk=entry.pk).update(wants_vectors=True)
    with contextlib.suppress(JobAlreadyOpen):
        submit_job(
            tenant=entry.tenant,
            kind=EMBED_CHANGES,
            subject_id=entry.tenant_id,
            priority=_get_follow_up_priority(entry),
        )


def resubmit_related_recordings(entry: MaterialEntry) -> None:
    """Submit again the work on recordings for which a new text of the entry matters, in the caller's transaction."""
    format_ = Format(entry.format)
    if format_.is_captions:
        resubmit_captioned_recordings(entry)
    elif format_ in {Format.PPTX, Format.PDF}:
        resubmit_slide_matching(entry)


def resubmit_captioned_recordings(captions: MaterialEntry) -> None:
    """Submit ingestions of recordings whose captions were added later than they, in the caller's transaction.

    None for recordings that have such captions already, or whose job is open and will find these.
    """
    by_captions = {TranscriptSource.SIDECAR_CAPTIONS.value}
    for recording in find_captioned_recordings(captions):
        is_open = recording.job is not None and recording.job.is_open
        if recording.transcribed_by not in by_captions and not is_open:
            submit_ingestion(recording)


def resubmit_slide_matching(presentation: MaterialEntry) -> None:
    """Submit jobs that match a new presentation's slides with the videos of its node, in the caller's transaction."""
    videos = MaterialEntry.objects.for_tenant(presentation.tenant).filter(
        node=presentation.node_id, format=Format.VIDEO, key_frames_stored_at__isnull=False
    )
    for video in videos:
        submit_key_frames(video)


def _get_follow_up_priority(entry: MaterialEntry) -> int:
    """Return the priority of jobs that follow an ingestion: normal, or the ingestion's when that is lower (bulk)."""
    return NORMAL if entry.job is None else min(NORMAL, entry.job.priority)
