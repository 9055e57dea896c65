"""Direct ways into and out of an S3 bucket: presigned addresses.

What a signature binds: method, key, time, a part's number and its Content-Length; of a file in one piece also its
SHA-256, which the store compares, unless `S3_CHECKSUM_HEADERS` is off because the store does not know that header.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.http import content_disposition_header

from project.storage.direct_access import PIECE_BYTES, Address, Parcel, PartsMissing
from project.storage.objects import StoredObject
from project.storage.s3 import S3Objects
from project.storage.s3_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef


class S3Direct:
    """See `direct_access.DirectStorage`. Raises StorageUnavailable when the store does not do its part."""

    def __init__(self, storage: S3Objects) -> None:
        self._client: S3Client = storage.client
        self._brisk: S3Client = storage.brisk
        self._bucket: str = storage.bucket_name
        self._signer = _client_as_others_reach_it() or self._client

    def begin(self, parcel: Parcel) -> str:
        if parcel.is_whole:
            return ""
        with translated(parcel.key):
            return self._brisk.create_multipart_upload(Bucket=self._bucket, Key=parcel.key)["UploadId"]

    def upload_address(self, parcel: Parcel, number: int, *, ours: str, now: datetime, until: datetime) -> Address:
        params: dict[str, Any] = {"Bucket": self._bucket, "ContentLength": parcel.size_of(number)}
        if not parcel.is_whole:
            params |= {"Key": parcel.key, "UploadId": parcel.store_id, "PartNumber": number}
            return Address(url=self._signed("upload_part", params, now=now, until=until))
        params["Key"], headers = parcel.incoming, {}
        if settings.S3_CHECKSUM_HEADERS:
            params["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(parcel.sha256)).decode()
            headers["x-amz-checksum-sha256"] = params["ChecksumSHA256"]
        return Address(url=self._signed("put_object", params, now=now, until=until), headers=headers)

    def arrived(self, parcel: Parcel) -> dict[int, int]:
        try:
            if parcel.is_whole:
                return {1: self._size(parcel.incoming)}
            return {part["PartNumber"]: part["Size"] for part in self._parts(parcel)}
        except FileNotFoundError:
            if not parcel.is_whole and self._is_joined(parcel):
                return {number: parcel.size_of(number) for number in range(1, parcel.parts + 1)}
            return {}

    def assemble(self, parcel: Parcel, *, key: str, progress: Callable[[int], None]) -> StoredObject:
        try:
            if parcel.is_whole:
                self._copy(parcel.incoming, key)
            else:
                key = parcel.key
                self._join(parcel)
            return self._read(key, progress)
        except FileNotFoundError as exc:
            raise PartsMissing("The file has not arrived.") from exc

    def discard(self, parcel: Parcel) -> None:
        if parcel.is_whole:
            with translated(parcel.incoming):
                self._brisk.delete_object(Bucket=self._bucket, Key=parcel.incoming)
            return
        with translated(parcel.key):
            pages = self._brisk.get_paginator("list_multipart_uploads")
            open_ids = {
                found["UploadId"]
                for page in pages.paginate(Bucket=self._bucket, Prefix=parcel.key)
                for found in page.get("Uploads", [])
                if found["Key"] == parcel.key
            }
        for store_id in sorted(open_ids | ({parcel.store_id} - {""})):
            with contextlib.suppress(FileNotFoundError), translated(parcel.key):
                self._brisk.abort_multipart_upload(Bucket=self._bucket, Key=parcel.key, UploadId=store_id)

    def download_address(
        self, key: str, *, ours: str, name: str, media_type: str, now: datetime, until: datetime
    ) -> Address:
        params = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": media_type,
            "ResponseContentDisposition": content_disposition_header(as_attachment=True, filename=name),
        }
        return Address(url=self._signed("get_object", params, now=now, until=until))

    def _signed(self, method: str, params: dict[str, Any], *, now: datetime, until: datetime) -> str:
        seconds = max(1, int((until - now).total_seconds()))
        return self._signer.generate_presigned_url(method, Params=params, ExpiresIn=seconds)

    def _size(self, key: str) -> int:
        with translated(key):
            return self._brisk.head_object(Bucket=self._bucket, Key=key)["ContentLength"]

    def _is_joined(self, parcel: Parcel) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return self._size(parcel.key) == parcel.size
        return False

    def _parts(self, parcel: Parcel) -> list[PartTypeDef]:
        with translated(parcel.key):
            pages = self._brisk.get_paginator("list_parts").paginate(
                Bucket=self._bucket, Key=parcel.key, UploadId=parcel.store_id
            )
            return [part for page in pages for part in page.get("Parts", [])]

    def _copy(self, source: str, key: str) -> None:
        """Copy within the store: the sender could write once more to the address that it was given, not to the copy."""
        with translated(source):
            self._client.copy_object(Bucket=self._bucket, Key=key, CopySource={"Bucket": self._bucket, "Key": source})

    def _join(self, parcel: Parcel) -> None:
        """Let the store make one object of the parts. What an earlier try has joined is there as that object."""
        with contextlib.suppress(FileNotFoundError), translated(parcel.key):
            parts = self._parts(parcel)
            if len(parts) != parcel.parts:
                raise PartsMissing(f"{len(parts)} of {parcel.parts} parts have arrived.")
            named: list[CompletedPartTypeDef] = [
                {"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts
            ]
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=parcel.key, UploadId=parcel.store_id, MultipartUpload={"Parts": named}
            )

    def _read(self, key: str, progress: Callable[[int], None]) -> StoredObject:
        digest, size = hashlib.sha256(), 0
        with translated(key):
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            with contextlib.closing(body):
                for piece in body.iter_chunks(PIECE_BYTES):
                    digest.update(piece)
                    size += len(piece)
                    progress(size)
        return StoredObject(key=key, size=size, sha256=digest.hexdigest())


def _client_as_others_reach_it() -> S3Client | None:
    """Return what signs addresses when clients reach the store under another name than we do."""
    if not settings.S3_PUBLIC_ENDPOINT_URL:
        return None
    options = {**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": settings.S3_PUBLIC_ENDPOINT_URL}
    return S3Objects(**options).client
