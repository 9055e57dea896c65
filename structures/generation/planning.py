"""Planning a generation: which engine it will use, what it would ask models, and at what cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from llm.errors import NoProvider
from llm.router.factory import get_model_router
from structures.engines.llm.engine import ACTIONS, build_plan
from structures.engines.llm.judging import JUDGING_ACTION
from structures.engines.llm.lessons import LESSON_ACTION
from structures.engines.registry import AUTO, ENGINES, Engine, EngineName, find_llm_outline
from structures.errors import NothingReady, OptionsConflict
from structures.generation.llm_client import StrategyCapacityLookup
from structures.generation.options import (
    DEFAULT_OPTIONS,
    DEFAULT_STRATEGY,
    Economy,
    GenerationOptions,
    Mode,
    Verification,
)
from structures.generation.preparation import prepare_request
from structures.generation.queries import load_sources
from tenants.models import Tenant


def choose_engine(tenant: Tenant, wanted: str, options: GenerationOptions) -> Engine:
    """Return the engine for what a client asked for: an EngineName or `auto`.

    `auto` means `llm` whenever a model is configured for the strategy; models that are down do not change that. An
    outline alone (`stop_after`) is made without a model. Raises OptionsConflict, UnknownStrategy, RegistryUnusable,
    NoProvider when `llm` or a judge is asked for without a configured model, NoBatches when none of them takes batches,
    and UnknownAction when the registry knows of no judge.
    """
    _refuse_conflicts(wanted, options)
    strategy, router = options.strategy, get_model_router(tenant)
    if options.refinement is not None:
        wanted = EngineName.LLM
    if wanted == EngineName.OUTLINE or options.stop_after is not None:
        # Not used, but a mistyped name should not pass unnoticed.
        if strategy != DEFAULT_STRATEGY:
            router.check_strategy(strategy)
        return ENGINES[EngineName.OUTLINE]
    try:
        # All of them: an engine that fails at its last action would have paid for the others.
        for action in ACTIONS:
            router.list_candidates(action, strategy)
        if options.economy is Economy.BATCH:
            router.get_batch_candidate(LESSON_ACTION, strategy)
    except NoProvider:
        if wanted == AUTO:
            return ENGINES[EngineName.OUTLINE]
        raise
    if options.verify is Verification.MODEL:
        # Whoever asks for a judge gets one or is told, with `auto` as well.
        router.list_candidates(JUDGING_ACTION, strategy)
    return ENGINES[EngineName.LLM]


def _refuse_conflicts(wanted: str, options: GenerationOptions) -> None:
    if options.outline is not None and options.mode is Mode.GUIDED:
        raise OptionsConflict("`outline` and `mode=guided` name two outlines.", next_step="Send one of the two.")
    if options.outline is not None and options.stop_after is not None:
        raise OptionsConflict(
            "`outline` goes on from an outline, and `stop_after` stops after one.", next_step="Send one of the two."
        )
    if options.refinement is not None and (options.outline is None or wanted == EngineName.OUTLINE):
        raise OptionsConflict(
            "`refine` lets models write a part of the snapshot in `outline` again.",
            next_step="Send `outline` with it, and `engine=llm`.",
        )
    if wanted == EngineName.LLM and options.stop_after is not None:
        raise OptionsConflict(
            "An outline alone is made without a model.",
            next_step="Send `engine=outline` with `stop_after`, and `engine=llm` when you go on from the outline.",
        )


def plan_generation(
    *, tenant: Tenant, node_id: UUID, engine: str = AUTO, options: GenerationOptions = DEFAULT_OPTIONS
) -> dict[str, Any]:
    """Return what a generation would ask if it began now, and what that is expected to cost. Asks nothing.

    Raises NotFound, NothingReady, and what `choose_engine` and `prepare_request` raise.
    """
    chosen = choose_engine(tenant, engine, options)
    sources = load_sources(tenant=tenant, node_id=node_id)
    if not sources.entries:
        raise NothingReady("No entry below the node is ready.")
    plan: dict[str, Any] = {
        "model": "",
        "steps": {"lessons": 0, "reconciliation": False, "similar_concepts": False, "judgements": 0},
        "parts": 0,
        "reused": 0,
        "calls": 0,
        "input_tokens": 0,
        "expected_cost_usd": "0.0000",
        "expected_seconds": 0,
    }
    prepared = prepare_request(tenant=tenant, node_id=node_id, sources=sources, options=options)
    if chosen.uses_llm:
        lookup = StrategyCapacityLookup(tenant=tenant, strategy=options.strategy, economy=options.economy)
        plan = lookup.describe_economy(build_plan(prepared.request, find_llm_outline(prepared.request), lookup))
    return {
        "engine": chosen.name.value,
        "strategy": options.strategy,
        "economy": Economy.NONE.value,
        **plan,
        "not_ready": list(sources.left_out),
    }
