"""The router's ports: protocols of what it depends on, and `RouterServices`, which holds one implementation of each.

Router and fallback import this module instead of each other's dependencies, which keeps the imports free of circles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from llm.errors import ProviderError
from llm.providers.base import Provider
from llm.registry import ModelSpec, ProviderSpec
from llm.router.breakers import Admission
from llm.router.concurrency import ConcurrencySlot
from llm.router.ledger import BegunCall, EndedCall, PlannedCall
from llm.router.rates import RateReservation
from tenants.models import Tenant

T = TypeVar("T")


class ProviderPoolPort(Protocol):
    """Gives providers by name: see `llm.providers.factory.ProviderPool`."""

    def is_present(self, spec: ProviderSpec) -> bool: ...
    def list_keys(self, spec: ProviderSpec) -> tuple[str, ...]: ...
    def get_provider(self, name: str, spec: ProviderSpec, key_variable: str = "") -> Provider: ...


class CircuitBreakersPort(Protocol):
    """Decides whether a model may be asked: see `llm.router.breakers.CircuitBreakers`."""

    def peek_admission(self, model: ModelSpec) -> Admission: ...
    def request_admission(self, model: ModelSpec) -> Admission: ...
    def peek_shape_admission(self, model: ModelSpec, compute_shape: Callable[[], str]) -> Admission: ...
    def record_shape_refusal(self, model: ModelSpec, shape: str) -> None: ...
    def choose_key(self, model: ModelSpec, keys: Sequence[str]) -> tuple[str, Admission]: ...
    def has_free_key(self, model: ModelSpec, keys: Sequence[str]) -> bool: ...
    def record_success(self, model: ModelSpec, key: str = "") -> None: ...
    def record_failure(self, model: ModelSpec, error: ProviderError, key: str = "") -> None: ...
    def release_probe(self, model: ModelSpec) -> None: ...


class SpendingLimitsPort(Protocol):
    """Admits calls within spending limits: see `llm.router.budgets.SpendingLimits`."""

    def admit_call(self, tenant: Tenant | None, max_cost: Decimal, *, begin: Callable[[], T]) -> T: ...
    def check_amount(self, tenant: Tenant, amount: Decimal) -> None: ...


class ConcurrencyPort(Protocol):
    """Enforces the concurrency limit of a provider: see `llm.router.concurrency.ConcurrencyLimiter`."""

    def hold_slot(
        self, provider: str, *, limit: int | None, seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[ConcurrencySlot | None]: ...


class RateLimiterPort(Protocol):
    """Enforces a provider's requests and tokens a minute: see `llm.router.rates.RateLimiter`."""

    def reserve_request(
        self, provider: str, spec: ProviderSpec, *, tokens: int, seconds: float, checkpoint: Callable[[], None]
    ) -> RateReservation: ...
    def settle_request(self, reservation: RateReservation, *, used_tokens: int) -> None: ...
    def cancel_request(self, reservation: RateReservation) -> None: ...


class LedgerPort(Protocol):
    """Records attempts: see `llm.router.ledger.Ledger`."""

    def ensure_outside_transaction(self) -> None: ...
    def begin_attempt(self, call: PlannedCall) -> BegunCall: ...
    def end_attempt(self, call: PlannedCall, end: EndedCall, slot: ConcurrencySlot | None) -> None: ...


@dataclass(frozen=True, kw_only=True)
class RouterServices:
    """The dependencies of a router and its fallback runs. Lives as long as its router; shared by all threads."""

    providers: ProviderPoolPort
    breakers: CircuitBreakersPort
    spending_limits: SpendingLimitsPort
    concurrency: ConcurrencyPort
    rates: RateLimiterPort
    ledger: LedgerPort
