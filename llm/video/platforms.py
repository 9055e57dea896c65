"""Downloads videos of platforms with yt-dlp: their captions where there are any, else the recording.

yt-dlp reads pages that change every week and follows where they lead. It runs in a child process that may reach public
addresses only, knows the extractors of a few platforms and not the one that takes any page, keeps no cookies and no
cache, starts no other program but a JavaScript runtime, and writes into one folder.

YouTube hands out its recordings to whoever solves a challenge in JavaScript: that takes the package yt-dlp-ejs and the
runtime Deno, both of which the extra `media` installs. Tested against a local server that imitates a platform, never
against the platforms: whether they deliver depends on yt-dlp's age.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.platforms_rules import PLAYLIST, TOO_LARGE, Refusal, classify_failure
from project.errors import DomainError
from project.processes import runner
from project.processes.confinement import Sockets

# A choice: a platform that throttles a download to the speed of playing still delivers any lecture in this time.
FETCH_SECONDS = 4 * 3600.0
# Far more than captions have: those of three hours are a few megabytes, even with a time for each word.
CAPTIONS_BYTES = 20 * 2**20


class PlatformFailed(DomainError):
    """The platform did not deliver the video; another attempt may succeed."""

    code = "platform_failed"
    status = 502
    next_step = "Try again later, or upload the recording or its captions."


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform: its hosts, yt-dlp's extractors for a single video of it, and the beginning of paths of videos."""

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
    """The platforms, and the module of the child. `allowed` are hosts that are not public (`127.0.0.1:8080`)."""

    platforms: tuple[Platform, ...] = PLATFORMS
    allowed: tuple[str, ...] = ()
    child: str = "llm.video.children.platforms"


DEFAULT_ACCESS = PlatformAccess()


@dataclass(frozen=True, kw_only=True)
class PlatformVideo:
    """A downloaded video: either its captions (.vtt or .srt) or its recording is a path, the other one is None.

    `duration_ms` is 0 when the platform does not state it. `language` is that of the captions, else the one that the
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
    """Return the name of the platform that the URL of a video belongs to; blank when it is none of `platforms`."""
    found = _match_platform(url, platforms)
    return found[0].name if found else ""


def list_missing_parts() -> list[str]:
    """Return the names of what videos of platforms need and is not installed, in the order in which it is needed."""
    missing = [name for name, module in (("yt-dlp", "yt_dlp"), ("yt-dlp-ejs", "yt_dlp_ejs")) if not _has_module(module)]
    # Where yt-dlp looks for it: beside the interpreter, then in PATH.
    places = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    return missing if shutil.which("deno", path=places) else [*missing, "deno"]


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


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
    """Download one public video into an existing folder: its captions if `captions` and there, else the recording.

    `language` (BCP 47, may be blank) is preferred for captions. A recording of more than `max_bytes` and a video of
    more than `max_ms` are refused. The setting PLATFORM_VIDEOS is for the caller to check.

    Raises MediaUnreadable (`code` says what is wrong with the video), PlatformFailed, TranscriberMissing without
    yt-dlp, and within a moment what `checkpoint` raises.
    """
    found = _match_platform(url, access.platforms)
    if found is None:
        raise _build_error(PLAYLIST)
    if not _has_module("yt_dlp"):
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
    """Return the platform of a URL, and the URL without port, user, fragment and the playlist it was opened from."""
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
            # The link of a video that is played from a list names both, and means the video.
            if parts.path != "/playlist":
                query = [(name, value) for name, value in query if name != "list"]
            return platform, f"https://{host}{parts.path or '/'}?{urlencode(query)}".removesuffix("?")
    return None


def _run_child(
    request: Mapping[str, Any], *, checkpoint: Callable[[], None], seconds: float, child: str
) -> PlatformVideo:
    # Plugins would be code that no list of extractors restricts. The path leads to the JavaScript runtime.
    environment = {"YTDLP_NO_PLUGINS": "1", "PATH": os.environ.get("PATH", os.defpath)}
    # One byte more, so that the child's own check refuses a file that is too large before the kernel's limit breaks it.
    limits = runner.ProcessLimits(file_bytes=max(request["max_bytes"], CAPTIONS_BYTES) + 1, seconds=seconds)
    message: dict[str, Any] = {}
    try:
        for line in runner.read_messages(
            child,
            request,
            limits=limits,
            checkpoint=checkpoint,
            environment=environment,
            sockets=Sockets.ALL,  # its guard says where they may lead
        ):
            message = line
    except runner.ChildFailed as error:
        if error.code == "timed_out":
            raise PlatformFailed(f"The video took longer than {seconds:.0f} s.", code="timed_out") from error
        if error.code == "file_too_large":
            raise _build_error(TOO_LARGE) from error
        raise PlatformFailed(f"yt-dlp broke on this video: {error}.") from error
    match message:
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
