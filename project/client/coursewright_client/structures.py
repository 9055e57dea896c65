"""Structures: generation, reading, editing, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from .jobs import JobResources, Waiting
from .operations import iteration, operation
from .problems import WorkFailed
from .retries import exchange
from .steps import Answer, Send, Steps
from .types import (
    ExportJson,
    JobJson,
    SnapshotJson,
    SnapshotSummaryJson,
    StepJson,
    Versioned,
    WorkingCopyJson,
    WorkingCopyStateJson,
)


class StructureResources(JobResources):
    """What comes out."""

    @operation
    def request_generation(
        self, /, node: str, *, idempotency_key: str | None = None, **options: Any
    ) -> Steps[JobJson | SnapshotJson]:
        """Ask for a structure; options are those of the API: `engine`, `strategy`, `mode` and others.

        Returns the job (it has a `status`), or the snapshot when there is one of the same materials and options.
        """
        answer = yield from self.call_json(
            dict[str, Any], "POST", f"/nodes/{node}/generate", body=options, idempotency_key=idempotency_key
        )
        return cast("JobJson | SnapshotJson", answer)

    @operation
    def generate(
        self,
        /,
        node: str,
        *,
        timeout: float | None = None,
        on_progress: Callable[[JobJson], object] | None = None,
        **options: Any,
    ) -> Steps[SnapshotJson]:
        """Ask for a structure, wait for it, and return it. Raises WorkFailed and WaitedTooLong."""
        answer = yield from self.call_json(dict[str, Any], "POST", f"/nodes/{node}/generate", body=options)
        if "status" not in answer:
            return cast(SnapshotJson, answer)
        job = yield from self.follow_job(answer["id"], timeout=timeout, on_progress=on_progress)
        return (yield from self.call_json(SnapshotJson, "GET", f"/snapshots/{(job['result'] or {})['snapshot']}"))

    @operation
    def read_structure(self, node: str) -> Steps[SnapshotJson]:
        """Return the structure of a course: the published one, else the newest."""
        return (yield from self.call_json(SnapshotJson, "GET", f"/nodes/{node}/structure"))

    @iteration(SnapshotSummaryJson)
    def iterate_snapshots(self, node: str) -> Steps[None]:
        """Yield all structures of a node, the newest first."""
        yield from self.emit_pages(f"/nodes/{node}/snapshots", {})

    @operation
    def read_snapshot(self, snapshot: str) -> Steps[SnapshotJson]:
        """Return a structure."""
        return (yield from self.call_json(SnapshotJson, "GET", f"/snapshots/{snapshot}"))

    @operation
    def read_text(self, path: str, *, accept: str) -> Steps[str]:
        """Return a resource as text of a media type, such as a snapshot as `text/markdown`."""
        return (yield from self.call("GET", path, headers={"Accept": accept})).body.decode()

    @iteration(WorkingCopyJson)
    def iterate_working_copies(self, node: str) -> Steps[None]:
        """Yield the working copies of a node."""
        yield from self.emit_pages(f"/nodes/{node}/working-copies", {})

    @operation
    def make_working_copy(self, snapshot: str, *, name: str = "main") -> Steps[WorkingCopyJson]:
        """Make an editable copy of a structure."""
        return (
            yield from self.call_json(
                WorkingCopyJson, "POST", f"/snapshots/{snapshot}/working-copy", body={"name": name}
            )
        )

    @operation
    def read_working_copy(self, copy: str) -> Steps[Versioned[WorkingCopyStateJson]]:
        """Return a working copy with its tree, and its version."""
        return _build_versioned((yield from self.call("GET", f"/working-copies/{copy}")))

    @operation
    def edit(
        self, copy: str, operation: str, arguments: Mapping[str, Any], *, etag: str, reason: str = ""
    ) -> Steps[Versioned[StepJson]]:
        """Do one operation on the version `etag` of a working copy, and return the next version.

        Raises VersionOutdated when somebody else was faster.
        """
        body = {"operation": operation, "arguments": dict(arguments), "reason": reason}
        answer = yield from self.call("POST", f"/working-copies/{copy}/edits", body=body, headers={"If-Match": etag})
        return _build_versioned(answer)

    @operation
    def approve_working_copy(self, copy: str, *, etag: str, reason: str = "") -> Steps[SnapshotSummaryJson]:
        """Make a snapshot of the version `etag` of a working copy. Raises VersionOutdated."""
        headers = {"If-Match": etag}
        return (
            yield from self.call_json(
                SnapshotSummaryJson, "POST", f"/working-copies/{copy}/approve", body={"reason": reason}, headers=headers
            )
        )

    @operation
    def request_export(
        self, snapshot: str, format_name: str, *, options: Mapping[str, Any] | None = None
    ) -> Steps[str]:
        """Ask for a structure in a format, and return the id of the export."""
        return (yield from self._request_export(snapshot, format_name, options or {}))

    @operation
    def wait_for_export(self, export: str, *, timeout: float | None = None) -> Steps[ExportJson]:
        """Return an export when its file is there. Raises WorkFailed and WaitedTooLong."""
        return (yield from self._wait_for_export(export, timeout))

    @operation
    def download_export(self, export: str, path: Path) -> Steps[None]:
        """Write the file of an export, which is there only when it is whole."""
        url = (yield from self.call_json(dict[str, Any], "GET", f"/exports/{export}/download"))["url"]
        partial = path.with_name(f"{path.name}.part")
        yield from exchange(Send(method="GET", url=url, into=partial), self.policy)
        partial.replace(path)

    def _request_export(self, snapshot: str, format_name: str, options: Mapping[str, Any]) -> Steps[str]:
        body = {"format": format_name, "options": dict(options)}
        answer = yield from self.call_json(dict[str, Any], "POST", f"/snapshots/{snapshot}/exports", body=body)
        # A job names the export as its subject; an export that is there is the answer itself.
        return str(answer["subject"] if "subject" in answer else answer["id"])

    def _wait_for_export(self, export: str, timeout: float | None) -> Steps[ExportJson]:
        waiting = Waiting(timeout, what=f"Export {export}")
        while True:
            found: ExportJson = yield from self.call_json(ExportJson, "GET", f"/exports/{export}")
            if found["file"] is not None:
                return found
            if found["state"] not in {"queued", "active", "complete"}:
                raise WorkFailed(found["error"], what=f"The export ({found['format']}) is {found['state']} and")
            yield waiting.choose_pause(None)


def _build_versioned(answer: Answer) -> Versioned[Any]:
    return Versioned(value=answer.parse_json(), etag=answer.headers.get("etag", ""))
