"""The storage backend for a bucket of AWS S3, MinIO, Backblaze B2, or another store with the S3 API."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.config import Config
from django.conf import settings
from storages.backends.s3 import S3Storage

from project.storage.objects import ListedObject, ObjectWriter, UnfinishedWrite
from project.storage.s3_connections import send_patiently
from project.storage.s3_errors import translate_s3_errors
from project.storage.s3_reader import RangedObject
from project.storage.s3_writer import ChecksumAlgorithmOptions, ChecksumOptions, MultipartWriter, compute_crc32

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# For the health page and `manage.py check`, which ask once: whoever polls them should not wait longer for an answer.
PROBE_SECONDS = 3.0
# Two attempts make 20 seconds. With the limits for bodies (4 x 60 s), announcing an upload to a store that accepted
# connections and sent nothing held a thread of the web server for minutes.
FAST_READ_SECONDS = 10.0
_COPY_BYTES = 2**20
# As much as `RangedObject` requests first, so that reading a header costs one request.
_READ_AHEAD_BYTES = 256 * 2**10


class S3ObjectStorage(S3Storage):  # type: ignore[misc]  # it ships no types
    """Keep objects in one private bucket. An object has its key only when it is complete.

    `options` are those of django-storages' S3Storage: `bucket_name`, `endpoint_url`, `region_name`, `access_key`,
    `secret_key` and `addressing_style`.
    """

    is_local = False

    def __init__(self, **options: Any) -> None:
        # Keys hold new ids, so nothing is overwritten by accident; new buckets of AWS refuse requests that set an ACL.
        options = {"addressing_style": "auto", "file_overwrite": True, "default_acl": None, **options}
        if options.get("access_key"):
            # django-storages would take AWS_SESSION_TOKEN from the environment, which belongs to another key.
            options.setdefault("security_token", None)
        super().__init__(**options, client_config=_build_config(options["addressing_style"]))

    @property
    def client(self) -> S3Client:
        """The client for bodies. One for each process: boto3 clients are safe among threads and costly to make."""
        return self._get_client()

    @property
    def fast_client(self) -> S3Client:
        """The client for requests without bodies, with a short timeout for stores that do not respond."""
        return self._get_client(_FAST_CONFIG)

    @property
    def connection(self) -> Any:
        """The boto3 resource that the methods of django-storages use."""
        with _clients_lock:  # boto3 sessions, which make resources, are not safe among threads
            return super().connection

    def open_writer(self, key: str) -> ObjectWriter:
        return MultipartWriter(
            client=self.client, bucket=self.bucket_name, key=key, checksums=settings.S3_CHECKSUM_HEADERS
        )

    @contextlib.contextmanager
    def open_local_copy(self, key: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="coursewright-object-") as folder:
            path = Path(folder) / "object"
            with self.open(key) as source, path.open("xb") as target:
                shutil.copyfileobj(source, target, _COPY_BYTES)
            yield path

    def open(self, name: str, mode: str = "rb") -> BinaryIO:
        if mode != "rb":
            raise io.UnsupportedOperation("An object is written with `open_writer`.")
        with translate_s3_errors(name):
            size = self.fast_client.head_object(Bucket=self.bucket_name, Key=name)["ContentLength"]
        raw = RangedObject(client=self.client, bucket=self.bucket_name, key=name, size=size)
        return cast(BinaryIO, io.BufferedReader(raw, _READ_AHEAD_BYTES))

    def delete(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError), translate_s3_errors(name):
            self.fast_client.delete_object(Bucket=self.bucket_name, Key=name)

    def exists(self, name: str) -> bool:
        try:
            with translate_s3_errors(name):
                self.fast_client.head_object(Bucket=self.bucket_name, Key=name)
        except FileNotFoundError:
            return False
        return True

    def list_objects(self, prefix: str = "") -> Iterator[ListedObject]:
        with translate_s3_errors(prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix):
                for found in page.get("Contents", []):
                    yield ListedObject(key=found["Key"], size=found["Size"], modified=found["LastModified"])

    def list_unfinished(self) -> Iterator[UnfinishedWrite]:
        with translate_s3_errors("the open multipart uploads"):
            for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket_name):
                for found in page.get("Uploads", []):
                    yield UnfinishedWrite(key=found["Key"], write_id=found["UploadId"], started_at=found["Initiated"])

    def discard_unfinished(self, unfinished: UnfinishedWrite) -> None:
        with contextlib.suppress(FileNotFoundError), translate_s3_errors(unfinished.key):
            self.client.abort_multipart_upload(
                Bucket=self.bucket_name, Key=unfinished.key, UploadId=unfinished.write_id
            )

    def ping(self) -> None:
        try:
            with translate_s3_errors(self.bucket_name):
                self.probe_bucket()
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "There is no such bucket", self.bucket_name) from None

    def warm_up(self) -> None:
        self._get_client()
        self._get_client(_FAST_CONFIG)

    def probe_bucket(self) -> None:
        """Request the bucket once, within PROBE_SECONDS. Raises what botocore raises."""
        self._get_client(_PROBE_CONFIG).head_bucket(Bucket=self.bucket_name)

    def probe_writing(self, key: str, *, checksums: bool) -> None:
        """Store a few bytes and delete them, each step within PROBE_SECONDS. Raises what botocore raises.

        Covers the rights for single and multipart writes, and with `checksums` the headers that some stores refuse.
        """
        client, probe = self._get_client(_PROBE_CONFIG), b"probe"
        algorithm: ChecksumAlgorithmOptions = {"ChecksumAlgorithm": "CRC32"} if checksums else {}
        sums: ChecksumOptions = {"ChecksumCRC32": compute_crc32(probe)} if checksums else {}
        begun = client.create_multipart_upload(Bucket=self.bucket_name, Key=key, **algorithm)
        client.abort_multipart_upload(Bucket=self.bucket_name, Key=key, UploadId=begun["UploadId"])
        client.put_object(Bucket=self.bucket_name, Key=key, Body=probe, **sums)
        client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read()
        client.delete_object(Bucket=self.bucket_name, Key=key)

    def _get_client(self, overrides: Config | None = None) -> S3Client:
        session = (self.access_key, self.secret_key, self.security_token)
        key = (*session, self.endpoint_url, self.region_name, self.addressing_style, overrides)
        if (made := _clients.get(key)) is not None:  # without the lock, which is held while a client is made
            return made
        with _clients_lock:
            if key not in _clients:
                config = self.client_config.merge(overrides) if overrides else self.client_config
                made = self._create_session().client(
                    "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=config
                )
                send_patiently(made)
                _clients[key] = made
            return _clients[key]


def _build_config(addressing_style: str) -> Config:
    """Return a botocore configuration that works with AWS and with stores that implement less of S3."""
    return Config(
        signature_version="s3v4",
        # Bodies are not signed: TLS protects them, and a second hash would cost a fifth of the speed.
        s3=cast(Any, {"addressing_style": addressing_style, "payload_signing_enabled": False}),
        # The default of boto3 since 1.36 sends bodies in chunks with a trailing checksum, which other stores refuse.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Four times botocore's default of 60 seconds: a silent store fails an upload after four minutes, and one that
        # is slow to copy or to assemble a large object still has a minute to respond.
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=60,
        # Sixteen threads of the web server send two parts each. botocore keeps 10 and would drop the others after use.
        max_pool_connections=32,
        tcp_keepalive=True,
    )


_PROBE_CONFIG = Config(
    connect_timeout=PROBE_SECONDS,
    read_timeout=PROBE_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
)
_FAST_CONFIG = Config(read_timeout=FAST_READ_SECONDS, retries={"mode": "standard", "total_max_attempts": 2})
_clients_lock = threading.Lock()
_clients: dict[tuple[Any, ...], S3Client] = {}


def _reset_after_fork() -> None:
    """Let a forked child make its own clients: two processes on one connection would mix up their responses."""
    global _clients_lock
    _clients_lock = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_reset_after_fork)
