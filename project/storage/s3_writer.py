"""Write an object of unknown size into a bucket, in constant memory."""

from __future__ import annotations

import base64
import contextlib
import io
import mmap
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Literal, Self, TypedDict, cast

from project import logs
from project.storage.objects import StoredObject, build_stored_object
from project.storage.s3_errors import translate_s3_errors
from project.storage.stream_digest import StreamDigest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# S3 takes parts from 5 MiB on, 10,000 at most: so objects may have 97 GiB. The sixteen threads of the web server hold
# up to 320 MiB of parts. Parts of 50 MB would spare smaller files two requests and cost five times the memory.
PART_BYTES = 10 * 2**20
# Being filled or being sent. With two, one is received while the other is sent.
MAX_PARTS_IN_MEMORY = 2
# urllib3 asks for 16 KiB at a time (`blocksize`), and each block is one call of `send`.
_BLOCK_BYTES = 2**20
# Below this a round trip costs more than sending a body that the store then refuses. The exact value is a choice.
_SMALL_BODY_BYTES = 2**16

log = logs.get_logger(__name__)


class ChecksumAlgorithmOptions(TypedDict, total=False):
    """The parameter that announces checksums when a multipart upload begins."""

    ChecksumAlgorithm: Literal["CRC32"]


class ChecksumOptions(TypedDict, total=False):
    """The parameter with the checksum of a part, or of an object in one piece."""

    ChecksumCRC32: str


def compute_crc32(data: bytes | memoryview) -> str:
    """Return the CRC-32 as S3 writes it: its four bytes in base64."""
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class MultipartWriter:
    """Writes an object of up to PART_BYTES by one request, and a longer one as a multipart upload.

    MAX_PARTS_IN_MEMORY parts are in memory at most; `write` blocks while all of them are being sent. boto3 retries a
    part; when that fails, a later `write`, or `finish`, raises StorageUnavailable. With `checksums` the CRC-32 of each
    part is sent along, and the store refuses a part that was changed on the way.
    """

    def __init__(self, *, client: S3Client, bucket: str, key: str, checksums: bool) -> None:
        self._client, self._bucket, self._key, self._checksums = client, bucket, key, checksums
        self._digest = StreamDigest()
        self._part = _PartBuffer()
        self._upload_id = ""
        self._is_in_doubt = False
        self._senders: ThreadPoolExecutor | None = None
        self._sending: deque[tuple[_PartBuffer, Future[CompletedPartTypeDef]]] = deque()
        self._sent: list[CompletedPartTypeDef] = []

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        left = memoryview(data)
        while left:
            # Only when more arrives: a file of exactly one part is still sent by one request.
            if self._part.is_full:
                self._submit_part()
                self._part = self._recycle_oldest_part() if len(self._sending) == MAX_PARTS_IN_MEMORY else _PartBuffer()
            left = left[self._part.fill_from(left) :]

    def finish(self) -> StoredObject:
        if self._upload_id:
            self._submit_part()
            while self._sending:
                self._recycle_oldest_part()
            self._is_in_doubt = True
            self._complete_upload()
        else:
            self._is_in_doubt = True
            sums = self._build_checksums(self._part)
            with translate_s3_errors(self._key):
                self._client.put_object(Bucket=self._bucket, Key=self._key, Body=self._part.get_body(), **sums)
        self._is_in_doubt = False
        self._shut_down()
        return build_stored_object(self._key, self._digest)

    def abort(self) -> None:
        """Remove what is not finished, also an object that the store may have stored without a response.

        A failure of the store is only logged: `manage.py sweep_objects` removes the rest later.
        """
        # S3 may keep, and charge for, a part that arrives after the upload was aborted.
        for _, sending in self._sending:
            if not sending.cancel():
                sending.exception()
        self._sending.clear()
        upload_id, self._upload_id = self._upload_id, ""
        is_in_doubt, self._is_in_doubt = self._is_in_doubt, False
        self._shut_down()
        try:
            if upload_id:
                with contextlib.suppress(FileNotFoundError), translate_s3_errors(self._key):
                    self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=upload_id)
            if is_in_doubt:
                with translate_s3_errors(self._key):
                    self._client.delete_object(Bucket=self._bucket, Key=self._key)
        except OSError:
            log.error("unfinished object not taken back", object=self._key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.abort()

    def _submit_part(self) -> None:
        """Let a thread send the filled part; the first one begins the multipart upload."""
        if self._senders is None:
            algorithm: ChecksumAlgorithmOptions = {"ChecksumAlgorithm": "CRC32"} if self._checksums else {}
            with translate_s3_errors(self._key):
                begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key, **algorithm)
            self._upload_id = begun["UploadId"]
            self._senders = ThreadPoolExecutor(MAX_PARTS_IN_MEMORY, thread_name_prefix="s3-part")
        number = len(self._sent) + len(self._sending) + 1
        self._sending.append((self._part, self._senders.submit(self._upload_part, number, self._part)))

    def _upload_part(self, number: int, part: _PartBuffer) -> CompletedPartTypeDef:
        sums = self._build_checksums(part)
        with translate_s3_errors(self._key):
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=part.get_body(),
                **sums,
            )
        return cast("CompletedPartTypeDef", {"PartNumber": number, "ETag": answer["ETag"], **sums})

    def _build_checksums(self, part: _PartBuffer) -> ChecksumOptions:
        return {"ChecksumCRC32": part.compute_checksum()} if self._checksums else {}

    def _recycle_oldest_part(self) -> _PartBuffer:
        """Wait until the oldest part has been sent, and return its buffer for the next one."""
        part, sending = self._sending[0]
        self._sent.append(sending.result())
        self._sending.popleft()
        part.clear()
        return part

    def _complete_upload(self) -> None:
        """Let the store assemble the parts."""
        try:
            with translate_s3_errors(self._key):
                self._client.complete_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, MultipartUpload={"Parts": self._sent}
                )
        except FileNotFoundError:
            # botocore repeats a request whose response was lost; then the upload is gone because the object exists.
            with translate_s3_errors(self._key):
                there = self._client.head_object(Bucket=self._bucket, Key=self._key)
            if there["ContentLength"] != self._digest.size:
                raise
        self._upload_id = ""

    def _shut_down(self) -> None:
        if self._senders is not None:
            self._senders.shutdown()
            self._senders = None
        self._part = _PartBuffer()


