"""Objects in a bucket: AWS S3, MinIO, Backblaze B2, and whatever else speaks S3."""

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

from project.storage.objects import Listed, ObjectWriter, Unfinished
from project.storage.s3_errors import translated
from project.storage.s3_reader import RangedObject
from project.storage.s3_writer import Algorithm, PartsWriter, Sums, crc32

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PROBE_SECONDS = 3.0
BRISK_SECONDS = 10.0
_COPY_BYTES = 2**20
_READ_AHEAD = 256 * 2**10


class S3Objects(S3Storage):  # type: ignore[misc]  # it ships no types
    """Objects in one bucket, all private. An object appears under its key only when it is complete.

    Options are those of django-storages' S3Storage, of which these are used: `bucket_name`, `endpoint_url`,
    `region_name`, `access_key`, `secret_key`, `addressing_style`.
    """

    is_local = False

    def __init__(self, **options: Any) -> None:
        options = {"addressing_style": "auto", "file_overwrite": True, "default_acl": None, **options}
        if options.get("access_key"):
            options.setdefault("security_token", None)  # that of the environment belongs to another key
        super().__init__(**options, client_config=_config(options["addressing_style"]))

    @property
    def client(self) -> S3Client:
        """The process's one client: it may be used by all threads at once."""
        return self._client()

    @property
    def brisk(self) -> S3Client:
        """Another such client, for what any store does at once: it holds no request of ours while a store is silent."""
        return self._client(_BRISK)

    @property
    def connection(self) -> Any:
        """What django-storages itself works with, made of the same settings."""
        with _lock:  # making a resource is not safe among threads, unlike using its client
            return super().connection

    def writer(self, key: str) -> ObjectWriter:
        return PartsWriter(client=self.client, bucket=self.bucket_name, key=key, checksums=settings.S3_CHECKSUM_HEADERS)

    @contextlib.contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="coursewright-object-") as folder:
            path = Path(folder) / "object"
            with self.open(key) as source, path.open("xb") as target:
                shutil.copyfileobj(source, target, _COPY_BYTES)
            yield path

    def open(self, name: str, mode: str = "rb") -> BinaryIO:
        if mode != "rb":
            raise io.UnsupportedOperation("An object is written with `writer`.")
        with translated(name):
            size = self.brisk.head_object(Bucket=self.bucket_name, Key=name)["ContentLength"]
        raw = RangedObject(client=self.client, bucket=self.bucket_name, key=name, size=size)
        return cast(BinaryIO, io.BufferedReader(raw, _READ_AHEAD))

    def delete(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError), translated(name):
            self.brisk.delete_object(Bucket=self.bucket_name, Key=name)

    def exists(self, name: str) -> bool:
        try:
            with translated(name):
                self.brisk.head_object(Bucket=self.bucket_name, Key=name)
        except FileNotFoundError:
            return False
        return True

    def listed(self, prefix: str = "") -> Iterator[Listed]:
        with translated(prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix):
                for found in page.get("Contents", []):
                    yield Listed(key=found["Key"], size=found["Size"], modified=found["LastModified"])

    def unfinished(self) -> Iterator[Unfinished]:
        with translated("the open multipart uploads"):
            for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket_name):
                for found in page.get("Uploads", []):
                    yield Unfinished(key=found["Key"], ref=found["UploadId"], started_at=found["Initiated"])

    def forget(self, unfinished: Unfinished) -> None:
        with contextlib.suppress(FileNotFoundError), translated(unfinished.key):
            self.client.abort_multipart_upload(Bucket=self.bucket_name, Key=unfinished.key, UploadId=unfinished.ref)

    def ping(self) -> None:
        try:
            with translated(self.bucket_name):
                self.probe()
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "There is no such bucket", self.bucket_name) from None

    def prepare(self) -> None:
        self._client()
        self._client(_BRISK)

    def probe(self) -> None:
        """Ask for the bucket, once and with little patience. Raises what botocore raises."""
        self._client(_IMPATIENT).head_bucket(Bucket=self.bucket_name)

    def probe_writing(self, key: str, *, checksums: bool) -> None:
        """Store a few bytes and delete them, as impatiently. Raises what botocore raises."""
        client, probe = self._client(_IMPATIENT), b"probe"
        algorithm: Algorithm = {"ChecksumAlgorithm": "CRC32"} if checksums else {}
        sums: Sums = {"ChecksumCRC32": crc32(probe)} if checksums else {}
        begun = client.create_multipart_upload(Bucket=self.bucket_name, Key=key, **algorithm)
        client.abort_multipart_upload(Bucket=self.bucket_name, Key=key, UploadId=begun["UploadId"])
        client.put_object(Bucket=self.bucket_name, Key=key, Body=probe, **sums)
        client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read()
        client.delete_object(Bucket=self.bucket_name, Key=key)

    def _client(self, haste: Config | None = None) -> S3Client:
        session = (self.access_key, self.secret_key, self.security_token)
        key = (*session, self.endpoint_url, self.region_name, self.addressing_style, haste)
        if (made := _clients.get(key)) is not None:
            return made
        with _lock:
            if key not in _clients:
                config = self.client_config.merge(haste) if haste else self.client_config
                _clients[key] = self._create_session().client(
                    "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=config
                )
            return _clients[key]


def _config(addressing_style: str) -> Config:
    """Return what works with AWS and with stores that know less of the protocol.

    Bodies are not signed: TLS guards them, and hashing them a second time would cost a fifth of the speed.
    """
    return Config(
        signature_version="s3v4",
        s3=cast(Any, {"addressing_style": addressing_style, "payload_signing_enabled": False}),
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=32,
        tcp_keepalive=True,
    )


_IMPATIENT = Config(
    connect_timeout=PROBE_SECONDS,
    read_timeout=PROBE_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
)
_BRISK = Config(read_timeout=BRISK_SECONDS, retries={"mode": "standard", "total_max_attempts": 2})
_lock = threading.Lock()
_clients: dict[tuple[Any, ...], S3Client] = {}


def _begin_anew() -> None:
    """Let a forked child make clients of its own: the connections of its parent's are its parent's."""
    global _lock
    _lock = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_begin_anew)
