"""A receiver of webhooks on 127.0.0.1: it keeps what it is sent, and answers as a test says."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request: its path, its headers with names in lower case, and its body to the byte."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> dict[str, Any]:
        """Return the message as a receiver with this secret reads it. Raises WebhookVerificationError."""
        message: dict[str, Any] = Webhook(secret).verify(self.body, dict(self.headers))
        return message


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer. `seconds` pass before it."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Receiver:
    """Serves inside its `with` block. `answers` says what a path is answered with, from the first request to the last.

    The last answer of a path goes on; a path that is not named is answered with 204.
    """

    def __init__(self, answers: Mapping[str, list[Said]] | None = None) -> None:
        self.received: list[Received] = []
        self.answers = {path: list(said) for path, said in (answers or {}).items()}
        self.busiest: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._build_handler())
        self._server.daemon_threads = True

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str = "/hook") -> str:
        return f"http://{self.host}{path}"

    def get_received(self, path: str = "/hook") -> list[Received]:
        return [each for each in self.received if each.path == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def release(self) -> None:
        """Answer at once what waits, and from now on."""
        self._released.set()

    def hold(self) -> None:
        """Let answers take their time again."""
        self._released.clear()

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def take(self, received: Received) -> Said:
        """Keep a request, and return the answer when its time has come."""
        with self._lock:
            self.received.append(received)
            self._busy[received.path] += 1
            self.busiest[received.path] = max(self.busiest[received.path], self._busy[received.path])
            answers = self.answers.get(received.path) or [Said()]
            said = answers.pop(0) if len(answers) > 1 else answers[0]
        if said.seconds:
            self._released.wait(said.seconds)
        with self._lock:
            self._busy[received.path] -= 1
        return said

    def _build_handler(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # `self` is the request there
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                said = receiver.take(Received(path=self.path, headers=headers, body=body))
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                if said.status != 204:
                    self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, format: str, *args: Any) -> None:
                """Stay silent."""

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # the sender has gone, as one that was killed
                    super().handle()

        return Handler
