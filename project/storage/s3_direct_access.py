"""Direct access to an S3 bucket by presigned URLs.

The signature covers the method, the key, the expiry, the number of a part and its Content-Length; for a file in one
piece also its SHA-256, which the store compares, unless `S3_CHECKSUM_HEADERS` is off for a store without that header.
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

from project.storage.direct_uploads import READ_BYTES, DirectUpload, PartsMissing, SignedUrl
from project.storage.objects import StoredObject
from project.storage.s3 import S3ObjectStorage
from project.storage.s3_errors import translate_s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef


class S3DirectStorage:
    """Implement `direct_uploads.DirectStorage` for a bucket. Raises StorageUnavailable when the store fails."""

    def __init__(self, storage: S3ObjectStorage) -> None:
        self._client: S3Client = storage.client
        self._fast_client: S3Client = storage.fast_client
        self._bucket: str = storage.bucket_name
        self._signer = _create_public_client() or self._client

    def begin_upload(self, upload: DirectUpload) -> str:
        if upload.is_single_part:
            return ""
        with translate_s3_errors(upload.key):
            return self._fast_client.create_multipart_upload(Bucket=self._bucket, Key=upload.key)["UploadId"]

    def create_upload_url(
        self, upload: DirectUpload, number: int, *, own_path: str, now: datetime, until: datetime
    ) -> SignedUrl:
        params: dict[str, Any] = {"Bucket": self._bucket, "ContentLength": upload.compute_part_size(number)}
        if not upload.is_single_part:
            # No digest: clients announce one of the whole file, not of each part. It is compared when the file is read.
            params |= {"Key": upload.key, "UploadId": upload.store_id, "PartNumber": number}
            return SignedUrl(url=self._sign_url("upload_part", params, now=now, until=until))
        params["Key"], headers = upload.incoming_key, {}
        if settings.S3_CHECKSUM_HEADERS:
            params["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(upload.sha256)).decode()
            headers["x-amz-checksum-sha256"] = params["ChecksumSHA256"]
        return SignedUrl(url=self._sign_url("put_object", params, now=now, until=until), headers=headers)

    def list_arrived_parts(self, upload: DirectUpload) -> dict[int, int]:
        try:
            if upload.is_single_part:
                return {1: self._get_size(upload.incoming_key)}
            return {part["PartNumber"]: part["Size"] for part in self._list_parts(upload)}
        except FileNotFoundError:
            # S3 forgets an upload once it is assembled. When the process ended right after that, all parts count as
            # arrived, so that the upload can be completed again.
            if not upload.is_single_part and self._is_joined(upload):
                return {number: upload.compute_part_size(number) for number in range(1, upload.part_count + 1)}
            return {}

    def assemble_object(self, upload: DirectUpload, *, key: str, progress: Callable[[int], None]) -> StoredObject:
        try:
            if upload.is_single_part:
                self._copy_object(upload.incoming_key, key)
            else:
                key = upload.key
                self._join_parts(upload)
            return self._digest_object(key, progress)
        except FileNotFoundError as exc:
            raise PartsMissing("The file has not arrived.") from exc

    def discard_upload(self, upload: DirectUpload) -> None:
        if upload.is_single_part:
            with translate_s3_errors(upload.incoming_key):
                self._fast_client.delete_object(Bucket=self._bucket, Key=upload.incoming_key)
            return
        # `store_id` is not enough: the store may have begun an upload and the response with its id was lost.
        with translate_s3_errors(upload.key):
            pages = self._fast_client.get_paginator("list_multipart_uploads")
            open_ids = {
                found["UploadId"]
                for page in pages.paginate(Bucket=self._bucket, Prefix=upload.key)
                for found in page.get("Uploads", [])
                if found["Key"] == upload.key  # the prefix also matches longer keys
            }
        for store_id in sorted(open_ids | ({upload.store_id} - {""})):
            with contextlib.suppress(FileNotFoundError), translate_s3_errors(upload.key):
                self._fast_client.abort_multipart_upload(Bucket=self._bucket, Key=upload.key, UploadId=store_id)

    def create_download_url(
        self, key: str, *, own_path: str, name: str, media_type: str, now: datetime, until: datetime
    ) -> SignedUrl:
        params = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": media_type,
            "ResponseContentDisposition": content_disposition_header(as_attachment=True, filename=name),
        }
        return SignedUrl(url=self._sign_url("get_object", params, now=now, until=until))

    def _sign_url(self, method: str, params: dict[str, Any], *, now: datetime, until: datetime) -> str:
        # S3 refuses an expiry of zero seconds.
        seconds = max(1, int((until - now).total_seconds()))
        return self._signer.generate_presigned_url(method, Params=params, ExpiresIn=seconds)

    def _get_size(self, key: str) -> int:
        with translate_s3_errors(key):
            return self._fast_client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]

    def _is_joined(self, upload: DirectUpload) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return self._get_size(upload.key) == upload.size
        return False

    def _list_parts(self, upload: DirectUpload) -> list[PartTypeDef]:
        with translate_s3_errors(upload.key):
            pages = self._fast_client.get_paginator("list_parts").paginate(
                Bucket=self._bucket, Key=upload.key, UploadId=upload.store_id
            )
            return [part for page in pages for part in page.get("Parts", [])]

    def _copy_object(self, source: str, key: str) -> None:
        """Copy within the store. The sender's URL may still be valid and overwrite the source, but never the copy."""
        with translate_s3_errors(source):
            self._client.copy_object(Bucket=self._bucket, Key=key, CopySource={"Bucket": self._bucket, "Key": source})

    def _join_parts(self, upload: DirectUpload) -> None:
        """Let the store assemble the parts. Does nothing when an earlier call has done so. Raises PartsMissing."""
        # An upload that is not there was assembled before, or aborted: then reading the object finds nothing.
        with contextlib.suppress(FileNotFoundError), translate_s3_errors(upload.key):
            parts = self._list_parts(upload)
            if len(parts) != upload.part_count:
                raise PartsMissing(f"{len(parts)} of {upload.part_count} parts have arrived.")
            named: list[CompletedPartTypeDef] = [
                {"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts
            ]
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=upload.key, UploadId=upload.store_id, MultipartUpload={"Parts": named}
            )

    def _digest_object(self, key: str, progress: Callable[[int], None]) -> StoredObject:
        digest, size = hashlib.sha256(), 0
        with translate_s3_errors(key):
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            with contextlib.closing(body):
                for piece in body.iter_chunks(READ_BYTES):
                    digest.update(piece)
                    size += len(piece)
                    progress(size)
        return StoredObject(key=key, size=size, sha256=digest.hexdigest())


def _create_public_client() -> S3Client | None:
    """Return the client that signs URLs when clients reach the store at another base URL, else None."""
    if not settings.S3_PUBLIC_ENDPOINT_URL:
        return None
    # The signature covers the host, so the URL cannot be rewritten afterwards.
    options = {**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": settings.S3_PUBLIC_ENDPOINT_URL}
    return S3ObjectStorage(**options).client
