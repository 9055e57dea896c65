"""The HTTP transport below all SDKs: one time limit for the whole call, one origin for the key.

An SDK's read timeout starts anew with every chunk, and a server that sends keep-alive lines would outlive it; here
every read and write of the socket gets what is left of the call's time. A request to any other origin than the
provider's is refused before it is sent, whatever a redirect or an upload URL says, so that the key is sent to nobody
else.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
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

# When the time for the whole call is up, on the monotonic clock, and the checkpoint. A context variable, because SDKs
# pass nothing like that down to the transport, and threads share one client.
_limit: ContextVar[tuple[float | None, Callable[[], None] | None]] = ContextVar("llm_limit", default=(None, None))


class _CheckpointRaised(BaseException):
    """Carries an exception of the checkpoint through the SDKs, which take any Exception for a broken connection."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class TimeLimit:
    """Limits all requests of the body to `seconds` together: then they raise an httpx2.TimeoutException.

    While an answer is awaited, `checkpoint` is called about once a second; what it raises leaves the body.
    """

    def __init__(self, seconds: float, checkpoint: Callable[[], None] | None = None) -> None:
        self._seconds = seconds
        self._checkpoint = checkpoint

    def __enter__(self) -> None:
        self._before = _limit.set((time.monotonic() + self._seconds, self._checkpoint))

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _limit.reset(self._before)
        if isinstance(error, _CheckpointRaised):
            raise error.reason from None


class WrongHost(httpx2.TransportError):
    """A request was about to leave for a host that is not the provider's."""


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
        limits = {"connect": self._connect_seconds, "pool": _compute_remaining(None, httpx2.PoolTimeout)}
        request.extensions = {**request.extensions, "timeout": {**request.extensions.get("timeout", {}), **limits}}
        return super().handle_request(request)


def build_http_client(base_url: str, *, connections: int, connect_seconds: float) -> httpx2.Client:
    """Return an HTTP client for one provider, without redirects and without the environment's proxies and netrc."""
    transport = ProviderTransport(base_url, connections=connections, connect_seconds=connect_seconds)
    return httpx2.Client(transport=transport, follow_redirects=False, trust_env=False)


def _get_origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _call_checkpoint() -> None:
    _, checkpoint = _limit.get()
    if checkpoint is not None:
        try:
            checkpoint()
        except Exception as exc:
            raise _CheckpointRaised(exc) from exc


def _compute_remaining(timeout: float | None, timeout_error: type[Exception]) -> float | None:
    deadline, _ = _limit.get()
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise timeout_error("the time for the whole call is up")
    return left if timeout is None else min(timeout, left)


class _TimedStream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        # Nothing is lost when a read times out: httpcore's streams return the bytes of a later read.
        while (left := _compute_remaining(timeout, httpcore2.ReadTimeout)) is None or left > CHECKPOINT_SECONDS:
            try:
                return self._inner.read(max_bytes, CHECKPOINT_SECONDS)
            except httpcore2.ReadTimeout:
                _call_checkpoint()
                timeout = None if timeout is None else timeout - CHECKPOINT_SECONDS
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The inner stream sends in a loop, and its timeout starts anew with every `send`.
        for begin in range(0, len(buffer), PIECE_BYTES):
            self._inner.write(buffer[begin : begin + PIECE_BYTES], _compute_remaining(timeout, httpcore2.WriteTimeout))

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
