"""Asking the web for what an entry's address leads to: the one fetcher of materials, and what it tells of a source."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from materials.entries.url_metadata import derive_file_name, parse_charset
from materials.models import MaterialEntry

if TYPE_CHECKING:
    from project.outbound.fetcher import Fetcher
    from project.outbound.responses import CacheValidators, FetchedResponse

ROBOT_NAME = "Coursewright"
MEDIA_TYPES = ("video/*", "audio/*", "application/ogg", "application/mp4")
ACCEPTED_TYPES = (
    *MEDIA_TYPES,
    "text/*",
    "application/xhtml+xml",
    "application/pdf",
    "application/x-pdf",
    "application/markdown",
    "application/msword",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/json",
    "application/x-ipynb+json",
    "application/x-subrip",
    "application/zip",
    "application/octet-stream",
    "binary/octet-stream",
    "application/download",
    "application/force-download",
    "",
)
"""What is brought here. Whether it can be read its bytes decide: a server's word is often wrong."""
DOCUMENT_TIMEOUT_SECONDS = 300.0
RECORDING_TIMEOUT_SECONDS = 4 * 3600.0


@dataclass(frozen=True, kw_only=True)
class ResponseMetadata:
    """What a server told of what it sent."""

    url: str
    content_type: str
    charset: str
    name: str
    etag: str
    last_modified: str


@contextlib.contextmanager
def open_entry_url(
    entry: MaterialEntry, *, most_bytes: int, seconds: float, checkpoint: Callable[[], None], only_if_new: bool = False
) -> Iterator[FetchedResponse]:
    """Ask for what is at an entry's address; `only_if_new`: for another version than the stored one.

    Raises FetchRefused, FetchFailed and what `checkpoint` raises. A host that asks to wait is left alone, by all jobs.
    """
    from materials.web.host_throttle import block_host  # noqa: PLC0415  # its HTTP library is for workers only
    from project.outbound.responses import FetchFailed, FetchLimits  # noqa: PLC0415

    try:
        with _get_fetcher().open(
            entry.source_url,
            types=ACCEPTED_TYPES,
            limits=FetchLimits(max_bytes=most_bytes, seconds=seconds),
            validators=_get_validators(entry) if only_if_new else None,
            checkpoint=checkpoint,
        ) as fetched:
            yield fetched
    except FetchFailed as exc:
        if "host" in exc.extra:
            block_host(exc.extra["host"], exc.extra["retry_after"])
        raise


def parse_response_metadata(fetched: FetchedResponse) -> ResponseMetadata:
    """Return what the server told, cut to what an entry can hold."""
    headers = fetched.headers
    etag, last_modified = headers.get("etag", ""), headers.get("last-modified", "")
    return ResponseMetadata(
        url=fetched.url[:2000],
        content_type=headers.get("content-type", "")[:200],
        charset=parse_charset(headers.get("content-type", "")),
        name=derive_file_name(fetched.url, fetched.content_type, headers.get("content-disposition", "")),
        etag=etag if len(etag) <= 200 else "",
        last_modified=last_modified if len(last_modified) <= 50 else "",
    )


def build_user_agent() -> str:
    """Return how we present ourselves."""
    contact = f" (+{settings.FETCH_CONTACT})" if settings.FETCH_CONTACT else ""
    return f"{ROBOT_NAME}/{settings.VERSION}{contact}"


def _get_validators(entry: MaterialEntry) -> CacheValidators | None:
    from project.outbound.responses import CacheValidators  # noqa: PLC0415

    if not (entry.final_url and (entry.etag or entry.last_modified)):
        return None
    return CacheValidators(url=entry.final_url, etag=entry.etag, last_modified=entry.last_modified)


def _get_fetcher() -> Fetcher:
    return build_fetcher(build_user_agent(), tuple(settings.FETCH_ALLOWED_HOSTS), settings.FETCH_PAUSE_SECONDS)


@cache
def build_fetcher(agent: str, allowed_hosts: tuple[str, ...], pause_seconds: float) -> Fetcher:
    """Return this process's fetcher. It remembers the robots.txt of sites."""
    from materials.web.host_throttle import wait_for_host  # noqa: PLC0415
    from project.outbound.fetcher import Fetcher  # noqa: PLC0415
    from project.outbound.robots import apply_robots_policy  # noqa: PLC0415

    plain = Fetcher(user_agent=agent, allowed_hosts=allowed_hosts)
    return apply_robots_policy(plain, name=ROBOT_NAME, wait_for_host=wait_for_host, seconds=pause_seconds)
