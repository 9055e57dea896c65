"""System checks of the settings of a bucket; with `--deploy` they also connect to the store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core import checks

from project.storage.objects import get_object_storage

if TYPE_CHECKING:
    from project.storage.s3 import S3ObjectStorage

TAG = "storage"
ADDRESSING_STYLES = ("auto", "path", "virtual")  # those of botocore's Config
# `MultipartWriter` sends parts of 10 MiB, whatever the size of the file, and S3 takes at most 10,000 of them.
MAX_OBJECT_BYTES = 10_000 * 10 * 2**20
# More than S3's rules for new buckets: old buckets of us-east-1 have up to 255 characters, capitals and underscores.
_BUCKET = re.compile(r"[a-zA-Z0-9._-]{3,255}", re.ASCII)
_BUCKET_SETTINGS = {
    "endpoint_url": "S3_ENDPOINT_URL",
    "region_name": "S3_REGION",
    "access_key": "S3_ACCESS_KEY_ID",
    "secret_key": "S3_SECRET_ACCESS_KEY",
}


@checks.register(TAG)
def check_settings(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report settings that cannot be right, without a request to the store."""
    options = settings.S3_OPTIONS
    if options["bucket_name"]:
        return list(_iterate_setting_errors(options))
    return [
        checks.Warning(f"{name} is set, but has no effect without S3_BUCKET.", hint="Set S3_BUCKET.", id="storage.W001")
        for option, name in _BUCKET_SETTINGS.items()
        if options[option]
    ]


@checks.register(TAG, deploy=True)
def check_store(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Store a few bytes in the bucket and delete them, without retries and with timeouts of a few seconds."""
    options = settings.S3_OPTIONS
    if not options["bucket_name"] or any(_iterate_setting_errors(options)):
        return []
    return list(_probe_bucket(get_object_storage(), options))  # type: ignore[arg-type]  # STORAGES is made of the same options


def _iterate_setting_errors(options: Mapping[str, Any]) -> Iterator[checks.Error]:
    bucket, endpoint, style = options["bucket_name"], options["endpoint_url"], options["addressing_style"]
    if not _BUCKET.fullmatch(bucket):
        yield _build_error(
            f"S3_BUCKET={bucket!r} is no name of a bucket.",
            "Write the name alone, such as coursewright-files: letters, digits, dots and hyphens.",
            "E001",
        )
    if endpoint and (fault := _find_url_fault(endpoint)):
        yield _build_error(
            f"S3_ENDPOINT_URL={endpoint.rpartition('@')[2]!r} cannot be used: {fault}.",
            "Write the store's address without the bucket, such as https://s3.example.org. Leave it blank for AWS.",
            "E002",
        )
    public = settings.S3_PUBLIC_ENDPOINT_URL
    if public and (fault := _find_url_fault(public)):
        yield _build_error(
            f"S3_PUBLIC_ENDPOINT_URL={public.rpartition('@')[2]!r} cannot be used: {fault}.",
            "Write the store's address as clients reach it, such as https://files.example.org, or leave it blank.",
            "E012",
        )
    if bool(options["access_key"]) != bool(options["secret_key"]):
        there, missing = ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")[:: 1 if options["access_key"] else -1]
        yield _build_error(
            f"{there} is set, but {missing} is not.",
            f"Set {missing} (or {missing}_FILE) too, or neither, to use the role of this machine.",
            "E003",
        )
    if style not in ADDRESSING_STYLES:
        yield _build_error(
            f"S3_ADDRESSING_STYLE={style!r} is not understood.",
            f"Write one of {', '.join(ADDRESSING_STYLES)}. Stores that are not AWS mostly want path.",
            "E004",
        )
    if settings.UPLOAD_MAX_BYTES > MAX_OBJECT_BYTES:
        yield _build_error(
            "UPLOAD_MAX_BYTES is more than an object in a bucket can have: 10,000 parts of 10 MiB.",
            "Set it to 97GiB or less.",
            "E005",
        )


def _find_url_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port  # urlsplit itself does not check the port; the property does, and raises ValueError
    except ValueError:
        return "it is no address"
    if parts.scheme not in {"http", "https"}:
        return "it does not begin with http:// or https://"
    if not parts.hostname:
        return "it names no host"
    if parts.username or parts.password:
        return "keys do not belong into it"
    return "it has more than a host and a port" if parts.path.strip("/") or parts.query or parts.fragment else ""


def _probe_bucket(storage: S3ObjectStorage, options: Mapping[str, Any]) -> Iterator[checks.Error]:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415  # for buckets only

    bucket, where = options["bucket_name"], options["endpoint_url"] or "AWS"
    try:
        storage.probe_bucket()
        storage.probe_writing(f"probes/{uuid4()}", checksums=settings.S3_CHECKSUM_HEADERS)
    except NoCredentialsError:
        yield _build_error("No keys for the object store were found.", _CREDENTIALS_HINT, "E006")
    except ClientError as exc:
        # The response to HEAD has no body, so botocore gives the HTTP status as the code.
        code = str(exc.response.get("Error", {}).get("Code", ""))
        if exc.operation_name != "HeadBucket" and settings.S3_CHECKSUM_HEADERS and _works_without_checksums(storage):
            said = f"{where} refuses checksum headers ({exc.operation_name}: {code})."
            yield _build_error(said, "Set S3_CHECKSUM_HEADERS=0.", "E011")
        elif code in {"404", "NoSuchBucket"}:
            yield _build_error(f"There is no bucket {bucket!r} at {where}.", "Create it, or correct S3_BUCKET.", "E007")
        elif code in {"301", "307", "400", "PermanentRedirect", "AuthorizationHeaderMalformed", "BadRequest"}:
            hint = "Set S3_REGION to the bucket's region, and S3_ENDPOINT_URL to that region's address."
            yield _build_error(f"{where} does not serve the bucket {bucket!r} like this ({code}).", hint, "E008")
        else:
            said = f"{where} refuses {exc.operation_name} in the bucket {bucket!r} ({code})."
            yield _build_error(
                said, f"{_CREDENTIALS_HINT} The key needs the rights that docs/operations/storage.md lists.", "E009"
            )
    except RecursionError:  # botocore follows redirects without a limit, also those that lead back to themselves
        hint = "Correct S3_ENDPOINT_URL: does the store want https://, or the address of another region?"
        yield _build_error(f"{where} answers with redirects only.", hint, "E008")
    except (BotoCoreError, ValueError) as exc:  # botocore raises ValueError for endpoints that it cannot parse
        hint = "Correct S3_ENDPOINT_URL, or start the store. Does a proxy or firewall stand between?"
        yield _build_error(f"The object store cannot be reached at {where} ({type(exc).__name__}).", hint, "E010")


def _works_without_checksums(storage: S3ObjectStorage) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # for buckets only

    try:
        storage.probe_writing(f"probes/{uuid4()}", checksums=False)
    except (ClientError, BotoCoreError):
        return False
    return True


def _build_error(message: str, hint: str, number: str) -> checks.Error:
    return checks.Error(message, hint=hint, id=f"storage.{number}")


_CREDENTIALS_HINT = "Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY (or ..._FILE), or give this machine a role."