class _PartBuffer:
    """A buffer for one part, which boto3 reads as a file and rewinds before each retry."""

    def __init__(self) -> None:
        self._buffer: memoryview | None = None
        self._filled = self._position = 0

    @property
    def is_full(self) -> bool:
        return self._filled == PART_BYTES

    def fill_from(self, data: memoryview) -> int:
        """Copy as many bytes as fit, and return how many those were."""
        # A mapping of its own, because glibc may keep freed blocks of this size (mallopt(3), M_MMAP_THRESHOLD). Pages
        # that are never written take no memory, so a small file needs little.
        if self._buffer is None:
            self._buffer = memoryview(mmap.mmap(-1, PART_BYTES))
        taken = data[: PART_BYTES - self._filled]
        self._buffer[self._filled : self._filled + len(taken)] = taken
        self._filled += len(taken)
        return len(taken)

    def clear(self) -> None:
        self._filled = self._position = 0

    def get_body(self) -> IO[bytes] | bytes:
        """Return the part as a body for boto3: as bytes if it is small, else as this file."""
        # For file-like bodies botocore sends `Expect: 100-continue` and waits for the store; for bytes it does not.
        if self._buffer is None or self._filled <= _SMALL_BODY_BYTES:
            return bytes(self._buffer[: self._filled]) if self._buffer is not None else b""
        return cast(IO[bytes], self)

    def compute_checksum(self) -> str:
        return compute_crc32(self._buffer[: self._filled] if self._buffer is not None else b"")

    def __len__(self) -> int:
        return self._filled

    def read(self, _size: int = -1) -> memoryview | bytes:
        """Return the next block without copying it, larger than asked for: fewer and larger blocks are sent faster."""
        if self._buffer is None:
            return b""
        block = self._buffer[self._position : min(self._position + _BLOCK_BYTES, self._filled)]
        self._position += len(block)
        return block

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._filled}[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position
