"""The interface of vendors' batch APIs: many requests to one model, answered within a day for less money.

One call of a client is one request, without a retry. It raises a ProviderError for anything that fails, whose `usage`
is None when the request may have arrived all the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from llm.errors import ProviderBusy, ProviderError
from llm.messages import ModelReply
from llm.providers.base import ProviderCall

# By how much a vendor's clock may differ from ours.
CLOCK_TOLERANCE = timedelta(minutes=10)
# How many batches of an account are looked through for one: many more than anybody begins while a worker is replaced.
MAX_LISTED_BATCHES = 1000
LIST_PAGE_SIZE = 100
# Beside its texts and schema: names, braces, the id.
_REQUEST_BYTES = 1000

# The id that we gave a request, and its answer or why there is none.
BatchResult = tuple[str, ModelReply | ProviderError]


@dataclass(frozen=True, kw_only=True)
class BatchLimits:
    """How many requests, and how many bytes of them, one batch may have."""

    requests: int
    size: int


@dataclass(frozen=True, kw_only=True)
class BatchState:
    """How far a batch is: `done` of its requests. Once `has_ended`, its results can be read.

    `fault` says why the vendor did not do it at all, in words that quote no request.
    """

    has_ended: bool
    done: int = 0
    fault: str = ""


class BatchClient(Protocol):
    """Asks a vendor's batch API with one key. Safe under threads."""

    @property
    def limits(self) -> BatchLimits: ...

    @property
    def charges_answers_alone(self) -> bool:
        """Whether requests without a result cost nothing. Otherwise nobody knows."""
        ...

    def submit(self, name: str, calls: Mapping[str, ProviderCall], *, limit: ProviderCall) -> str:
        """Send the calls, by our ids, as one batch that can be told by our name, and return the vendor's id of it.

        All calls are to the same model. The time and the checkpoint of `limit` are those of the request itself.
        """
        ...

    def find(self, name: str, *, since: datetime, count: int, known: Sequence[str], limit: ProviderCall) -> str:
        """Return the vendor's id of the batch with our name; blank when there is none.

        It was begun at about `since` and has `count` requests. `known` are ids that belong to other names.
        """
        ...

    def check(self, batch_id: str, *, limit: ProviderCall) -> BatchState:
        """Return how far a batch is. A status of 404 in what it raises means that the vendor does not know it."""
        ...

    def cancel(self, batch_id: str, *, limit: ProviderCall) -> None:
        """Ask the vendor to stop a batch. It ends some time later, with the results that it has then."""
        ...

    def iterate_results(self, batch_id: str, *, limit: ProviderCall) -> Iterator[BatchResult]:
        """Yield the result of each request of a batch that has ended, in any order; some may be missing.

        `limit` is a call of the batch's model, with the most output tokens of any.
        """
        ...


def estimate_request_bytes(call: ProviderCall) -> int:
    """Return an upper estimate of a request's size in a batch."""
    schema = len(json.dumps(call.schema.body)) if call.schema is not None else 0
    return len(json.dumps(call.request.prompt)) + len(json.dumps(call.request.system)) + 2 * schema + _REQUEST_BYTES


def read_result(key: str, parse: Callable[[], ModelReply]) -> BatchResult:
    """Return the result of one request, whose answer `parse` returns, or raises why there is none."""
    try:
        return key, parse()
    except ProviderError as exc:
        return key, exc
    except (AttributeError, LookupError, TypeError, ValueError):
        # Of this request alone: the others may be as they should.
        return key, ProviderBusy("the answer is not of the vendor's form")
