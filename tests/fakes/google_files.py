"""Gemini's Files API in front of a fake Gemini: resumable uploads, states, lists, models that see what is uploaded."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.google import GoogleServer
from tests.fakes.steps import Fail

GRANULARITY = 256 * 1024
LIFE = timedelta(hours=48)

_NAME = re.compile(r"files/[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_PATH = re.compile(r"/v1(?:beta)?/(files(?:/[^/:]+)?)")
_UPLOAD = re.compile(r"/upload/v1(?:beta)?/files")
_MISSING = "You do not have permission to access the File {} or it may not exist."


@dataclass(kw_only=True)
class Stored:
    """A file that was uploaded. `polls` looks from now on it becomes active, or, with a `failure`, fails."""

    name: str
    mime_type: str
    size: int
    sha256: str
    uri: str
    polls: int = 0
    failure: int | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def state(self) -> str:
        if self.polls > 0:
            return "PROCESSING"
        return "ACTIVE" if self.failure is None else "FAILED"

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "name": self.name,
            "mimeType": self.mime_type,
            "sizeBytes": str(self.size),
            "createTime": self.created.isoformat(),
            "expirationTime": (self.created + LIFE).isoformat(),
            "sha256Hash": base64.b64encode(self.sha256.encode()).decode(),
            "uri": self.uri,
            "state": self.state,
            "source": "UPLOADED",
        }
        if self.state == "FAILED":
            told["error"] = {"code": self.failure, "message": "The file failed to be processed."}
        return told


@dataclass(frozen=True)
class Cut:
    """Take so many bytes of a chunk (whole pieces of 256 KiB), and reset the connection."""

    after_bytes: int


@dataclass(frozen=True)
class Stall:
    """Take a chunk and answer nothing for so long, unless the server stops."""

    seconds: float = 30


@dataclass(frozen=True)
class Lose:
    """Take a chunk as it should be, and reset the connection instead of answering."""


Fault = Cut | Stall | Lose | Fail


@dataclass(kw_only=True)
class _Session:
    given: dict[str, Any]
    size: int
    received: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    is_final: bool = False


class GoogleFilesServer:
    """The Files API on 127.0.0.1, and all else of a fake Gemini behind it, serving inside its `with` block.

    New files take `polls` looks to become active, or, with a `failure` (a code of google.rpc), to fail. Each of
    `chunk_faults` befalls a chunk, each of `start_faults` the start of an upload. `asked` tells requests as "GET get",
    `chunks` the offset and the length of each chunk that came in whole; `ended_stalls` counts the stalls that were
    waited for to their end.
    """

    def __init__(self, models: GoogleServer) -> None:
        self.models = models
        self.files: dict[str, Stored] = {}
        self.polls = 0
        self.failure: int | None = None
        self.page_size = 100
        self.start_faults: deque[Fail] = deque()
        self.chunk_faults: deque[Fault] = deque()
        self.asked: list[str] = []
        self.chunks: list[tuple[int, int]] = []
        self.deleted: list[str] = []
        self.upload_host = ""
        self.stopping = threading.Event()
        self.ended_stalls = 0
        self._sessions: dict[str, _Session] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def uploads(self) -> int:
        """How many uploads were begun."""
        return self.asked.count("POST start")

    def store(self, name: str, *, age: timedelta = timedelta(0), content: bytes = b"", **more: Any) -> Stored:
        """Put a file there that was uploaded so long ago."""
        stored = Stored(
            name=name,
            mime_type="video/mp4",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            uri=f"{self.url}/v1beta/{name}",
            created=datetime.now(UTC) - age,
            **more,
        )
        self.files[name] = stored
        return stored

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: ClassVar[GoogleFilesServer]

    def do_GET(self) -> None:
        found = _PATH.fullmatch(urlsplit(self.path).path)
        if found is None:
            self._error(404, "Not found.")
        elif not self._has_key():
            self._error(400, "API key not valid.", reason="API_KEY_INVALID")
        elif found[1] == "files":
            self._list()
        else:
            self._get(found[1])

    def do_DELETE(self) -> None:
        found = _PATH.fullmatch(self.path)
        self._note("delete")
        if found is None or not self._has_key():
            self._error(404, "Not found.")
        elif self.fake.files.pop(found[1], None) is None:
            self._error(403, _MISSING.format(found[1].removeprefix("files/")))
        else:
            self.fake.deleted.append(found[1])
            self._answer(200, {})

    def do_POST(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if not _UPLOAD.fullmatch(path):
            self._pass_on()
        elif "upload_id" in query:
            self._upload(self.fake._sessions[query["upload_id"][0]])
        else:
            self._start()

    def _get(self, name: str) -> None:
        self._note("get")
        stored = self.fake.files.get(name)
        if stored is None:
            self._error(403, _MISSING.format(name.removeprefix("files/")))
            return
        self._answer(200, stored.as_json())
        stored.polls -= 1

    def _list(self) -> None:
        self._note("list")
        query = parse_qs(urlsplit(self.path).query)
        begin = int(query.get("pageToken", ["0"])[0])
        size = min(self.fake.page_size, int(query.get("pageSize", ["10"])[0]))
        files = sorted(self.fake.files.values(), key=lambda stored: stored.name)
        page: dict[str, Any] = {"files": [stored.as_json() for stored in files[begin : begin + size]]}
        if begin + size < len(files):
            page["nextPageToken"] = str(begin + size)
        self._answer(200, page)

    def _start(self) -> None:
        self._note("start")
        given = self._body().get("file", {})
        name = given.get("name", "")
        if not self._has_key():
            self._error(400, "API key not valid.", reason="API_KEY_INVALID")
        elif self.fake.start_faults:
            self._fail(self.fake.start_faults.popleft())
        elif self.headers["x-goog-upload-protocol"] != "resumable" or self.headers["x-goog-upload-command"] != "start":
            self._error(400, "Not a resumable upload.")
        elif not _NAME.fullmatch(name):
            self._error(400, "Invalid file name.")
        elif name in self.fake.files:
            self._error(409, "Requested entity already exists", status="ALREADY_EXISTS")
        else:
            number = str(len(self.fake._sessions) + 1)
            size = int(self.headers["x-goog-upload-header-content-length"])
            self.fake._sessions[number] = _Session(given=given, size=size)
            url = f"{self.fake.upload_host or self.fake.url}{self.path}?upload_id={number}&upload_protocol=resumable"
            headers = {"x-goog-upload-url": url, "x-goog-upload-chunk-granularity": str(GRANULARITY)}
            self._answer(200, {}, {**headers, "x-goog-upload-status": "active"})

    def _upload(self, session: _Session) -> None:
        command = self.headers["x-goog-upload-command"]
        self._note(command)
        if self.headers["x-goog-api-key"]:
            self._error(400, "The address of an upload takes no key.")
        elif command == "query":
            status = "final" if session.is_final else "active"
            received = str(session.received)
            self._answer(200, {}, {"x-goog-upload-status": status, "x-goog-upload-size-received": received})
        else:
            self._chunk(session, is_last="finalize" in command)

    def _chunk(self, session: _Session, *, is_last: bool) -> None:
        offset, length = int(self.headers["x-goog-upload-offset"]), int(self.headers["content-length"])
        fault = self.fake.chunk_faults.popleft() if self.fake.chunk_faults else None
        if isinstance(fault, Cut):
            self._take(session, fault.after_bytes // GRANULARITY * GRANULARITY)
            self._reset()
            return
        if isinstance(fault, Fail):
            self.rfile.read(length)
            self._fail(fault)
            return
        if session.is_final or offset != session.received or (length % GRANULARITY and not is_last):
            self.rfile.read(length)
            self._error(400, "The chunk does not fit: its offset or its length is wrong.")
            return
        self._take(session, length)
        self.fake.chunks.append((offset, length))
        stored = self._finish(session) if is_last else None
        if isinstance(fault, Stall):
            self.fake.ended_stalls += not self.fake.stopping.wait(fault.seconds)
        if isinstance(fault, Stall | Lose):
            self._reset()
        elif stored is not None:
            self._answer(200, {"file": stored.as_json()}, {"x-goog-upload-status": "final"})
        elif is_last:
            self._error(400, "The upload is not complete.")
        else:
            self._answer(200, {}, {"x-goog-upload-status": "active"})

    def _take(self, session: _Session, length: int) -> None:
        while length:
            piece = self.rfile.read(min(length, GRANULARITY))
            if not piece:
                self.close_connection = True
                raise ConnectionError
            session.digest.update(piece)
            session.received += len(piece)
            length -= len(piece)

    def _finish(self, session: _Session) -> Stored | None:
        if session.received != session.size:
            return None
        session.is_final = True
        stored = Stored(
            name=session.given["name"],
            mime_type=session.given.get("mimeType") or session.given["mime_type"],
            size=session.size,
            sha256=session.digest.hexdigest(),
            uri=f"{self.fake.url}/v1beta/{session.given['name']}",
            polls=self.fake.polls,
            failure=self.fake.failure,
        )
        self.fake.files[stored.name] = stored
        return stored

    def _pass_on(self) -> None:
        """Hand a question to the models, when they can see the files that it shows."""
        content = self.rfile.read(int(self.headers["content-length"] or 0))
        for uri in re.findall(r'"file_?uri": *"([^"]+)"', content.decode(), re.IGNORECASE):
            name = f"files/{uri.rpartition('/')[2]}"
            stored = self.fake.files.get(name)
            if stored is None:
                self._error(403, _MISSING.format(name.removeprefix("files/")))
                return
            if stored.state != "ACTIVE":
                self._error(400, f"The File {name} is not in an ACTIVE state and usage is not allowed.")
                return
        host = urlsplit(self.fake.models.url)
        models = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
        try:
            models.request("POST", self.path, content, dict(self.headers))
            answer = models.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self._reset()
            return
        finally:
            models.close()
        self._send(answer.status, body, {name: value for name, value in answer.getheaders() if name == "retry-after"})

    def _note(self, what: str) -> None:
        self.fake.asked.append(f"{self.command} {what}")

    def _has_key(self) -> bool:
        return self.headers["x-goog-api-key"] == self.fake.models.key

    def _body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"] or 0)) or b"{}")
        return read

    def _fail(self, fault: Fail) -> None:
        body = self.fake.models.error_body(fault, "req_1")
        self._send(fault.status, json.dumps(body).encode(), dict(fault.headers))

    def _error(self, code: int, message: str, *, status: str = "", reason: str = "") -> None:
        self._fail(Fail(code, code=status, message=message, reason=reason))

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), headers or {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-type": "application/json", "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            return

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""
