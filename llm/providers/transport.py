"""The HTTP transport below all SDKs: limits of the call's time and of the answer's size, one origin for the key.

An SDK's read timeout starts anew with every chunk, and a server that sends keep-alive lines would outlive it; here
every read and write of the socket gets what is left of the call's time, and of the time in which the answer must go on.
Bodies are inflated here, in steps, so that a small one cannot become a large one unnoticed. A request to any other
origin than the provider's is refused before it is sent, whatever a redirect or an upload URL says, so that the key is
sent to nobody else.
"""

from __future__ import annotations

import contextlib
import math
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

from project.outbound.fetcher import get_system_ssl_context

# How much is written to a socket between two checks of the time limit. Smaller pieces cost more system calls for an
# upload of hundreds of megabytes, larger ones notice the limit later on a slow line.
PIECE_BYTES = 64 * 1024

# How often the checkpoint is called while an answer is awaited: a cancelled job should stop within a moment, and each
# call interrupts a read.
CHECKPOINT_SECONDS = 1.0

# The largest body outside of a model's answer, such as a list of files or of models: a choice.
MAX_BODY_BYTES = 16 * 1024 * 1024


class _CheckpointRaised(BaseException):
    """Carries an exception of the checkpoint through the SDKs, which take any Exception for a broken connection."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class TimeLimit:
    """Limits all requests of the body to `seconds` together: then they raise an httpx2.TimeoutException.

    The same happens when `silence_seconds` pass before the first `note_progress`, or the seconds that it names after
    it; `was_silent` tells that case from the other. About once a second `checkpoint` is called; what it raises leaves
    the body. Responses hold at most `max_bytes`, inflated or not; those still open at the end of the body are closed.
    """

    def __init__(
        self,
        seconds: float,
        checkpoint: Callable[[], None] | None = None,
        *,
        silence_seconds: float = math.inf,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.max_bytes = max_bytes
        self._seconds, self._silence_seconds = seconds, silence_seconds
        self._checkpoint = checkpoint
        self._open_bodies: list[_LimitedBody] = []

    def __enter__(self) -> TimeLimit:
        now = time.monotonic()
        self._ends_at, self._silent_at, self._checked_at = now + self._seconds, now + self._silence_seconds, now
        self._before = _limit.set(self)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _limit.reset(self._before)
        for body in self._open_bodies:
            body.close()
        if isinstance(error, _CheckpointRaised):
            raise error.reason from None

    def note_progress(self, silence_seconds: float) -> None:
        """Note that a part of the answer has come, after which the next one has so many seconds."""
        self._silent_at = time.monotonic() + silence_seconds

    @property
    def was_silent(self) -> bool:
        """Whether the time in which the answer must go on ends before the time for the whole call."""
        return self._silent_at <= self._ends_at

    def compute_seconds_left(self) -> float:
        """Return the seconds until one of the two limits is reached; not above 0 when one is."""
        return min(self._ends_at, self._silent_at) - time.monotonic()

    def call_checkpoint(self) -> None:
        """Call the checkpoint, unless that was done within the last second."""
        now = time.monotonic()
        if self._checkpoint is None or now - self._checked_at < CHECKPOINT_SECONDS:
            return
        self._checked_at = now
        try:
            self._checkpoint()
        except Exception as exc:
            raise _CheckpointRaised(exc) from exc

    def register_body(self, body: _LimitedBody) -> None:
        self._open_bodies.append(body)


# A context variable, because SDKs pass nothing like that down to the transport, and threads share one client.
_limit: ContextVar[TimeLimit | None] = ContextVar("llm_limit", default=None)


class WrongHost(httpx2.TransportError):
    """A request was about to leave for a host that is not the provider's."""


class BodyTooLarge(httpx2.TransportError):
    """The body of a response is larger than the call allows."""


class UnknownEncoding(httpx2.TransportError):
    """The body of a response is compressed in a way that was not asked for."""


class ProviderTransport(httpx2.HTTPTransport):
    """Sends requests to one origin only, within the time limit of `TimeLimit`."""

    def __init__(self, base_url: str, *, connections: int, connect_seconds: float) -> None:
        super().__init__(verify=get_system_ssl_context())
        self._origin = _get_origin(httpx2.URL(base_url))
        self._connect_seconds = connect_seconds
        # httpx2 takes no network backend, so that the pool it has made is replaced by one with ours.
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=get_system_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            # A choice: longer than most pauses between the calls of a job, which then share one TLS handshake.
            keepalive_expiry=60,
            network_backend=_TimedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        # Below the SDK and the client, so that no option of theirs can lead around it.
        if _get_origin(request.url) != self._origin:
            raise WrongHost(f"{request.url.host} is not the provider's host", request=request)
        # Compressed streams come in blocks, and answers are small beside what models are paid for.
        request.headers["accept-encoding"] = "identity"
        limits = {"connect": self._connect_seconds, "pool": _compute_remaining(None, httpx2.PoolTimeout)}
        request.extensions = {**request.extensions, "timeout": {**request.extensions.get("timeout", {}), **limits}}
        return _limit_body(super().handle_request(request), request)


