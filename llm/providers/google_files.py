"""Gemini's Files API: recordings on their way to a model. Files are deleted after 48 hours, or sooner by us.

A file belongs to the account of the key that it was uploaded with; other keys cannot see it.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import httpx2
from google.genai import errors, types

from llm.errors import KeyRefused, ModelUnsuited, PromptInvalid, ProviderBusy, ProviderError
from llm.messages import TokenUsage
from llm.providers import error_mapping
from llm.providers.google import BASE_URL, build_google_client
from llm.providers.transport import PIECE_BYTES, ProviderTransport, TimeLimit, WrongHost
from llm.registry import ProviderSpec

PREFIX = "files/cw-"
"""Of the names of all our files, and of nobody else's that use the key."""

CHUNK_SECONDS = 120.0
"""For one chunk of 8 MiB, or one question about a file."""
STALLED_SECONDS = 30.0
"""How long a piece of 64 KiB may wait to be sent."""
DELETE_SECONDS = 10.0
MIN_LIFETIME = timedelta(hours=2)
"""How long a file that is used again must still live."""
FIRST_PAUSE, MAX_PAUSE = 1.0, 10.0
"""Between two looks at a file that is being processed, in seconds."""
RESUMES = 4
"""How often in a row a broken chunk goes on without having got any further."""
WAIT_SLICE = 0.25

_FILE_AT_FAULT = {3, 9, 11}
"""Codes of google.rpc: INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE."""
_BROKEN = (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.TimeoutException)

