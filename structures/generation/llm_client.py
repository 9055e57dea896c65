"""The desk of a generation: asks the router on behalf of the job, and keeps what became of it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Q
from django.utils import timezone
from pydantic import BaseModel

from llm.errors import AnswerTruncated, ModelsExhausted, PromptTooLong
from llm.messages import ContextCapacity, ModelRequest
from llm.prompts import read_prompt
from llm.queries import compute_job_totals
from llm.router.budgets import check_hard_limit, compute_spending
from llm.router.factory import get_model_router
from llm.schemas import build_schema
from materials.models import MaterialNode
from project.jobs.run import JobRun
from structures.engines.base.llm_client import TooLargeForModel
from structures.engines.registry import EngineName
from structures.models import CachedAnswer

T = TypeVar("T", bound=BaseModel)

ANSWER_CACHE_LIFETIME = timedelta(days=30)


class StrategyCapacityLookup:
    """Knows how much the models of a strategy take."""

    def __init__(self, strategy: str) -> None:
        self._strategy = strategy
        self._router = get_model_router()

    def get_capacity(self, action: str) -> ContextCapacity:
        return self._router.get_capacity(action, self._strategy)


class JobLLMClient(StrategyCapacityLookup):
    """Asks models for one job. Progress is counted in questions, and the job's end is heeded before each attempt."""

    def __init__(self, *, run: JobRun, strategy: str) -> None:
        super().__init__(strategy)
        self._run = run
        self._planned_calls = self._answered_calls = 0
        self._models: Counter[str] = Counter()
        self._prompts: dict[str, str] = {}

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        self._planned_calls = plan["calls"]
        self._run.announce_plan({"engine": EngineName.LLM.value, "strategy": self._strategy, **plan})
        spending = compute_spending(self._run.tenant, now=timezone.now())
        paid = compute_job_totals(self._run.job).cost  # for questions that need not be asked again
        check_hard_limit(self._run.tenant, spending, max(Decimal(0), Decimal(plan["expected_cost_usd"]) - paid))

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        self._run.report_progress("asking", self._answered_calls, max(self._planned_calls, self._answered_calls + 1))
        prompt = read_prompt(action)
        request = prompt.build_request(values)
        digest = self._compute_digest(action, request, wanted)
        cached = CachedAnswer.objects.filter(
            tenant=self._run.tenant, node=self._run.job.subject_id, digest=digest
        ).first()
        if cached is None:
            value, model = self._complete_and_cache(action, request, wanted, digest)
        else:
            value, model = wanted.model_validate_json(cached.answer), cached.model
        self._answered_calls += 1
        self._models[model] += 1
        self._prompts[action] = prompt.version
        return value

    def _complete_and_cache(self, action: str, request: ModelRequest, wanted: type[T], digest: str) -> tuple[T, str]:
        """Ask the router, and keep what it answers until the generation is done."""
        try:
            completion = self._router.complete_object(
                action,
                request,
                wanted,
                strategy=self._strategy,
                tenant=self._run.tenant,
                job=self._run.job,
                checkpoint=self._run.checkpoint,
            )
        except ModelsExhausted as exc:
            if any(attempt.kind in {PromptTooLong.kind, AnswerTruncated.kind} for attempt in exc.attempts):
                raise TooLargeForModel(exc) from exc
            raise
        self._cache_answer(digest, completion.model, completion.value)
        return completion.value, completion.model

    def _cache_answer(self, digest: str, model: str, value: BaseModel) -> None:
        """Keep the answer, unless the node is gone or another worker has kept one."""
        node = MaterialNode.objects.for_tenant(self._run.tenant).filter(pk=self._run.job.subject_id).first()
        if node is not None:
            CachedAnswer.objects.bulk_create(
                [
                    CachedAnswer(
                        tenant=self._run.tenant,
                        node=node,
                        digest=digest,
                        model=model,
                        answer=value.model_dump_json(),
                    )
                ],
                ignore_conflicts=True,
            )

    def _compute_digest(self, action: str, request: ModelRequest, wanted: type[BaseModel]) -> str:
        question = [action, self._strategy, request.system, request.prompt, build_schema(wanted).body]
        return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()

    def delete_cached_answers(self) -> None:
        """Drop the answers kept for the node, and old ones, in the transaction that stores what was made of them."""
        obsolete = Q(node=self._run.job.subject_id) | Q(created_at__lt=timezone.now() - ANSWER_CACHE_LIFETIME)
        CachedAnswer.objects.filter(obsolete, tenant=self._run.tenant).delete()

    def build_provenance(self) -> dict[str, Any]:
        """Return who answered which prompts, and what the job has cost in dollars with all its attempts."""
        if not self._answered_calls:
            return {}
        total = compute_job_totals(self._run.job)
        return {
            "strategy": self._strategy,
            "models": dict(self._models),
            "prompts": self._prompts,
            "calls": total.calls,
            "cost_usd": f"{total.cost.normalize():f}",
            "calls_of_unknown_cost": total.unknown,
        }

    def list_warnings(self) -> list[str]:
        """Return what the methodologist should know of the money."""
        if not self._answered_calls:
            return []
        spending = compute_spending(self._run.tenant, now=timezone.now())
        if not spending.is_beyond_soft_limit:
            return []
        return [f"${spending.spent:.2f} were spent on models this month; the soft limit is ${spending.soft_limit}."]