def build_http_client(base_url: str, *, connections: int, connect_seconds: float) -> httpx2.Client:
    """Return an HTTP client for one provider, without redirects and without the environment's proxies and netrc."""
    transport = ProviderTransport(base_url, connections=connections, connect_seconds=connect_seconds)
    return httpx2.Client(transport=transport, follow_redirects=False, trust_env=False)


class _LimitedBody(httpx2.SyncByteStream):
    """The plain bytes of a response's body. Raises BodyTooLarge beyond `max_bytes`, sent or inflated."""

    def __init__(self, inner: httpx2.SyncByteStream, *, max_bytes: int, is_deflated: bool) -> None:
        self._inner = inner
        self._max_bytes = max_bytes
        # 32: the header of gzip or of zlib, as "deflate" is understood (RFC 9110, section 8.4.1.2).
        self._inflater = zlib.decompressobj(32 + zlib.MAX_WBITS) if is_deflated else None
        self._sent = self._plain = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            self._sent += len(piece)
            if self._inflater is None:
                yield self._count_bytes(piece)
                continue
            while piece:
                yield self._count_bytes(self._inflate(piece))
                piece = self._inflater.unconsumed_tail
        if self._inflater is not None:
            yield self._count_bytes(self._inflater.flush())

    def _inflate(self, piece: bytes) -> bytes:
        assert self._inflater is not None
        try:
            return self._inflater.decompress(piece, PIECE_BYTES)
        except zlib.error:
            raise UnknownEncoding("the answer is not compressed as it says") from None

    def _count_bytes(self, plain: bytes) -> bytes:
        self._plain += len(plain)
        if max(self._sent, self._plain) > self._max_bytes:
            raise BodyTooLarge(f"the answer has more than {self._max_bytes} bytes")
        return plain

    def close(self) -> None:
        self._inner.close()


def _limit_body(response: httpx2.Response, request: httpx2.Request) -> httpx2.Response:
    limit = _limit.get()
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    assert isinstance(response.stream, httpx2.SyncByteStream)
    body = _LimitedBody(
        response.stream,
        max_bytes=limit.max_bytes if limit is not None else MAX_BODY_BYTES,
        is_deflated=encoding in {"gzip", "x-gzip", "deflate"},
    )
    if limit is not None:
        limit.register_body(body)
    if encoding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        body.close()
        raise UnknownEncoding("the answer is compressed in a way that was not asked for", request=request)
    if encoding not in {"identity", ""}:
        # What is read is plain now, and of another length.
        del response.headers["content-encoding"]
        response.headers.pop("content-length", None)
    response.stream = body
    return response


def _get_origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _compute_remaining(timeout: float | None, timeout_error: type[Exception]) -> float | None:
    limit = _limit.get()
    if limit is None:
        return timeout
    left = limit.compute_seconds_left()
    if left <= 0:
        raise timeout_error("the time for the call is up")
    return left if timeout is None else min(timeout, left)


class _TimedStream(httpcore2.NetworkStream):
    """A stream within the limits of the call. What is written goes out with the next read, or in large pieces.

    Head and body of a small request are written apart; sent together, they wake the server once, not twice.
    """

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self._unsent = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        # A server may answer and close before it has read the whole request: then its answer is there to read.
        with contextlib.suppress(httpcore2.WriteError):
            self._flush()
        # Nothing is lost when a read times out: httpcore's streams return the bytes of a later read.
        limit = _limit.get()
        if limit is not None:
            # Here too, since a read of an answer that flows does not wait for a second.
            limit.call_checkpoint()
        while (left := _compute_remaining(timeout, httpcore2.ReadTimeout)) is None or left > CHECKPOINT_SECONDS:
            try:
                return self._inner.read(max_bytes, CHECKPOINT_SECONDS)
            except httpcore2.ReadTimeout:
                if limit is not None:
                    limit.call_checkpoint()
                timeout = None if timeout is None else timeout - CHECKPOINT_SECONDS
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(self._unsent) + len(buffer) <= PIECE_BYTES:
            self._unsent += buffer
            return
        self._flush(timeout)
        # The inner stream sends in a loop, and its timeout starts anew with every `send`.
        for begin in range(0, len(buffer), PIECE_BYTES):
            self._inner.write(buffer[begin : begin + PIECE_BYTES], _compute_remaining(timeout, httpcore2.WriteTimeout))

    def _flush(self, timeout: float | None = None) -> None:
        if unsent := self._unsent:
            self._unsent = b""
            self._inner.write(unsent, _compute_remaining(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        limit = _compute_remaining(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _TimedBackend(httpcore2.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        limit = _compute_remaining(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(self._inner.connect_tcp(host, port, limit, local_address, socket_options))