Checkpoint = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file at the provider. `uri` is what a model is shown."""

    name: str
    uri: str
    media_type: str
    size_bytes: int


def build_file_name(work_id: str) -> str:
    """Return the name of the file for a piece of work, always the same for the same: `files/cw-` and 32 digits."""
    return PREFIX + hashlib.sha256(work_id.encode()).hexdigest()[:32]


class GoogleFiles:
    """The files of one account of the Gemini API. For one thread; every request goes to the provider's origin only.

    `checkpoint` is called while bytes are sent and while answers are waited for, and ends what it interrupts by
    raising. All raise ProviderError: the provider's own, or ProviderBusy when the time is up.
    """

    def __init__(self, *, spec: ProviderSpec, base_url: str, key: str, checkpoint: Checkpoint = lambda: None) -> None:
        self._base_url = base_url or BASE_URL
        self._checkpoint = checkpoint
        self._transport = _UploadTransport(self._base_url, spec=spec, checkpoint=checkpoint)
        http = httpx2.Client(transport=self._transport, follow_redirects=False, trust_env=False)
        self._client = build_google_client(spec=spec, base_url=base_url, key=key, seconds=CHUNK_SECONDS, http=http)

    def put(self, work_id: str, content: BinaryIO, *, size_bytes: int, media_type: str, seconds: float) -> RemoteFile:
        """Return the file of this piece of work: the one that is there already and whole, or a new one.

        `content` must be seekable; 8 MiB of it are in memory at a time.
        """
        name = build_file_name(work_id)
        self._transport.deadline = time.monotonic() + seconds
        with self._map_errors(seconds, self._checkpoint):
            found = self._find_file(name)
            if found is not None and _is_usable(found, size_bytes):
                return _build_remote_file(found)
            if found is not None:
                self._client.files.delete(name=name)
            config = types.UploadFileConfig(
                name=name,
                mime_type=media_type,
                # The SDK writes its headers into these options, and sends chunks elsewhere without the address.
                http_options=types.HttpOptions(base_url=self._base_url),
            )
            try:
                return _build_remote_file(
                    self._client.files.upload(file=_UploadStream(content, self._checkpoint), config=config)
                )
            except (errors.APIError, KeyError):  # the answer to the last chunk may have been lost
                found = self._find_file(name)
                if found is None or not _is_usable(found, size_bytes):
                    raise
                return _build_remote_file(found)

    def wait_until_active(self, file: RemoteFile, *, seconds: float) -> RemoteFile:
        """Return the file when models can be shown it. Raises PromptInvalid when the provider cannot read it."""
        pause, end = FIRST_PAUSE, time.monotonic() + seconds
        while True:
            with self._map_errors(CHUNK_SECONDS, self._checkpoint):
                found = self._find_file(file.name)
            if found is None:
                raise ProviderBusy("the uploaded file is gone", usage=TokenUsage())
            if found.state is types.FileState.ACTIVE:
                return _build_remote_file(found)
            if found.state is types.FileState.FAILED:
                raise _build_failure(found)
            if time.monotonic() + pause > end:
                raise ProviderBusy(f"the uploaded file was not processed within {seconds:.0f} s", usage=TokenUsage())
            _wait_with_checkpoints(pause, self._checkpoint)
            pause = min(pause * 2, MAX_PAUSE)

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is fine. Heeds no checkpoint, and takes at most ten seconds."""
        with self._map_errors(DELETE_SECONDS, None):
            try:
                self._client.files.delete(name=name)
            except errors.ClientError as exc:
                if not _is_missing(exc):
                    raise

    def list_leftovers(self, *, older_than: timedelta, now: datetime | None = None) -> list[str]:
        """Return the names of our files that were created so long ago."""
        before = (now or datetime.now(UTC)) - older_than
        with self._map_errors(CHUNK_SECONDS, self._checkpoint):
            return [
                file.name
                for file in self._client.files.list(config=types.ListFilesConfig(page_size=100))
                if file.name is not None
                and file.name.startswith(PREFIX)
                and file.create_time is not None
                and file.create_time <= before
            ]

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _find_file(self, name: str) -> types.File | None:
        try:
            return self._client.files.get(name=name)
        except errors.ClientError as exc:
            if _is_missing(exc):
                return None
            raise

    @contextmanager
    def _map_errors(self, seconds: float, checkpoint: Checkpoint | None) -> Iterator[None]:
        with TimeLimit(seconds, checkpoint):
            try:
                yield
            except errors.APIError as exc:
                raise _map_file_error(exc) from None
            except WrongHost:
                raise ModelUnsuited(
                    "the file would have left for another host: check the provider's base URL", usage=TokenUsage()
                ) from None
            except httpx2.TimeoutException:
                raise ProviderBusy("the provider took no file in time", usage=TokenUsage()) from None
            except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL):
                raise ProviderBusy("the connection to the provider's files broke", usage=TokenUsage()) from None
            except (AttributeError, KeyError, TypeError, ValueError):
                raise ProviderBusy("the answer about a file is not of the vendor's form", usage=TokenUsage()) from None


class _UploadStream(io.RawIOBase):
    """A stream as the SDK takes it: whole chunks, whatever the size of the pieces that come, and time to stop."""

    def __init__(self, content: BinaryIO, checkpoint: Checkpoint) -> None:
        self._content = content
        self._checkpoint = checkpoint

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._content.seek(offset, whence)

    def tell(self) -> int:
        return self._content.tell()

    def read(self, size: int = -1) -> bytes:
        whole = bytearray()
        while size < 0 or len(whole) < size:
            self._checkpoint()
            piece = self._content.read(2**20 if size < 0 else min(2**20, size - len(whole)))
            if not piece:
                break
            whole += piece
        return bytes(whole)


