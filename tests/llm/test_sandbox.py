"""Models in sandboxes: they answer by themselves, cost nothing, and no vendor is ever asked."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal
from itertools import pairwise
from operator import mul
from pathlib import Path

import pytest
from pydantic import BaseModel

from llm.batches.submission import BatchQuestion, submit_questions
from llm.errors import BudgetExceeded, ModelsExhausted
from llm.messages import EmbeddingPurpose, ModelRequest, TokenUsage
from llm.models import Breaker, ExternalCall
from llm.queries import list_costs_by_model
from llm.router.factory import get_model_router, get_router
from llm.router.ledger import compute_cost
from llm.router.router import ModelRouter
from llm.sandbox.answers import list_answered_schemas
from llm.sandbox.guard import SandboxLeak
from llm.sandbox.vectors import build_vector
from llm.video.factory import build_video_processor
from llm.video.gemini import GeminiVideoProcessor
from llm.video.ports import Recording, TranscriptionOptions
from llm.video.transcript import AudioTrack, MediaInfo
from llm.video.whisper import WhisperSettings, WhisperVideoProcessor
from project.jobs.services import submit_job
from structures.engines.llm.answers import JudgementAnswer
from tenants.models import Tenant
from tests.fakes.steps import Answer
from tests.llm.video.gemini_stage import RecordingContext
from tests.llm.world import World, model, set_limits

pytestmark = pytest.mark.django_db

REQUEST = ModelRequest(system="Be brief.", prompt="What is a map?")


class UnknownAnswer(BaseModel):
    """A form of which sandboxes know nothing."""

    text: str


def is_untouched(world: World) -> bool:
    return not any(vendor.asked for vendor in world.vendors)


def test_the_same_question_has_the_same_answer_and_no_vendor_is_asked(world: World, sandbox: Tenant) -> None:
    router = get_model_router(sandbox)

    first, second = (router.complete("ask", REQUEST, tenant=sandbox) for _ in range(2))

    assert (first.text, first.usage, first.model) == (second.text, second.usage, "gemini")
    assert is_untouched(world)
    assert not Breaker.objects.exists()


def test_a_call_has_its_row_with_what_it_would_have_cost(world: World, acme: Tenant, sandbox: Tenant) -> None:
    world.google.always(Answer("An answer."))
    get_model_router(sandbox).complete("ask", REQUEST, tenant=sandbox)
    world.router.complete("ask", REQUEST, tenant=acme)

    simulated, real = world.calls
    assert (simulated.is_simulated, simulated.tenant, simulated.served_model) == (True, sandbox, "sandbox")
    assert (real.is_simulated, real.tenant) == (False, acme)
    usage = TokenUsage(input_tokens=simulated.units_in, output_tokens=simulated.units_out)
    assert simulated.cost == compute_cost(usage, world.registry.models["gemini"]) > 0


def test_costs_of_the_sandbox_are_its_own(world: World, acme: Tenant, sandbox: Tenant) -> None:
    get_model_router(sandbox).complete("ask", REQUEST, tenant=sandbox)
    (call,) = world.calls
    begin, end = call.created_at, call.created_at.replace(year=call.created_at.year + 1)

    assert not list_costs_by_model(tenant=acme, begin=begin, end=end)
    (row,) = list_costs_by_model(tenant=sandbox, begin=begin, end=end)
    assert row["spent"] == call.cost


def test_a_limit_of_the_sandbox_holds_and_that_of_its_tenant_does_not_matter(
    world: World, acme: Tenant, sandbox: Tenant
) -> None:
    set_limits(acme, hard="0")
    get_model_router(sandbox).complete("ask", REQUEST, tenant=sandbox)

    set_limits(sandbox, hard="0")
    with pytest.raises(BudgetExceeded):
        get_model_router(sandbox).complete("ask", REQUEST, tenant=sandbox)


def test_without_any_key_the_first_models_of_the_chain_stand_in(
    world: World, sandbox: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = get_model_router(sandbox)
    monkeypatch.delenv("TEST_GOOGLE_KEY")
    assert router.complete("ask", REQUEST, tenant=sandbox).model == "claude"

    monkeypatch.delenv("TEST_ANTHROPIC_KEY")
    assert router.complete("ask", REQUEST, tenant=sandbox).model == "gemini"


def test_a_form_without_an_answer_is_an_error_that_names_it(world: World, sandbox: Tenant) -> None:
    with pytest.raises(ModelsExhausted, match="no answer of the form UnknownAnswer"):
        get_model_router(sandbox).complete_object("ask", REQUEST, UnknownAnswer, tenant=sandbox)
    assert ExternalCall.objects.filter(is_simulated=True).exists()
    assert is_untouched(world)


def test_every_form_that_models_are_asked_for_has_an_answer() -> None:
    assert list_answered_schemas() == [
        "ImageDescription", "JudgementAnswer", "LessonDetailsAnswer", "LessonsAnswer", "ReconciliationAnswer",
        "TranscribedClip",
    ]  # fmt: skip


def test_vectors_lie_near_each_other_when_texts_share_words() -> None:
    near, far = ("Water boils at a hundred degrees.", "At what temperature does water boil?"), "Maps have legends."
    first, second, third = (build_vector(text, 256) for text in (*near, far))

    assert math.hypot(*first) == pytest.approx(1)
    assert sum(map(mul, first, second)) > sum(map(mul, first, third))
    assert build_vector("", 8) == build_vector("…", 8)


# --- fail closed: whatever asks a vendor or a transcriber refuses a sandbox -------------------------------------------


def test_a_router_that_asks_vendors_refuses_a_sandbox(world: World, sandbox: Tenant) -> None:
    live: ModelRouter = get_router(is_simulated=False)
    world.file["providers"]["vectors"] = world.file["providers"]["openai"]
    spec = {"space": "s", "dimensions": 8}
    world.file["models"]["vectors"] = model("vectors", capabilities=["embedding"], embedding=spec, max_output=0)
    world.file["actions"]["embed"] = {"description": "Make vectors.", "needs": ["embedding"]}
    world.file["chains"]["embed"] = {name: ["vectors"] for name in world.file["strategies"]}
    world.write()
    space = live.get_vector_space("embed")
    calls: list[Callable[[], object]] = [
        lambda: live.complete("ask", REQUEST, tenant=sandbox),
        lambda: live.complete_object("ask", REQUEST, UnknownAnswer, tenant=sandbox),
        lambda: live.embed_texts("embed", ["x"], purpose=EmbeddingPurpose.QUERY, space=space, tenant=sandbox),
    ]

    for call in calls:
        with pytest.raises(SandboxLeak):
            call()
    assert is_untouched(world)
    assert not ExternalCall.objects.exists()


def test_no_batch_is_sent_for_a_sandbox(world: World, sandbox: Tenant) -> None:
    job = submit_job(tenant=sandbox, kind="generate_structure", subject_id=sandbox.pk)

    for router in (get_router(is_simulated=False), get_model_router(sandbox)):
        with pytest.raises(SandboxLeak):
            submit_questions(
                [BatchQuestion(reference="1", request=REQUEST)], JudgementAnswer,
                router=router, action="ask", strategy="default", tenant=sandbox, job=job, checkpoint=lambda: None,
            )  # fmt: skip
    assert is_untouched(world)


def recording(minutes: float = 25) -> Recording:
    media = MediaInfo(
        container="mp4", duration_ms=round(minutes * 60_000), has_video=True, audio=(AudioTrack(index=0),)
    )
    return Recording(
        id="one",
        media=media,
        size_bytes=10,
        media_type="video/mp4",
        open=lambda: io.BytesIO(b"x"),
        local_copy=lambda: nullcontext(Path("missing.mp4")),
    )


def test_no_transcriber_hears_a_recording_of_a_sandbox(world: World, sandbox: Tenant) -> None:
    context = RecordingContext(tenant=sandbox, job=None)

    def open_files(*_given: object) -> object:
        raise AssertionError("Nothing is uploaded.")

    gemini = GeminiVideoProcessor(router=get_router(is_simulated=False), files=open_files)  # type: ignore[arg-type]
    whisper = WhisperVideoProcessor(
        settings=WhisperSettings(model="none", device="cpu", compute_type="int8", threads=1, batch_size=1)
    )
    for transcriber in (gemini, whisper):
        with pytest.raises(SandboxLeak):
            transcriber.transcribe(recording(), TranscriptionOptions(), context)
    assert is_untouched(world)


@pytest.mark.parametrize("has_gemini", [False, True])
def test_a_recording_of_a_sandbox_gets_a_transcript_and_its_cost(
    world: World, sandbox: Tenant, has_gemini: bool
) -> None:
    if has_gemini:
        world.file["actions"]["transcribe_video"] = {"description": "Transcribe.", "needs": ["video"]}
        world.file["chains"]["transcribe_video"] = {name: ["gemini"] for name in world.file["strategies"]}
        world.write()
    context = RecordingContext(tenant=sandbox, job=None)

    outcome = build_video_processor(sandbox).transcribe(
        recording(19), TranscriptionOptions(), context, sidecar_captions=None, use_captions=True
    )

    assert outcome.source == ("gemini" if has_gemini else "whisper")
    segments = outcome.transcript.segments
    assert (len(segments), segments[0].start_ms, segments[-1].end_ms) == (114, 0, 19 * 60_000)
    assert [window.index for windows in context.windows.values() for window in windows] == [0, 1]
    assert all(before.end_ms == after.start_ms for before, after in pairwise(segments))
    assert is_untouched(world)
    costs = [call.cost for call in world.calls]
    assert len(costs) == (2 if has_gemini else 0)
    assert all(cost and cost > Decimal("0.1") for cost in costs)
