"""OpenAI's Batch API: files, batches of files, and files of results."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

from tests.fakes.asked import Asked
from tests.fakes.batches import FakeBatch, FakeBatches, send
from tests.fakes.steps import Fail, Raw, Step

if TYPE_CHECKING:
    from tests.fakes.server import FakeVendor

_PATH = re.compile(r"/v1/(files|batches)(?:/([^/]+))?(?:/(content|cancel))?")
_STATUSES: Mapping[str, str] = {"answered": "completed"}
_ENDPOINT = "/v1/chat/completions"


class OpenAIBatchFiles(FakeBatches):
    """OpenAI, which keeps the requests and the results of batches as files."""

    def __init__(self, vendor: FakeVendor) -> None:
        super().__init__(vendor)
        self.files: dict[str, bytes] = {}

    def has_path(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def answer(self, asked: Asked) -> Step:
        found = _PATH.fullmatch(asked.path)
        assert found is not None
        match asked.method, *found.groups():
            case "POST", "files", None, None:
                return self._store_file(asked)
            case "GET", "files", str(file_id), "content" if file_id in self.files:
                return Raw(200, self.files[file_id], content_type="application/octet-stream")
            case "POST", "batches", None, None:
                return self._create(asked)
            case "GET", "batches", None, None:
                return self._list(asked)
            case "GET", "batches", str(batch_id), None:
                return self.look(batch_id)
            case "POST", "batches", str(batch_id), "cancel":
                return self.cancel(batch_id)
        return Fail(404)

    def _store_file(self, asked: Asked) -> Step:
        head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
        form = message_from_bytes(head + asked.content)
        fields = {part.get_param("name", header="content-disposition"): part for part in form.walk()}
        if fields["purpose"].get_payload() != "batch" or "expires_after[seconds]" not in fields:
            return Fail(400, message="Invalid value for 'purpose'.")
        content = fields["file"].get_payload(decode=True)
        assert isinstance(content, bytes)
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = content
        told = {"bytes": len(content), "created_at": 1, "filename": "x.jsonl", "purpose": "batch"}
        return send({"id": file_id, "object": "file", "status": "processed", **told})

    def _create(self, asked: Asked) -> Step:
        body = asked.body
        content = self.files.get(body.get("input_file_id", ""))
        if content is None or (body["endpoint"], body["completion_window"]) != (_ENDPOINT, "24h"):
            return Fail(400, message="Invalid value.")
        requests: dict[str, Asked] = {}
        for line in map(json.loads, content.splitlines()):
            if line.keys() != {"custom_id", "method", "url", "body"} or line["url"] != _ENDPOINT:
                return Fail(400, message="Invalid line.")
            requests[line["custom_id"]] = self.read_call(asked, _ENDPOINT, line["body"])
        (name,) = body["metadata"].values()
        return self.take(name, requests)

    def _list(self, asked: Asked) -> Step:
        batches = self.list_newest_first()
        if after := asked.query.get("after"):
            batches = batches[[batch.id for batch in batches].index(after) + 1 :]
        limit = int(asked.query["limit"])
        shown = [self.describe(batch) for batch in batches[:limit]]
        return send({"object": "list", "data": shown, "has_more": len(batches) > limit})

    def describe(self, batch: FakeBatch) -> dict[str, Any]:
        if batch.end:
            self._write_results(batch)
        status = _STATUSES.get(batch.end, batch.end) or ("cancelling" if batch.is_cancelling else "in_progress")
        errors = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": "No.", "line": 1}]}
        output, bad = f"output-{batch.id}", f"errors-{batch.id}"
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": _ENDPOINT,
            "input_file_id": "file-1",
            "completion_window": "24h",
            "created_at": int(batch.created.timestamp()),
            "status": status,
            "metadata": {"coursewright_batch": batch.name},
            "errors": errors if batch.end == "failed" else None,
            "output_file_id": output if output in self.files else None,
            "error_file_id": bad if bad in self.files else None,
            "request_counts": {"total": len(batch.requests), "completed": len(batch.results), "failed": 0},
        }

    def _write_results(self, batch: FakeBatch) -> None:
        lines: dict[str, list[str]] = {"output": [], "errors": []}
        # In any order, which is that of the requests in no batch.
        for key in reversed(batch.requests):
            line: dict[str, Any] = {"id": f"batch_req_{key}", "custom_id": key, "response": None, "error": None}
            status = 0
            if key in batch.results:
                status, body = batch.results[key]
                line["response"] = {"status_code": status, "request_id": f"req_{key}", "body": body}
            else:
                line["error"] = {"code": f"batch_{batch.end}", "message": "This request could not be executed."}
            lines["output" if status == 200 else "errors"].append(f"{json.dumps(line)}\n")
        for name, found in lines.items():
            if found and batch.end != "failed":
                self.files[f"{name}-{batch.id}"] = "".join(found).encode()
