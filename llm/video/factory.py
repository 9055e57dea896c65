"""Builds the video processor from the settings, and calls the functions that need the `media` extra.

The imports are in the functions: web processes build the processor's callers, but never run it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from llm.router.factory import get_model_router
from llm.video.gemini import build_gemini_processor
from llm.video.processor import GeminiLimits, VideoProcessor
from llm.video.sandbox import SandboxTranscriber
from llm.video.transcript import MediaInfo
from tenants.models import Tenant

if TYPE_CHECKING:
    from llm.video.key_frames import ExtractedKeyFrame


def probe_recording(path: Path, *, checkpoint: Callable[[], None] = lambda: None) -> MediaInfo:
    """Return the streams and duration of a media file: see `llm.video.probe.probe_file`.

    Raises MediaUnreadable, also for a recording longer than MEDIA_MAX_MINUTES, TranscriberMissing and what `checkpoint`
    raises.
    """
    from llm.video.probe import probe_file  # noqa: PLC0415

    return probe_file(path, max_ms=settings.MEDIA_MAX_MINUTES * 60_000, checkpoint=checkpoint)


def extract_key_frames(
    path: Path, media: MediaInfo, *, most_per_minute: int, checkpoint: Callable[[], None]
) -> Iterator[ExtractedKeyFrame]:
    """Yield one key frame for each scene of a video: see `llm.video.key_frames.read_key_frames`."""
    from llm.video.key_frames import read_key_frames  # noqa: PLC0415

    return read_key_frames(path, media, most_per_minute=most_per_minute, checkpoint=checkpoint)


def build_video_processor(tenant: Tenant) -> VideoProcessor:
    """Return a video processor by the settings, with Gemini when a provider of videos is configured.

    For a sandbox it chooses in the same way among transcribers that hear nothing.
    """
    from llm.video.embedded_captions import read_embedded_captions  # noqa: PLC0415
    from llm.video.whisper import WhisperSettings, WhisperVideoProcessor  # noqa: PLC0415

    limits = GeminiLimits(most_ms=settings.GEMINI_MAX_MINUTES * 60_000, most_bytes=settings.GEMINI_MAX_BYTES)
    if tenant.is_sandbox:
        asks_model = build_gemini_processor() is not None
        return VideoProcessor(
            gemini=SandboxTranscriber(router=get_model_router(tenant)) if asks_model else None,
            whisper=SandboxTranscriber(),
            limits=limits,
            read_embedded=read_embedded_captions,
        )
    return VideoProcessor(
        gemini=build_gemini_processor(),
        whisper=WhisperVideoProcessor(
            settings=WhisperSettings(
                model=settings.WHISPER_MODEL,
                device=settings.WHISPER_DEVICE,
                compute_type=settings.WHISPER_COMPUTE_TYPE,
                threads=settings.WHISPER_THREADS,
                batch_size=settings.WHISPER_BATCH_SIZE,
                download=settings.WHISPER_DOWNLOAD,
                max_ms=settings.MEDIA_MAX_MINUTES * 60_000,
            )
        ),
        limits=limits,
        read_embedded=read_embedded_captions,
    )
