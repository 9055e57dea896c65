"""Sockets under one deadline: every wait, for a name, a connection, a handshake or a byte, ends with it.

HTTP libraries limit each wait alone, so that a server that sends a byte now and then is never cut off. Errors are
OSError; TimeoutError when time is up.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

import httpcore2

T = TypeVar("T")

# A cancelled job should stop within a second; the checkpoint may ask the database, so not at every byte.
CHECKPOINT_SECONDS = 0.25


class NetworkDeadline:
    """When some network work must end, in seconds from now, and how long the other side may be silent.

    `checkpoint` is called every CHECKPOINT_SECONDS; what it raises ends the work.
    """

    def __init__(self, *, seconds: float, silence_seconds: float, checkpoint: Callable[[], None]) -> None:
        self._end = time.monotonic() + seconds
        self._silence_seconds = silence_seconds
        self._checkpoint = checkpoint
        self._next_checkpoint_at = 0.0

    def check_time(self) -> None:
        """Raise TimeoutError when time is up, and what the checkpoint raises."""
        now = time.monotonic()
        if now >= self._next_checkpoint_at:
            self._checkpoint()
            self._next_checkpoint_at = now + CHECKPOINT_SECONDS
        if now >= self._end:
            raise TimeoutError("the time for all of it is up")

    def extend_by(self, seconds: float) -> None:
        """Move the end by time that was not spent on the work."""
        self._end += seconds

    def wait_for_socket(self, sock: socket.socket, event: int, *, seconds: float | None = None) -> None:
        """Return when the socket is ready for `select.POLLIN` or `POLLOUT`; wait no longer than `seconds`."""
        poll = select.poll()
        poll.register(sock, event)
        self._poll_until_ready(lambda slice_: bool(poll.poll(slice_ * 1000)), seconds)

    def call_in_thread(self, call: Callable[[], T]) -> T:
        """Return the result of a call that cannot be interrupted, such as getaddrinfo.

        When time is up first, the thread goes on alone and its result is dropped.
        """
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(call())
            except Exception as exc:  # noqa: BLE001 - handed to the waiting thread
                future.set_exception(exc)

        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        threading.Thread(target=run, daemon=True).start()
        self._poll_until_ready(done.wait, None)
        return future.result()

    def _poll_until_ready(self, is_ready: Callable[[float], bool], seconds: float | None) -> None:
        begun = time.monotonic()
        last = min(self._end, begun + (self._silence_seconds if seconds is None else seconds))
        while True:
            self.check_time()
            left = last - time.monotonic()
            if is_ready(min(CHECKPOINT_SECONDS, max(left, 0))):
                return
            if left <= 0:
                raise TimeoutError("nothing came")


class SocketStream(httpcore2.NetworkStream):
    """A connection under a deadline. The time limits that httpcore2 passes to each call are not used."""

    def __init__(self, sock: socket.socket, deadline: NetworkDeadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._retry_until_done(partial(self._socket.recv, max_bytes), select.POLLIN)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        while rest:
            sent = self._retry_until_done(partial(self._socket.send, rest), select.POLLOUT)
            rest = rest[sent:]

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        # The handshake must not block either: it is done under the deadline below.
        wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname, do_handshake_on_connect=False)
        secured = SocketStream(wrapped, self._deadline)
        try:
            secured._retry_until_done(wrapped.do_handshake, select.POLLIN)
        except BaseException:
            secured.close()
            raise
        return secured

    def get_extra_info(self, info: str) -> Any:
        return None

    def _retry_until_done(self, act: Callable[[], T], event: int) -> T:
        while True:
            self._deadline.check_time()
            try:
                return act()
            except ssl.SSLWantReadError:
                self._deadline.wait_for_socket(self._socket, select.POLLIN)
            except ssl.SSLWantWriteError:
                self._deadline.wait_for_socket(self._socket, select.POLLOUT)
            except BlockingIOError:
                self._deadline.wait_for_socket(self._socket, event)


def open_connection(ip: str, port: int, deadline: NetworkDeadline, *, seconds: float) -> SocketStream:
    """Return a connection to an IP address (never a name) within `seconds`. Raises OSError."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        # A request is one small packet: Nagle's algorithm would hold it back.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sock.connect((ip, port))
        except BlockingIOError:
            deadline.wait_for_socket(sock, select.POLLOUT, seconds=seconds)
        if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, "the connection was refused")
    except BaseException:
        sock.close()
        raise
    return SocketStream(sock, deadline)