class _UploadTransport(ProviderTransport):
    """Sends chunks piece by piece, and goes on after a broken connection from where the server has the file."""

    def __init__(self, base_url: str, *, spec: ProviderSpec, checkpoint: Checkpoint) -> None:
        super().__init__(base_url, connections=2, connect_seconds=spec.connect_seconds)
        self._checkpoint = checkpoint
        self.deadline = float("inf")
        """When no broken chunk goes on any more, on the monotonic clock."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if "upload" not in request.headers.get("x-goog-upload-command", ""):
            return super().handle_request(request)
        response = self._send_chunk(request)
        if response.is_error:  # else the SDK sends a refused chunk again, and sleeps for seconds before it does
            response.headers.setdefault("x-goog-upload-status", "cancelled")
        return response

    def _send_chunk(self, request: httpx2.Request) -> httpx2.Response:
        """Send a chunk, in as many goes as it takes."""
        content, begin = request.read(), int(request.headers["x-goog-upload-offset"])
        at, fruitless = begin, 0
        while True:
            try:
                response = super().handle_request(self._build_part_request(request, at, content[at - begin :]))
                if response.status_code < 500 or fruitless == RESUMES:
                    return response
                response.close()
            except _BROKEN:
                if fruitless == RESUMES or time.monotonic() >= self.deadline:
                    raise
            _wait_with_checkpoints(FIRST_PAUSE / 2 * 2**fruitless, self._checkpoint)
            fruitless += 1
            received = self._query_received_size(request)
            if at < received <= begin + len(content):
                at, fruitless = received, 0

    def _build_part_request(self, request: httpx2.Request, at: int, content: bytes) -> httpx2.Request:
        headers = {**request.headers, "x-goog-upload-offset": str(at), "content-length": str(len(content))}
        timeout = {**request.extensions.get("timeout", {}), "write": STALLED_SECONDS}
        extensions = {**request.extensions, "timeout": timeout}
        return httpx2.Request(
            "POST", request.url, headers=headers, content=self._iterate_pieces(content), extensions=extensions
        )

    def _iterate_pieces(self, content: bytes) -> Iterator[bytes]:
        for begin in range(0, len(content), PIECE_BYTES):
            self._checkpoint()
            yield content[begin : begin + PIECE_BYTES]

    def _query_received_size(self, request: httpx2.Request) -> int:
        """Ask how many bytes the server has of the whole file; nothing when it does not say."""
        headers = {"host": request.headers["host"], "x-goog-upload-command": "query", "content-length": "0"}
        query = httpx2.Request("POST", request.url, headers=headers, extensions=request.extensions)
        try:
            response = super().handle_request(query)
            response.read()
        except _BROKEN:
            return 0
        received = response.headers.get("x-goog-upload-size-received", "")
        return int(received) if received.isdecimal() else 0


def _wait_with_checkpoints(seconds: float, checkpoint: Checkpoint) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        checkpoint()
        time.sleep(min(left, WAIT_SLICE))


def _is_usable(file: types.File, size_bytes: int) -> bool:
    if file.state not in {types.FileState.ACTIVE, types.FileState.PROCESSING} or file.size_bytes != size_bytes:
        return False
    return file.expiration_time is None or file.expiration_time > datetime.now(UTC) + MIN_LIFETIME


def _build_remote_file(file: types.File) -> RemoteFile:
    if not file.name or not file.uri:
        raise ValueError("a file without a name or an address")
    return RemoteFile(name=file.name, uri=file.uri, media_type=file.mime_type or "", size_bytes=file.size_bytes or 0)


def _build_failure(file: types.File) -> ProviderError:
    code = file.error.code if file.error is not None else None
    if code in _FILE_AT_FAULT:
        return PromptInvalid(f"the provider cannot read the recording (code {code})", usage=TokenUsage())
    return ProviderBusy("the provider failed to process the recording", usage=TokenUsage())


def _is_missing(exc: errors.ClientError) -> bool:
    """Tell whether there is no such file. For names that it does not know the API answers 403, and says so in words."""
    return exc.code == 404 or (exc.code == 403 and "may not exist" in str(exc.message or ""))


def _map_file_error(exc: errors.APIError) -> ProviderError:
    body = exc.details if isinstance(exc.details, Mapping) else {}
    inner = body.get("error", body)
    details = inner.get("details") if isinstance(inner, Mapping) else None
    reasons = {str(part.get("reason")) for part in details or () if isinstance(part, Mapping)}
    if "API_KEY_INVALID" in reasons:
        return KeyRefused(f"the key was refused (HTTP {exc.code} API_KEY_INVALID)", status=exc.code)
    headers = getattr(exc.response, "headers", None) or {}
    return error_mapping.map_status_error(
        exc.code, code=str(exc.status or ""), message=str(exc.message or ""), headers=headers
    )
