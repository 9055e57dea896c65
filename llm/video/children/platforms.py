"""Runs yt-dlp with restrictions, in a child process of `llm.video.platforms`. Needs the `media` extra."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL  # type: ignore[import-untyped]
from yt_dlp.utils import DownloadCancelled, YoutubeDLError  # type: ignore[import-untyped]

from llm.video.platforms_rules import (
    TOO_LARGE,
    CaptionTrack,
    Refusal,
    choose_captions,
    classify_failure,
    find_refusal,
    get_duration_ms,
)
from project.outbound.public_addresses import is_host_listed, is_public_ip

SendMessage = Callable[[dict[str, Any]], None]

# One file with picture and sound, since joining two needs FFmpeg; sound alone where there is no such file. 720 lines
# are enough to read slides: key frames have at most 1280 pixels a side. Plain HTTP first: one request, not thousands.
FORMATS = "b[height<=720][protocol^=http]/b[height<=720]/b/ba"
# Deno gives scripts no access to files and network unless it is told to, unlike the other runtimes that yt-dlp knows.
RUNTIMES = {"deno"}
# yt-dlp's HTTP clients that open sockets by Python, where the audit hook sees them. libcurl (curl_cffi) opens its own.
GUARDED_CLIENTS = {"urllib", "requests", "websockets"}
# Audit events of CPython (PEP 578) for connections and for starting programs.
CONNECT_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
PROGRAM_EVENTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"}


class _VideoRefused(DownloadCancelled):  # type: ignore[misc]  # yt-dlp has no types; it lets this one pass
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class _MessageLog:
    """The logger for yt-dlp: keeps warnings and errors, of which some failures have nothing else."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def debug(self, message: str) -> None:
        pass

    def warning(self, message: str) -> None:
        self.messages.append(message)

    def error(self, message: str) -> None:
        self.messages.append(message)


def run_child(request: Mapping[str, Any], send_message: SendMessage) -> None:
    """Download the video and send `{"video": {...}}`, or `{"refused": {...}}` with the fields of a Refusal."""
    sys.addaudithook(_build_audit_hook(request["allowed"]))
    listener = _MessageLog()
    try:
        with GuardedDownloader(_build_options(request, listener)) as downloader:
            send_message({"video": _VideoDownload(downloader, request, listener).download_video()})
    except _VideoRefused as refused:
        send_message({"refused": refused.refusal.to_json()})
    except (YoutubeDLError, OSError) as error:
        send_message({"refused": classify_failure(" ".join([str(error), *listener.messages])).to_json()})


