"""Files of one node that belong together: recordings and captions of the same name, videos and presentations."""

from __future__ import annotations

from pathlib import PurePosixPath

from llm.video.processor import TranscriptSource
from materials.documents import Format
from materials.entries.submission import submit_ingestion, submit_key_frames
from materials.models import MaterialEntry

# In characters with the dot. Covers the tags that captions are named by (`.en`, `.pt-BR`, `.zh-Hans`); longer endings
# are other words of a name, as in `talk.backstage.vtt`.
_MAX_LANGUAGE_SUFFIX = 8


def find_sidecar_captions(entry: MaterialEntry) -> list[MaterialEntry]:
    """Return the captions in the entry's node that have its name, those in its language first.

    `talk.vtt` and `talk.en.vtt` are captions of `talk.mp4`. Empty when the entry must not use captions.
    """
    if not entry.use_captions:
        return []
    stem, language = _get_stem(entry.name), (entry.language or entry.node.language).lower()
    rows = MaterialEntry.objects.for_tenant(entry.tenant).filter(
        node=entry.node_id, format__in=[Format.VTT, Format.SRT], name__istartswith=stem
    )
    ranked = []
    for row in rows.order_by("position"):
        rest = _get_stem(row.name)[len(stem) :]
        if rest and not (rest.startswith(".") and "." not in rest[1:] and len(rest) <= _MAX_LANGUAGE_SUFFIX):
            continue
        ranked.append((rest[1:].lower() != language if rest and language else bool(rest), row.position, row))
    return [row for *_, row in sorted(ranked, key=lambda found: found[:2])]


def find_captioned_recordings(captions: MaterialEntry) -> list[MaterialEntry]:
    """Return the recordings in the node that have the captions' name."""
    rows = MaterialEntry.objects.for_tenant(captions.tenant).with_job().select_related("node")
    chosen = rows.filter(node=captions.node_id, format__in=[Format.VIDEO, Format.AUDIO])
    return [row for row in chosen if captions.pk in {found.pk for found in find_sidecar_captions(row)}]


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


def _get_stem(name: str) -> str:
    return PurePosixPath(name).stem
