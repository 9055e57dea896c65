"""The LLM client of a generation: asks the router for a job, several questions at a time, and keeps the answers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from pydantic import BaseModel

from llm.errors import (
    AnswerTruncated,
    DeadlinePassed,
    ModelsExhausted,
    NoProvider,
    PromptTooLong,
    RegistryUnusable,
    UnknownAction,
)
from llm.messages import AnswerProgress, ContextCapacity, ModelRequest
from llm.prompts import Prompt, read_prompt
from llm.queries import compute_job_totals
from llm.router.budgets import check_budget, compute_spending
from llm.router.factory import get_model_router
from materials.vector_space import find_vector_space
from project.counts import format_count
from project.jobs.run import PROGRESS_SECONDS, JobRun
from structures.engines.base.drafts import DraftNode
from structures.engines.base.llm_client import SimilarTexts, TaskOutcome, TooLargeForModel
from structures.engines.base.outlines import Outline
from structures.engines.llm.answer_texts import take_out_instructions
from structures.engines.llm.engine import ACTIONS
from structures.engines.llm.failures import describe_failure
from structures.engines.llm.lessons import LESSON_ACTION
from structures.engines.registry import EngineName
from structures.generation.answer_cache import (
    compute_digest,
    find_answer,
    find_cached_digests,
    mark_answers_used,
    store_answers,
)
from structures.generation.batches import BATCH_SECONDS, BATCHED_ANSWERS, submit_batch
from structures.generation.options import Economy
from structures.generation.similar_texts import compare_texts, compute_comparison_digest
from structures.generation.steps import store_failure, store_lesson, store_steps
from structures.generation.threads import run_in_threads
from tenants.models import Tenant

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

SANDBOX_WARNING = "No model was asked: in the sandbox answers are put together from sentences of the materials."


class StrategyCapacityLookup:
    """Looks up the capacity of the models of a strategy, and the answers of a tenant, for plans that ask nothing."""

    def __init__(self, *, tenant: Tenant, strategy: str, economy: Economy = Economy.NONE) -> None:
        self._tenant = tenant
        self._strategy = strategy
        self._economy = economy
        self._router = get_model_router(tenant)

    def get_capacity(self, action: str) -> ContextCapacity:
        in_batch = self.asks_in_batch() and action in BATCHED_ANSWERS
        return self._router.get_capacity(action, self._strategy, in_batch=in_batch)

    def asks_in_batch(self) -> bool:
        # In a sandbox every question is answered at once: there is no vendor whose batch it could wait for.
        return self._economy is Economy.BATCH and not self._tenant.is_sandbox

    def describe_economy(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """Return a plan with how models are asked, and with the time of a batch when there is to be one."""
        steps = plan["steps"]
        asked = plan["calls"] - steps["reconciliation"] - steps["judgements"]
        longest = BATCH_SECONDS if self.asks_in_batch() and asked else 0
        return {**plan, "economy": self._economy.value, "expected_seconds": plan["expected_seconds"] + longest}

    def get_concurrency(self) -> int:
        return min(settings.GENERATION_CONCURRENCY, self._router.get_concurrency(ACTIONS, self._strategy))

    def find_comparison_price(self) -> Decimal | None:
        space, _why_not = find_vector_space(self._tenant)
        return None if space is None else space.token_price

    def find_answered(
        self, action: str, questions: Sequence[Mapping[str, object]], wanted: type[BaseModel]
    ) -> list[bool]:
        prompt = read_prompt(action)
        digests = [compute_digest(action, self._strategy, prompt.build_request(values), wanted) for values in questions]
        cached = find_cached_digests(self._tenant, digests)
        return [digest in cached for digest in digests]


class JobLLMClient(StrategyCapacityLookup):
    """Asks models for one job, in several threads at once.

    Progress is counted in requests. Before each attempt `JobRun.checkpoint` raises when the job was cancelled or lost.
    """

    def __init__(self, *, run: JobRun, strategy: str, economy: Economy) -> None:
        super().__init__(tenant=run.tenant, strategy=strategy, economy=economy)
        self._run = run
        # The digests of what batches of this job were asked.
        self._batched: frozenset[str] = frozenset()
        # For the counts below and for the run, whose reports are not made for several threads.
        self._lock = threading.Lock()
        self._planned_calls = self._answered_calls = 0
        self._models: Counter[str] = Counter()
        self._prompts: dict[str, str] = {}
        self._used_digests: set[str] = set()
        self._reused_calls = 0
        self._revealed_sentences = 0
        self._why_not_compared = ""
        # Of the answer that each thread is reading.
        self._arriving: dict[int, int] = {}
        self._answers_reported_at = 0.0

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        self._planned_calls = plan["calls"] + plan["reused"]
        told = {"engine": EngineName.LLM.value, "strategy": self._strategy, **self.describe_economy(plan)}
        self._run.announce_plan(told)
        check_budget(self._run.tenant, Decimal(plan["expected_cost_usd"]), now=timezone.now())

    def ask_beforehand(self, action: str, questions: Sequence[Mapping[str, object]], wanted: type[BaseModel]) -> None:
        if not self.asks_in_batch():
            return
        prompt = read_prompt(action)
        requests = {}
        for values in questions:
            request = prompt.build_request(values)
            requests[compute_digest(action, self._strategy, request, wanted)] = request
        cached = find_cached_digests(self._tenant, requests)
        waiting = {digest: request for digest, request in requests.items() if digest not in cached}
        self._batched = submit_batch(self._run, action=action, strategy=self._strategy, requests=waiting)

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        request, digest = self._begin_question(read_prompt(action), action, values, wanted)
        cached = find_answer(self._run.tenant, digest)
        if cached is None:
            value, model = self._ask(action, request, wanted)
            self._store_answers({digest: value}, model)
        else:
            value, model = wanted.model_validate_json(cached.answer), cached.model
        is_reused = cached is not None and digest not in self._batched
        self._count_answer(action, request, model, [digest], is_reused=is_reused)
        return self._take_out_instructions(value, request)

    def complete_together(
        self,
        action: str,
        values: Mapping[str, object],
        wanted: type[T],
        split: Callable[[T], Iterable[tuple[Mapping[str, object], BaseModel]]],
    ) -> T:
        # Read once: an answer must not be kept under a prompt that was edited while it was written.
        prompt = read_prompt(action)
        request, _ = self._begin_question(prompt, action, values, wanted)
        value, model = self._ask(action, request, wanted)
        answers = {
            compute_digest(action, self._strategy, prompt.build_request(own_values), type(answer)): answer
            for own_values, answer in split(value)
        }
        self._store_answers(answers, model)
        self._count_answer(action, request, model, answers, is_reused=False)
        return self._take_out_instructions(value, request)

    def _take_out_instructions(self, value: T, request: ModelRequest) -> T:
        # Not before an answer is stored: the prompt may be another one when it is read again.
        value, count = take_out_instructions(value, request.system)
        with self._lock:
            self._revealed_sentences += count
        return value

    def _begin_question(
        self, prompt: Prompt, action: str, values: Mapping[str, object], wanted: type[BaseModel]
    ) -> tuple[ModelRequest, str]:
        """Report that a question is asked, and return the request for it and its digest."""
        with self._lock:
            answered = self._answered_calls
            self._run.report_progress("asking", answered, max(self._planned_calls, answered + 1))
        request = replace(prompt.build_request(values), repeats_system=action == LESSON_ACTION)
        return request, compute_digest(action, self._strategy, request, wanted)

    def _count_answer(
        self, action: str, request: ModelRequest, model: str, digests: Iterable[str], *, is_reused: bool
    ) -> None:
        with self._lock:
            self._answered_calls += 1
            self._reused_calls += is_reused
            self._models[model] += 1
            self._prompts[action] = request.prompt_version
            self._used_digests.update(digests)

    def _store_answers(self, answers: Mapping[str, BaseModel], model: str) -> None:
        store_answers(tenant=self._run.tenant, node_id=self._run.job.subject_id, model=model, answers=answers)
        with self._lock:
            self._run.renew_attempts()

    def find_similar_texts(self, texts: Sequence[str], parts: Sequence[int], *, limit: int) -> SimilarTexts:
        space, _why_not = find_vector_space(self._tenant)
        if space is None or len(texts) < 2:
            return SimilarTexts()
        digest = compute_comparison_digest(space, texts, parts, limit=limit)
        cached = find_answer(self._run.tenant, digest)
        if cached is not None:
            found = SimilarTexts.model_validate_json(cached.answer)
        else:
            try:
                found = compare_texts(self._run, space, texts, parts, limit=limit)
            except (DeadlinePassed, ModelsExhausted, NoProvider, RegistryUnusable, UnknownAction) as exc:
                # The course is complete without it.
                self._why_not_compared = str(exc)
                return SimilarTexts()
            self._store_answers({digest: found}, space.model)
        with self._lock:
            self._used_digests.add(digest)
        return found

    def announce_lessons(self, outline: Outline, asked: Collection[UUID]) -> None:
        store_steps(self._run.job, outline, asked)

    def publish_lesson(self, key: UUID, lesson: DraftNode) -> None:
        store_lesson(self._run.job, key, lesson)

    def publish_failure(self, key: UUID, error: Exception) -> None:
        # Not of a job that must stop: its lessons have not failed.
        self._run.checkpoint()
        store_failure(self._run.job, key, error)

    def run_tasks(self, tasks: Sequence[Callable[[], R]]) -> list[TaskOutcome[R]]:
        outcomes = run_in_threads(tasks, thread_count=self.get_concurrency(), stops=_shows_that_others_fail)
        # That the job must stop counts more than what went wrong otherwise.
        self._run.checkpoint()
        return outcomes

    def _ask(self, action: str, request: ModelRequest, wanted: type[T]) -> tuple[T, str]:
        """Return the router's answer and its model. Raises TooLargeForModel when less text might succeed."""
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
        finally:
            # An answer that did not come to its end is under way no more.
            with self._lock:
                self._arriving.pop(threading.get_ident(), None)
        return completion.value, completion.model

    def _report_answer(self, progress: AnswerProgress) -> None:
        """Say how much of all answers that are under way has come."""
        with self._lock:
            self._arriving[threading.get_ident()] = progress.characters
            now = time.monotonic()
            if now - self._answers_reported_at < PROGRESS_SECONDS:
                return
            self._answers_reported_at = now
            stage = f"answering: {sum(self._arriving.values()):,} characters"
            self._run.report_progress(stage, self._answered_calls, max(self._planned_calls, self._answered_calls + 1))

    def mark_answers_used(self) -> None:
        """Note the use of all answers in the caller's transaction, in which the snapshot is stored."""
        mark_answers_used(tenant=self._run.tenant, node_id=self._run.job.subject_id, digests=self._used_digests)

    def build_provenance(self) -> dict[str, Any]:
        """Return the models and prompt versions used, and the job's cost in US dollars, failed attempts included."""
        if not self._answered_calls:
            return {}
        total = compute_job_totals(self._run.job)
        return {
            "strategy": self._strategy,
            **({"economy": self._economy.value} if self.asks_in_batch() else {}),
            "models": dict(self._models),
            "prompts": self._prompts,
            "calls": total.calls,
            "reused_answers": self._reused_calls,
            "cost_usd": f"{total.cost.normalize():f}",
            "calls_of_unknown_cost": total.unknown,
            **({"is_simulated": True} if self._tenant.is_sandbox else {}),
        }

    def list_warnings(self) -> list[str]:
        """Return what the methodologist should know of the answers, and of money.

        That concepts were not compared, that a model gave away its instructions, and that the tenant's spending this
        month is beyond its soft limit.
        """
        if not self._answered_calls:
            return []
        warnings = [SANDBOX_WARNING] if self._tenant.is_sandbox else []
        if self._why_not_compared:
            warnings.append(f"Concepts of different lessons were not compared by meaning: {self._why_not_compared}")
        if self._revealed_sentences:
            revealed = format_count(self._revealed_sentences, "sentence")
            warnings.append(
                f"{revealed} of the instructions to models were taken out of answers. Something in the materials may "
                "ask for them."
            )
        spending = compute_spending(self._run.tenant, now=timezone.now())
        if spending.is_beyond_soft_limit:
            warnings.append(
                f"${spending.charged:.2f} were spent on models this month; the soft limit is ${spending.soft_limit}."
            )
        return warnings


def _shows_that_others_fail(exc: Exception) -> bool:
    """Tell whether the next question would fail for the same reason: an outage, no money, or a job that must stop."""
    return describe_failure(exc) is None
