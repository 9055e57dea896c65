"""Gemini's batch mode: requests and responses within the batch, which is a long-running operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.asked import Asked
from tests.fakes.batches import FakeBatch, FakeBatches, send
from tests.fakes.steps import Fail, Raw, Step

_MODEL = re.compile(r"/v1(?:beta)?/models/([^/:]+):batchGenerateContent")
_PATH = re.compile(r"/v1(?:beta)?/batches(?:/([^/:]+))?(:cancel)?")
_STATES: Mapping[str, str] = {"": "RUNNING", "answered": "SUCCEEDED"}
_CODES: Mapping[int, int] = {400: 3, 404: 5, 403: 7, 429: 8, 500: 13, 503: 14}


class GeminiBatches(FakeBatches):
    """Gemini. A batch that does not end as answered has no responses."""

    def has_path(self, path: str) -> bool:
        return bool(_MODEL.fullmatch(path) or _PATH.fullmatch(path))

    def answer(self, asked: Asked) -> Step:
        if model := _MODEL.fullmatch(asked.path):
            return self._create(asked, model[1])
        found = _PATH.fullmatch(asked.path)
        assert found is not None
        match asked.method, *found.groups():
            case "GET", None, None:
                return send({"operations": [self.describe(batch) for batch in self.list_newest_first()]})
            case "GET", str(batch_id), None:
                return self.look(batch_id)
            case "POST", str(batch_id), ":cancel":
                step = self.cancel(batch_id)
                return send({}) if isinstance(step, Raw) else step
        return Fail(404)

    def _create(self, asked: Asked, model: str) -> Step:
        batch = asked.body["batch"]
        path = f"/v1beta/models/{model}:generateContent"
        given = batch["inputConfig"]["requests"]["requests"]
        requests = {each["metadata"]["key"]: self.read_call(asked, path, each["request"]) for each in given}
        return self.take(batch["displayName"], requests)

    def describe(self, batch: FakeBatch) -> dict[str, Any]:
        metadata: dict[str, Any] = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "displayName": batch.name,
            "state": f"BATCH_STATE_{_STATES.get(batch.end, batch.end.upper())}",
            "createTime": batch.created.isoformat(),
            "batchStats": {"requestCount": str(len(batch.requests))},
        }
        if batch.end == "answered":
            responses = [_respond(key, *batch.results[key]) for key in batch.requests if key in batch.results]
            metadata["output"] = {"inlinedResponses": {"inlinedResponses": responses}}
        return {"name": f"batches/{batch.id}", "metadata": metadata, "done": bool(batch.end)}


def _respond(key: str, status: int, body: dict[str, Any]) -> dict[str, Any]:
    if status == 200:
        return {"metadata": {"key": key}, "response": body}
    fault = body["error"]
    return {"metadata": {"key": key}, "error": {"code": _CODES[fault["code"]], "message": fault["message"]}}
