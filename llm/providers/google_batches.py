"""Gemini's batch mode (`batchGenerateContent`), with the requests and the responses within the batch itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from google.genai import errors, types

from llm.errors import ModelUnsuited, RequestCancelled, RequestExpired, RequestNotAnswered
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
from llm.providers.google import GoogleProvider, build_config, build_content, map_api_error, parse_reply
from llm.providers.transport import MAX_BODY_BYTES

# Requests within a batch have 20 MB at most. Larger ones need a file, which gains nothing over several batches.
LIMITS = BatchLimits(requests=10_000, size=16 * 1024 * 1024)
# The responses stand in one document, which is in memory as a whole.
MAX_RESULT_BYTES = 256 * 1024 * 1024
# Under this name in the metadata of a request stands our id of it.
METADATA_NAME = "key"

_ENDED = {
    types.JobState.JOB_STATE_SUCCEEDED,
    types.JobState.JOB_STATE_PARTIALLY_SUCCEEDED,
    types.JobState.JOB_STATE_FAILED,
    types.JobState.JOB_STATE_CANCELLED,
    types.JobState.JOB_STATE_EXPIRED,
}
# Of google.rpc.Code, for errors that stand in the place of a response.
_STATUSES = {3: 400, 5: 404, 7: 403, 8: 429, 9: 400, 13: 500, 14: 503, 16: 401}
_CANCELLED, _TOO_LATE = 1, 4

T = TypeVar("T")


class GoogleBatches:
    """Asks Gemini in batches. See `BatchClient` for what callers may rely on."""

    def __init__(self, provider: GoogleProvider) -> None:
        self._client, self._spec = provider.client, provider.spec

    @property
    def limits(self) -> BatchLimits:
        return LIMITS

    @property
    def charges_answers_alone(self) -> bool:
        # A batch that expired or was cancelled has no results; what it has cost is nowhere said.
        return False

    def submit(self, name: str, calls: Mapping[str, ProviderCall], *, limit: ProviderCall) -> str:
        try:
            requests = [
                types.InlinedRequest(
                    contents=[build_content(call)], config=build_config(call), metadata={METADATA_NAME: key}
                )
                for key, call in calls.items()
            ]
        except ValueError:  # what the registry's `extra` holds is not of the vendor's form
            raise ModelUnsuited("the model's `extra` is not what the SDK takes", usage=TokenUsage()) from None
        return self._ask(
            limit,
            lambda: _get_name(
                self._client.batches.create(
                    model=limit.model.model,
                    src=types.BatchJobSource(inlined_requests=requests),
                    config=types.CreateBatchJobConfig(display_name=name),
                )
            ),
        )

    def find(self, name: str, *, since: datetime, count: int, known: Sequence[str], limit: ProviderCall) -> str:
        earliest = since - CLOCK_TOLERANCE
        config = types.ListBatchJobsConfig(page_size=LIST_PAGE_SIZE)
        for number, batch in enumerate(self._ask_for_list(config, limit)):
            if batch.display_name == name:
                return _get_name(batch)
            # Newest first.
            created = batch.create_time
            if number >= MAX_LISTED_BATCHES or (created is not None and _as_utc(created) < earliest):
                break
        return ""

    def _ask_for_list(self, config: types.ListBatchJobsConfig, limit: ProviderCall) -> Iterator[types.BatchJob]:
        with error_mapping.map_errors(limit, self._spec, max_bytes=MAX_RESULT_BYTES):
            try:
                yield from self._client.batches.list(config=config)
            except errors.APIError as exc:
                raise map_api_error(exc) from None

    def check(self, batch_id: str, *, limit: ProviderCall) -> BatchState:
        batch = self._get_batch(batch_id, limit)
        fault = "the vendor failed to do it" if batch.state is types.JobState.JOB_STATE_FAILED else ""
        # The SDK does not pass on how many requests are done.
        return BatchState(has_ended=batch.state in _ENDED, fault=fault)

    def cancel(self, batch_id: str, *, limit: ProviderCall) -> None:
        self._ask(limit, lambda: self._client.batches.cancel(name=batch_id))

    def iterate_results(self, batch_id: str, *, limit: ProviderCall) -> Iterator[BatchResult]:
        batch = self._get_batch(batch_id, limit)
        for found in (batch.dest.inlined_responses if batch.dest else None) or ():
            key = (found.metadata or {}).get(METADATA_NAME, "")
            yield read_result(key, lambda found=found: _parse_answer(found, limit))  # type: ignore[misc]

    def _get_batch(self, batch_id: str, limit: ProviderCall) -> types.BatchJob:
        # A batch that has ended has its responses with it.
        return self._ask(limit, lambda: self._client.batches.get(name=batch_id), max_bytes=MAX_RESULT_BYTES)

    def _ask(self, limit: ProviderCall, ask: Callable[[], T], *, max_bytes: int = MAX_BODY_BYTES) -> T:
        with error_mapping.map_errors(limit, self._spec, max_bytes=max_bytes):
            try:
                return ask()
            except errors.APIError as exc:
                raise map_api_error(exc) from None


def _get_name(batch: types.BatchJob) -> str:
    if not batch.name:
        raise ValueError("a batch without a name")
    return batch.name


def _as_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _parse_answer(found: types.InlinedResponse, limit: ProviderCall) -> ModelReply:
    if found.error is not None:
        code = found.error.code or 0
        if code == _CANCELLED:
            raise RequestCancelled("the batch was cancelled before the vendor came to this request")
        if code == _TOO_LATE:
            raise RequestExpired("the batch expired before the vendor came to this request")
        raise error_mapping.map_status_error(
            _STATUSES.get(code, 500), code="", message=found.error.message or "", headers={}
        )
    if found.response is None:
        raise RequestNotAnswered("there is no response to this request")
    parts = [
        part
        for candidate in (found.response.candidates or ())[:1]
        for part in ((candidate.content.parts if candidate.content else None) or ())
    ]
    return parse_reply(found.response, "".join(part.text or "" for part in parts if not part.thought), limit)
