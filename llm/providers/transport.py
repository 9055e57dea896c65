"""The HTTP below every SDK: one clock for the whole call, one host for the key.

An SDK's read timeout starts anew with every chunk, and a server that drips keep-alive lines would outlive it; here
every read and write of the socket gets what is left of the call's time. A request to any other origin than the
provider's is refused before it is sent, whatever a redirect or an upload address says, so that no key leaves for a host
that it does not belong to.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

_deadline: ContextVar[float | None] = ContextVar("llm_deadline", default=None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Cut every request of the body off so many seconds from now, with an httpx2.TimeoutException."""
    before = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(before)


class WrongHost(httpx2.TransportError):
    """A request was about to leave for a host that is not the provider's."""


class ProviderTransport(httpx2.HTTPTransport):
    """Sends requests to one origin only, within the time limit that `time_limit` has set."""

    def __init__(self, base_url: str, *, connections: int) -> None:
        super().__init__()
        self._origin = _origin(httpx2.URL(base_url))
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=60,
            network_backend=_TimedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if _origin(request.url) != self._origin:
            raise WrongHost(f"{request.url.host} is not the provider's host", request=request)
        return super().handle_request(request)


def http_client(base_url: str, *, connections: int) -> httpx2.Client:
    """Return a client for one provider: no redirects, no proxies, netrc or cookies of the environment."""
    return httpx2.Client(
        transport=ProviderTransport(base_url, connections=connections), follow_redirects=False, trust_env=False
    )


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    deadline = _deadline.get()
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the time for the whole call is up")
    return left if timeout is None else min(timeout, left)


class _TimedStream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        limit = _left(timeout, httpcore2.ConnectTimeout)
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
        limit = _left(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(self._inner.connect_tcp(host, port, limit, local_address, socket_options))
