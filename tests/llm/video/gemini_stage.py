"""A recording, a transcription context, and a local server for Gemini that accepts uploads."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.utils import timezone

from llm.video.gemini import GeminiSettings, GeminiVideoProcessor, open_files_by_name
from llm.video.ports import Recording, TranscriptionOptions
from llm.video.transcript import AudioTrack, MediaInfo, Transcript, Window
from project.jobs.models import Job
from tenants.models import Tenant
from tests.fakes.google_files import GoogleFilesServer
from tests.fakes.steps import Answer
from tests.llm.world import World, model

MINUTE = 60_000
CONTENT = b"a video, says who " * 4000
SENTENCES = (
    "Water boils at one hundred degrees.",
    "On a mountain it boils earlier, because the air weighs less.",
    "Salt makes it boil a little later.",
    "A lid keeps the steam in the pot.",
    "Now look at the thermometer on the left.",
    "What happens when we take the flame away?",
    "Write your guess down before we go on.",
)
SETTINGS = GeminiSettings(upload_seconds=20, processing_seconds=20)


class Stop(Exception):
    """What the checkpoint of the context raises."""


@dataclass
class RecordingContext:
    """A context that keeps windows and progress. Its checkpoint raises once `stops_when` holds."""

    tenant: Tenant
    job: Job | None
    stops_when: Callable[[], object] = lambda: False
    windows: dict[str, list[Window]] = field(default_factory=dict)
    told: list[tuple[int, int]] = field(default_factory=list)
    on_keep: Callable[[Window], None] = lambda window: None

    def checkpoint(self) -> None:
        if self.stops_when():
            raise Stop

    def report_progress(self, done_ms: int, total_ms: int) -> None:
        self.told.append((done_ms, total_ms))

    def list_finished_windows(self, cache_key: str) -> Sequence[Window]:
        return tuple(self.windows.get(cache_key, ()))

    def save_window(self, cache_key: str, window: Window) -> None:
        self.windows.setdefault(cache_key, []).append(window)
        self.on_keep(window)


@dataclass
class Stage:
    """Who transcribes what for whom."""

    world: World
    server: GoogleFilesServer
    context: RecordingContext
    minutes: float = 3
    has_video: bool = True
    content: Callable[[], BinaryIO] = lambda: io.BytesIO(CONTENT)

    @property
    def processor(self) -> GeminiVideoProcessor:
        return GeminiVideoProcessor(router=self.world.router, files=open_files_by_name, settings=SETTINGS)

    @property
    def recording(self) -> Recording:
        media = MediaInfo(
            container="mp4",
            duration_ms=round(self.minutes * MINUTE),
            has_video=self.has_video,
            audio=(AudioTrack(index=0),),
        )
        return Recording(
            id="0193-abc",
            media=media,
            size_bytes=len(CONTENT),
            media_type="video/mp4" if self.has_video else "audio/mpeg",
            open=self.content,
            local_copy=_no_copy,
        )

    def transcribe(self, **wish: object) -> Transcript:
        return self.processor.transcribe(self.recording, TranscriptionOptions(**wish), self.context)  # type: ignore[arg-type]  # tests know

    def clips(self) -> list[tuple[str, str]]:
        """Return the parts that the models were asked about."""
        return [(video.start, video.end) for asked in self.world.google.asked for video in asked.videos]


def stage_of(world: World, server: GoogleFilesServer, tenant: Tenant) -> Stage:
    """Put the Files API in front of the world's Gemini, and videos into its registry."""
    world.file["providers"]["google"]["base_url"] = server.url
    world.file["models"]["gemini"] = model(
        "google", capabilities=["vision", "video", "structured_output"], context_window=1_000_000
    )
    world.file["actions"]["transcribe_video"] = {
        "description": "Write down.", "needs": ["video", "structured_output"], "output_tokens": 4000, "seconds": 60,
    }  # fmt: skip
    world.file["chains"]["transcribe_video"] = {name: ["gemini"] for name in world.file["strategies"]}
    world.write()
    job = Job.objects.create(tenant=tenant, kind="test", subject_id=uuid.uuid4(), queued_at=timezone.now())
    return Stage(world=world, server=server, context=RecordingContext(tenant=tenant, job=job))


def heard(
    *lines: tuple[str, str, str], language: str = "en", input_tokens: int = 100, output_tokens: int = 20
) -> Answer:
    """Return the answer of a model that heard these lines: beginning, end, words."""
    segments = [{"start": start, "end": end, "text": text, "speaker": "", "seen": ""} for start, end, text in lines]
    text = json.dumps({"language": language, "segments": segments})
    return Answer(text, input_tokens=input_tokens, output_tokens=output_tokens)


def lesson(begin: int, end: int, *, input_tokens: int = 100, output_tokens: int = 20) -> Answer:
    """Return the answer of a model that heard somebody speak from one minute to another."""
    times = [(minute, second) for minute in range(begin, end) for second in range(0, 60, 20)]
    lines = [
        (f"{m:02d}:{s:02d}", f"{m:02d}:{s + 19:02d}", f"{SENTENCES[(m * 3 + s // 20) % 7]} That is step {m}.{s}.")
        for m, s in times
    ]
    return heard(*lines, input_tokens=input_tokens, output_tokens=output_tokens)


def _no_copy() -> AbstractContextManager[Path]:
    raise AssertionError("nobody needs a copy on this machine")
