"""What the router needs of others, as protocols, and `RouterServices`, which hands them on together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from llm.errors import ProviderError
from llm.providers.base import Provider
from llm.registry import ModelSpec, ProviderSpec
from llm.router.breakers import Admission
from llm.router.concurrency import ConcurrencySlot
from llm.router.ledger import LedgerEntry
from tenants.models import Tenant


class ProviderPoolPort(Protocol):
    """Where the router gets its providers."""

    def is_present(self, spec: ProviderSpec) -> bool: ...
    def get(self, name: str, spec: ProviderSpec) -> Provider: ...


class CircuitBreakersPort(Protocol):
    """What the router knows of the health of models."""

    def peek_admission(self, model: ModelSpec) -> Admission: ...
    def request_admission(self, model: ModelSpec) -> Admission: ...
    def record_success(self, model: ModelSpec) -> None: ...
    def record_failure(self, model: ModelSpec, error: ProviderError) -> None: ...
    def release_probe(self, model: ModelSpec) -> None: ...


class SpendingLimitsPort(Protocol):
    """What a tenant may spend."""

    def reserve_amount(
        self, tenant: Tenant | None, compute_max_cost: Callable[[], Decimal], *, seconds: float
    ) -> UUID | None: ...
    def release_reservation(self, reservation: UUID | None) -> None: ...


class ConcurrencyPort(Protocol):
    """How many calls a provider gets at a time."""

    def hold_slot(
        self, provider: str, *, limit: int | None, seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[ConcurrencySlot | None]: ...


class LedgerPort(Protocol):
    """Where attempts are written down."""

    def ensure_outside_transaction(self) -> None: ...
    def record_attempt(self, entry: LedgerEntry, slot: ConcurrencySlot | None) -> None: ...


@dataclass(frozen=True, kw_only=True)
class RouterServices:
    """What a router and its fallback runs work with. One for the life of a router, shared by its threads."""

    providers: ProviderPoolPort
    breakers: CircuitBreakersPort
    spending_limits: SpendingLimitsPort
    concurrency: ConcurrencyPort
    ledger: LedgerPort
