"""Ports of the sandbox's router that limit nothing: what a sandbox does must not hold up those who ask vendors."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from llm.errors import ProviderError
from llm.registry import ModelSpec, ProviderSpec
from llm.router.breakers import ADMITTED, Admission
from llm.router.concurrency import ConcurrencySlot
from llm.router.rates import RateReservation


class OpenBreakers:
    """Admits every call, and keeps nothing of how it ended."""

    def peek_admission(self, model: ModelSpec) -> Admission:
        return ADMITTED

    def request_admission(self, model: ModelSpec) -> Admission:
        return ADMITTED

    def peek_shape_admission(self, model: ModelSpec, compute_shape: Callable[[], str]) -> Admission:
        return ADMITTED

    def choose_key(self, model: ModelSpec, keys: Sequence[str]) -> tuple[str, Admission]:
        return keys[0], ADMITTED

    def has_free_key(self, model: ModelSpec, keys: Sequence[str]) -> bool:
        return False

    def record_shape_refusal(self, model: ModelSpec, shape: str) -> None: ...
    def record_success(self, model: ModelSpec, key: str = "") -> None: ...
    def record_failure(self, model: ModelSpec, error: ProviderError, key: str = "") -> None: ...
    def release_probe(self, model: ModelSpec) -> None: ...


class NoConcurrencyLimit:
    """Lets any number of calls go on at a time."""

    def hold_slot(
        self, provider: str, *, limit: int | None, seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[ConcurrencySlot | None]:
        return nullcontext()


class NoRateLimit:
    """Counts nothing against the requests and tokens a minute of a provider."""

    def reserve_request(
        self, provider: str, spec: ProviderSpec, *, tokens: int, seconds: float, checkpoint: Callable[[], None]
    ) -> RateReservation:
        return RateReservation(
            provider=provider, spec=spec, tokens=tokens, bucket_requests=0, bucket_tokens=0, made_at=time.monotonic()
        )

    def settle_request(self, reservation: RateReservation, *, used_tokens: int) -> None: ...
    def cancel_request(self, reservation: RateReservation) -> None: ...
