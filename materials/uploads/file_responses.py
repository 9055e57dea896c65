"""Responses with a stored file, whole or in part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from materials.errors import StoredFileBroken
from materials.uploads.downloads import DownloadableFile
from project import logs
from project.errors import NotFound
from project.http.ranges import ByteRange, RangeUnsatisfiable, parse_range_header
from project.http.transfers import hold_transfer_slot
from project.storage.objects import get_object_storage

log = logs.get_logger(__name__)

# What a download holds in memory; an export does the same. The exact value is a choice.
_READ_BYTES = 256 * 1024


def build_file_response(
    request: HttpRequest, file: DownloadableFile, *, max_part_bytes: int | None = None
) -> HttpResponseBase:
    """Return the response with a stored file, or the part of it that `Range` names, as an attachment.

    With `max_part_bytes` a longer part is cut: the client asks for the next one. Such a part needs no transfer slot,
    since a proxy takes it whole. Raises NotFound and TooManyTransfers.
    """
    version = f'"{file.sha256}"'
    # RFC 9110, section 13.1.5: a range is sent only of the version that the client has, else the whole file.
    is_same = request.headers.get("If-Range", version) == version
    try:
        part = parse_range_header(request.headers.get("Range", "") if is_same else "", file.size_bytes)
    except RangeUnsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size_bytes}"})
    is_short = part is not None and max_part_bytes is not None
    if part is not None and max_part_bytes is not None:
        # RFC 9110, section 15.3.7: the client learns from Content-Range what it got.
        part = ByteRange(start=part.start, end=min(part.end, part.start + max_part_bytes))
    if not is_short:
        hold_transfer_slot(request, str(file.tenant_id))
    try:
        stream = get_object_storage().open(file.object_key)
    except FileNotFoundError as exc:
        raise NotFound("The file is not stored any more.", next_step="Upload or export it again.") from exc
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name) or "attachment",
        "Content-Length": str(part.length if part else file.size_bytes),
        # Should a browser show the file in spite of its type, it runs no scripts and loads nothing.
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "ETag": version,
        "X-Content-Type-Options": "nosniff",
    }
    if not is_short:
        # nginx would copy what the client cannot receive yet to its disk.
        headers["X-Accel-Buffering"] = "no"
    if part is not None:
        headers["Content-Range"] = part.format_content_range(file.size_bytes)
    start, length = (part.start, part.length) if part else (0, file.size_bytes)
    return StreamingHttpResponse(
        _FileRangeStream(stream, start, length, sha256="" if part else file.sha256),
        status=206 if part else 200,
        content_type=file.media_type,
        headers=headers,
    )


class _FileRangeStream:
    """A range of an open file in pieces, in bytes. Django closes it with the response.

    With the `sha256` of a whole file, its last piece is sent only when all bytes are those that were stored; else the
    response ends short of its announced length.
    """

    def __init__(self, file: BinaryIO, start: int, length: int, *, sha256: str) -> None:
        self._file, self._left, self._sha256 = file, length, sha256
        file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        while self._left and (piece := self._file.read(min(_READ_BYTES, self._left))):
            self._left -= len(piece)
            if self._sha256:
                digest.update(piece)
                if not self._left and digest.hexdigest() != self._sha256:
                    log.error("stored object changed", sha256=self._sha256)
                    raise StoredFileBroken("The stored bytes are not those that were uploaded.")
            yield piece

    def close(self) -> None:
        self._file.close()
