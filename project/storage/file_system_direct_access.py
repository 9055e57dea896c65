"""Direct access to files on a local disk: signed paths of this service, which the caller names and serves."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from project.storage.direct_uploads import READ_BYTES, DirectUpload, PartsMissing, SignedUrl
from project.storage.objects import FileSystemObjectStorage, StoredObject
from project.storage.signed_urls import sign_path


class FileSystemDirectStorage:
    """Keep each part as a file below the upload's `incoming_key`, and assemble the object by copying them."""

    def __init__(self, storage: FileSystemObjectStorage) -> None:
        self._storage = storage

    def begin_upload(self, upload: DirectUpload) -> str:
        return ""

    def create_upload_url(
        self, upload: DirectUpload, number: int, *, own_path: str, now: datetime, until: datetime
    ) -> SignedUrl:
        return SignedUrl(url=sign_path(own_path, until=until))

    def list_arrived_parts(self, upload: DirectUpload) -> dict[int, int]:
        found: dict[int, int] = {}
        with contextlib.suppress(FileNotFoundError):  # the upload may end meanwhile
            for part in self._get_folder(upload).iterdir():
                if part.name.isdecimal():  # other programs leave files, such as .DS_Store
                    found[int(part.name)] = part.stat().st_size
        return found

    def assemble_object(self, upload: DirectUpload, *, key: str, progress: Callable[[int], None]) -> StoredObject:
        writer = self._storage.open_writer(key)
        done = 0
        try:
            for number in range(1, upload.part_count + 1):
                with Path(self._storage.path(upload.build_part_key(number))).open("rb") as file:
                    while piece := file.read(READ_BYTES):
                        writer.write(piece)
                        done += len(piece)
                        progress(done)
            return writer.finish()
        except FileNotFoundError as exc:
            raise PartsMissing("A part has not arrived.") from exc
        finally:
            writer.abort()  # after `finish` this does nothing

    def discard_upload(self, upload: DirectUpload) -> None:
        folder = self._get_folder(upload)
        if folder.is_dir():
            shutil.rmtree(folder)
            with contextlib.suppress(OSError):  # not empty: the tenant has other uploads
                folder.parent.rmdir()

    def create_download_url(
        self, key: str, *, own_path: str, name: str, media_type: str, now: datetime, until: datetime
    ) -> SignedUrl:
        return SignedUrl(url=sign_path(own_path, until=until))

    def _get_folder(self, upload: DirectUpload) -> Path:
        return Path(self._storage.path(upload.incoming_key))
