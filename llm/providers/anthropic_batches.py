"""Anthropic's Message Batches API: the requests in one body, the results as lines of JSON.

A batch has no name there. One whose sending was interrupted is told by its age and size, and in the end by the ids of
its results.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import anthropic
import httpx2

from llm.errors import RequestCancelled, RequestExpired
from llm.messages import ModelReply, TokenUsage
from llm.providers import error_mapping
from llm.providers.anthropic import AnthropicProvider, build_body, parse_reply
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
from llm.providers.streams import compute_max_bytes
from llm.providers.transport import MAX_BODY_BYTES

# The vendor's are 100,000 and 256 MB; a batch is built in memory.
LIMITS = BatchLimits(requests=10_000, size=64 * 1024 * 1024)
PATH = "/v1/messages/batches"

T = TypeVar("T")


class AnthropicBatches:
    """Asks Anthropic's Message Batches API. See `BatchClient` for what callers may rely on."""

    def __init__(self, provider: AnthropicProvider) -> None:
        self._client, self._spec = provider.client, provider.spec

    @property
    def limits(self) -> BatchLimits:
        return LIMITS

    @property
    def charges_answers_alone(self) -> bool:
        return True

    def submit(self, name: str, calls: Mapping[str, ProviderCall], *, limit: ProviderCall) -> str:
        requests: list[Any] = []
        for key, call in calls.items():
            body = build_body(call)
            requests.append({"custom_id": key, "params": {k: v for k, v in body.items() if k != "stream"}})
        return self._ask(limit, lambda: self._client.messages.batches.create(requests=requests).id)

    def find(self, name: str, *, since: datetime, count: int, known: Sequence[str], limit: ProviderCall) -> str:
        after, earliest = "", since - CLOCK_TOLERANCE
        found: dict[str, datetime] = {}
        for _ in range(MAX_LISTED_BATCHES // LIST_PAGE_SIZE):
            page = self._ask(limit, partial(self._list_page, after))
            for batch in page.data:
                if batch.created_at >= earliest and batch.id not in known and _count_requests(batch) == count:
                    found[batch.id] = batch.created_at
            # Newest first.
            if not page.has_more or not page.data or page.data[-1].created_at < earliest:
                break
            after = page.data[-1].id
        return min(found, key=lambda batch_id: abs(found[batch_id] - since), default="")

    def _list_page(self, after: str) -> Any:
        return self._client.messages.batches.list(limit=LIST_PAGE_SIZE, after_id=after or anthropic.omit)

    def check(self, batch_id: str, *, limit: ProviderCall) -> BatchState:
        return self._ask(limit, lambda: _describe(self._client.messages.batches.retrieve(batch_id)))

    def cancel(self, batch_id: str, *, limit: ProviderCall) -> None:
        self._ask(limit, lambda: self._client.messages.batches.cancel(batch_id))

    def iterate_results(self, batch_id: str, *, limit: ProviderCall) -> Iterator[BatchResult]:
        count = self._ask(limit, lambda: _count_requests(self._client.messages.batches.retrieve(batch_id)))
        size = MAX_BODY_BYTES + count * compute_max_bytes(limit)
        with error_mapping.map_errors(limit, self._spec, max_bytes=size) as time_limit:
            try:
                # Not at the address that the vendor names: the key goes to the provider's own host alone.
                response = self._client.get(f"{PATH}/{batch_id}/results", cast_to=httpx2.Response, stream=True)
                for line in response.iter_lines():
                    time_limit.note_progress(self._spec.idle_seconds)
                    if line.strip():
                        yield _parse_line(json.loads(line), limit)
            except anthropic.AnthropicError as exc:
                raise error_mapping.map_sdk_error(anthropic, exc, limit, self._spec, time_limit) from None

    def _ask(self, limit: ProviderCall, ask: Callable[[], T]) -> T:
        with error_mapping.map_errors(limit, self._spec, max_bytes=MAX_BODY_BYTES) as time_limit:
            try:
                return ask()
            except anthropic.AnthropicError as exc:
                raise error_mapping.map_sdk_error(anthropic, exc, limit, self._spec, time_limit) from None


def _describe(batch: Any) -> BatchState:
    return BatchState(
        has_ended=batch.processing_status == "ended", done=_count_requests(batch) - batch.request_counts.processing
    )


def _count_requests(batch: Any) -> int:
    counts = batch.request_counts
    return int(counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired)


def _parse_line(line: Mapping[str, Any], limit: ProviderCall) -> BatchResult:
    return read_result(str(line["custom_id"]), lambda: _parse_answer(line["result"], limit))


def _parse_answer(result: Mapping[str, Any], limit: ProviderCall) -> ModelReply:
    match result["type"]:
        case "succeeded":
            return parse_reply(result["message"], limit, "")
        case "expired":
            raise RequestExpired("the batch expired before the vendor came to this request")
        case "canceled":
            raise RequestCancelled("the batch was cancelled before the vendor came to this request")
        case _:
            # The error of a response stands within one of the result.
            fault = result["error"]
            raise error_mapping.map_answer_error(fault.get("error") or fault, usage=TokenUsage())
