"""Uploads recordings with Gemini's Files API, so that models can be shown them.

A file belongs to the project of the key that it was uploaded with; other keys cannot see it. Google deletes it after 48
hours; the caller is to delete it sooner.
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

from llm.errors import CertificateRefused, KeyRefused, ModelUnsuited, PromptInvalid, ProviderBusy, ProviderError
from llm.messages import TokenUsage
from llm.providers import error_mapping
from llm.providers.google import BASE_URL, build_google_client
from llm.providers.transport import PIECE_BYTES, ProviderTransport, TimeLimit, WrongHost
from llm.registry import ProviderSpec

# Marks the files of this product among those of other programs that use the key: only marked ones are ever deleted.
PREFIX = "files/cw-"

# For one request: the SDK's chunk of 8 MiB passes in this time at half a megabit a second, slower lines need not work.
CHUNK_SECONDS = 120.0
# How long a piece of 64 KiB may wait to be sent: without any progress for so long a connection is taken for dead, and
# the chunk is resumed on another one, well before its own limit.
STALLED_SECONDS = 30.0
# Deleting ends every transcription, cancelled ones too, and must not delay that: `sweep_files` deletes what stays.
DELETE_SECONDS = 10.0
# The file of an earlier attempt is used again only if it outlives this one. Processing may take 15 minutes, and each
# question about a window 20 in the shipped registry.
MIN_LIFETIME = timedelta(hours=2)
# Pauses between two requests for the state of a file that is being processed, in seconds; doubled up to the maximum.
# Short recordings are ready within seconds, long ones take minutes.
FIRST_PAUSE, MAX_PAUSE = 1.0, 10.0
# How often in a row a chunk is resumed without progress: with the pauses between, some eight seconds of failure.
RESUMES = 4
# How often a pause calls the checkpoint, in seconds: a cancelled job stops within a moment.
WAIT_SLICE = 0.25

# Codes of google.rpc.Code that blame the file, so that another attempt would fail as well: INVALID_ARGUMENT,
# FAILED_PRECONDITION, OUT_OF_RANGE.
_FILE_AT_FAULT = {3, 9, 11}
_BROKEN = (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.TimeoutException)

Checkpoint = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file that is stored by the provider. `uri` is what a request refers to it by (`Clip.uri`)."""

    name: str
    uri: str
    media_type: str
    size_bytes: int


def build_file_name(work_id: str) -> str:
    """Return the file name for a `work_id`, always the same for the same: `files/cw-` and 32 hexadecimal digits."""
    # A name that can be computed lets the next attempt find what a killed process uploaded. The API takes at most 40
    # characters after `files/`: lower-case letters, digits and dashes.
    return PREFIX + hashlib.sha256(work_id.encode()).hexdigest()[:32]


class GoogleFiles:
    """A client for the files of one account. For one thread; sends requests to the provider's origin only.

    `checkpoint` is called while bytes are sent and while answers are awaited; what it raises ends the method. All
    methods raise ProviderError: the mapped error of the provider, or ProviderBusy when the time is up.
    """

    def __init__(self, *, spec: ProviderSpec, base_url: str, key: str, checkpoint: Checkpoint = lambda: None) -> None:
        self._base_url = base_url or BASE_URL
        self._checkpoint = checkpoint
        self._transport = _UploadTransport(self._base_url, spec=spec, checkpoint=checkpoint)
        http = httpx2.Client(transport=self._transport, follow_redirects=False, trust_env=False)
        self._client = build_google_client(spec=spec, base_url=base_url, key=key, seconds=CHUNK_SECONDS, http=http)

    def put(self, work_id: str, content: BinaryIO, *, size_bytes: int, media_type: str, seconds: float) -> RemoteFile:
        """Upload the content within `seconds`, unless an earlier attempt has, and return the stored file.

        `content` must be seekable; 8 MiB of it are in memory at a time. A stored file of another size is replaced.
        """
        name = build_file_name(work_id)
        self._transport.deadline = time.monotonic() + seconds
        with self._map_errors(seconds, self._checkpoint):
            found = self._find_file(name)
            if found is not None and _is_usable(found, size_bytes):
                return _build_remote_file(found)
            # Names are unique: the API refuses to upload a file under the name of one that exists.
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
            except (errors.APIError, KeyError):
                # When the answer to the last chunk is lost, the resumed session is over, but the file is complete.
                found = self._find_file(name)
                if found is None or not _is_usable(found, size_bytes):
                    raise
                return _build_remote_file(found)

    def wait_until_active(self, file: RemoteFile, *, seconds: float) -> RemoteFile:
        """Wait until the provider has processed the file, for at most `seconds`, and return it.

        Raises PromptInvalid when the provider cannot read it, ProviderBusy when it is gone or not ready in time.
        """
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
        """Delete a file; one that does not exist is no error. Calls no checkpoint, and takes at most ten seconds."""
        # Without a checkpoint, because this also runs while the checkpoint's exception is being handled.
        with self._map_errors(DELETE_SECONDS, None):
            try:
                self._client.files.delete(name=name)
            except errors.ClientError as exc:
                if not _is_missing(exc):
                    raise

    def list_leftovers(self, *, older_than: timedelta, now: datetime | None = None) -> list[str]:
        """Return the names of this product's files that are older than `older_than`."""
        before = (now or datetime.now(UTC)) - older_than
        with self._map_errors(CHUNK_SECONDS, self._checkpoint):
            return [
                file.name
                # 100 is the API's maximum: the fewest requests.
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
            except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as exc:
                if fault := error_mapping.find_certificate_fault(exc):
                    raise CertificateRefused(fault, usage=TokenUsage()) from None
                raise ProviderBusy("the connection to the provider's files broke", usage=TokenUsage()) from None
            except (AttributeError, KeyError, TypeError, ValueError):
                raise ProviderBusy("the answer about a file is not of the vendor's form", usage=TokenUsage()) from None


class _UploadStream(io.RawIOBase):
    """A stream whose `read` returns as many bytes as asked for, and calls the checkpoint for every MiB.

    The SDK sends what one `read` returns as a chunk, and the API refuses chunks that are not multiples of 256 KiB.
    """

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
    """Sends chunks in pieces, and resumes a broken chunk at the offset that the server has received."""

    def __init__(self, base_url: str, *, spec: ProviderSpec, checkpoint: Checkpoint) -> None:
        super().__init__(base_url, connections=2, connect_seconds=spec.connect_seconds)
        self._checkpoint = checkpoint
        # When broken chunks are no longer resumed, on the monotonic clock; `put` sets it for each upload.
        self.deadline = float("inf")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if "upload" not in request.headers.get("x-goog-upload-command", ""):
            return super().handle_request(request)
        response = self._send_chunk(request)
        if response.is_error:
            # Without this header the SDK sends a refused chunk again, three times, and sleeps in between.
            response.headers.setdefault("x-goog-upload-status", "cancelled")
        return response

    def _send_chunk(self, request: httpx2.Request) -> httpx2.Response:
        """Send a chunk, resuming it after breaks, and return the response to its last part."""
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
        """Return how many bytes of the whole file the server has received; 0 when it does not say."""
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
    """Tell whether the error means that there is no such file.

    For names that it does not know the API answers 403, as for a refused key; only the message tells them apart.
    """
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
