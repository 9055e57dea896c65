"""gunicorn's threaded worker, changed so that slow clients hold no threads.

gunicorn gives each connection a thread as soon as it is there, and that thread waits for whatever the client sends.
Here the event loop receives a request's head, and a body of up to BUFFERED_BODY_BYTES, before a thread is given; a
longer body must keep a minimum rate. Requests that may wait go to a process of their own. Health checks have threads of
their own, and the loop never waits for clients that close their connection late, as gunicorn's does for two seconds
each.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import time
from concurrent import futures
from functools import partial
from typing import Any

from django.conf import settings
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from project.server.handover import Handover
from project.server.heads import MAX_HEAD_BYTES, HeadTooLarge, find_request_end
from project.server.pace import PacedUnreader
from project.server.refusals import Refusal, build_refusal, find_refusal

# For a head, as nginx allows (client_header_timeout). A small body has the time that UPLOAD_MIN_RATE gives it beside.
HEAD_SECONDS = 20.0
# What requests that are arriving may hold in all; beyond it the oldest of them are dropped.
BUFFER_BYTES = 64 * 2**20
# How long and how much is read from a client that goes on sending after its answer: closing at once could destroy it.
LINGER_SECONDS, LINGER_BYTES = 5.0, 2**20
# For the bytes that the application hands over at once, up to 256 KiB of a file; as long as nginx waits for a client.
SEND_SECONDS = 120.0
_HEALTH_THREADS = {b"/health/live": 1, b"/health/ready": 2}
_READ_BYTES = 2**16

_TOO_LARGE = Refusal(status=431, code="headers_too_large", detail=f"The headers have more than {MAX_HEAD_BYTES} bytes.")
_TOO_SLOW = Refusal(
    status=408, code="request_too_slow", detail="The request arrived more slowly than the server waits for."
)
_INCOMPLETE = Refusal(status=400, code="body_incomplete", detail="The connection ended before the request did.")


class BufferedConnection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection with what the event loop has received of its next request."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.received = bytearray()
        self.deadline = 0.0
        self.awaited_bytes = 0  # of the request whose head is here, with the head
        self.discarded = 0
        self.data_ready = True  # gunicorn's own wait for the first byte, in a thread, is not needed

    def init(self) -> None:
        super().init()
        if not isinstance(self.parser.unreader, PacedUnreader):
            self.parser.unreader = PacedUnreader(self.sock)
        self.parser.unreader.unread(bytes(self.received))
        self.parser.unreader.restart()
        self.received.clear()
        self.sock.settimeout(SEND_SECONDS)


class BufferingWorker(ThreadWorker):  # type: ignore[misc]
    """Gives a thread to whole requests, and to long bodies from their first byte."""

    def init_process(self) -> None:
        # In the order of their arrival.
        self._receiving: dict[BufferedConnection, None] = {}
        self._lingering: dict[BufferedConnection, None] = {}
        self._buffered_bytes = 0
        self._health_pools = {
            path: futures.ThreadPoolExecutor(max_workers=count) for path, count in _HEALTH_THREADS.items()
        }
        self._handover = Handover(settings.STREAMS_SOCKET)
        super().init_process()

    def accept(self, listener: Any) -> None:
        try:
            client, address = listener.accept()
        except OSError as exc:
            if exc.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        connection = BufferedConnection(self.cfg, client, address, listener.getsockname())
        if self.nr_conns >= self.worker_connections and self._receiving:
            self._drop(next(iter(self._receiving)))  # who has not sent a whole request for longest makes room
        self._receive_request(connection)

    def on_client_socket_readable(self, conn: BufferedConnection, client: Any) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._receive_request(conn)

    def enqueue_req(self, conn: BufferedConnection) -> None:
        path = bytes(conn.received[:100]).split(b" ")[1:2]
        pool = self._health_pools.get(path[0].partition(b"?")[0] if path else b"") or self.tpool
        assert pool is not None
        future = pool.submit(self.handle, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def finish_request(self, conn: BufferedConnection, fs: futures.Future[Any]) -> None:
        try:
            is_kept = not fs.cancelled() and bool(fs.result())
        except Exception:  # noqa: BLE001  # as in gunicorn: the connection is lost, its worker goes on
            is_kept = False
        if not is_kept:
            self._linger(conn)
        elif read_ahead := conn.parser.unreader.take_buffered():
            conn.received.extend(read_ahead)
            self._receive_request(conn)
        else:
            super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: BufferedConnection) -> Any:
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            self.log.info("client too slow, connection closed")
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be read, or a failure outside the application, with a problem document."""
        if isinstance(exc, ParseException):
            self.log.info("request refused: %s", type(exc).__name__)
        else:
            self.log.error("Error handling request", exc_info=exc)
        with contextlib.suppress(OSError):
            client.sendall(build_refusal(find_refusal(exc)))

    def murder_pending(self) -> None:
        """Close connections whose time to send a request, or to receive an answer's end, is over."""
        now = time.monotonic()
        for connection in [conn for conn in self._receiving if conn.deadline <= now or not self.alive]:
            if connection.received:
                self._send_refusal(connection, _TOO_SLOW)
            else:
                self._drop(connection)
        for connection in [conn for conn in self._lingering if conn.deadline <= now or not self.alive]:
            self._drop(connection)

    def _keepalive_after(self, conn: BufferedConnection, keepalive: bool) -> bool:
        """Keep a connection only when the whole body is here: what has not arrived is not waited for in a thread."""
        reader = conn.parser.mesg.body.reader
        arrived = len(conn.parser.unreader.buf.getvalue())
        if not keepalive or not isinstance(reader, LengthReader) or reader.length > arrived:
            return False
        return bool(super()._keepalive_after(conn, keepalive))

    def _receive_request(self, connection: BufferedConnection) -> None:
        connection.deadline = time.monotonic() + HEAD_SECONDS
        connection.awaited_bytes = 0
        connection.sock.setblocking(False)
        self._receiving[connection] = None
        self._buffered_bytes += len(connection.received)
        self.poller.register(connection.sock, selectors.EVENT_READ, partial(self._on_receivable, connection))
        self._dispatch_when_complete(connection)

    def _on_receivable(self, connection: BufferedConnection, _socket: Any) -> None:
        data = _receive_bytes(connection)
        if data is None:
            return
        if not data:
            if connection.received:
                self._send_refusal(connection, _INCOMPLETE)  # it may have closed only its own side
            else:
                self._drop(connection)
            return
        connection.received += data
        self._buffered_bytes += len(data)
        self._dispatch_when_complete(connection)
        while self._buffered_bytes > BUFFER_BYTES:
            self._drop(next(iter(self._receiving)))

    def _dispatch_when_complete(self, connection: BufferedConnection) -> None:
        # A head is looked at once: a body that arrives byte by byte would have it parsed a million times.
        if len(connection.received) < connection.awaited_bytes:
            return
        try:
            request = find_request_end(connection.received)
        except HeadTooLarge:
            self._send_refusal(connection, _TOO_LARGE)
            return
        if request is None:
            return
        if request.is_complete:
            self._forget(connection)
            if self._handover.is_wanted(connection.received) and self._hand_over(connection):
                return
            self.enqueue_req(connection)
        else:
            connection.awaited_bytes = request.total_bytes
            connection.deadline += request.body_bytes / settings.UPLOAD_MIN_RATE
            if request.expects_continue:
                with contextlib.suppress(OSError):
                    connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_over(self, connection: BufferedConnection) -> bool:
        """Give the connection to the process that waits, if it takes it."""
        if not self._handover.hand_over(connection.sock, connection.received):
            return False
        self.nr_conns -= 1
        connection.close()
        return True

    def _send_refusal(self, connection: BufferedConnection, refusal: Refusal) -> None:
        self._forget(connection)
        with contextlib.suppress(OSError):  # the buffer of a new socket holds it
            connection.sock.send(build_refusal(refusal))
        self._linger(connection)

    def _linger(self, connection: BufferedConnection) -> None:
        """Close after the client has taken the answer: closed with unread bytes, a socket resets and may destroy it."""
        try:
            connection.sock.setblocking(False)
            connection.sock.shutdown(1)
            self.poller.register(connection.sock, selectors.EVENT_READ, partial(self._on_discardable, connection))
        except (OSError, ValueError, KeyError):
            self._drop(connection)
            return
        connection.deadline = time.monotonic() + LINGER_SECONDS
        self._lingering[connection] = None

    def _on_discardable(self, connection: BufferedConnection, _socket: Any) -> None:
        data = _receive_bytes(connection)
        if data is None:
            return
        connection.discarded += len(data)
        if not data or connection.discarded > LINGER_BYTES:
            self._drop(connection)

    def _drop(self, connection: BufferedConnection) -> None:
        self._forget(connection)
        self.nr_conns -= 1
        connection.close()

    def _forget(self, connection: BufferedConnection) -> None:
        """Take the connection out of the event loop."""
        if connection in self._receiving:
            del self._receiving[connection]
            self._buffered_bytes -= len(connection.received)
        self._lingering.pop(connection, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(connection.sock)


def _receive_bytes(connection: BufferedConnection) -> bytes | None:
    """Return what has arrived, nothing when the connection has ended, None when there is nothing yet."""
    try:
        data: bytes = connection.sock.recv(_READ_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""
    return data
