"""Writing an object of unknown size into a bucket, in constant memory."""

from __future__ import annotations

import contextlib
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, cast

from project import logs
from project.storage.objects import StoredObject
from project.storage.s3_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 10 * 2**20

log = logs.get(__name__)


class PartsWriter:
    """Sends what fits into one part as one object, and more as a multipart upload, part by part.

    While one part is on its way the next is gathered, so two are held at most. A part that fails is tried again by
    boto3; when it fails for good, the next `write`, or `finish`, raises StorageUnavailable.
    """

    def __init__(self, *, client: S3Client, bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._digest = hashlib.sha256()
        self._size = 0
        self._buffer, self._spare = bytearray(PART_BYTES), bytearray()
        self._filled = 0
        self._upload_id = ""
        self._is_ending = False
        self._sender: ThreadPoolExecutor | None = None
        self._sending: Future[CompletedPartTypeDef] | None = None
        self._parts: list[CompletedPartTypeDef] = []

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._size += len(data)
        left = memoryview(data)
        while left:
            if self._filled == PART_BYTES:
                self._send_part()
            taken = left[: PART_BYTES - self._filled]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            left = left[len(taken) :]

    def finish(self) -> StoredObject:
        self._wait()
        self._spare = bytearray()
        last = bytes(memoryview(self._buffer)[: self._filled])
        self._is_ending = True
        if self._upload_id:
            self._parts.append(self._sent(len(self._parts) + 1, last))
            self._complete()
        else:
            with translated(self._key):
                self._client.put_object(Bucket=self._bucket, Key=self._key, Body=last)
        self._is_ending = False
        self._end()
        return StoredObject(key=self._key, size=self._size, sha256=self._digest.hexdigest())

    def abort(self) -> None:
        """Take back what is not finished, also an object whose storing was not confirmed.

        When the store cannot be told, `manage.py sweep_objects` does it later.
        """
        if self._sending is not None:  # a part that arrives after the end would stay
            self._sending.cancel()
            self._sending.exception()
            self._sending = None
        upload_id, self._upload_id = self._upload_id, ""
        is_in_doubt, self._is_ending = self._is_ending, False
        self._end()
        try:
            if upload_id:
                with contextlib.suppress(FileNotFoundError), translated(self._key):
                    self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=upload_id)
            if is_in_doubt:
                with translated(self._key):
                    self._client.delete_object(Bucket=self._bucket, Key=self._key)
        except OSError:
            log.error("unfinished object not taken back", object=self._key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.abort()

    def _send_part(self) -> None:
        """Hand the gathered part over to the sending thread, once that has sent the one before."""
        if self._sender is None:
            with translated(self._key):
                begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key)
            self._upload_id = begun["UploadId"]
            self._sender = ThreadPoolExecutor(1, thread_name_prefix="s3-part")
            self._spare = bytearray(PART_BYTES)
        self._wait()
        number = len(self._parts) + 1
        self._sending = self._sender.submit(self._sent, number, self._buffer)
        self._buffer, self._spare, self._filled = self._spare, self._buffer, 0

    def _sent(self, number: int, body: bytes | bytearray) -> CompletedPartTypeDef:
        with translated(self._key):
            answer = self._client.upload_part(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=cast(bytes, body)
            )
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _wait(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            self._parts.append(sending.result())

    def _complete(self) -> None:
        """Make one object of the parts. Asking again after an answer that was lost finds the upload gone and the
        object there.
        """
        try:
            with translated(self._key):
                self._client.complete_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
                )
        except FileNotFoundError:
            with translated(self._key):
                there = self._client.head_object(Bucket=self._bucket, Key=self._key)
            if there["ContentLength"] != self._size:
                raise
        self._upload_id = ""

    def _end(self) -> None:
        if self._sender is not None:
            self._sender.shutdown()
            self._sender = None
        self._buffer = self._spare = bytearray()
