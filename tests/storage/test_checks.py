"""What `manage.py check` and the ready check say of a bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import checks
from pytest_django import Settings
from rest_framework.test import APIClient

from project.settings import S3_OPTIONS
from tests.fakes.proxy import FaultyProxy, Refuse, RefuseHeaders, Slow
from tests.fakes.s3 import Bucket

GOOD = {
    **S3_OPTIONS,
    "bucket_name": "files",
    "endpoint_url": "https://s3.example.org:9000",
    "access_key": "a",
    "secret_key": "b",
}


def faults(*, deploy: bool = False) -> list[str | None]:
    return [found.id for found in checks.run_checks(tags=["storage"], include_deployment_checks=deploy)]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({}, []),
        ({"endpoint_url": None, "access_key": None, "secret_key": None}, []),
        ({"bucket_name": "files/sub"}, ["storage.E001"]),
        ({"bucket_name": "s3://files"}, ["storage.E001"]),
        ({"endpoint_url": "s3.example.org"}, ["storage.E002"]),
        ({"endpoint_url": "https://"}, ["storage.E002"]),
        ({"endpoint_url": "https://host:port"}, ["storage.E002"]),
        ({"endpoint_url": "https://[::1"}, ["storage.E002"]),
        ({"endpoint_url": "https://host/files"}, ["storage.E002"]),
        ({"endpoint_url": "https://key:secret@host"}, ["storage.E002"]),
        ({"access_key": None}, ["storage.E003"]),
        ({"secret_key": None}, ["storage.E003"]),
        ({"addressing_style": "dns"}, ["storage.E004"]),
        ({"bucket_name": None}, ["storage.W001"] * 3),
        ({"bucket_name": None, "endpoint_url": None, "access_key": None, "secret_key": None}, []),
    ],
)
def test_it_says_what_cannot_be_right(settings: Settings, wrong: dict[str, Any], expected: list[str]) -> None:
    settings.S3_OPTIONS = {**GOOD, "region_name": None, **wrong}

    assert faults() == expected


def test_it_never_shows_a_key(settings: Settings) -> None:
    settings.S3_OPTIONS = {
        **GOOD,
        "endpoint_url": "https://user:hidden@host",
        "secret_key": None,
        "access_key": "shown",
    }

    told = "".join(f"{found.msg}{found.hint}" for found in checks.run_checks(tags=["storage"]))

    assert "hidden" not in told
    assert "shown" not in told


def test_an_address_for_clients_that_is_none_is_noticed(settings: Settings) -> None:
    settings.S3_OPTIONS, settings.S3_PUBLIC_ENDPOINT_URL = GOOD, "files.example.org"

    assert faults() == ["storage.E012"]


def test_files_larger_than_an_object_can_be_are_noticed(settings: Settings) -> None:
    settings.S3_OPTIONS, settings.UPLOAD_MAX_BYTES = GOOD, 98 * 2**30

    assert faults() == ["storage.E005"]


def test_it_asks_the_store_only_before_a_deployment(
    bucket: Bucket, spoiled: Bucket, use: Any, proxy: FaultyProxy
) -> None:
    use(spoiled)

    assert faults() == []
    assert proxy.asked == []
    assert faults(deploy=True) == []
    assert {method for method, _ in proxy.asked} >= {"HEAD", "PUT", "GET", "DELETE"}
    assert bucket.keys() == bucket.open_uploads() == []


def test_a_missing_bucket_is_told(bucket: Bucket, use: Callable[[Bucket], None]) -> None:
    use(Bucket(endpoint=bucket.endpoint, name="nowhere-to-be-found"))

    assert faults(deploy=True) == ["storage.E007"]


@pytest.mark.parametrize(
    ("status", "expected"), [(403, "storage.E009"), (400, "storage.E008"), (301, "storage.E008"), (503, "storage.E009")]
)
def test_a_refusal_is_told(
    spoiled: Bucket, use: Callable[[Bucket], None], proxy: FaultyProxy, status: int, expected: str
) -> None:
    use(spoiled)
    proxy.fault = lambda _method, _path: Refuse(status=status)

    assert faults(deploy=True) == [expected]


def test_a_key_that_may_only_read_is_told(spoiled: Bucket, use: Callable[[Bucket], None], proxy: FaultyProxy) -> None:
    use(spoiled)
    proxy.fault = lambda method, _path: Refuse(status=403) if method == "PUT" else None

    (found,) = checks.run_checks(tags=["storage"], include_deployment_checks=True)

    assert found.id == "storage.E009"
    assert "PutObject" in found.msg


def test_a_store_that_knows_no_checksums_is_told(
    settings: Settings, spoiled: Bucket, use: Callable[[Bucket], None], proxy: FaultyProxy
) -> None:
    use(spoiled)
    proxy.fault = lambda _method, _path: RefuseHeaders(beginning="x-amz-checksum-")

    assert faults(deploy=True) == ["storage.E011"]

    settings.S3_CHECKSUM_HEADERS = False
    assert faults(deploy=True) == []


def test_a_store_that_hangs_does_not_hang_the_check(
    spoiled: Bucket, use: Callable[[Bucket], None], proxy: FaultyProxy
) -> None:
    use(spoiled)
    proxy.fault = lambda _method, _path: Slow(seconds=30)

    assert faults(deploy=True) == ["storage.E010"]
    assert len(proxy.asked) == 1


@pytest.mark.django_db
def test_the_ready_check_reaches_for_the_bucket(
    spoiled: Bucket, use: Callable[[Bucket], None], proxy: FaultyProxy
) -> None:
    use(spoiled)
    well = APIClient().get("/health/ready").json()["checks"]["storage"]
    proxy.fault = lambda _method, _path: Refuse()
    ill = APIClient().get("/health/ready").json()["checks"]["storage"]

    assert well["ok"]
    assert not ill["ok"]
    assert "HeadBucket" in ill["detail"]
    assert "secret" not in ill["detail"]
