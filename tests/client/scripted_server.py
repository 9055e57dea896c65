"""A web server on this machine that answers as it was told, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass(kw_only=True)
class ScriptedAnswer:
    """One answer, with JSON or bytes; `breaks` ends the connection without one."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    breaks: bool = False


@dataclass(frozen=True, kw_only=True)
class AskedRequest:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class ScriptedServer:
    """Where it listens, what it will answer, and what it was asked."""

    url: str
    answers: list[ScriptedAnswer]
    requests: list[AskedRequest] = field(default_factory=list)


class QuietServer(ThreadingHTTPServer):
    """Says nothing of connections that tests break."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Write nothing."""


@contextmanager
def run_scripted_server(*answers: ScriptedAnswer) -> Iterator[ScriptedServer]:
    """Answer requests in order; the last answer is repeated."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        script: ClassVar[ScriptedServer]

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.script.requests.append(AskedRequest(method=self.command, path=self.path, headers=headers, body=body))
            number = min(len(self.script.requests), len(self.script.answers)) - 1
            scripted = self.script.answers[number]
            if scripted.breaks:
                self.close_connection = True
                return
            content = scripted.body if isinstance(scripted.body, bytes) else b""
            if scripted.body is not None and not isinstance(scripted.body, bytes):
                content = json.dumps(scripted.body).encode()
            self.send_response(scripted.status)
            for name, value in {"Content-Length": str(len(content)), **scripted.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Write nothing: tests read `requests`."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = QuietServer(("127.0.0.1", 0), Handler)
    Handler.script = ScriptedServer(url=f"http://127.0.0.1:{server.server_port}", answers=list(answers))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
