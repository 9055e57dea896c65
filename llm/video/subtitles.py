"""Captions that are inside of a media file, read in a child process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from llm.video.probe import check_installed
from llm.video.transcript import MediaInfo, Segment, SubtitleTrack, Transcript
from project.children import ChildFailed, Limits, told

CHILD = "llm.video.subtitles_child"
LIMITS = Limits(memory_bytes=2 * 2**30, seconds=600)


def embedded_captions(
    path: Path, media: MediaInfo, *, language: str = "", checkpoint: Callable[[], None] = lambda: None
) -> Transcript | None:
    """Return the words of the best track of captions, None when there is none with words.

    The track in the wanted language comes first, then the default one, then the first; those that only translate
    foreign phrases (forced) are passed over. A track that cannot be read counts as none. Raises TranscriberMissing
    without PyAV, and what `checkpoint` raises.
    """
    check_installed()
    for track in ranked(media.subtitles, language):
        segments = _read(path, track, checkpoint)
        if segments:
            return Transcript(language=track.language[:3], duration_ms=media.duration_ms, segments=tuple(segments))
    return None


def ranked(tracks: Sequence[SubtitleTrack], language: str) -> list[SubtitleTrack]:
    """Return the tracks that may be used, the best first."""
    wanted = language.lower().partition("-")[0]
    usable = [track for track in tracks if not track.is_forced]
    return sorted(usable, key=lambda track: (not is_same(track.language, wanted), not track.is_default, track.index))


def is_same(code: str, wanted: str) -> bool:
    """Tell whether a container's code (`eng`, `en`) names the wanted language (`en`); never for a blank one."""
    return bool(wanted) and code.lower() in {wanted, *_LONG_CODES.get(wanted, ())}


def _read(path: Path, track: SubtitleTrack, checkpoint: Callable[[], None]) -> list[Segment]:
    request = {"path": str(path), "track": track.index}
    try:
        found = [Segment(**cue) for cue in told(CHILD, request, limits=LIMITS, checkpoint=checkpoint)]
    except ChildFailed:
        return []
    return sorted(found, key=lambda cue: (cue.start_ms, cue.end_ms))


_LONG_CODES = {
    "en": ("eng",), "uk": ("ukr",), "de": ("deu", "ger"), "fr": ("fra", "fre"), "es": ("spa",), "it": ("ita",),
    "pt": ("por",), "nl": ("nld", "dut"), "pl": ("pol",), "cs": ("ces", "cze"), "ru": ("rus",), "tr": ("tur",),
    "ar": ("ara",), "zh": ("zho", "chi"), "ja": ("jpn",), "ko": ("kor",), "hi": ("hin",), "sv": ("swe",),
}  # fmt: skip
"""ISO 639-1 to the three-letter codes that containers use."""
