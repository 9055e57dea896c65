"""Planning a generation: which engine it will use, what it would ask models, and at what cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from llm.errors import NoProvider
from llm.router.factory import get_model_router
from structures.engines.llm.engine import ACTIONS, build_plan
from structures.engines.registry import AUTO, ENGINES, Engine, EngineName
from structures.errors import NothingReady
from structures.generation.llm_client import StrategyCapacityLookup
from structures.generation.queries import load_sources
from tenants.models import Tenant

DEFAULT_STRATEGY = "default"


def choose_engine(wanted: str, *, strategy: str) -> Engine:
    """Return the engine for what a client asked for: an EngineName or `auto`.

    `auto` means `llm` whenever a model is configured for the strategy; models that are down do not change that. Raises
    UnknownStrategy, RegistryUnusable, and NoProvider when `llm` is asked for without a configured model.
    """
    if wanted == EngineName.OUTLINE:
        # Not used, but a mistyped name should not pass unnoticed.
        if strategy != DEFAULT_STRATEGY:
            get_model_router().check_strategy(strategy)
        return ENGINES[EngineName.OUTLINE]
    try:
        # All of them: an engine that fails at its last action would have paid for the others.
        for action in ACTIONS:
            get_model_router().list_candidates(action, strategy)
    except NoProvider:
        if wanted == AUTO:
            return ENGINES[EngineName.OUTLINE]
        raise
    return ENGINES[EngineName.LLM]


def plan_generation(
    *, tenant: Tenant, node_id: UUID, engine: str = AUTO, strategy: str = DEFAULT_STRATEGY
) -> dict[str, Any]:
    """Return what a generation would ask if it began now, and what that is expected to cost. Asks nothing.

    Raises NotFound, NothingReady, and what `choose_engine` raises.
    """
    chosen = choose_engine(engine, strategy=strategy)
    sources = load_sources(tenant=tenant, node_id=node_id)
    if not sources.entries:
        raise NothingReady("No entry below the node is ready.")
    plan: dict[str, Any] = {"model": "", "parts": 1, "calls": 0, "input_tokens": 0, "expected_cost_usd": "0.0000"}
    if chosen.uses_llm:
        plan = build_plan(sources.root, StrategyCapacityLookup(strategy))
    return {"engine": chosen.name.value, "strategy": strategy, **plan, "not_ready": list(sources.left_out)}
