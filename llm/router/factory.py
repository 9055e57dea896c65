"""Putting routers together."""

from __future__ import annotations

from functools import cache

from llm.providers.factory import ProviderPool
from llm.registry_loader import get_registry_loader
from llm.router.breakers import BypassedCircuitBreakers, CircuitBreakers
from llm.router.budgets import SpendingLimits
from llm.router.concurrency import ConcurrencyLimiter
from llm.router.ledger import Ledger
from llm.router.ports import RouterServices
from llm.router.router import ModelRouter


@cache
def get_model_router() -> ModelRouter:
    """Return this process's router, made when first needed. It loads no SDK until a model is asked."""
    return _build_router(CircuitBreakers())


def build_router_without_breakers() -> ModelRouter:
    """Return a router that also asks models which are cooling down, for an operator who wants to know."""
    return _build_router(BypassedCircuitBreakers())


def _build_router(breakers: CircuitBreakers) -> ModelRouter:
    return ModelRouter(
        registry=lambda: get_registry_loader().get_registry(),
        services=RouterServices(
            providers=ProviderPool(),
            breakers=breakers,
            spending_limits=SpendingLimits(),
            concurrency=ConcurrencyLimiter(),
            ledger=Ledger(),
        ),
    )
