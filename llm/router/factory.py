"""Builds routers from their parts: the only place that chooses the implementations of the router's ports."""

from __future__ import annotations

from functools import cache

from llm.providers.factory import ProviderPool
from llm.registry_loader import get_registry_loader
from llm.router.breakers import BypassedCircuitBreakers, CircuitBreakers
from llm.router.budgets import SpendingLimits
from llm.router.concurrency import ConcurrencyLimiter
from llm.router.ledger import Ledger
from llm.router.ports import RouterServices
from llm.router.rates import RateLimiter
from llm.router.router import ModelRouter
from llm.sandbox.limits import NoConcurrencyLimit, NoRateLimit, OpenBreakers
from llm.sandbox.provider import SandboxProviderPool
from tenants.models import Tenant


def get_model_router(tenant: Tenant | None) -> ModelRouter:
    """Return this process's router for the tenant; None is an operator. For a sandbox it asks no vendor."""
    return get_router(is_simulated=tenant is not None and tenant.is_sandbox)


@cache
def get_router(*, is_simulated: bool) -> ModelRouter:
    """Return one of the two routers of this process, made at the first call.

    No vendor's SDK is loaded until a model is asked.
    """
    return build_sandbox_router() if is_simulated else _build_router(CircuitBreakers())


def build_sandbox_router() -> ModelRouter:
    """Return a router that answers by itself: no vendor is asked, and nothing of it counts for those who ask vendors.

    Spending limits hold as everywhere: those of a sandbox count what its calls would have cost.
    """
    return ModelRouter(
        registry=lambda: get_registry_loader().get_registry(),
        services=RouterServices(
            providers=SandboxProviderPool(),
            breakers=OpenBreakers(),
            spending_limits=SpendingLimits(),
            concurrency=NoConcurrencyLimit(),
            rates=NoRateLimit(),
            ledger=Ledger(),
        ),
        is_simulated=True,
    )


def build_router_without_breakers() -> ModelRouter:
    """Return a router that also asks models whose breaker is open, for an operator who checks them."""
    return _build_router(BypassedCircuitBreakers())


def _build_router(breakers: CircuitBreakers) -> ModelRouter:
    return ModelRouter(
        # Asked for each question, not once: the registry is reloaded while the process runs.
        registry=lambda: get_registry_loader().get_registry(),
        services=RouterServices(
            providers=ProviderPool(),
            breakers=breakers,
            spending_limits=SpendingLimits(),
            concurrency=ConcurrencyLimiter(),
            rates=RateLimiter(),
            ledger=Ledger(),
        ),
    )
