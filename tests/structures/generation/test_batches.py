"""Lessons that are asked about in a batch: the same course for half the money, hours later, and nothing paid twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from llm.batches import settlement
from llm.models import BatchRequest, BatchStatus, ExternalCall, ModelBatch
from materials.models import MaterialNode
from materials.tree.services import create_node
from project.db.clock import get_database_time
from project.jobs.models import Job
from structures.models import CachedAnswer
from structures.tasks import submit_settlements
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.server import FakeVendor
from tests.fakes.steps import Answer, Fail, Step, Truncated
from tests.llm.world import PRICES, World, set_limits
from tests.structures.generation.llm_courses import honest, let_write, written
from tests.structures.working_copies.desk import add_text

HALF = {name: price / 2 for name, price in PRICES.items()}
MODELS = {"openai": "gpt", "anthropic": "claude", "google": "gemini"}
LESSONS = 3


class Desk:
    """A course that one vendor writes in batches, and the client that asks for it."""

    def __init__(self, world: World, client: APIClient, node: MaterialNode, vendor: str) -> None:
        self.world, self.client, self.node = world, client, node
        self.vendor: FakeVendor = getattr(world, vendor)
        let_write(world, chain=[MODELS[vendor]], output_tokens=8000)
        world.file["models"][MODELS[vendor]]["batch_prices"] = HALF
        world.write()
        self.vendor.always(honest)

    def ask(self, **options: Any) -> Job:
        """Ask for the course in a batch, and do what can be done now."""
        answer = self.client.post(
            f"/api/v1/nodes/{self.node.pk}/generate",
            {"economy": "batch", "mode": "guided", **options},
            format="json",
        )
        assert answer.status_code == 202, answer.content
        drain()
        return Job.objects.get(pk=answer.json()["id"])

    def look_again(self, job: Job) -> Job:
        """Let the time pass until jobs that wait look again, and do what can be done then."""
        Job.objects.filter(status="queued").update(queued_at=get_database_time())
        drain()
        return Job.objects.get(pk=job.pk)

    def shown(self, job: Job) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/jobs/{job.pk}").json()
        return found


Furnish = Callable[[str], Desk]


@pytest.fixture
def furnish(world: World, api: Api, acme: Tenant, course: MaterialNode) -> Furnish:
    for number in range(LESSONS):
        lesson = create_node(tenant=acme, title=f"Lesson {number}", parent_id=course.pk)
        add_text(lesson, "a.md", f"Lesson {number} says that water is wet.\n\nIt says so {number + 2} times.".encode())
    return lambda vendor: Desk(world, api(acme), course, vendor)


@pytest.fixture
def desk(furnish: Furnish) -> Desk:
    return furnish("openai")


def list_calls(*, batched: bool) -> list[ExternalCall]:
    ids = BatchRequest.objects.values("pk")
    calls = ExternalCall.objects.order_by("created_at", "id")
    return list(calls.filter(pk__in=ids) if batched else calls.exclude(pk__in=ids))


@pytest.mark.parametrize("vendor", MODELS)
def test_lessons_go_as_one_batch_and_the_last_question_by_itself(furnish: Furnish, vendor: str) -> None:
    desk = furnish(vendor)
    desk.vendor.batches.holds = True

    waiting = desk.ask()

    # One batch of all lessons, written into the ledger, and nobody is kept busy by it.
    (batch,) = desk.vendor.batches.taken
    assert len(batch.requests) == LESSONS
    assert (waiting.status, waiting.waits_for, waiting.worker, waiting.attempt) == ("queued", "batch", "", 0)
    assert desk.shown(waiting)["progress"] == {"stage": "batch", "done": 0, "total": LESSONS}
    assert {call.outcome for call in list_calls(batched=True)} == {"in_flight"}
    assert ModelBatch.objects.get().vendor_id.endswith(batch.id)
    looked = desk.look_again(waiting)
    assert (looked.status, looked.waits_for, len(desk.vendor.batches.taken)) == ("queued", "batch", 1)

    desk.vendor.batches.holds = False
    done = desk.look_again(waiting)

    assert (done.status, done.error_code) == ("complete", "")
    (last,) = list_calls(batched=False)
    assert last.action == "reconcile_course"
    in_batch = list_calls(batched=True)
    assert [call.outcome for call in in_batch] == ["answered"] * LESSONS
    # 100 tokens in and 20 out, at half the price.
    assert {call.cost for call in in_batch} == {Decimal("0.00015")}
    assert last.cost == Decimal("0.0003")
    assert len(desk.vendor.billed) == LESSONS + 1
    ended = ModelBatch.objects.get()
    assert (ended.status, ended.requests_done, ended.fault_code) == (BatchStatus.ENDED, LESSONS, "")
    snapshot = desk.client.get(f"/api/v1/snapshots/{desk.shown(done)['result']['snapshot']}").json()
    provenance = snapshot["provenance"]
    assert (provenance["economy"], provenance["reused_answers"]) == ("batch", 0)
    assert provenance["cost_usd"] == "0.00075"
    # The requests are those of calls, but for the stream.
    request = next(iter(batch.requests.values()))
    assert (request.max_tokens, bool(request.schema), bool(request.system)) == (8000, True, True)
    assert desk.vendor.objection(request) is None


def test_answers_of_a_batch_are_good_for_a_generation_without_one(desk: Desk) -> None:
    job = desk.ask()
    desk.vendor.batches.holds = True
    assert desk.look_again(job).status == "queued"
    desk.vendor.batches.holds = False
    desk.look_again(job)
    billed = len(desk.vendor.billed)

    again = written(desk.client, desk.node.pk, mode="guided", evidence="strict")

    assert again["provenance"]["reused_answers"] == LESSONS + 1
    assert len(desk.vendor.billed) == billed


def test_what_a_batch_answers_wrongly_is_asked_in_the_usual_way(desk: Desk) -> None:
    ends: list[Step] = [Fail(500), Answer("no JSON"), Truncated("{")]
    desk.vendor.script(*ends)

    job = desk.ask()
    done = desk.look_again(job)

    assert (done.status, done.error_code) == ("complete", "")
    outcomes = {call.outcome: call.cost for call in list_calls(batched=True)}
    # What was answered is paid; a refused request is not.
    paid = Decimal("0.00015")
    assert outcomes == {"busy": Decimal(0), "answer_invalid": paid, "answer_truncated": paid}
    usual = list_calls(batched=False)
    assert [call.action for call in usual] == ["write_lesson"] * LESSONS + ["reconcile_course"]
    assert len(desk.vendor.batches.taken) == 1
    assert len(desk.vendor.billed) == 2 + LESSONS + 1


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_what_expires_costs_nothing_and_a_retry_asks_it_alone(furnish: Furnish, vendor: str) -> None:
    desk = furnish(vendor)
    desk.vendor.batches.answers_only, desk.vendor.batches.ends_as = 1, "expired"

    failed = desk.look_again(desk.ask())

    assert (failed.status, failed.error_code) == ("failed", "batch_expired")
    assert "1 were answered" in failed.error_message
    assert failed.next_step.startswith("Retry the job")
    costs = sorted((call.outcome, call.cost) for call in list_calls(batched=True))
    assert costs == [("answered", Decimal("0.00015")), *[("batch_expired", Decimal(0))] * 2]
    assert CachedAnswer.objects.count() == 1

    desk.vendor.batches.answers_only, desk.vendor.batches.ends_as = None, "answered"
    assert desk.client.post(f"/api/v1/jobs/{failed.pk}/retry").status_code in {200, 202}
    drain()
    done = desk.look_again(failed)

    assert done.status == "complete"
    assert [len(batch.requests) for batch in desk.vendor.batches.taken] == [LESSONS, LESSONS - 1]
    assert len(desk.vendor.billed) == LESSONS + 1


@pytest.mark.parametrize(("vendor", "cost"), [("openai", Decimal(0)), ("google", None)])
def test_a_batch_that_fails_fails_the_job(furnish: Furnish, vendor: str, cost: Decimal | None) -> None:
    desk = furnish(vendor)
    desk.vendor.batches.ends_as = "failed"

    failed = desk.look_again(desk.ask())

    assert (failed.status, failed.error_code) == ("failed", "batch_failed")
    # Google says nowhere what a batch without results has cost: then its estimate goes on to count.
    assert {call.cost for call in list_calls(batched=True)} == {cost}
    assert {call.outcome for call in list_calls(batched=True)} == {"not_answered"}
    assert desk.vendor.billed == []


@pytest.mark.parametrize("vendor", MODELS)
def test_a_batch_whose_answer_was_lost_is_found_again_and_never_sent_twice(furnish: Furnish, vendor: str) -> None:
    desk = furnish(vendor)
    desk.vendor.batches.loses_answer = True

    job = desk.ask()

    # As after the death of the process that sent it: nobody here knows how the vendor calls it.
    assert (job.status, ModelBatch.objects.get().vendor_id) == ("queued", "")
    desk.world.begin_anew()
    done = desk.look_again(job)

    assert (done.status, done.error_code) == ("complete", "")
    assert len(desk.vendor.batches.taken) == 1
    assert len(desk.vendor.billed) == LESSONS + 1


@pytest.mark.parametrize("vendor", MODELS)
def test_a_batch_that_was_never_sent_is_sent_once_that_is_sure(
    furnish: Furnish, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = furnish(vendor)
    desk.vendor.batches.loses_answer = True
    job = desk.ask()
    desk.vendor.batches.taken.clear()

    # It may appear in the vendor's list a moment later.
    assert desk.look_again(job).status == "queued"
    assert desk.vendor.batches.taken == []
    monkeypatch.setattr(settlement, "FIND_SECONDS", 0)
    sent = desk.look_again(job)
    assert (sent.status, len(desk.vendor.batches.taken)) == ("queued", 1)
    done = desk.look_again(job)

    assert done.status == "complete"
    first, second = ModelBatch.objects.order_by("created_at")
    assert (first.fault_code, second.fault_code) == ("batch_never_taken", "")
    assert {call.cost for call in list_calls(batched=True) if call.outcome != "answered"} == {Decimal(0)}


def test_a_strangers_batch_is_not_taken_for_ours(furnish: Furnish) -> None:
    desk = furnish("anthropic")
    desk.vendor.batches.loses_answer = True
    job = desk.ask()
    (batch,) = desk.vendor.batches.taken
    batch.requests = {f"theirs-{key}": request for key, request in batch.requests.items()}

    failed = desk.look_again(job)

    assert (failed.status, failed.error_code) == ("failed", "batch_lost")
    assert CachedAnswer.objects.count() == 0
    # Nobody knows what became of ours.
    assert {(call.outcome, call.cost) for call in list_calls(batched=True)} == {("lost", None)}
    assert all(call.estimated_cost for call in list_calls(batched=True))


@pytest.mark.parametrize("vendor", MODELS)
def test_cancelling_the_job_stops_the_batch_and_keeps_what_was_answered(furnish: Furnish, vendor: str) -> None:
    desk = furnish(vendor)
    desk.vendor.batches.holds = True
    job = desk.ask()
    assert desk.client.post(f"/api/v1/jobs/{job.pk}/cancel").status_code == 200
    assert Job.objects.get(pk=job.pk).status == "cancelled"
    desk.vendor.batches.answers_only = None if vendor == "google" else 1

    submit_settlements()
    submit_settlements()
    drain()

    assert desk.vendor.batches.taken[0].is_cancelling
    (settling,) = Job.objects.filter(kind="settle_batch")
    assert (settling.status, settling.waits_for) == ("queued", "batch")
    assert desk.look_again(settling).status == "complete"
    batch = ModelBatch.objects.get()
    assert (batch.status, batch.fault_code) == (BatchStatus.ENDED, "")
    costs = sorted((call.outcome, call.cost) for call in list_calls(batched=True))
    if vendor == "google":
        assert costs == [("batch_cancelled", None)] * LESSONS
    else:
        assert costs == [("answered", Decimal("0.00015")), *[("batch_cancelled", Decimal(0))] * 2]
    assert CachedAnswer.objects.count() == sum(outcome == "answered" for outcome, _ in costs)
    submit_settlements()
    assert Job.objects.filter(kind="settle_batch").count() == 1


def test_a_batch_that_takes_too_long_is_cancelled_and_fails_the_job(desk: Desk) -> None:
    desk.vendor.batches.holds, desk.vendor.batches.answers_only = True, 1
    job = desk.ask()
    ModelBatch.objects.update(ends_by=get_database_time() - timedelta(minutes=1))

    assert desk.look_again(job).status == "queued"
    assert desk.vendor.batches.taken[0].is_cancelling
    failed = desk.look_again(job)

    assert (failed.status, failed.error_code) == ("failed", "batch_expired")
    assert ModelBatch.objects.get().requests_done == 1


@pytest.mark.parametrize("is_gone", [True, False], ids=["unknown to the vendor", "no answer for hours"])
def test_a_batch_of_which_nothing_can_be_learned_is_given_up(desk: Desk, is_gone: bool) -> None:
    desk.vendor.batches.holds = True
    job = desk.ask()
    if is_gone:
        desk.vendor.batches.taken.clear()
    else:
        ModelBatch.objects.update(ends_by=get_database_time() - timedelta(hours=3))

    failed = desk.look_again(job)

    assert (failed.status, failed.error_code) == ("failed", "batch_lost")
    assert {(call.outcome, call.cost) for call in list_calls(batched=True)} == {("lost", None)}


def test_a_vendor_that_is_away_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job = desk.ask()
    monkeypatch.setenv("TEST_OPENAI_KEY", "revoked")

    assert desk.look_again(job).status == "queued"
    monkeypatch.setenv("TEST_OPENAI_KEY", "openai-key")

    assert desk.look_again(job).status == "complete"


@pytest.mark.parametrize(("refusal", "status"), [(Fail(400), "failed"), (Fail(429), "queued")])
def test_a_batch_that_is_not_taken_costs_nothing(desk: Desk, refusal: Fail, status: str) -> None:
    desk.vendor.batches.refusal = refusal

    job = desk.ask()

    assert (job.status, job.error_code) == (status, "batch_refused")
    assert {call.cost for call in list_calls(batched=True)} == {Decimal(0)}
    if status == "queued":
        # Busy: the job waits for that, and sends the batch when it can.
        desk.vendor.batches.refusal = None
        desk.look_again(job)
        assert desk.look_again(job).status == "complete"


def test_a_batch_is_reserved_at_half_the_price_before_it_is_sent(desk: Desk, acme: Tenant) -> None:
    desk.vendor.batches.holds = True
    set_limits(acme, hard="1.00")
    job = desk.ask()
    reserved = sum(call.estimated_cost for call in list_calls(batched=True))
    usage = desk.client.get("/api/v1/costs").json()
    # 8,000 tokens of thinking at half of $20 a million for each lesson, and the prompts.
    assert Decimal("0.24") < reserved < Decimal("0.28")
    assert Decimal(usage["reserved_usd"]) == reserved
    # What is reserved does not stand in the way of the looks.
    set_limits(acme, hard="0.30")
    desk.vendor.batches.holds = False
    job = desk.look_again(job)
    assert job.status == "complete", job.error_message


def test_a_batch_that_could_cost_too_much_is_not_sent(desk: Desk, acme: Tenant) -> None:
    set_limits(acme, hard="0.20")

    failed = desk.ask()

    assert (failed.status, failed.error_code) == ("failed", "budget_exceeded")
    assert (desk.vendor.batches.taken, ModelBatch.objects.count()) == ([], 0)


def test_who_takes_no_batches_is_refused_with_what_to_do(desk: Desk) -> None:
    let_write(desk.world, chain=["deepseek"])

    for answer in (
        desk.client.post(f"/api/v1/nodes/{desk.node.pk}/generate", {"economy": "batch"}, format="json"),
        desk.client.get(f"/api/v1/nodes/{desk.node.pk}/generation-plan?economy=batch"),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "batches_unsupported")
        assert "deepseek" in problem["detail"]
        assert "Leave `economy` out" in problem["next_step"]


def test_the_first_model_that_takes_batches_is_asked(desk: Desk) -> None:
    let_write(desk.world, chain=["deepseek", "claude", "gpt"], output_tokens=8000)
    desk.world.deepseek.always(honest)

    done = desk.look_again(desk.ask())

    assert done.status == "complete"
    assert [call.provider for call in list_calls(batched=True)] == ["openai"] * LESSONS
    assert [call.provider for call in list_calls(batched=False)] == ["deepseek"]


def test_a_plan_says_half_the_price_and_a_day(desk: Desk) -> None:
    usual, batched = (
        desk.client.get(f"/api/v1/nodes/{desk.node.pk}/generation-plan", {"mode": "guided", "economy": economy}).json()
        for economy in ("none", "batch")
    )

    assert (usual["economy"], batched["economy"]) == ("none", "batch")
    # The last question is asked by itself; each lesson of a batch, too, with a prompt of its own.
    assert batched["calls"] == LESSONS + 1
    assert Decimal(batched["expected_cost_usd"]) < Decimal(usual["expected_cost_usd"])
    assert usual["expected_seconds"] < 3600 < 24 * 3600 < batched["expected_seconds"]


def test_one_tenants_batch_is_not_anothers(desk: Desk, rival: Tenant, api: Api) -> None:
    job = desk.ask()

    assert api(rival).get(f"/api/v1/jobs/{job.pk}").status_code == 404
    assert not ModelBatch.objects.for_tenant(rival).exists()
