"""Request the source URL of an entry: the fetcher of this app, its limits, and the metadata of responses."""

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
# What is downloaded. The bytes decide whether it can be read: many servers send files as octet-stream, without a
# type, or with one that only says "download" and is not registered.
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
# The default DOCUMENT_MAX_BYTES (200 MB) needs 5.3 Mbit/s to arrive in time, UPLOAD_MAX_BYTES (2 GB) 1.1 Mbit/s. Both
# times must stay below those of jobs and RESERVATION_LIFETIME (6 hours).
DOCUMENT_TIMEOUT_SECONDS = 300.0
RECORDING_TIMEOUT_SECONDS = 4 * 3600.0
# Lengths of the columns of an entry.
_MAX_URL_LENGTH, _MAX_HEADER_LENGTH, _MAX_DATE_LENGTH = 2000, 200, 50


@dataclass(frozen=True, kw_only=True)
class ResponseMetadata:
    """What the headers of a response say of its body; fields are blank when a header is missing."""

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
    """Request the source URL of an entry; with `only_if_new`, conditionally (RFC 9110, section 13).

    `most_bytes` limits the body and `seconds` the whole request. A host that sends `Retry-After` is not requested by
    any job until then. Raises FetchRefused, FetchFailed and what `checkpoint` raises.
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
    """Return the metadata of a response, in the lengths that an entry can store."""
    headers = fetched.headers
    # Validators that are too long are dropped, not cut: a cut one would never match.
    etag, last_modified = headers.get("etag", ""), headers.get("last-modified", "")
    return ResponseMetadata(
        url=fetched.url[:_MAX_URL_LENGTH],
        content_type=headers.get("content-type", "")[:_MAX_HEADER_LENGTH],
        charset=parse_charset(headers.get("content-type", "")),
        name=derive_file_name(fetched.url, fetched.content_type, headers.get("content-disposition", "")),
        etag=etag if len(etag) <= _MAX_HEADER_LENGTH else "",
        last_modified=last_modified if len(last_modified) <= _MAX_DATE_LENGTH else "",
    )


def build_user_agent() -> str:
    """Return the User-Agent, by which site owners recognise this service in their logs and robots.txt."""
    contact = f" (+{settings.FETCH_CONTACT})" if settings.FETCH_CONTACT else ""
    return f"{ROBOT_NAME}/{settings.VERSION}{contact}"


def _get_validators(entry: MaterialEntry) -> CacheValidators | None:
    from project.outbound.responses import CacheValidators  # noqa: PLC0415

    # Validators belong to one URL: they are only sent when the redirects lead to the same one as before.
    if not (entry.final_url and (entry.etag or entry.last_modified)):
        return None
    return CacheValidators(url=entry.final_url, etag=entry.etag, last_modified=entry.last_modified)


def _get_fetcher() -> Fetcher:
    return build_fetcher(build_user_agent(), tuple(settings.FETCH_ALLOWED_HOSTS), settings.FETCH_PAUSE_SECONDS)


@cache
def build_fetcher(agent: str, allowed_hosts: tuple[str, ...], pause_seconds: float) -> Fetcher:
    """Return the fetcher of this process, which caches the robots.txt of sites."""
    from materials.web.host_throttle import wait_for_host  # noqa: PLC0415
    from project.outbound.fetcher import Fetcher  # noqa: PLC0415
    from project.outbound.robots import apply_robots_policy  # noqa: PLC0415

    plain = Fetcher(user_agent=agent, allowed_hosts=allowed_hosts)
    return apply_robots_policy(plain, name=ROBOT_NAME, wait_for_host=wait_for_host, seconds=pause_seconds)
