"""Several keys of one provider: used in turn, and cooled apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from llm.checks import check_models
from llm.errors import ModelsExhausted
from llm.messages import Clip, ModelRequest
from llm.models import Breaker
from llm.registry import RegistryFaults, read_registry
from llm.router.deadlines import Deadline
from llm.router.factory import build_router_without_breakers
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Fail, Step
from tests.llm.test_commands import run
from tests.llm.world import World

QUESTION = ModelRequest(prompt="How hot?")
NAMES = ("TEST_GOOGLE_KEY", "TEST_SECOND_KEY", "TEST_THIRD_KEY")
KEYS = ("google-key", "second-key", "third-key")


@pytest.fixture
def keys(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give the provider google two more keys; its server takes any."""
    world.file["providers"]["google"]["more_keys"] = list(NAMES[1:])
    world.write()
    world.google.key = ""
    for name, key in zip(NAMES, KEYS, strict=True):
        monkeypatch.setenv(name, key)
    return world


def answers(**failing: Step) -> Callable[[Asked], Step]:
    """Answer requests, but fail those with certain keys."""

    def answer(asked: Asked) -> Step:
        return failing.get(key_of(asked).partition("-")[0], Answer("100."))

    return answer


def key_of(asked: Asked) -> str:
    return asked.headers["x-goog-api-key"]


def test_keys_are_used_in_turn(keys: World) -> None:
    keys.google.always(Answer("100."))

    for _ in range(6):
        keys.router.complete("ask", QUESTION)

    assert Counter(map(key_of, keys.google.asked)) == dict.fromkeys(KEYS, 2)
    assert len({key_of(asked) for asked in keys.google.asked[:3]}) == 3


@pytest.mark.parametrize(
    ("step", "kind", "model"),
    [
        (Fail(403), "key_refused", ""),
        (Fail(402), "quota_exhausted", ""),
        (Fail(429), "busy", "gemini"),
        (Fail(429, retry_delay="40s"), "busy", "gemini"),
    ],
)
def test_what_is_wrong_with_one_key_cools_that_key_alone(keys: World, step: Fail, kind: str, model: str) -> None:
    keys.google.always(answers(second=step))

    replies = [keys.router.complete("ask", QUESTION) for _ in range(6)]
    keys.begin_anew()  # another process knows it, too
    replies += [keys.router.complete("ask", QUESTION) for _ in range(3)]

    assert {reply.model for reply in replies} == {"gemini"}
    assert Counter(map(key_of, keys.google.asked))["second-key"] == 1
    (breaker,) = Breaker.objects.all()
    assert (breaker.provider, breaker.model, breaker.key, breaker.kind) == ("google", model, "TEST_SECOND_KEY", kind)
    assert "with TEST_SECOND_KEY" in run("models", "--skip-checks")[0]


def test_the_alarm_names_the_variable_of_the_key_and_never_the_key(
    keys: World, caplog: pytest.LogCaptureFixture
) -> None:
    keys.google.always(answers(second=Fail(403)))

    for _ in range(3):
        keys.router.complete("ask", QUESTION)

    [alarm] = [record.msg for record in caplog.records if record.levelname == "ERROR"]
    assert isinstance(alarm, dict)
    assert alarm["key_variable"] == "TEST_SECOND_KEY"
    assert "second-key" not in caplog.text


def test_a_failure_of_the_server_is_no_matter_of_the_key(keys: World) -> None:
    keys.google.always(Fail(503))
    keys.anthropic.always(Answer("100."))

    for _ in range(3):
        assert keys.router.complete("ask", QUESTION).model == "claude"

    (breaker,) = Breaker.objects.all()
    assert (breaker.model, breaker.key) == ("gemini", "")
    assert len(keys.google.asked) == 3


def test_when_all_keys_cool_the_next_model_is_asked(keys: World) -> None:
    keys.google.always(Fail(403))
    keys.anthropic.always(Answer("100."))

    replies = [keys.router.complete("ask", QUESTION) for _ in range(2)]

    assert [attempt.kind for attempt in replies[0].attempts] == [*["key_refused"] * 3, "answered"]
    assert [attempt.cause[:9] for attempt in replies[1].attempts] == ["not asked", ""]
    assert len(keys.google.asked) == 3


