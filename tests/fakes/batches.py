"""Batch APIs in front of a fake vendor: the same answers, later and on the same bill."""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from tests.fakes.asked import Asked
from tests.fakes.steps import Fail, Raw, Reply, Reset, Step

if TYPE_CHECKING:
    from tests.fakes.server import FakeVendor

End = Literal["", "answered", "expired", "cancelled", "failed"]


@dataclass(kw_only=True)
class FakeBatch:
    """A batch that was taken: its requests by the client's ids, and what became of each once it has ended."""

    id: str
    name: str
    requests: dict[str, Asked]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    end: End = ""
    is_cancelling: bool = False
    results: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)

    @property
    def unanswered(self) -> list[str]:
        """The requests without a result."""
        return [key for key in self.requests if key not in self.results]


class FakeBatches(ABC):
    """Takes batches, and ends each when it is looked at, unless it `holds` them.

    `taken` are all batches, oldest first. Each request is answered by the vendor's script. Batches answer only the
    first `answers_only` requests, and end as `ends_as`. The answer to the next submission is lost with `loses_answer`,
    which is taken all the same; `refusal` refuses it.
    """

    def __init__(self, vendor: FakeVendor) -> None:
        self.vendor = vendor
        self.taken: list[FakeBatch] = []
        self.holds = False
        self.loses_answer = False
        self.refusal: Fail | None = None
        self.answers_only: int | None = None
        self.ends_as: End = "answered"
        self._numbers = itertools.count(1)

    @abstractmethod
    def has_path(self, path: str) -> bool:
        """Tell whether this is an address of the batch API."""

    @abstractmethod
    def answer(self, asked: Asked) -> Step:
        """Answer a request to the batch API."""

    @abstractmethod
    def describe(self, batch: FakeBatch) -> dict[str, Any]:
        """Return a batch in the vendor's form."""

    def take(self, name: str, requests: dict[str, Asked]) -> Step:
        """Take a batch, and return what is answered."""
        if self.refusal is not None:
            return self.refusal
        batch = FakeBatch(id=f"batch-{next(self._numbers)}", name=name, requests=requests)
        self.taken.append(batch)
        if self.loses_answer:
            self.loses_answer = False
            return Reset()
        return send(self.describe(batch))

    def find(self, batch_id: str) -> FakeBatch | None:
        """Return a batch that was taken."""
        return next((batch for batch in self.taken if batch.id == batch_id), None)

    def look(self, batch_id: str) -> Step:
        """Answer with the state of a batch, after ending it when it is time."""
        batch = self.find(batch_id)
        if batch is None:
            return Fail(404)
        if not batch.end and (batch.is_cancelling or not self.holds):
            self._finish(batch)
        return send(self.describe(batch))

    def cancel(self, batch_id: str) -> Step:
        """Stop a batch, which ends with its next look."""
        batch = self.find(batch_id)
        if batch is None:
            return Fail(404)
        batch.is_cancelling = True
        return send(self.describe(batch))

    def list_newest_first(self) -> list[FakeBatch]:
        """Return all batches, newest first."""
        return list(reversed(self.taken))

    def read_call(self, asked: Asked, path: str, body: Mapping[str, Any]) -> Asked:
        """Return a request of a batch as if it had come by itself."""
        return replace(asked, method="POST", path=path, body=dict(body), content=b"")

    def _finish(self, batch: FakeBatch) -> None:
        batch.end = "cancelled" if batch.is_cancelling else self.ends_as
        answered = list(batch.requests)[: self.answers_only]
        if batch.end == "failed" or (batch.is_cancelling and self.answers_only is None):
            answered = []
        for key in answered:
            asked = batch.requests[key]
            step = self.vendor.step_for_call(asked)
            if isinstance(step, Fail):
                batch.results[key] = step.status, self.vendor.error_body(step, key)
                continue
            assert isinstance(step, Reply), step
            bill = self.vendor.bill(step, asked)
            self.vendor.billed.append(bill)
            batch.results[key] = 200, self.vendor.answer_body(step, bill, key)


def send(value: Any) -> Raw:
    """Return a JSON document as a step."""
    return Raw(200, json.dumps(value).encode())
