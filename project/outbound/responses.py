"""What of an answer is taken: its status, its type, how much of it, and its content as it was before it was packed.

* DomainError
  x FetchRefused  422  the address, or what it leads to, is not allowed; `code` says why
  x FetchFailed   502  the other side did not deliver; `code` says how
"""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from project.errors import DomainError

PIECE_BYTES = 64 * 1024


class FetchRefused(DomainError):
    """The address, or what it leads to, is not allowed."""

    code = "fetch_refused"
    status = 422
    next_step = "Give the address of a public page or file, beginning with https://, or upload the file."


class FetchFailed(DomainError):
    """The other side did not deliver."""

    code = "fetch_failed"
    status = 502
    next_step = "Open the address in a browser. If it works there, try again later, or upload the file."


@dataclass(frozen=True, kw_only=True)
class CacheValidators:
    """What was fetched from an address before, by what its server calls that version. Sent to `url` alone."""

    url: str
    etag: str = ""
    last_modified: str = ""

    def build_conditional_headers(self, url: str) -> dict[str, str]:
        """Return the headers that ask an address for another version than this.

        What cannot be sent as it came (not ASCII, against HTTP's rules) is left out.
        """
        if url != self.url:
            return {}
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value and value.isascii() and value.isprintable()}


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """What one fetch may take, redirects included: bytes of content, seconds on the clock, number of redirects.

    `connect_seconds` is for each address of a host that is tried, `silence_seconds` for the wait for the next byte.
    """

    max_bytes: int
    seconds: float
    connect_seconds: float = 10
    silence_seconds: float = 30
    max_redirects: int = 5


@dataclass(frozen=True, kw_only=True)
class FetchedResponse:
    """An answer that was taken, with its body still to come.

    `url` is where the last redirect led, `content_type` in small letters and without parameters, `headers` have names
    in small letters. `chunks` yields the plain content once, in constant memory, and raises FetchRefused when it grows
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
    """What came for one request: from `url` (without fragment) of `host` (`netloc` with its port)."""

    url: str
    host: str
    netloc: str
    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


def build_not_modified(response: RawResponse) -> FetchedResponse:
    """Return what says that nothing has changed."""
    return FetchedResponse(
        url=response.url, content_type="", headers=response.headers, chunks=iter(()), is_not_modified=True
    )


def accept_response(response: RawResponse, types: Collection[str], limits: FetchLimits) -> FetchedResponse:
    """Return the answer if it is one to take."""
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
    return FetchFailed(
        f"{response.host} answered with status {response.status}.",
        code="host_asks_to_wait" if response.status == 429 else "http_status",
        next_step=next_step,
        extra=extra,
    )


def _parse_retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the seconds that a server asks to wait, in either of the forms that it may use."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
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
    return zlib.decompressobj(zlib.MAX_WBITS | 32)


def _decode_content(pieces: Iterator[bytes], encoding: str, host: str) -> Iterator[bytes]:
    """Yield a body as it was before the server compressed it unasked, in pieces of bounded size."""
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
