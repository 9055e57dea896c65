"""Reads caption tracks that are embedded in a media file, in a child process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from llm.video.probe import check_installed
from llm.video.rolling_captions import remove_rolled_words
from llm.video.transcript import MediaInfo, Segment, SubtitleTrack, Transcript
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

CHILD = "llm.video.children.embedded_captions"
# Demuxing reads the whole file: at ten megabytes a second, the slowest disk worth considering, 6 GB in ten minutes. The
# memory is address space, most of which FFmpeg's libraries map and never touch.
LIMITS = ProcessLimits(memory_bytes=2 * 2**30, seconds=600)

# A language and subtags of BCP 47 (RFC 5646, section 2.1), as far as containers use them.
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


def read_embedded_captions(
    path: Path, media: MediaInfo, *, language: str = "", checkpoint: Callable[[], None] = lambda: None
) -> Transcript | None:
    """Return the transcript of the best caption track, None when no track holds any words.

    The track in `language` (BCP 47) comes first, then the default one, then the first; tracks that only translate
    foreign phrases (forced) do not count. A track that cannot be read is skipped. Markup is removed, and so is what
    rolling captions repeat; of several tracks a warning says which was read. Raises TranscriberMissing without PyAV,
    and what `checkpoint` raises.
    """
    check_installed()
    for track in rank_tracks(media.subtitles, language):
        cues = _read_track(path.resolve(strict=True), track, media.duration_ms, checkpoint)
        if segments := tuple(remove_rolled_words(cues)):
            return Transcript(
                language=get_language_tag(track.language),
                duration_ms=media.duration_ms,
                segments=segments,
                warnings=tuple(_say_which(track, media.subtitles)),
                caption_track=track.index,
            )
    return None


def _say_which(track: SubtitleTrack, tracks: Sequence[SubtitleTrack]) -> Iterator[str]:
    """Yield a sentence that says which of several tracks was read."""
    if len(tracks) > 1:
        others = [get_language_tag(one.language) or "unknown" for one in tracks if one.index != track.index]
        yield (
            f"The recording has {len(tracks)} tracks of captions; the one in the language "
            f"“{get_language_tag(track.language) or 'unknown'}” was read, not those in: {', '.join(others)}."
        )


def rank_tracks(tracks: Sequence[SubtitleTrack], language: str) -> list[SubtitleTrack]:
    """Return the tracks that are not forced, best first, as `read_embedded_captions` prefers them."""
    wanted = _get_primary_subtag(language)
    usable = [track for track in tracks if not track.is_forced]
    return sorted(
        usable,
        key=lambda track: (
            not wanted or _get_primary_subtag(track.language) != wanted,
            not track.is_default,
            track.index,
        ),
    )


def get_language_tag(code: str) -> str:
    """Return the BCP 47 tag of a container's language code (`eng` is `en`); blank when it is not a language code."""
    if not _TAG.fullmatch(code.strip().lower()):
        return ""
    primary, dash, rest = code.strip().partition("-")
    return _SHORT_CODES.get(primary.lower(), primary.lower()) + dash + rest


def _get_primary_subtag(code: str) -> str:
    return get_language_tag(code).partition("-")[0]


def _read_track(path: Path, track: SubtitleTrack, duration_ms: int, checkpoint: Callable[[], None]) -> list[Segment]:
    request = {"path": str(path), "track": track.index}
    try:
        found = [Segment(**cue) for cue in read_messages(CHILD, request, limits=LIMITS, checkpoint=checkpoint)]
    except ChildFailed:
        return []
    # Cues after the end belong to another cut of the video, and times of a transcript must not exceed its duration.
    within = [cue for cue in found if cue.start_ms < duration_ms]
    return sorted(within, key=lambda cue: (cue.start_ms, cue.end_ms))


# ISO 639-1 to the three-letter codes of ISO 639-2, terminological (as in MP4) and bibliographic (as in Matroska).
# BCP 47 wants the shortest code (RFC 5646, section 2.2.1).
_LONG_CODES = {
    "ar": ("ara",),
    "be": ("bel",),
    "bg": ("bul",),
    "bn": ("ben",),
    "ca": ("cat",),
    "cs": ("ces", "cze"),
    "cy": ("cym", "wel"),
    "da": ("dan",),
    "de": ("deu", "ger"),
    "el": ("ell", "gre"),
    "en": ("eng",),
    "es": ("spa",),
    "et": ("est",),
    "eu": ("eus", "baq"),
    "fa": ("fas", "per"),
    "fi": ("fin",),
    "fr": ("fra", "fre"),
    "ga": ("gle",),
    "gl": ("glg",),
    "he": ("heb",),
    "hi": ("hin",),
    "hr": ("hrv",),
    "hu": ("hun",),
    "hy": ("hye", "arm"),
    "id": ("ind",),
    "is": ("isl", "ice"),
    "it": ("ita",),
    "ja": ("jpn",),
    "ka": ("kat", "geo"),
    "kk": ("kaz",),
    "ko": ("kor",),
    "lt": ("lit",),
    "lv": ("lav",),
    "mk": ("mkd", "mac"),
    "ms": ("msa", "may"),
    "nb": ("nob",),
    "nl": ("nld", "dut"),
    "nn": ("nno",),
    "no": ("nor",),
    "pl": ("pol",),
    "pt": ("por",),
    "ro": ("ron", "rum"),
    "ru": ("rus",),
    "sk": ("slk", "slo"),
    "sl": ("slv",),
    "sq": ("sqi", "alb"),
    "sr": ("srp",),
    "sv": ("swe",),
    "ta": ("tam",),
    "th": ("tha",),
    "tr": ("tur",),
    "uk": ("ukr",),
    "ur": ("urd",),
    "vi": ("vie",),
    "zh": ("zho", "chi"),
}
_SHORT_CODES = {long: short for short, codes in _LONG_CODES.items() for long in codes}
