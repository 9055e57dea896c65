"""A recording in the words of Gemini: the real SDK against a Gemini on this machine."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest

from llm.errors import BudgetExceeded, ModelsExhausted, NoProvider, PromptInvalid, ProviderBusy
from llm.registry import RegistryFaults, read_registry
from llm.video.errors import TranscriptRefused
from llm.video.gemini import build_gemini_processor
from llm.video.transcript import Segment
from tenants.models import Tenant
from tests.fakes.google import GoogleServer
from tests.fakes.google_files import Cut, GoogleFilesServer, Stall
from tests.fakes.steps import Answer, Fail, Hang, Reset
from tests.llm.video.gemini_stage import CONTENT, MINUTE, Stage, Stop, heard, lesson, stage_of
from tests.llm.world import World, set_limits


@pytest.fixture
def stage(world: World, acme: Tenant) -> Iterator[Stage]:
    with GoogleFilesServer(world.google) as server:
        yield stage_of(world, server, acme)


def test_it_transcribes_a_short_recording_with_one_question(stage: Stage) -> None:
    stage.world.google.script(
        heard(
            ("00:01", "00:04", "Water boils."),
            ("01:10", "01:12", "At one hundred degrees it does."),
            ("02:00", "02:09", "Then it becomes a gas."),
        )
    )

    transcript = stage.transcribe()

    assert transcript.language == "en"
    assert transcript.duration_ms == 3 * MINUTE
    assert transcript.segments[0] == Segment(start_ms=1_000, end_ms=4_000, text="Water boils.")
    assert [segment.start_ms for segment in transcript.segments] == [1_000, 70_000, 120_000]
    assert transcript.warnings == ()
    assert stage.clips() == [("0s", "180s")]


def test_the_model_sees_what_was_uploaded_and_nothing_stays(stage: Stage) -> None:
    seen: list[bytes] = []

    def content() -> io.BytesIO:
        seen.append(CONTENT)
        return io.BytesIO(CONTENT)

    stage.world.google.script(lesson(0, 3))
    stage.content = content

    stage.transcribe()

    name = stage.server.deleted[0]
    assert stage.world.google.asked[0].videos[0].uri.endswith(name)
    assert stage.world.google.asked[0].videos[0].mime_type == "video/mp4"
    assert stage.server.chunks == [(0, len(CONTENT))]
    assert len(seen) == 1
    assert not stage.server.files


def test_it_says_what_it_knows_before(stage: Stage) -> None:
    stage.world.google.script(lesson(0, 3))

    transcript = stage.transcribe(language="de", vocabulary=("Siedepunkt", "{{ x }}"))

    assert 'in the language "de"' in stage.world.google.asked[0].system
    assert "ends at 03:00" in stage.world.google.asked[0].system
    assert "<words>\nSiedepunkt\n{{ x }}\n</words>" in stage.world.google.asked[0].prompt
    assert transcript.language == "de"


def test_it_asks_about_a_long_recording_in_windows_of_one_length(stage: Stage) -> None:
    stage.minutes = 25
    stage.world.google.script(lesson(0, 8), lesson(0, 8), lesson(0, 8))

    transcript = stage.transcribe()

    assert stage.clips() == [("0s", "500s"), ("500s", "1000s"), ("1000s", "1500s")]
    assert [segment.start_ms for segment in transcript.segments[::24]] == [0, 500_000, 1_000_000]
    assert stage.context.told == [(500_000, 1_500_000), (1_000_000, 1_500_000), (1_500_000, 1_500_000)]
    assert stage.server.uploads == 1


def test_stamps_may_count_from_the_beginning_of_the_recording(stage: Stage) -> None:
    stage.minutes = 20
    stage.world.google.script(lesson(0, 10), lesson(10, 20))

    transcript = stage.transcribe()

    assert [segment.start_ms for segment in transcript.segments] == list(range(0, 20 * MINUTE, 20_000))


def test_a_recording_without_a_picture_is_asked_about_as_a_whole(stage: Stage) -> None:
    stage.minutes, stage.has_video = 25, False
    stage.world.google.script(lesson(0, 25))

    transcript = stage.transcribe()

    assert stage.clips() == [("", "")]
    assert transcript.segments[-1].end_ms == 25 * MINUTE - 1_000


def test_it_tells_of_long_silence_and_takes_the_language_of_most_words(stage: Stage) -> None:
    stage.minutes = 20
    stage.world.google.script(lesson(0, 10), heard(("00:00", "00:02", "Au revoir."), language="fr"))

    transcript = stage.transcribe()

    assert transcript.language == "en"
    assert transcript.warnings == ("Nothing is said from 10:02 to 20:00: check whether that is so.",)


def test_a_language_that_is_no_tag_is_unknown(stage: Stage) -> None:
    stage.world.google.script(
        heard(("00:00", "00:09", "Water boils at one hundred degrees, it is said here."), language="English, I think")
    )
    stage.minutes = 1

    assert stage.transcribe().language == ""


def test_every_question_is_a_row_with_its_cost(stage: Stage) -> None:
    stage.minutes = 20
    stage.world.google.script(
        lesson(0, 10, input_tokens=1000, output_tokens=100), lesson(0, 10, input_tokens=2000, output_tokens=300)
    )

    stage.transcribe()

    rows = stage.world.calls
    assert [row.action for row in rows] == ["transcribe_video"] * 2
    assert [(row.tenant, row.job) for row in rows] == [(stage.context.tenant, stage.context.job)] * 2
    assert [(row.units_in, row.units_out) for row in rows] == [(1000, 100), (2000, 300)]
    assert [row.cost for row in rows] == [Decimal("0.002"), Decimal("0.005")]


# What goes wrong


def test_it_waits_while_the_file_is_processed(stage: Stage) -> None:
    stage.server.polls = 1
    stage.world.google.script(lesson(0, 3))

    assert stage.transcribe().segments
    assert not stage.server.files


@pytest.mark.parametrize(("code", "cause"), [(3, PromptInvalid), (13, ProviderBusy)])
def test_a_file_that_cannot_be_processed_is_told(stage: Stage, code: int, cause: type[Exception]) -> None:
    stage.server.failure = code

    with pytest.raises(ModelsExhausted, match="The recording could not be handed to google") as failed:
        stage.transcribe()

    assert isinstance(failed.value.last, cause)
    assert failed.value.attempts[0].provider == "google"
    assert not stage.server.files
    assert stage.world.calls == []


def test_a_full_account_is_told(stage: Stage) -> None:
    stage.server.start_faults.append(Fail(429))

    with pytest.raises(ModelsExhausted, match="HTTP 429 RESOURCE_EXHAUSTED"):
        stage.transcribe()

    assert stage.world.google.asked == []


def test_a_broken_upload_goes_on(stage: Stage) -> None:
    stage.server.chunk_faults.append(Cut(0))
    stage.world.google.script(lesson(0, 3))

    assert stage.transcribe().segments


@pytest.mark.parametrize(
    "steps",
    [[Fail(403)], [Fail(400)], [Answer("{}"), Answer("{}")]],
    ids=["refused", "malformed", "not what was asked"],
)
def test_the_file_is_deleted_when_no_model_answers(stage: Stage, steps: list[Fail | Answer]) -> None:
    stage.world.google.script(*steps)

    with pytest.raises(ModelsExhausted):
        stage.transcribe()

    assert len(stage.server.deleted) == 1
    assert not stage.server.files


def test_the_file_is_deleted_whatever_breaks(stage: Stage) -> None:
    def breaks(window: object) -> None:
        raise MemoryError

    stage.context.on_keep = breaks
    stage.world.google.script(lesson(0, 3))

    with pytest.raises(MemoryError):
        stage.transcribe()

    assert not stage.server.files


def test_a_connection_that_breaks_under_a_question_is_asked_again(stage: Stage) -> None:
    stage.world.google.script(Reset(), lesson(0, 3))

    assert stage.transcribe().segments
    assert [row.outcome for row in stage.world.calls] == ["busy", "answered"]


@pytest.mark.parametrize("where", ["uploading", "waiting", "asking"])
def test_it_stops_wherever_it_waits_and_deletes_the_file(stage: Stage, where: str) -> None:
    stage.world.load_sdks()
    if where == "uploading":
        stage.server.chunk_faults.append(Stall())
    elif where == "waiting":
        stage.server.polls = 100
    stage.world.google.always(Hang())
    stage.context.stops_when = {
        "uploading": lambda: stage.server.chunks,
        "waiting": lambda: stage.server.chunks and stage.server.asked[-1] == "GET get",
        "asking": lambda: stage.world.google.asked,
    }[where]

    with pytest.raises(Stop):
        stage.transcribe()

    assert stage.server.uploads == 1
    assert stage.server.ended_stalls == 0
    assert [row.outcome for row in stage.world.calls] == (["interrupted"] if where == "asking" else [])
    assert not stage.server.files


IMPLAUSIBLE = {
    "nothing": (heard(), "it holds no words, though the recording has 3 minutes of sound"),
    "no times": (heard(*[("soon", "later", f"Word {n}.") for n in range(30)]), "30 of 30 lines have no time"),
    "times beyond": (heard(("00:00", "00:02", "One."), ("07:00", "07:02", "Two.")), "a line lies at 07:00, outside of"),
    "backwards": (heard(("02:00", "02:02", "One."), ("00:10", "00:12", "Two.")), "its times go backwards"),
    "few words": (heard(("00:00", "00:02", "One.")), "1 words are too few for 3 minutes of sound"),
    "repeats": (heard(*[(f"00:{n:02d}", "", "Thanks for watching!") for n in range(20)]), "20 times in a row"),
}


@pytest.mark.parametrize(("answer", "said"), IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
def test_what_cannot_be_right_is_refused(stage: Stage, answer: Answer, said: str) -> None:
    stage.world.google.script(answer)

    with pytest.raises(TranscriptRefused, match=said) as refused:
        stage.transcribe()

    assert refused.value.status == 502
    assert not stage.server.files
    assert len(stage.world.calls) == 1


# Work that is tried again


def test_a_second_try_asks_only_for_what_is_missing(stage: Stage) -> None:
    stage.minutes = 30
    stage.world.google.script(lesson(0, 10), lesson(0, 10), Fail(403))
    with pytest.raises(ModelsExhausted):
        stage.transcribe()
    stage.world.begin_anew()
    stage.world.router.services.breakers.record_success(stage.world.registry.models["gemini"])
    stage.world.google.script(lesson(0, 10))

    transcript = stage.transcribe()

    assert stage.clips()[3:] == [("1200s", "1800s")]
    assert [segment.start_ms for segment in transcript.segments] == list(range(0, 30 * MINUTE, 20_000))


def test_work_that_was_done_uploads_and_asks_nothing(stage: Stage) -> None:
    stage.world.google.script(lesson(0, 3))
    first = stage.transcribe()

    second = stage.transcribe()

    assert second == first
    assert stage.server.uploads == 1
    assert len(stage.world.calls) == 1


def test_another_wish_is_other_work(stage: Stage) -> None:
    stage.world.google.script(lesson(0, 3), lesson(0, 3), lesson(0, 3))

    stage.transcribe()
    stage.transcribe(language="en")
    stage.transcribe(vocabulary=("Celsius",))

    assert len(stage.context.windows) == 3


def test_what_a_killed_process_uploaded_is_used_and_deleted(stage: Stage) -> None:
    stage.world.google.script(lesson(0, 3))
    stage.transcribe()
    stage.context.windows.clear()
    left = stage.server.store(stage.server.deleted[0], content=CONTENT)
    stage.world.google.script(lesson(0, 3))

    stage.transcribe()

    assert stage.server.uploads == 1
    assert stage.server.deleted == [left.name] * 2


# Money and configuration


def test_a_budget_refuses_before_anything_is_uploaded(stage: Stage) -> None:
    stage.minutes = 30
    set_limits(stage.context.tenant, hard="0.50")

    with pytest.raises(BudgetExceeded):
        stage.transcribe()

    assert stage.server.asked == []
    assert stage.world.calls == []


def test_a_budget_that_is_enough_is_left_to_the_questions(stage: Stage) -> None:
    set_limits(stage.context.tenant, hard="0.50")
    stage.world.google.script(lesson(0, 3))

    assert stage.transcribe().segments
    assert [row.outcome for row in stage.world.calls] == ["answered"]


def test_there_is_no_processor_without_a_provider(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    present = build_gemini_processor()
    monkeypatch.delenv("TEST_GOOGLE_KEY")

    assert present is not None
    assert build_gemini_processor() is None
    with pytest.raises(NoProvider):
        stage.transcribe()


def test_models_that_see_videos_are_of_one_provider(stage: Stage) -> None:
    with GoogleServer() as other:
        stage.world.file["providers"]["other"] = {"kind": "google", "base_url": other.url, "key": "TEST_GOOGLE_KEY"}
        stage.world.file["models"]["twin"] = {**stage.world.file["models"]["gemini"], "provider": "other"}
        stage.world.file["chains"]["transcribe_video"]["budget"] = ["twin"]
        stage.world.write()

    with pytest.raises(RegistryFaults, match=r"budget\.0: a recording goes to one provider: 'transcribe_video' has"):
        read_registry(stage.world.path)


def test_no_sdk_is_loaded_before_a_recording_is_there() -> None:
    code = "import django, sys; django.setup(); import llm.video.gemini; print('google.genai' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "False"
