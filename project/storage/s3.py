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

from project.storage.objects import ListedObject, ObjectWriter, UnfinishedWrite
from project.storage.s3_errors import translate_s3_errors
from project.storage.s3_reader import RangedObject
from project.storage.s3_writer import ChecksumAlgorithmOptions, ChecksumOptions, MultipartWriter, compute_crc32

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PROBE_SECONDS = 3.0
FAST_READ_SECONDS = 10.0
_COPY_BYTES = 2**20
_READ_AHEAD_BYTES = 256 * 2**10


class S3ObjectStorage(S3Storage):  # type: ignore[misc]  # it ships no types
    """Objects in one bucket, all private. An object appears under its key only when it is complete.

    Options are those of django-storages' S3Storage, of which these are used: `bucket_name`, `endpoint_url`,
    `region_name`, `access_key`, `secret_key`, `addressing_style`.
    """

    is_local = False

    def __init__(self, **options: Any) -> None:
        options = {"addressing_style": "auto", "file_overwrite": True, "default_acl": None, **options}
        if options.get("access_key"):
            options.setdefault("security_token", None)  # that of the environment belongs to another key
        super().__init__(**options, client_config=_build_config(options["addressing_style"]))

    @property
    def client(self) -> S3Client:
        """The process's one client: it may be used by all threads at once."""
        return self._get_client()

    @property
    def fast_client(self) -> S3Client:
        """Another such client, for what any store does at once: it holds no request of ours while a store is silent."""
        return self._get_client(_FAST_CONFIG)

    @property
    def connection(self) -> Any:
        """What django-storages itself works with, made of the same settings."""
        with _clients_lock:  # making a resource is not safe among threads, unlike using its client
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
        """Ask for the bucket, once and with little patience. Raises what botocore raises."""
        self._get_client(_PROBE_CONFIG).head_bucket(Bucket=self.bucket_name)

    def probe_writing(self, key: str, *, checksums: bool) -> None:
        """Store a few bytes and delete them, as impatiently. Raises what botocore raises."""
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
        if (made := _clients.get(key)) is not None:
            return made
        with _clients_lock:
            if key not in _clients:
                config = self.client_config.merge(overrides) if overrides else self.client_config
                _clients[key] = self._create_session().client(
                    "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=config
                )
            return _clients[key]


def _build_config(addressing_style: str) -> Config:
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


_PROBE_CONFIG = Config(
    connect_timeout=PROBE_SECONDS,
    read_timeout=PROBE_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
)
_FAST_CONFIG = Config(read_timeout=FAST_READ_SECONDS, retries={"mode": "standard", "total_max_attempts": 2})
_clients_lock = threading.Lock()
_clients: dict[tuple[Any, ...], S3Client] = {}


def _reset_after_fork() -> None:
    """Let a forked child make clients of its own: the connections of its parent's are its parent's."""
    global _lock
    _clients_lock = threading.Lock()
    _clients.clear()


os.register_at_fork(after_in_child=_reset_after_fork)
