"""Which responses are accepted: their status, content type and size; and their bodies, decompressed.

* DomainError
  x FetchRefused  422  the address, or what it leads to, is not allowed; `code` says why
  x FetchFailed   502  the other side did not deliver; `code` says how
"""

from __future__ import annotations

import contextlib
import datetime
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from project.errors import DomainError

# A kilobyte of gzip may hold a megabyte: bodies are inflated in steps of this size, so that the limit is met in time.
PIECE_BYTES = 64 * 1024


# RFC 9110, section 15.6, and RFC 6585: too slow, too many requests, no answer from behind, down for maintenance. Not
# 500, which is mostly the page's own fault and stays.
_TEMPORARY_STATUSES = {408, 429, 502, 503, 504}


class FetchRefused(DomainError):
    """The URL, or what it leads to, is not fetched; trying again does not help."""

    code = "fetch_refused"
    status = 422
    next_step = "Give the address of a public page or file, beginning with https://, or upload the file."


class FetchFailed(DomainError):
    """The other side did not deliver; it may do so later."""

    code = "fetch_failed"
    status = 502
    next_step = "Open the address in a browser. If it works there, try again later, or upload the file."


class SiteUnavailable(FetchFailed):
    """The site does not answer at present. A job waits for an hour, in which most restarts and repairs are over: a site
    that is gone for good should be known to whoever gave its URL on the same day.
    """

    max_outage_hours = 1.0


@dataclass(frozen=True, kw_only=True)
class CacheValidators:
    """The validators (RFC 9110, section 8.8) of a version that was fetched from `url` before. Sent to `url` alone."""

    url: str
    etag: str = ""
    last_modified: str = ""

    def build_conditional_headers(self, url: str) -> dict[str, str]:
        """Return the headers of a request for another version than this one; none for another URL.

        A value that cannot be sent back (not ASCII, against the rules of HTTP) is left out.
        """
        if url != self.url:
            return {}
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value and value.isascii() and value.isprintable()}


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """Limits of one fetch, redirects included: bytes of content, seconds, number of redirects.

    `connect_seconds` holds for each IP address that is tried, `silence_seconds` for the wait for the next byte. The
    defaults are what people would wait for a page: no measurement stands behind them.
    """

    max_bytes: int
    seconds: float
    connect_seconds: float = 10
    silence_seconds: float = 30
    max_redirects: int = 5


@dataclass(frozen=True, kw_only=True)
class FetchedResponse:
    """An accepted response whose body is still to be read.

    `url` is where the last redirect led, `content_type` is in lower case and without parameters, `headers` have names
    in lower case. `chunks` yields the plain content once, in constant memory, and raises FetchRefused when it grows
    too large, FetchFailed when it ends early, and what the checkpoint raises. With `is_not_modified` the server says
    that nothing has changed since the known version: there is no content.
    """

    url: str
    content_type: str
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    is_not_modified: bool = False


@dataclass(frozen=True, kw_only=True)
class RawResponse:
    """The response to one request to `url` (without fragment) at `host` (`netloc`: with its port)."""

    url: str
    host: str
    netloc: str
    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


@dataclass(frozen=True, kw_only=True)
class PostedResponse:
    """The answer to a body that was sent; `start` is the beginning of the answer's own body, as it came."""

    status: int
    headers: Mapping[str, str]
    start: bytes

    @property
    def retry_after(self) -> int | None:
        """Return the seconds that the other side asks to wait for; None when it does not."""
        return _parse_retry_after(self.headers)


def read_posted_response(response: RawResponse, limits: FetchLimits) -> PostedResponse:
    """Return the answer with what can be read of its body: the status stands also when the body breaks off."""
    start = b""
    with contextlib.suppress(FetchFailed):
        for piece in response.pieces:
            start += piece[: limits.max_bytes - len(start)]
            if len(start) >= limits.max_bytes:
                break
    return PostedResponse(status=response.status, headers=response.headers, start=start)


