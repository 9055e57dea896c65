"""A real S3 server (moto's) in a process of its own on 127.0.0.1."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from project.storage.s3 import S3ObjectStorage
from tests.process_table import eventually

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket on a server, as our storage and as boto3 see it."""

    endpoint: str
    name: str = field(default_factory=lambda: f"test-{uuid4().hex}")

    @property
    def options(self) -> dict[str, Any]:
        """What `settings.S3_OPTIONS` holds for this bucket."""
        return {
            "bucket_name": self.name,
            "endpoint_url": self.endpoint,
            "region_name": "us-east-1",
            "addressing_style": "path",
            "access_key": "access",
            "secret_key": "secret",
        }

    @property
    def storages(self) -> dict[str, Any]:
        """What `settings.STORAGES` holds as its default for this bucket."""
        return {"BACKEND": "project.storage.s3.S3ObjectStorage", "OPTIONS": self.options}

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the product needs to work with this bucket."""
        return {
            "S3_BUCKET": self.name,
            "S3_ENDPOINT_URL": self.endpoint,
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY_ID": "access",
            "S3_SECRET_ACCESS_KEY": "secret",
        }

    @property
    def objects(self) -> S3ObjectStorage:
        return S3ObjectStorage(**self.options)

    @property
    def client(self) -> S3Client:
        return self.objects.client

    def keys(self) -> list[str]:
        return sorted(found.key for found in self.objects.list_objects())

    def open_uploads(self) -> list[str]:
        """Return the keys of multipart uploads that have neither been completed nor aborted."""
        return [found.key for found in self.objects.list_unfinished()]


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Run a server and yield its URL. It keeps big objects in files of the folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "s3.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, "TMPDIR": str(folder)}, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(answers, seconds=30, what="the S3 server did not come up", log=log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def new_bucket(endpoint: str) -> Bucket:
    """Make an empty bucket."""
    bucket = Bucket(endpoint=endpoint)
    bucket.client.create_bucket(Bucket=bucket.name)
    return bucket
