"""The LLM client of a generation: asks the router for a job and caches the answers until the job is done."""

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
from llm.messages import AnswerProgress, ContextCapacity, ModelRequest
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

# A month is longer than anybody waits before trying a failed generation again; older answers only hold materials that
# may have been deleted meanwhile.
ANSWER_CACHE_LIFETIME = timedelta(days=30)


class StrategyCapacityLookup:
    """Looks up the capacity of the models of a strategy, for plans that ask nothing."""

    def __init__(self, strategy: str) -> None:
        self._strategy = strategy
        self._router = get_model_router()

    def get_capacity(self, action: str) -> ContextCapacity:
        return self._router.get_capacity(action, self._strategy)


class JobLLMClient(StrategyCapacityLookup):
    """Asks models for one job.

    Progress is counted in requests. Before each attempt `JobRun.checkpoint` raises when the job was cancelled or lost.
    """

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
        # What earlier tries of this job cost paid for answers that are cached now. Without subtracting it a job that
        # failed near its end could be refused for money that it will not spend.
        paid = compute_job_totals(self._run.job).cost
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
        """Ask the router and cache its answer. Raises TooLargeForModel when less text might succeed."""
        try:
            completion = self._router.complete_object(
                action,
                request,
                wanted,
                strategy=self._strategy,
                tenant=self._run.tenant,
                job=self._run.job,
                checkpoint=self._run.checkpoint,
                report_progress=self._report_answer,
            )
        except ModelsExhausted as exc:
            # Any and not all: the chain may have gone on to models that were down, after one that would have answered
            # had the request been smaller.
            if any(attempt.kind in {PromptTooLong.kind, AnswerTruncated.kind} for attempt in exc.attempts):
                raise TooLargeForModel(exc) from exc
            raise
        self._cache_answer(digest, completion.model, completion.value)
        return completion.value, completion.model

    def _report_answer(self, progress: AnswerProgress) -> None:
        stage = f"answering: {progress.characters:,} characters"
        self._run.report_progress(stage, self._answered_calls, max(self._planned_calls, self._answered_calls + 1))

    def _cache_answer(self, digest: str, model: str, value: BaseModel) -> None:
        """Store the answer, unless the node was deleted or another worker has stored one.

        In a statement of its own, not in the transaction of the job's end: it must survive a crash of the worker.
        """
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
            self._run.renew_attempts()

    def _compute_digest(self, action: str, request: ModelRequest, wanted: type[BaseModel]) -> str:
        # Everything that the answer depends on. The model is not part of it: which one answers may change with every
        # failure, and an answer of another model in the same chain is as good.
        question = [action, self._strategy, request.system, request.prompt, build_schema(wanted).body]
        return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()

    def delete_cached_answers(self) -> None:
        """Delete the node's cached answers, and outdated ones of the tenant, in the caller's transaction.

        The caller stores the snapshot in the same transaction, so that answers are lost only once they were used.
        """
        obsolete = Q(node=self._run.job.subject_id) | Q(created_at__lt=timezone.now() - ANSWER_CACHE_LIFETIME)
        CachedAnswer.objects.filter(obsolete, tenant=self._run.tenant).delete()

    def build_provenance(self) -> dict[str, Any]:
        """Return the models and prompt versions used, and the job's cost in US dollars, failed attempts included."""
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
        """Return a warning when the tenant's spending this month is beyond its soft limit, else none."""
        if not self._answered_calls:
            return []
        spending = compute_spending(self._run.tenant, now=timezone.now())
        if not spending.is_beyond_soft_limit:
            return []
        return [f"${spending.charged:.2f} were spent on models this month; the soft limit is ${spending.soft_limit}."]