class GuardedDownloader(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp without the HTTP clients whose connections the audit hook would not see, even if they are installed."""

    def build_request_director(self, handlers: Iterable[Any], preferences: Any = None) -> Any:
        return super().build_request_director([one for one in handlers if one.RH_NAME in GUARDED_CLIENTS], preferences)


def _build_audit_hook(allowed: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    """Return an audit hook that allows connections to public or listed addresses only, and no programs but RUNTIMES.

    Audit hooks apply to all Python code of the process and cannot be removed (`sys.addaudithook`).
    """

    # Checked where the socket connects, after the resolution of the name: a host cannot change its address in between.
    def check_event(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CONNECT_EVENTS and arguments[1] is not None:
            host, port = arguments[1][:2]
            if not (is_host_listed(allowed, str(host), port) or is_public_ip(str(host))):
                raise PermissionError(f"{host} is not a public address")
        elif event in PROGRAM_EVENTS and Path(str(arguments[0])).name not in RUNTIMES:
            raise PermissionError(f"{arguments[0]} is not run")

    return check_event


def _build_options(request: Mapping[str, Any], message_log: _MessageLog) -> dict[str, Any]:
    folder = Path(request["folder"])
    return {
        # Patterns of yt-dlp: escaped, so that a name allows only itself.
        "allowed_extractors": [re.escape(name) for name in request["extractors"]],
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "playlist_items": "1",
        "lazy_playlist": True,
        # A video without a recording may still have captions; `_download_media` refuses it otherwise.
        "ignore_no_formats_error": True,
        "format": FORMATS,
        "outtmpl": {"default": str(folder / "video.%(ext)s")},
        "progress_hooks": [_build_size_hook(request["max_bytes"])],
        "logger": message_log,
        "noprogress": True,
        "color": "no_color",
        "cachedir": False,
        "usenetrc": False,
        "geo_bypass": False,
        "proxy": "",
        "enable_file_urls": False,
        "remote_components": (),
        "js_runtimes": {name: {} for name in RUNTIMES},
        "external_downloader": {"default": "native"},
        # A path that does not exist: yt-dlp would look for FFmpeg in PATH, and could start it with URLs of a platform.
        "ffmpeg_location": str(folder / "no-ffmpeg"),
        "fixup": "never",
        "updatetime": False,
        # Less patience than yt-dlp's defaults (ten retries): the job is retried as a whole.
        "socket_timeout": 15,
        "retries": 2,
        "extractor_retries": 1,
        "fragment_retries": 2,
        # A recording with holes would have wrong times.
        "skip_unavailable_fragments": False,
    }


def _build_size_hook(max_bytes: int) -> Callable[[Mapping[str, Any]], None]:
    def check_size(progress: Mapping[str, Any]) -> None:
        if max(progress.get("downloaded_bytes") or 0, progress.get("total_bytes") or 0) > max_bytes:
            raise _VideoRefused(TOO_LARGE)

    return check_size


class _VideoDownload:
    """The download of one video: checks its description, then fetches its captions or its recording."""

    def __init__(self, downloader: Any, request: Mapping[str, Any], message_log: _MessageLog) -> None:
        self._downloader = downloader
        self._request = request
        self._listener = message_log

    def download_video(self) -> dict[str, Any]:
        """Write the captions or the recording into the folder and return the fields of a PlatformVideo in JSON."""
        info = self._downloader.extract_info(self._request["url"], download=False) or {"_type": "nothing"}
        if refusal := find_refusal(info, max_ms=self._request["max_ms"], max_bytes=self._request["max_bytes"]):
            raise _VideoRefused(refusal)
        warnings: list[str] = []
        facts = {
            "title": str(info.get("title") or ""),
            "duration_ms": get_duration_ms(info),
            "language": str(info.get("language") or ""),
            "captions_path": "",
            "media_path": "",
            "webpage_url": str(info.get("webpage_url") or self._request["url"]),
            "warnings": warnings,
        }
        chosen = choose_captions(info, self._request["language"]) if self._request["captions"] else None
        if chosen is not None and (path := self._download_captions(chosen, info, warnings)):
            if chosen.is_automatic:
                warnings.append("The captions were made by the platform's machine.")
            return {**facts, "captions_path": str(path), "language": chosen.language}
        return {**facts, "media_path": str(self._download_media(info, warnings))}

    def _download_captions(self, chosen: CaptionTrack, info: Mapping[str, Any], warnings: list[str]) -> Path | None:
        path = Path(self._request["folder"]) / f"captions.{chosen.source['ext']}"
        if (data := chosen.source.get("data")) is not None:
            path.write_text(data, encoding="utf-8")
            return path
        source = {"http_headers": info.get("http_headers"), **chosen.source}
        try:
            self._downloader.dl(str(path), source, subtitle=True)
        except (YoutubeDLError, OSError) as error:
            # A YoutubeDLError, too: a refusal of the video must not become a warning about its captions.
            if isinstance(error, _VideoRefused):
                raise
            warnings.append("The video has captions, but the platform did not deliver them.")
            return None
        return path if path.is_file() and path.stat().st_size else None

    def _download_media(self, info: Mapping[str, Any], warnings: list[str]) -> Path:
        if not info.get("formats") and not info.get("url"):
            raise _VideoRefused(classify_failure(" ".join(self._listener.messages)))
        done = self._downloader.process_ie_result(dict(info), download=True)
        written = [Path(each["filepath"]) for each in done.get("requested_downloads") or () if each.get("filepath")]
        if len(written) != 1 or not written[0].is_file():
            raise _VideoRefused(classify_failure(" ".join(self._listener.messages)))
        if done.get("vcodec") == "none":
            warnings.append("The platform delivered the sound without the picture.")
        return written[0]
