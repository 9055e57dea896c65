"""Putting routers together."""

from __future__ import annotations

from functools import cache

from llm.breakers import Breakers, UnheededBreakers
from llm.budgets import Budgets
from llm.concurrency import Slots
from llm.ledger import Ledger
from llm.providers.factory import Providers
from llm.registry_loader import watched_registry
from llm.router import ModelRouter


@cache
def model_router() -> ModelRouter:
    """Return this process's router, made when first needed. It loads no SDK until a model is asked."""
    return _router(Breakers())


def insistent_router() -> ModelRouter:
    """Return a router that also asks models which are cooling down, for an operator who wants to know."""
    return _router(UnheededBreakers())


def _router(breakers: Breakers) -> ModelRouter:
    return ModelRouter(
        registry=lambda: watched_registry().current(),
        providers=Providers(),
        breakers=breakers,
        budgets=Budgets(),
        slots=Slots(),
        ledger=Ledger(),
    )
