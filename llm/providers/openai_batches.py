"""OpenAI's Batch API: a file of requests, a batch of the file, and files of answers and errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import httpx2
import openai

from llm.errors import ProviderError, RequestCancelled, RequestExpired
from llm.messages import ModelReply, TokenUsage
from llm.providers import error_mapping
from llm.providers.base import ProviderCall
from llm.providers.batches import (
    CLOCK_TOLERANCE,
    LIST_PAGE_SIZE,
    MAX_LISTED_BATCHES,
    BatchLimits,
    BatchResult,
    BatchState,
    read_result,
)
from llm.providers.openai import OpenAIProvider, parse_reply
from llm.providers.streams import compute_max_bytes
from llm.providers.transport import MAX_BODY_BYTES

ENDPOINT: Final = "/v1/chat/completions"
# The vendor's are 50,000 and 200 MB; a batch is built in memory.
LIMITS = BatchLimits(requests=10_000, size=64 * 1024 * 1024)
# Under this name in the batch's metadata stands ours.
METADATA_NAME = "coursewright_batch"
# The vendor keeps files of batches for 30 days. Ours hold texts of courses, and are read within two.
FILE_SECONDS = 3 * 24 * 3600

_EXPIRY: Any = {"anchor": "created_at", "seconds": FILE_SECONDS}
_ENDED = {"completed", "failed", "expired", "cancelled"}
_NOT_ANSWERED = {"batch_expired": RequestExpired, "batch_cancelled": RequestCancelled}

T = TypeVar("T")


class OpenAIBatches:
    """Asks OpenAI's Batch API. See `BatchClient` for what callers may rely on."""

    def __init__(self, provider: OpenAIProvider) -> None:
        self._provider, self._client, self._spec = provider, provider.client, provider.spec

    @property
    def limits(self) -> BatchLimits:
        return LIMITS

    @property
    def charges_answers_alone(self) -> bool:
        return True

    def submit(self, name: str, calls: Mapping[str, ProviderCall], *, limit: ProviderCall) -> str:
        lines = (
            json.dumps(
                {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": self._provider.build_batch_body(call)},
                ensure_ascii=False,
            )
            for key, call in calls.items()
        )
        content = "\n".join(lines).encode()
        try:
            file_id = self._ask(limit, lambda: self._upload(name, content))
        except ProviderError as exc:
            # A file without a batch costs nothing, and goes by itself: it is as if nothing had been sent.
            exc.usage = exc.usage or TokenUsage()
            raise
        return self._ask(limit, lambda: self._create(name, file_id))

    def _upload(self, name: str, content: bytes) -> str:
        file = self._client.files.create(file=(f"{name}.jsonl", content), purpose="batch", expires_after=_EXPIRY)
        return file.id

    def _create(self, name: str, file_id: str) -> str:
        batch = self._client.batches.create(
            input_file_id=file_id,
            endpoint=ENDPOINT,
            completion_window="24h",
            metadata={METADATA_NAME: name},
            output_expires_after=_EXPIRY,
        )
        return batch.id

    def find(self, name: str, *, since: datetime, count: int, known: Sequence[str], limit: ProviderCall) -> str:
        after, earliest = "", (since - CLOCK_TOLERANCE).timestamp()
        for _ in range(MAX_LISTED_BATCHES // LIST_PAGE_SIZE):
            page = self._ask(limit, partial(self._list_page, after))
            for batch in page.data:
                if (batch.metadata or {}).get(METADATA_NAME) == name:
                    return str(batch.id)
            # Newest first.
            if not page.has_more or not page.data or page.data[-1].created_at < earliest:
                return ""
            after = page.data[-1].id
        return ""

    def _list_page(self, after: str) -> Any:
        return self._client.batches.list(limit=LIST_PAGE_SIZE, after=after or openai.omit)

    def check(self, batch_id: str, *, limit: ProviderCall) -> BatchState:
        return self._ask(limit, lambda: _describe(self._client.batches.retrieve(batch_id)))

    def cancel(self, batch_id: str, *, limit: ProviderCall) -> None:
        self._ask(limit, lambda: self._client.batches.cancel(batch_id))

    def iterate_results(self, batch_id: str, *, limit: ProviderCall) -> Iterator[BatchResult]:
        files, count = self._ask(limit, lambda: _list_files(self._client.batches.retrieve(batch_id)))
        for file_id in files:
            yield from self._iterate_file(file_id, count, limit)

    def _iterate_file(self, file_id: str, count: int, limit: ProviderCall) -> Iterator[BatchResult]:
        size = MAX_BODY_BYTES + count * compute_max_bytes(limit)
        with error_mapping.map_errors(limit, self._spec, max_bytes=size) as time_limit:
            try:
                response = self._client.get(f"/files/{file_id}/content", cast_to=httpx2.Response, stream=True)
                for line in response.iter_lines():
                    time_limit.note_progress(self._spec.idle_seconds)
                    if line.strip():
                        yield _parse_line(json.loads(line), limit)
            except openai.OpenAIError as exc:
                raise error_mapping.map_sdk_error(openai, exc, limit, self._spec, time_limit) from None

    def _ask(self, limit: ProviderCall, ask: Callable[[], T]) -> T:
        with error_mapping.map_errors(limit, self._spec, max_bytes=MAX_BODY_BYTES) as time_limit:
            try:
                return ask()
            except openai.OpenAIError as exc:
                raise error_mapping.map_sdk_error(openai, exc, limit, self._spec, time_limit) from None


def _describe(batch: openai.types.Batch) -> BatchState:
    counts = batch.request_counts
    errors = (batch.errors.data if batch.errors else None) or []
    codes = ", ".join(dict.fromkeys(error.code for error in errors if error.code and error.code.isidentifier()))
    return BatchState(
        has_ended=batch.status in _ENDED,
        done=counts.completed + counts.failed if counts else 0,
        fault=f"it was refused ({codes or 'for no reason that is told'})" if batch.status == "failed" else "",
    )


def _list_files(batch: openai.types.Batch) -> tuple[list[str], int]:
    """Return the files with the results of a batch that has ended, and how many results there may be."""
    count = batch.request_counts.total if batch.request_counts else 1
    return [file_id for file_id in (batch.output_file_id, batch.error_file_id) if file_id], count


def _parse_line(line: Mapping[str, Any], limit: ProviderCall) -> BatchResult:
    return read_result(str(line["custom_id"]), lambda: _parse_answer(line, limit))


def _parse_answer(line: Mapping[str, Any], limit: ProviderCall) -> ModelReply:
    if fault := line.get("error"):
        if kind := _NOT_ANSWERED.get(str(fault.get("code"))):
            raise kind("the batch ended before the vendor came to this request")
        raise error_mapping.map_answer_error(fault, usage=TokenUsage())
    response = line["response"]
    status, body, request_id = response["status_code"], response["body"], str(response.get("request_id") or "")
    if status == httpx2.codes.OK:
        return parse_reply(body, limit, request_id)
    fault = body.get("error") or {}
    raise error_mapping.map_status_error(
        status,
        code=str(fault.get("code") or fault.get("type") or ""),
        message=str(fault.get("message") or ""),
        headers={},
        request_id=request_id,
    )