def test_it_says_when_the_first_key_can_be_used_again(keys: World) -> None:
    keys.file["chains"]["ask"]["default"] = ["gemini"]
    keys.write()
    keys.google.always(answers(google=Fail(402), second=Fail(429, retry_delay="45s"), third=Fail(403)))

    with pytest.raises(ModelsExhausted) as failed:
        keys.router.complete("ask", QUESTION, deadline=Deadline.after(10))

    assert failed.value.retry_after is not None
    assert 20 < failed.value.retry_after <= 45


@pytest.mark.parametrize("step", [Fail(403), Fail(402), Fail(429, retry_delay="40s")])
def test_a_probe_that_fails_for_its_key_leaves_the_model_to_other_keys(keys: World, step: Fail) -> None:
    before = timezone.now() - timedelta(seconds=1)
    Breaker.objects.create(provider="google", model="gemini", kind="busy", failures=3, opened=1, open_until=before)
    keys.google.always(answers(second=step, google=step))

    replies = [keys.router.complete("ask", QUESTION) for _ in range(2)]

    assert {reply.model for reply in replies} == {"gemini"}
    assert not Breaker.objects.filter(key="").exists()


def test_a_probe_that_ends_with_the_providers_refusal_is_over(world: World) -> None:
    before = timezone.now() - timedelta(seconds=1)
    Breaker.objects.create(provider="google", model="gemini", kind="busy", failures=3, opened=1, open_until=before)
    world.google.always(Fail(402))
    world.anthropic.always(Answer("100."))

    world.router.complete("ask", QUESTION)

    assert [row.probe_until for row in Breaker.objects.filter(provider="google")] == [None, None]


def test_a_key_that_answers_again_is_forgotten_to_have_failed(keys: World) -> None:
    for name in NAMES:
        Breaker.objects.create(provider="google", key=name, kind="key_refused", open_until=timezone.now())
    keys.google.always(Answer("100."))

    for _ in range(3):
        keys.router.complete("ask", QUESTION)

    assert not Breaker.objects.exists()


def test_one_key_of_several_is_enough(keys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_GOOGLE_KEY")
    monkeypatch.delenv("TEST_THIRD_KEY")
    keys.google.always(Answer("100."))

    assert keys.router.complete("ask", QUESTION).model == "gemini"
    assert {key_of(asked) for asked in keys.google.asked} == {"second-key"}


def test_a_key_that_cannot_be_sent_is_passed_over(keys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_THIRD_KEY", "third\nkey")
    keys.google.always(Answer("100."))

    for _ in range(4):
        assert keys.router.complete("ask", QUESTION).model == "gemini"

    assert [row.key for row in Breaker.objects.all()] == ["TEST_THIRD_KEY"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_key_whose_file_cannot_be_read_is_passed_over_with_an_alarm(
    keys: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path, number: int
) -> None:
    monkeypatch.delenv(NAMES[number])
    monkeypatch.setenv(f"{NAMES[number]}_FILE", str(tmp_path / "gone"))
    keys.google.always(Answer("100."))

    for _ in range(4):
        assert keys.router.complete("ask", QUESTION).model == "gemini"

    assert {key_of(asked) for asked in keys.google.asked} == set(KEYS) - {KEYS[number]}
    assert [row.key for row in Breaker.objects.all()] == [NAMES[number]]
    [alarm] = [record.msg for record in caplog.records if record.levelname == "ERROR"]
    assert isinstance(alarm, dict)
    assert alarm["key_variable"] == NAMES[number]
    assert [fault for fault in check_models() if f"{NAMES[number]}_FILE" in fault.msg]


def test_recordings_go_with_the_key_that_they_were_uploaded_with(keys: World) -> None:
    keys.google.always(Answer("100."))
    clip = Clip(uri="https://example.org/files/1", media_type="video/mp4")

    for _ in range(3):
        keys.router.complete("ask", ModelRequest(prompt="What is it?", clips=(clip,)))

    assert {key_of(asked) for asked in keys.google.asked} == {"google-key"}


def test_a_check_ends_with_a_refused_key(keys: World) -> None:
    keys.google.always(Fail(403))

    with pytest.raises(ModelsExhausted):
        build_router_without_breakers().ping_model(keys.registry.models["gemini"])

    assert len(keys.google.asked) == 1


@pytest.mark.parametrize("more", [["TEST_GOOGLE_KEY"], ["TEST_SECOND_KEY", "TEST_SECOND_KEY"]])
def test_a_key_is_named_once(world: World, more: list[str], tmp_path: Path) -> None:
    world.file["providers"]["google"]["more_keys"] = more
    world.write()

    with pytest.raises(RegistryFaults, match="more_keys names a variable twice"):
        read_registry(world.path)
