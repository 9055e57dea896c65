"""The vendor below the dialects: connections, the script, and the memory of what was asked and what was billed."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import socketserver
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields
from http import HTTPStatus
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl

from tests.fakes.asked import Asked, Billed, Video
from tests.fakes.batches import FakeBatches
from tests.fakes.sockets import HANG_SECONDS
from tests.fakes.steps import Answer, Drip, Fail, Hang, Raw, Redirect, Refusal, Reply, Reset, Step, Tokens, Trickle

__all__ = ["Asked", "Billed", "FakeVendor", "Scripted", "Video"]

_REASONS = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}

Scripted = Step | Callable[[Asked], Step]


def split_text(text: str, parts: int = 3) -> list[str]:
    """Return the text in so many pieces of about one length."""
    length = max(1, -(-len(text) // parts))
    return [text[begin : begin + length] for begin in range(0, len(text), length)]


class FakeVendor(ABC):
    """A vendor on 127.0.0.1, serving inside its `with` block; safe to use from any thread.

    `asked` holds every request in order, refused ones too; `billed` an entry for each response that carried usage and
    was sent completely, there before the client can have read the response; `surprises` the requests that no step was
    scripted for, which got HTTP 500. Requests with a wrong key, or that the vendor itself would refuse, take no step.
    With a blank `key` every client is served. What a scripted function or one of the hooks `before_answering` (when a
    request is taken) and `after_sending` raises, the block raises at its end.
    """

    reads: ClassVar[type[Asked]]
    batch_protocol: ClassVar[type[FakeBatches]]
    id_header: ClassVar[str] = ""
    untold: ClassVar[frozenset[str]] = frozenset()
    """Tokens that this vendor's usage does not tell."""

    def __init__(self, *, key: str = "test-key") -> None:
        self.key = key
        self.asked: list[Asked] = []
        self.billed: list[Billed] = []
        self.surprises: list[Asked] = []
        self.after_sending: Callable[[Asked], None] | None = None
        self.before_answering: Callable[[Asked], None] | None = None
        self._script: deque[Scripted] = deque()
        self._always: Scripted | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._listener = _Listener(self)
        self.batches = self.batch_protocol(self)

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    @property
    def connections(self) -> list[socket.socket]:
        """The connections of which neither side has gone."""
        return list(self._listener.open)

    @property
    def open_connections(self) -> int:
        """How many connections are there of which neither side has gone."""
        return len(self._listener.open)

    def script(self, *steps: Scripted) -> None:
        """Add steps; each takes one request, in this order."""
        with self._lock:
            self._script.extend(steps)

    def always(self, step: Scripted) -> None:
        """Set what is done when the script is used up."""
        self._always = step

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._listener.stop()
        if self._listener.broken and kind is None:
            raise self._listener.broken[0]

    @abstractmethod
    def presented_key(self, asked: Asked) -> str:
        """Return the API key of the request; blank when it has none."""

    @abstractmethod
    def objection(self, asked: Asked) -> Fail | None:
        """Return what the vendor has against the form of a request."""

    @abstractmethod
    def answer_body(self, step: Reply, bill: Billed, request_id: str) -> dict[str, Any]:
        """Return a 200 in the vendor's form, with the usage that the bill says."""

    @abstractmethod
    def is_asked_for_parts(self, asked: Asked) -> bool:
        """Tell whether the client wants its answer as a stream of events."""

    @abstractmethod
    def split_answer(self, body: dict[str, Any], asked: Asked) -> list[str]:
        """Return the events of an answer that is sent in parts, each as it goes over the wire."""

    @abstractmethod
    def error_body(self, step: Fail, request_id: str) -> dict[str, Any]:
        """Return an error in the vendor's form."""

    @abstractmethod
    def has_path(self, path: str) -> bool:
        """Tell whether the vendor has such an address."""

    def wrong_key(self, asked: Asked) -> Fail:
        """Return what the vendor says to a key that is missing or wrong."""
        return Fail(401)

    def _step_for(self, asked: Asked) -> Step:
        if self.batches.has_path(asked.path):
            wrong = self.key and self.presented_key(asked) != self.key
            return self.wrong_key(asked) if wrong else self.batches.answer(asked)
        return self.step_for_call(asked)

    def step_for_call(self, asked: Asked) -> Step:
        """Return what is done with a call, by itself or in a batch."""
        if asked.method != "POST" or not self.has_path(asked.path):
            return Fail(404, message=f"Invalid URL ({asked.method} {asked.path})")
        if self.key and self.presented_key(asked) != self.key:
            return self.wrong_key(asked)
        if objection := self.objection(asked):
            return objection
        with self._lock:
            step = self._script.popleft() if self._script else self._always
            if step is None:
                self.surprises.append(asked)
                return Fail(500, message="the test scripted no answer to this request")
        return step(asked) if callable(step) else step

    def bill(self, step: Reply, asked: Asked) -> Billed:
        """Return what the vendor bills for a reply."""
        counted = {each.name: getattr(step, each.name) for each in fields(Tokens) if each.name not in self.untold}
        untold = dict.fromkeys(self.untold, 0)
        if isinstance(step, Refusal) and step.where == "prompt":
            counted |= {"output_tokens": 0, "thinking_tokens": 0}
        return Billed(model=step.model or asked.model, **counted, **untold)


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, vendor: FakeVendor) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.vendor = vendor
        self.broken: list[BaseException] = []
        self.open: dict[socket.socket, threading.Thread] = {}
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._is_stopping = False

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        self._is_stopping = True
        with socket.socket() as last:  # not `create_connection`, for a test may have taken away the names
            last.connect(self.socket.getsockname())
            self._accepting.join()
        self.server_close()
        for connection, thread in list(self.open.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            request, client_address = self.get_request()
            if self._is_stopping:
                request.close()
                return
            self.process_request(request, client_address)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self.open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        request.close()  # without a shutdown before it, so that a reset is one
        self.open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: the connection keeps what broke."""


class _Connection(socketserver.StreamRequestHandler):
    server: _Listener
    connection: socket.socket
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            while (asked := self._read()) is not None and self._serve(asked):
                pass
        except ConnectionError:
            pass
        except BaseException as exc:  # noqa: BLE001  # raised again in the test's own thread
            self.server.broken.append(exc)

    def _read(self) -> Asked | None:
        first = self.rfile.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:
            return None
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        return self.server.vendor.reads(
            method=first[0],
            path=first[1].partition("?")[0],
            query=dict(parse_qsl(first[1].partition("?")[2])),
            content=content,
            headers=headers,
            body=body if isinstance(body, dict) else {},
            at=time.monotonic(),
        )

    def _serve(self, asked: Asked) -> bool:
        """Answer one request; tell whether the connection can take another."""
        vendor = self.server.vendor
        with vendor._lock:
            vendor.asked.append(asked)
            request_id = f"req_{next(vendor._numbers):08d}"
        step = vendor._step_for(asked)
        if vendor.before_answering is not None:
            vendor.before_answering(asked)
        named = {vendor.id_header: request_id} if vendor.id_header else {}
        match step:
            case Hang():
                self._wait(step.seconds)
                return False
            case Trickle():
                is_sent = self._trickle(step, asked, request_id, named)
            case Drip():
                is_sent = self._drip(step, asked, request_id, named)
            case Reset():
                whole = Answer(text="This answer never arrives.")
                body = json.dumps(vendor.answer_body(whole, vendor.bill(whole, asked), request_id)).encode()
                self.connection.sendall(_head(200, len(body), named) + body[: step.after_bytes])
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case Raw():
                is_sent = self._send(step.status, step.body, {**named, **step.headers}, step.content_type)
            case Redirect():
                is_sent = self._send(step.status, b"", {**named, "location": step.location})
            case Fail():
                wait = {"retry-after": step.retry_after} if step.retry_after else {}
                failure = json.dumps(vendor.error_body(step, request_id)).encode()
                is_sent = self._send(step.status, failure, {**named, **wait, **step.headers})
            case Reply():
                bill = vendor.bill(step, asked)
                answer = vendor.answer_body(step, bill, request_id)
                body = json.dumps(answer).encode()
                events = vendor.split_answer(answer, asked) if answer and vendor.is_asked_for_parts(asked) else []
                if not self._wait(step.after):
                    is_sent = False
                elif events:
                    head = _head(200, None, named, "text/event-stream; charset=utf-8")
                    is_sent = self._put(head + _chunk("".join(events)) + b"0\r\n\r\n", bill=bill)
                else:
                    is_sent = self._send(200, body, named, bill=bill if answer else None)
        if is_sent and vendor.after_sending is not None:
            vendor.after_sending(asked)
        return is_sent

    def _drip(self, step: Drip, asked: Asked, request_id: str, named: Mapping[str, str]) -> bool:
        end = time.monotonic() + step.seconds
        kind = "text/event-stream" if self.server.vendor.is_asked_for_parts(asked) else "application/json"
        self.connection.sendall(_head(200, None, named, kind))
        while (left := end - time.monotonic()) > 0:
            if not self._wait(min(left, 0.1)):
                return False
            self.connection.sendall(b"1\r\n\n\r\n")
        vendor = self.server.vendor
        bill = vendor.bill(step.then, asked)
        answer = vendor.answer_body(step.then, bill, request_id)
        in_parts = vendor.is_asked_for_parts(asked)
        body = "".join(vendor.split_answer(answer, asked)) if in_parts else json.dumps(answer)
        return self._put(_chunk(body) + b"0\r\n\r\n", bill=bill)

    def _trickle(self, step: Trickle, asked: Asked, request_id: str, named: Mapping[str, str]) -> bool:
        vendor = self.server.vendor
        bill = vendor.bill(step.then, asked)
        events = vendor.split_answer(vendor.answer_body(step.then, bill, request_id), asked)
        self.connection.sendall(_head(200, None, named, "text/event-stream"))
        for event in events[: step.stops_after]:
            self.connection.sendall(_chunk(event))
            if not self._wait(step.seconds):
                return False
        if step.breaks_off:
            return self._put(b"0\r\n\r\n", bill=None)
        if step.stops_after is not None:
            self._wait(HANG_SECONDS)
            return False
        return self._put(b"0\r\n\r\n", bill=bill)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str],
        content_type: str = "application/json",
        *,
        bill: Billed | None = None,
    ) -> bool:
        return self._put(_head(status, len(body), headers, content_type) + body, bill=bill)

    def _put(self, data: bytes, *, bill: Billed | None) -> bool:
        """Send in one go. The bill is written first, for the client may look as soon as it has the last byte."""
        billed = self.server.vendor.billed
        if bill is not None:
            billed.append(bill)
        try:
            self.connection.sendall(data)
        except OSError:
            if bill is not None:
                billed.remove(bill)
            return False
        return True

    def _wait(self, seconds: float) -> bool:
        """Wait, but not for a client that has gone or a server that stops: then return False."""
        if seconds <= 0:
            return True
        self.connection.settimeout(seconds)
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except TimeoutError:
            return True
        finally:
            self.connection.settimeout(None)


def _chunk(text: str) -> bytes:
    data = text.encode(errors="surrogatepass")
    return b"%x\r\n%b\r\n" % (len(data), data)


def _head(status: int, length: int | None, headers: Mapping[str, str], content_type: str = "application/json") -> bytes:
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", f"content-type: {content_type}", framing]
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
