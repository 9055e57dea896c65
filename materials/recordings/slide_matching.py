"""Find the slides of a node's presentations in the key frames of a video, by pictures and by words."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from materials.documents import ChunkKind, Format
from materials.mappings.proposals import MappingProposal, SlideFeatures, VideoShot, propose_mappings
from materials.mappings.slide_drawing import draw_slides, find_office
from materials.mappings.slide_pictures import compare_key_frames
from materials.models import Chunk, KeyFrame, MappingState, MaterialEntry, SlideVideoMapping
from materials.objects.stored_files import open_entry_copy, refuse_missing_file
from project.jobs.run import JobRun
from project.storage.objects import get_object_storage

_SlidesSeen = list[dict[int, float]]


@dataclass(frozen=True, kw_only=True)
class MatchedSlides:
    """The proposals for each presentation of the video's node, and sentences about what could not be compared."""

    proposals: list[tuple[MaterialEntry, list[MappingProposal]]]
    warnings: list[str]


def match_slides(run: JobRun, entry: MaterialEntry, frames: Sequence[KeyFrame]) -> MatchedSlides:
    """Compare a video's key frames (in order of time) with the slides of each presentation in its node."""
    presentations = _list_presentations(entry)
    matched = MatchedSlides(proposals=[], warnings=[])
    with TemporaryDirectory(prefix="coursewright-frames-") as folder:
        pictures = _copy_pictures(run, frames, Path(folder)) if presentations else []
        for number, presentation in enumerate(presentations):
            run.report_progress("matching", number, len(presentations))
            seen = _compare_pictures(run, presentation, pictures, matched.warnings) if pictures else []
            slides = _build_slides(run, presentation, seen)
            shots = _build_shots(entry, frames, seen)
            matched.proposals.append((presentation, propose_mappings(slides, shots)))
    return matched


def replace_proposals(entry: MaterialEntry, presentation: MaterialEntry, proposals: list[MappingProposal]) -> None:
    """Replace the open proposals in the caller's transaction.

    Accepted and rejected mappings stay and are not proposed again. A proposal whose middle lies in an accepted mapping
    is left out.
    """
    mappings = SlideVideoMapping.objects.for_tenant(entry.tenant).filter(presentation=presentation, video=entry)
    mappings.filter(state=MappingState.PROPOSED).delete()
    decided = set(mappings.values_list("slide", "start_ms"))
    accepted = mappings.filter(state=MappingState.ACCEPTED)
    spans = list(accepted.values_list("start_ms", "end_ms"))
    found = []
    for proposal in proposals:
        end_ms = min(proposal.end_ms, entry.duration_ms or proposal.end_ms)
        # The middle decides, because the edges of neighbours may overlap by a little.
        middle = (proposal.start_ms + end_ms) / 2
        if end_ms <= proposal.start_ms or (proposal.slide, proposal.start_ms) in decided:
            continue
        if any(start_ms <= middle < until_ms for start_ms, until_ms in spans):
            continue
        found.append(
            SlideVideoMapping(
                tenant=entry.tenant,
                presentation=presentation,
                video=entry,
                slide=proposal.slide,
                start_ms=proposal.start_ms,
                end_ms=end_ms,
                confidence=proposal.confidence,
            )
        )
    SlideVideoMapping.objects.bulk_create(found)


def _list_presentations(entry: MaterialEntry) -> list[MaterialEntry]:
    rows = MaterialEntry.objects.for_tenant(entry.tenant).filter_ready()
    return list(rows.filter(node=entry.node_id, format__in=[Format.PPTX, Format.PDF]).order_by("position"))


def _copy_pictures(run: JobRun, frames: Sequence[KeyFrame], folder: Path) -> list[Path]:
    paths = []
    for number, frame in enumerate(frames):
        run.checkpoint()
        paths.append(folder / f"{number}.jpg")
        with (
            refuse_missing_file(f"The picture at {frame.start_ms // 1000} s"),
            get_object_storage().open(frame.object_key) as stored,
            paths[-1].open("wb") as copy,
        ):
            shutil.copyfileobj(stored, copy)
    return paths


def _compare_pictures(
    run: JobRun, presentation: MaterialEntry, pictures: Sequence[Path], warnings: list[str]
) -> _SlidesSeen:
    """Return what `compare_key_frames` does; nothing, with a sentence why, when the slides could not be drawn."""
    with (
        open_entry_copy(presentation) as path,
        TemporaryDirectory(prefix="coursewright-slides-") as folder,
    ):
        deck: Path | None = path
        if presentation.format == Format.PPTX:
            deck = draw_slides(path, Path(folder), checkpoint=run.checkpoint)
        seen = compare_key_frames(deck, pictures, checkpoint=run.checkpoint) if deck is not None else None
    if seen is not None:
        return seen
    why = "LibreOffice, which draws slides, is not installed on the worker"
    if presentation.format == Format.PDF or find_office():
        why = "its slides could not be drawn"
    warnings.append(f"{presentation.name} was searched for in the video by its words alone, because {why}.")
    return []


def _build_slides(run: JobRun, presentation: MaterialEntry, seen: _SlidesSeen) -> list[SlideFeatures]:
    # Without speaker notes, which a video does not show.
    texts: dict[int, list[str]] = defaultdict(list)
    chunks = Chunk.objects.for_tenant(run.tenant).filter(entry=presentation).exclude(kind=ChunkKind.NOTES)
    for slide, page, text in chunks.order_by("position").values_list("slide", "page", "text"):
        if (number := slide or page) is not None:
            texts[number].append(text)
    numbers = {*texts, *(number for shown in seen for number in shown)}
    return [SlideFeatures(number=number, text=" ".join(texts[number])) for number in sorted(numbers)]


def _build_shots(entry: MaterialEntry, frames: Sequence[KeyFrame], seen: _SlidesSeen) -> list[VideoShot]:
    rows = Chunk.objects.for_tenant(entry.tenant).filter(entry=entry, kind=ChunkKind.TRANSCRIPT, start_ms__isnull=False)
    spoken = list(rows.order_by("position").values_list("start_ms", "end_ms", "text"))
    return [
        VideoShot(
            start_ms=frame.start_ms,
            end_ms=frame.end_ms,
            screen_text=frame.description,
            spoken_text=" ".join(
                text
                for start, end, text in spoken
                if start is not None and start < frame.end_ms and (end or start) > frame.start_ms
            ),
            slides_seen=seen[number] if seen else {},
        )
        for number, frame in enumerate(frames)
    ]
