"""Files: small ones in one request, large ones in parts that go on where they stopped."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from .jobs import JobResources
from .materials import build_disposition
from .operations import operation
from .problems import ApiProblem, ScopeMissing, StateConflict, WorkFailed
from .retries import exchange
from .steps import FilePiece, HashFile, Send, Steps
from .types import EntryJson, PartJson, UploadJson

# Below this a broken connection costs less than announcing the file would.
DIRECT_BYTES = 10 * 2**20
# A signed URL is valid for an hour: one that is refused is asked for again, but a file is not asked for for ever.
_RENEWALS = 5

OnSent = Callable[[int], object]


class UploadResources(JobResources):
    """Entries from files of this machine."""

    @operation
    def upload_file(
        self,
        node: str,
        path: Path,
        *,
        name: str | None = None,
        upload: str | None = None,
        idempotency_key: str | None = None,
        on_announced: Callable[[str], object] | None = None,
        on_sent: OnSent | None = None,
    ) -> Steps[EntryJson]:
        """Make an entry of a file and return it; whether it can be read is seen later, by its `state` or its `job`.

        A large file is announced and sent in parts: `on_announced` is told the id of its upload. Given again as
        `upload`, after a broken connection or in another process, only what has not arrived is sent. The SHA-256 is
        compared at the end. `on_sent` is told how many bytes of the file are there. Memory does not grow with the file.
        Raises WorkFailed when the file is refused.
        """
        name = name or path.name
        size = path.stat().st_size
        if upload is None and size < DIRECT_BYTES:
            return (yield from self._send_whole(node, path, name, size, idempotency_key, on_sent))
        if upload is None:
            upload = yield from self._announce(node, path, name, size, idempotency_key)
            if on_announced is not None:
                on_announced(upload)
        # Read again in any case: an answer that was kept for the key may have URLs that are no longer valid.
        progress = yield from self.call_json(UploadJson, "GET", f"/uploads/{upload}")
        yield from self._send_parts(progress, path, on_sent)
        return (yield from self._complete(upload))

    @operation
    def get_upload(self, upload: str) -> Steps[UploadJson]:
        """Return which parts of an upload have arrived, and URLs for the others."""
        return (yield from self.call_json(UploadJson, "GET", f"/uploads/{upload}"))

    def _announce(self, node: str, path: Path, name: str, size: int, idempotency_key: str | None) -> Steps[str]:
        digest: str = yield HashFile(path=path)
        body = {"name": name, "size_bytes": size, "sha256": digest}
        try:
            made = yield from self.call_json(
                UploadJson, "POST", f"/nodes/{node}/uploads", body=body, idempotency_key=idempotency_key
            )
        except StateConflict as exc:
            # The server was killed when it had made the upload and had not answered yet.
            location = str(exc.problem.get("location") or "")
            if exc.code != "answer_lost" or not location:
                raise
            return location.rpartition("/")[2]
        return made["id"]

    def _send_whole(
        self, node: str, path: Path, name: str, size: int, idempotency_key: str | None, on_sent: OnSent | None
    ) -> Steps[EntryJson]:
        digest: str = yield HashFile(path=path)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": build_disposition(name),
            # By it the server knows the same file again when the request is repeated.
            "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:",
        }
        piece = FilePiece(path=path, offset=0, length=size, on_sent=on_sent)
        return (
            yield from self.call_json(
                EntryJson,
                "POST",
                f"/nodes/{node}/entries",
                content=piece,
                headers=headers,
                idempotency_key=idempotency_key,
            )
        )

    def _send_parts(self, progress: UploadJson, path: Path, on_sent: OnSent | None) -> Steps[None]:
        """Send what is missing. An answer names a hundred parts at most: it is read again until none is left."""
        renewals = 0
        while progress["state"] == "open" and progress["urls"]:
            arrived = sum(_measure_part(progress, number) for number in progress["arrived"])
            for part in progress["urls"]:
                try:
                    yield from self._send_part(progress, part, path, arrived, on_sent)
                except ScopeMissing:
                    renewals += 1
                    if renewals > _RENEWALS:
                        raise
                    break
                arrived += part["size_bytes"]
            progress = yield from self.call_json(UploadJson, "GET", f"/uploads/{progress['id']}")

    def _send_part(
        self, progress: UploadJson, part: PartJson, path: Path, arrived: int, on_sent: OnSent | None
    ) -> Steps[None]:
        def report(sent: int) -> None:
            if on_sent is not None:
                on_sent(arrived + sent)

        offset = (part["number"] - 1) * progress["part_bytes"]
        piece = FilePiece(path=path, offset=offset, length=part["size_bytes"], on_sent=report)
        headers = {**part["headers"], "Content-Length": str(part["size_bytes"])}
        yield from exchange(Send(method="PUT", url=part["url"], headers=headers, content=piece), self.policy)

    def _complete(self, upload: str) -> Steps[EntryJson]:
        try:
            answer = yield from self.call_json(dict[str, Any], "POST", f"/uploads/{upload}/complete")
        except ApiProblem:
            progress: UploadJson = yield from self.call_json(UploadJson, "GET", f"/uploads/{upload}")
            if progress["state"] == "refused":
                raise WorkFailed(progress["error"], what="The file was refused and") from None
            raise
        if "status" not in answer:
            return cast(EntryJson, answer)
        yield from self.follow_job(answer["id"])
        progress = yield from self.call_json(UploadJson, "GET", f"/uploads/{upload}")
        if progress["entry"] is None:
            raise WorkFailed(progress["error"], what="The file was refused and")
        return (yield from self.call_json(EntryJson, "GET", f"/entries/{progress['entry']}"))


def _measure_part(progress: UploadJson, number: int) -> int:
    """Return how many bytes a part has: all have the same, but for the last."""
    return min(progress["part_bytes"], progress["size_bytes"] - (number - 1) * progress["part_bytes"])
