from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from pytest_django import Settings

from project.storage.objects import FileSystemObjectStorage, ObjectStorage
from tests.fakes.proxy import FaultyProxy
from tests.fakes.s3 import Bucket, new_bucket, s3_server


@pytest.fixture(scope="session")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real S3 server for all tests of the session that want one."""
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def bucket(s3_address: str) -> Bucket:
    return new_bucket(s3_address)


@pytest.fixture
def proxy(s3_address: str) -> Iterator[FaultyProxy]:
    with FaultyProxy(s3_address) as running:
        yield running


@pytest.fixture
def spoiled(bucket: Bucket, proxy: FaultyProxy) -> Bucket:
    """Return the same bucket, reached through the proxy."""
    return Bucket(endpoint=proxy.address, name=bucket.name)


@pytest.fixture
def use(settings: Settings) -> Callable[[Bucket], None]:
    """Make a bucket the storage of the product."""

    def chosen(bucket: Bucket) -> None:
        settings.S3_OPTIONS = bucket.options
        settings.STORAGES = {**settings.STORAGES, "default": bucket.storages}

    return chosen


@pytest.fixture(params=["files", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    """Return an empty storage of each kind in turn."""
    if request.param == "files":
        return cast(ObjectStorage, FileSystemObjectStorage(location=str(tmp_path / "stored")))
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.objects
