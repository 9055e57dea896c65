"""Receive one file of a request into object storage, in constant memory and without a temporary copy.

The request is a multipart form with one file part, or a raw body whose file name stands in `Content-Disposition`. The
object exists only when the whole request has arrived.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from project.storage.objects import ObjectWriter, StoredObject, get_object_storage

# What a request holds in memory besides its writer. Django asks upload handlers for chunk sizes divisible by four.
_READ_BYTES = 1024 * 1024
# How much longer a form may be than its file: boundaries, headers and other fields take some hundred bytes. The file's
# own bytes are counted again as they arrive, so this need not be exact.
_FORM_OVERHEAD = 1024 * 1024


class ReceiveError(Exception):
    """The request does not contain one whole file. Subclasses say why."""


class ContentLengthMissing(ReceiveError):
    """The request has no Content-Length, so the end of its body looks like a lost connection."""


class RequestFileTooLarge(ReceiveError):
    """The file is larger than allowed."""


class ContentLengthMismatch(ReceiveError):
    """The announced length of the body differs from the size that was expected."""


class RequestBodyIncomplete(ReceiveError):
    """The body ended before its announced length, or the form is broken."""


class RequestFileMissing(ReceiveError):
    """The form has no file part, or more than one."""


@dataclass(frozen=True, kw_only=True)
class ReceivedFile:
    """A stored file, the name its sender gave it (untrusted, may be blank), and the other fields of the form."""

    stored: StoredObject
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)


def receive_file(request: HttpRequest, *, key: str, max_bytes: int) -> ReceivedFile:
    """Store the request's file of at most `max_bytes` under `key`. Nothing may have read the body before.

    Raises ContentLengthMissing, RequestFileTooLarge, RequestBodyIncomplete or RequestFileMissing, UnreadablePostError
    when the connection breaks, and StorageUnavailable; after an exception nothing is stored.
    """
    length = get_announced_length(request, max_bytes=max_bytes)
    multipart = request.content_type == "multipart/form-data"
    writer = get_object_storage().open_writer(key)
    try:
        if multipart:
            return _receive_form(request, writer, max_bytes)
        return _receive_body(request, writer, length)
    finally:
        writer.abort()


def get_announced_length(request: HttpRequest, *, max_bytes: int) -> int:
    """Return the Content-Length in bytes; a form is a little longer than its file.

    Raises ContentLengthMissing, and RequestFileTooLarge for a body too long for a file of `max_bytes`.
    """
    length = _parse_content_length(request)
    multipart = request.content_type == "multipart/form-data"
    if length > max_bytes + (_FORM_OVERHEAD if multipart else 0):
        raise RequestFileTooLarge(f"The file has {length} bytes; the largest that is taken has {max_bytes}.")
    return length


def receive_exact_body(request: HttpRequest, *, key: str, size: int) -> StoredObject:
    """Store the raw body, which must have exactly `size` bytes, under `key`.

    Raises ContentLengthMissing, ContentLengthMismatch or RequestBodyIncomplete, UnreadablePostError when the connection
    breaks, and StorageUnavailable; after an exception nothing is stored.
    """
    length = _parse_content_length(request)
    if length != size:
        raise ContentLengthMismatch(f"The body has {length} bytes; {size} were announced.")
    writer = get_object_storage().open_writer(key)
    try:
        return _receive_body(request, writer, length).stored
    finally:
        writer.abort()


def _parse_content_length(request: HttpRequest) -> int:
    given = request.META.get("CONTENT_LENGTH") or ""
    if not given.isdecimal():
        raise ContentLengthMissing("The request has no Content-Length.")
    return int(given)


def _receive_body(request: HttpRequest, writer: ObjectWriter, length: int) -> ReceivedFile:
    left = length
    while left and (data := request.read(min(_READ_BYTES, left))):
        writer.write(data)
        left -= len(data)
    if left:
        raise RequestBodyIncomplete(f"{left} of {length} announced bytes did not arrive.")
    return ReceivedFile(stored=writer.finish(), name=_parse_file_name(request.headers.get("Content-Disposition", "")))


def _parse_file_name(disposition: str) -> str:
    """Return the file name of a Content-Disposition header (RFC 6266), blank when it has none or is malformed."""
    message = EmailMessage()
    # WSGI hands headers over as Latin-1 (PEP 3333), but many clients send names as plain UTF-8.
    with contextlib.suppress(UnicodeError):
        disposition = disposition.encode("latin-1").decode()
    try:
        # EmailMessage raises ValueError for line breaks, which a folded header has.
        message["Content-Disposition"] = " ".join(disposition.split())
        return message.get_filename("")
    except (ValueError, LookupError, IndexError, TypeError, AttributeError):  # a header that its parser cannot take
        return ""


def _receive_form(request: HttpRequest, writer: ObjectWriter, max_bytes: int) -> ReceivedFile:
    handler = _StorageUploadHandler(request, writer=writer, max_bytes=max_bytes)
    request.upload_handlers = [handler]
    try:
        files, fields = request.FILES, request.POST
    except MultiPartParserError as exc:
        raise RequestBodyIncomplete(f"The form could not be read: {exc}") from exc
    if handler.is_too_large:
        raise RequestFileTooLarge(f"The largest file that is taken has {max_bytes} bytes.")
    if handler.is_interrupted or handler.file_count != 1 or not files:
        if handler.file_count == 1:
            raise RequestBodyIncomplete("The form ended before its file was complete.")
        raise RequestFileMissing("The form needs exactly one file part.")
    name = cast("UploadedFile[bytes]", next(iter(files.values()))).name or ""
    values: dict[str, str] = {key: str(value) for key, value in fields.items()}
    return ReceivedFile(stored=writer.finish(), name=name, fields=values)


class _StorageUploadHandler(FileUploadHandler):
    """Passes the bytes of the form's file part to the writer as they arrive."""

    chunk_size = _READ_BYTES

    def __init__(self, request: HttpRequest, *, writer: ObjectWriter, max_bytes: int) -> None:
        super().__init__(request)
        self._writer, self._max_bytes = writer, max_bytes
        self.file_count = 0
        self.is_too_large = self.is_interrupted = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file_count += 1
        if self.file_count > 1:
            raise StopUpload(connection_reset=True)  # without reading the rest of the body

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > self._max_bytes:
            self.is_too_large = True
            raise StopUpload(connection_reset=True)
        self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        # Django lists a file in `request.FILES` only if its handler returns one; the bytes are already with the writer.
        return UploadedFile(file=io.BytesIO(), name=self.file_name, size=file_size)

    def upload_interrupted(self) -> None:
        self.is_interrupted = True
