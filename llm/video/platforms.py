"""Videos of platforms, brought here by yt-dlp: captions where there are any, else the recording.

yt-dlp reads pages that change every week and follows where they lead. It runs in a child process that may reach public
addresses only, knows the extractors of a few platforms and not the one that takes any page, keeps no cookies and no
cache, starts no other program but a JavaScript runtime, and writes into one folder.

Tried against a server on this machine that stands in for a platform, never against the platforms themselves: whether
they deliver today depends on yt-dlp's age, and YouTube wants a JavaScript runtime (Deno) beside it.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.platforms_rules import PLAYLIST, TOO_LARGE, Refusal, classify_failure
from project.errors import DomainError
from project.processes import runner

FETCH_SECONDS = 4 * 3600.0
CAPTIONS_BYTES = 20 * 2**20


class PlatformFailed(DomainError):
    """The platform did not deliver; it might another time."""

    code = "platform_failed"
    status = 502
    next_step = "Try again later, or upload the recording or its captions."


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform: its hosts, yt-dlp's names for what reads one video of it, and how paths of videos look."""

    name: str
    hosts: frozenset[str]
    extractors: tuple[str, ...]
    path: re.Pattern[str] = re.compile("/")


PLATFORMS = (
    Platform(
        name="YouTube",
        hosts=frozenset(
            {
                "youtube.com",
                "www.youtube.com",
                "m.youtube.com",
                "music.youtube.com",
                "youtu.be",
                "www.youtube-nocookie.com",
            }
        ),
        extractors=("youtube",),
    ),
    Platform(
        name="Vimeo",
        hosts=frozenset({"vimeo.com", "www.vimeo.com", "player.vimeo.com"}),
        extractors=("vimeo",),
    ),
    Platform(
        name="Dailymotion",
        hosts=frozenset({"dailymotion.com", "www.dailymotion.com", "dai.ly"}),
        extractors=("dailymotion",),
    ),
    Platform(
        name="TED",
        hosts=frozenset({"ted.com", "www.ted.com"}),
        extractors=("tedtalk", "youtube"),  # some talks are shown by a player of YouTube
        path=re.compile("/talks/"),
    ),
    Platform(
        name="Khan Academy",
        hosts=frozenset({"khanacademy.org", "www.khanacademy.org"}),
        extractors=("khanacademy", "youtube"),
        path=re.compile("/.+/v/"),
    ),
    Platform(
        name="Loom",
        hosts=frozenset({"loom.com", "www.loom.com"}),
        extractors=("loom",),
        path=re.compile("/(share|embed)/"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class PlatformAccess:
    """What is reached, and how: `allowed` are addresses (`127.0.0.1:8080`) outside of the public internet."""

    platforms: tuple[Platform, ...] = PLATFORMS
    allowed: tuple[str, ...] = ()
    child: str = "llm.video.children.platforms"


DEFAULT_ACCESS = PlatformAccess()


@dataclass(frozen=True, kw_only=True)
class PlatformVideo:
    """What was brought of a video: captions (.vtt or .srt) or the recording, never neither.

    `duration_ms` is 0 when the platform does not tell, `language` is that of the captions, else the one that the
    platform says is spoken; it may be blank.
    """

    title: str
    duration_ms: int
    language: str
    captions_path: Path | None
    media_path: Path | None
    webpage_url: str
    warnings: tuple[str, ...] = ()


def find_platform_name(url: str, platforms: tuple[Platform, ...] = PLATFORMS) -> str:
    """Return the name of the platform that the address of a video belongs to; blank when it is none that we know."""
    found = _match_platform(url, platforms)
    return found[0].name if found else ""


def fetch_video(
    url: str,
    folder: Path,
    *,
    max_bytes: int,
    max_ms: int,
    captions: bool,
    language: str,
    checkpoint: Callable[[], None],
    seconds: float = FETCH_SECONDS,
    access: PlatformAccess = DEFAULT_ACCESS,
) -> PlatformVideo:
    """Bring one public video into an existing folder: its captions if wanted and there, else the recording.

    `language` (BCP 47, may be blank) is preferred for captions. A recording has at most `max_bytes`, a video lasts at
    most `max_ms`. Whether platforms are asked at all is for the caller to decide.

    Raises MediaUnreadable (`code` says what is wrong with the video), PlatformFailed, TranscriberMissing without
    yt-dlp, and within a moment what `checkpoint` raises.
    """
    found = _match_platform(url, access.platforms)
    if found is None:
        raise _build_error(PLAYLIST)
    if importlib.util.find_spec("yt_dlp") is None:
        raise TranscriberMissing(
            "Videos of platforms are brought by yt-dlp, which is not installed.",
            next_step="Install it: uv sync --extra media. Or upload the recording.",
        )
    platform, address = found
    request = {
        "url": address,
        "folder": str(folder),
        "extractors": list(platform.extractors),
        "max_bytes": max_bytes,
        "max_ms": max_ms,
        "captions": captions,
        "language": language,
        "allowed": list(access.allowed),
    }
    return _run_child(request, checkpoint=checkpoint, seconds=seconds, child=access.child)


def _match_platform(url: str, platforms: tuple[Platform, ...]) -> tuple[Platform, str] | None:
    """Return the platform of an address, and the address without port, user, fragment and the playlist around it."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"}:
        return None
    for platform in platforms:
        if host in platform.hosts and platform.path.match(parts.path or "/"):
            query = parse_qsl(parts.query, keep_blank_values=True)
            if parts.path != "/playlist":
                query = [(name, value) for name, value in query if name != "list"]
            return platform, f"https://{host}{parts.path or '/'}?{urlencode(query)}".removesuffix("?")
    return None


def _run_child(
    request: Mapping[str, Any], *, checkpoint: Callable[[], None], seconds: float, child: str
) -> PlatformVideo:
    environment = {"YTDLP_NO_PLUGINS": "1", "PATH": os.environ.get("PATH", os.defpath)}
    limits = runner.ProcessLimits(file_bytes=max(request["max_bytes"], CAPTIONS_BYTES) + 1, seconds=seconds)
    told: dict[str, Any] = {}
    try:
        for line in runner.read_messages(child, request, limits=limits, checkpoint=checkpoint, environment=environment):
            told = line
    except runner.ChildFailed as error:
        if error.code == "timed_out":
            raise PlatformFailed(f"The video took longer than {seconds:.0f} s.", code="timed_out") from error
        if error.code == "file_too_large":
            raise _build_error(TOO_LARGE) from error
        raise PlatformFailed(f"yt-dlp broke on this video: {error}.") from error
    match told:
        case {"video": video}:
            return _build_video(video)
        case {"refused": refusal}:
            raise _build_error(Refusal(**refusal))
    raise _build_error(classify_failure(""))


def _build_video(message: Mapping[str, Any]) -> PlatformVideo:
    captions, media = message["captions_path"], message["media_path"]
    return PlatformVideo(
        title=message["title"],
        duration_ms=message["duration_ms"],
        language=message["language"],
        captions_path=Path(captions) if captions else None,
        media_path=Path(media) if media else None,
        webpage_url=message["webpage_url"],
        warnings=tuple(message["warnings"]),
    )


def _build_error(refusal: Refusal) -> DomainError:
    kind = PlatformFailed if refusal.is_failure else MediaUnreadable
    return kind(refusal.message, code=refusal.code, next_step=refusal.next_step)
