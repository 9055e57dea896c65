"""The HTTP below every SDK: one clock for the whole call, one host for the key.

An SDK's read timeout starts anew with every chunk, and a server that drips keep-alive lines would outlive it; here
every read and write of the socket gets what is left of the call's time. A request to any other origin than the
provider's is refused before it is sent, whatever a redirect or an upload address says, so that no key leaves for a host
that it does not belong to.
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

PIECE_BYTES = 64 * 1024

CHECKPOINT_SECONDS = 1.0
"""How often somebody who waits for an answer looks whether it is still wanted."""

_limit: ContextVar[tuple[float | None, Callable[[], None] | None]] = ContextVar("llm_limit", default=(None, None))
"""When the time for the whole call is up, on the monotonic clock, and the checkpoint."""


class _CheckpointRaised(BaseException):
    """Carries what a checkpoint raised past the SDKs, which would take an Exception for a broken connection."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class TimeLimit:
    """Cuts every request of the body off so many seconds from now, with an httpx2.TimeoutException.

    While an answer is waited for, `checkpoint` is called about once a second; what it raises ends the wait.
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
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=get_system_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=60,
            network_backend=_TimedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if _get_origin(request.url) != self._origin:
            raise WrongHost(f"{request.url.host} is not the provider's host", request=request)
        limits = {"connect": self._connect_seconds, "pool": _compute_remaining(None, httpx2.PoolTimeout)}
        request.extensions = {**request.extensions, "timeout": {**request.extensions.get("timeout", {}), **limits}}
        return super().handle_request(request)


def build_http_client(base_url: str, *, connections: int, connect_seconds: float) -> httpx2.Client:
    """Return a client for one provider: no redirects, no proxies, netrc or cookies of the environment."""
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
        while (left := _compute_remaining(timeout, httpcore2.ReadTimeout)) is None or left > CHECKPOINT_SECONDS:
            try:
                return self._inner.read(max_bytes, CHECKPOINT_SECONDS)
            except httpcore2.ReadTimeout:
                _call_checkpoint()
                timeout = None if timeout is None else timeout - CHECKPOINT_SECONDS
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for begin in range(0, len(buffer), PIECE_BYTES):  # the inner stream's limit starts anew with every `send`
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
