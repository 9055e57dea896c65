"""Anthropic's Message Batches API: requests in the body, results as lines, no names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.asked import Asked
from tests.fakes.batches import FakeBatch, FakeBatches, send
from tests.fakes.steps import Fail, Raw, Step

_PATH = re.compile(r"/v1/messages/batches(?:/([^/]+))?(?:/(cancel|results))?")
_TYPES: Mapping[str, str] = {"expired": "expired", "cancelled": "canceled"}


class MessageBatches(FakeBatches):
    """Anthropic."""

    def has_path(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def answer(self, asked: Asked) -> Step:
        found = _PATH.fullmatch(asked.path)
        assert found is not None
        match asked.method, *found.groups():
            case "POST", None, None:
                return self._create(asked)
            case "GET", None, None:
                batches = [self.describe(batch) for batch in self.list_newest_first()]
                return send({"data": batches, "has_more": False, "first_id": None, "last_id": None})
            case "GET", str(batch_id), None:
                return self.look(batch_id)
            case "POST", str(batch_id), "cancel":
                return self.cancel(batch_id)
            case "GET", str(batch_id), "results":
                batch = self.find(batch_id)
                return Fail(404) if batch is None or not batch.end else _send_results(batch)
        return Fail(404)

    def _create(self, asked: Asked) -> Step:
        requests = asked.body["requests"]
        if any(each["params"].get("stream") for each in requests):
            return Fail(400, message="requests: streaming is not supported in batches")
        return self.take(
            "", {each["custom_id"]: self.read_call(asked, "/v1/messages", each["params"]) for each in requests}
        )

    def describe(self, batch: FakeBatch) -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts["succeeded"] = len(batch.results)
        counts[_TYPES.get(batch.end, "errored") if batch.end else "processing"] += len(batch.unanswered)
        address = f"https://api.anthropic.com/v1/messages/batches/{batch.id}/results"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if batch.end else "canceling" if batch.is_cancelling else "in_progress",
            "request_counts": counts,
            "created_at": batch.created.isoformat(),
            "expires_at": batch.created.isoformat(),
            "ended_at": batch.created.isoformat() if batch.end else None,
            "results_url": address if batch.end else None,
            "archived_at": None,
            "cancel_initiated_at": None,
        }


def _send_results(batch: FakeBatch) -> Step:
    lines = []
    for key in reversed(batch.requests):
        if key in batch.results:
            status, body = batch.results[key]
            result = {"type": "succeeded", "message": body} if status == 200 else {"type": "errored", "error": body}
        else:
            result = {"type": _TYPES[batch.end]}
        lines.append(f"{json.dumps({'custom_id': key, 'result': result})}\n")
    return Raw(200, "".join(lines).encode(), content_type="application/x-jsonl")