def build_not_modified(response: RawResponse) -> FetchedResponse:
    """Return the response of a server that says that the known version is the current one."""
    return FetchedResponse(
        url=response.url, content_type="", headers=response.headers, chunks=iter(()), is_not_modified=True
    )


def accept_response(response: RawResponse, types: Collection[str], limits: FetchLimits) -> FetchedResponse:
    """Return the response with its body limited and decompressed. Raises FetchRefused and FetchFailed."""
    # 203 is a 200 that a proxy has changed; other successes bring no content or a part of it.
    if response.status not in {200, 203}:
        raise _build_status_error(response)
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not {content_type, f"{content_type.partition('/')[0]}/*"} & set(types):
        raise FetchRefused(
            f"{response.host} sends {content_type[:100] or 'something without a type'}, which is not taken.",
            code="type_unexpected",
            next_step="Give the address of the file itself, or upload it.",
        )
    if int(response.headers.get("content-length", "0")) > limits.max_bytes:
        raise _build_too_large_error(limits)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    return FetchedResponse(
        url=response.url,
        content_type=content_type,
        headers=response.headers,
        # Both what is sent and what it inflates to are limited.
        chunks=_limit_size(_decode_content(_limit_size(response.pieces, limits), encoding, response.host), limits),
    )


def _build_status_error(response: RawResponse) -> FetchFailed:
    next_step = {
        401: "The page asks for a password: save it, and upload the file.",
        403: "The page is not for everybody: save it, and upload the file.",
        404: "Check the address.",
        410: "It is gone. Check the address.",
        429: "Try again later: the site answers so many requests at a time only.",
    }.get(response.status, "")
    extra: dict[str, Any] = {"answered": response.status}
    if response.status in {429, 503} and (seconds := _parse_retry_after(response.headers)) is not None:
        extra |= {"retry_after": seconds, "host": response.netloc}
        next_step = f"The site asks to wait: try again in {seconds} seconds."
    error = SiteUnavailable if response.status in _TEMPORARY_STATUSES else FetchFailed
    return error(
        f"{response.host} answered with status {response.status}.",
        code="host_asks_to_wait" if response.status == 429 else "http_status",
        next_step=next_step,
        extra=extra,
    )


def _parse_retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the seconds of Retry-After, a number or a date (RFC 9110, section 10.2.3); None when there are none."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        # Nine digits are thirty years: longer ones would only overflow somewhere.
        return int(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return max(0, round((until - datetime.datetime.now(datetime.UTC)).total_seconds()))


def _build_too_large_error(limits: FetchLimits) -> FetchRefused:
    return FetchRefused(
        f"What is there has more than {limits.max_bytes:,} bytes.",
        code="too_large",
        next_step="Give the address of a smaller file.",
    )


def _limit_size(pieces: Iterator[bytes], limits: FetchLimits) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limits.max_bytes:
            raise _build_too_large_error(limits)
        yield piece


def _create_inflater() -> zlib._Decompress:
    # 32: take gzip and zlib headers alike; "deflate" is sent as both (RFC 9110, section 8.4.1.2).
    return zlib.decompressobj(zlib.MAX_WBITS | 32)


def _decode_content(pieces: Iterator[bytes], encoding: str, host: str) -> Iterator[bytes]:
    """Yield the plain content of a body that a server compressed although it was asked not to, in bounded pieces."""
    if encoding in {"", "identity"}:
        yield from pieces
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise FetchFailed(f"{host} compresses with {encoding[:20]}, though asked not to.", code="encoding_unknown")
    inflater = _create_inflater()
    for piece in pieces:
        rest = piece
        while rest:
            if inflater.eof:  # gzip may come in several members
                inflater = _create_inflater()
            try:
                yield inflater.decompress(rest, PIECE_BYTES)
            except zlib.error as exc:
                raise FetchFailed(f"What {host} sends is damaged: {exc}.", code="incomplete") from exc
            rest = inflater.unconsumed_tail or inflater.unused_data
    if not inflater.eof:
        raise FetchFailed(f"{host} broke off in the middle.", code="incomplete")
