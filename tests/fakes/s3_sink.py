"""A store that takes objects by the S3 protocol and throws them away: `python -m tests.fakes.s3_sink PORT`.

For measuring only. It knows single and multipart uploads, keeps sizes and nothing else, checks no signature, and so
does less work than any real store.
"""

from __future__ import annotations

import itertools
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

_BLOCK = 2**20


class _Handler(BaseHTTPRequestHandler):
    connection: socket.socket
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    sizes: ClassVar[dict[str, int]] = {}
    uploads: ClassVar[dict[str, int]] = {}
    numbers: ClassVar[itertools.count[int]] = itertools.count()

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_PUT(self) -> None:
        path, query = self._asked()
        size = self._thrown_away()
        upload = query.get("uploadId", "")
        if upload:
            self.uploads[upload] += size
        else:
            self.sizes[path] = size
        self._answer(ETag='"0"')

    def do_POST(self) -> None:
        path, query = self._asked()
        self._thrown_away()
        upload = query.get("uploadId", "")
        if upload:
            self.sizes[path] = self.uploads.pop(upload)
            self._answer(b"<CompleteMultipartUploadResult><ETag>0</ETag></CompleteMultipartUploadResult>")
            return
        upload = str(next(self.numbers))
        self.uploads[upload] = 0
        started = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
        self._answer(started.encode())

    def do_HEAD(self) -> None:
        path, _ = self._asked()
        if path.count("/") > 1 and path not in self.sizes:
            self._answer(status=404)
        else:
            self._answer(length=self.sizes.get(path, 0))

    def do_GET(self) -> None:
        if "list-type" in self._asked()[1]:
            self._answer(b"<ListBucketResult></ListBucketResult>")
            return
        first, _, last = self.headers.get("Range", "bytes=0-99").removeprefix("bytes=").partition("-")
        self._answer(b"text " * ((int(last) - int(first)) // 5) + b"\n", status=206)

    def do_DELETE(self) -> None:
        path, query = self._asked()
        self.uploads.pop(query.get("uploadId", ""), None)
        self.sizes.pop(path, None)
        self._answer(status=204)

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return parts.path, {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}

    def _thrown_away(self) -> int:
        """Read the body and return its size, without what `aws-chunked` puts around it."""
        length = left = int(self.headers.get("Content-Length") or 0)
        block = memoryview(bytearray(_BLOCK))
        while left and (count := self.rfile.readinto(block[: min(left, _BLOCK)])):
            left -= count
        return int(self.headers.get("X-Amz-Decoded-Content-Length") or length)

    def _answer(self, body: bytes = b"", *, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients close their connections when they have enough."""


if __name__ == "__main__":
    _Listener(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
