"""Keys: where they go, what may not lead them elsewhere, and the clients that hold them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from llm.errors import KeyRefused, ModelUnsuited, ProviderBusy
from llm.messages import ModelRequest
from llm.providers.base import ProviderCall
from llm.providers.factory import ProviderPool
from llm.registry import ProviderKind, ProviderSpec
from tests.fakes.anthropic import AnthropicServer
from tests.fakes.asked import Asked
from tests.fakes.openai import OpenAIServer
from tests.fakes.server import FakeVendor
from tests.fakes.steps import Answer, Redirect, Step
from tests.llm.providers.dialects import (
    ANTHROPIC,
    GOOGLE,
    KEY,
    MODEL,
    NOTHING,
    OPENAI,
    PROMPT,
    SYSTEM,
    Dialect,
    ProviderHarness,
    Reach,
    ask_in_vain,
    build_call,
    each_dialect,
    spec_of,
)


@each_dialect
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_request_follows_a_redirect(harness: ProviderHarness, dialect: Dialect, status: int) -> None:
    harness.ask(Answer())
    with dialect.server(key=KEY) as rival:
        error = harness.fails(Redirect(f"{rival.url}{harness.asked.path}", status))

    assert type(error) is ModelUnsuited
    assert rival.asked == []


LEAKS = {
    "OPENAI_ORG_ID": "leak-org",
    "OPENAI_PROJECT_ID": "leak-project",
    "OPENAI_CUSTOM_HEADERS": "x-leak: leak-header\nauthorization: Bearer leak-key",
    "OPENAI_ADMIN_KEY": "leak-admin",
    "OPENAI_API_KEY": "leak-openai",
    "ANTHROPIC_CUSTOM_HEADERS": "x-leak: leak-header",
    "ANTHROPIC_AUTH_TOKEN": "leak-token",
    "ANTHROPIC_API_KEY": "leak-anthropic",
    "GOOGLE_API_KEY": "leak-google",
    "GEMINI_API_KEY": "leak-gemini",
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "GOOGLE_GENAI_USE_ENTERPRISE": "true",
    "GOOGLE_GENAI_API_VERSION": "v7leak",
    "GOOGLE_CLOUD_PROJECT": "leak-project",
    "GOOGLE_CLOUD_LOCATION": "leak-location",
}  # fmt: skip
ADDRESSES = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL")


@pytest.fixture
def leaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVendor]:
    """Set everything that the vendors' SDKs listen to, and return the server that it would lead to."""
    for name, value in LEAKS.items():
        monkeypatch.setenv(name, value)
    with OpenAIServer(key="") as rival:
        for name in ADDRESSES:
            monkeypatch.setenv(name, rival.url)
        yield rival


@each_dialect
@pytest.mark.parametrize("key", ["TEST_KEY", None])
def test_no_variable_of_a_vendor_changes_a_request(
    leaks: FakeVendor, monkeypatch: pytest.MonkeyPatch, dialect: Dialect, key: str | None
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with dialect.server(key=KEY if key else "") as vendor:
        spec = spec_of(dialect, vendor.url + dialect.path, key=key)
        harness = ProviderHarness(vendor, ProviderPool().get_provider(dialect.name, spec))

        harness.ask(Answer())

    sent = json.dumps([harness.asked.path, dict(harness.asked.headers), harness.asked.body])
    assert "leak" not in sent
    assert "vertex" not in sent.lower()
    assert (KEY in sent) == (key is not None)
    assert leaks.asked == []


@pytest.mark.parametrize(
    ("dialect", "host"),
    [
        (OPENAI, "api.openai.com"),
        (ANTHROPIC, "api.anthropic.com"),
        (GOOGLE, "generativelanguage.googleapis.com"),
    ],
    ids=str,
)
def test_without_an_address_a_request_goes_to_the_vendor_alone(
    leaks: FakeVendor, monkeypatch: pytest.MonkeyPatch, dialect: Dialect, host: str
) -> None:
    sought: list[object] = []

    def seek(name: object, *_: object, **__: object) -> None:
        sought.append(name)
        raise socket.gaierror("no names here")

    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setattr(socket, "getaddrinfo", seek)

    error = ask_in_vain(ProviderPool().get_provider("nowhere", spec_of(dialect, "")), seconds=5)

    assert type(error) is ProviderBusy
    assert error.usage == NOTHING
    assert sought == [host]
    assert leaks.asked == []


CHILD = """
import django; django.setup()
import sys
from llm.providers.factory import ProviderPool
from llm.registry import ProviderSpec
from tests.llm.providers.dialects import build_call
for kind, url in zip(("openai", "anthropic"), sys.argv[1:]):
    provider = ProviderPool().get_provider(kind, ProviderSpec(kind=kind, base_url=url, key="TEST_KEY"))
    print(provider.complete(build_call()).text)
"""


@pytest.mark.slow
def test_no_variable_of_a_vendor_brings_prompts_into_the_log() -> None:
    with OpenAIServer(key=KEY, reasoning_model=False) as openai, AnthropicServer(key=KEY) as anthropic:
        openai.script(Answer("Many."))
        anthropic.script(Answer("More."))
        done = subprocess.run(
            [sys.executable, "-c", CHILD, openai.url, anthropic.url],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "TEST_KEY": KEY,
                "OPENAI_LOG": "debug",
                "ANTHROPIC_LOG": "debug",
                "LOG_LEVEL": "DEBUG",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.stdout.split() == ["Many.", "More."], done.stderr
    assert [said for said in (PROMPT, SYSTEM, KEY, "Many.") if said in done.stderr] == []


@each_dialect
@pytest.mark.parametrize("written", [f"{KEY}\n", f" {KEY}\r\n", f"\t{KEY} "])
def test_white_space_around_a_key_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dialect: Dialect, written: str
) -> None:
    (tmp_path / "key").write_text(written)
    monkeypatch.setenv("TEST_KEY", written)
    monkeypatch.setenv("OTHER_KEY_FILE", str(tmp_path / "key"))
    with dialect.server(key=KEY) as vendor:
        providers = ProviderPool()
        replies = [
            ProviderHarness(
                vendor, providers.get_provider(name, spec_of(dialect, vendor.url + dialect.path, key=name))
            ).ask(Answer())
            for name in ("TEST_KEY", "OTHER_KEY")
        ]

    assert [reply.text for reply in replies] == ["Hello.", "Hello."]


@each_dialect
@pytest.mark.parametrize("key", ["sk-4711\nsk-4712", "sk-47 11", "sk-47\u00e911", "\ufeffsk-4711", "sk-\x7f4711"])
def test_a_key_that_cannot_be_sent_is_refused_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, dialect: Dialect, key: str
) -> None:
    monkeypatch.setenv("TEST_KEY", key)

    with pytest.raises(KeyRefused, match="TEST_KEY") as failed:
        ProviderPool().get_provider("vendor", spec_of(dialect, "http://127.0.0.1:1"))

    assert "47" not in str(failed.value)


@pytest.mark.parametrize("address", ["127.0.0.1:11434/v1", "localhost:11434", "ftp://here", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused_with_its_variable(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("TEST_ADDRESS", address)

    with pytest.raises(ModelUnsuited, match=r"TEST_ADDRESS .* https?://"):
        ProviderPool().get_provider("local", ProviderSpec(kind=ProviderKind.OPENAI, address="TEST_ADDRESS"))


def test_a_server_without_keys_is_asked_at_the_address_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ProviderSpec(kind=ProviderKind.OPENAI, address="TEST_ADDRESS")
    with OpenAIServer(key="", reasoning_model=False) as vendor:
        monkeypatch.setenv("TEST_ADDRESS", f"{vendor.url}/v1/")
        harness = ProviderHarness(vendor, ProviderPool().get_provider("local", spec))

        reply = harness.ask(Answer("Many."))

    assert reply.text == "Many."
    assert harness.asked.path == "/v1/chat/completions"


def test_a_provider_is_present_once_its_variables_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ProviderSpec(kind=ProviderKind.OPENAI, address="TEST_ADDRESS", key="TEST_KEY")
    providers = ProviderPool()
    for name in ("TEST_ADDRESS", "TEST_KEY"):
        monkeypatch.delenv(name, raising=False)

    seen = [providers.is_present(spec)]
    for name, value in (("TEST_KEY", KEY), ("TEST_ADDRESS", "http://127.0.0.1:1"), ("TEST_KEY", " \n")):
        monkeypatch.setenv(name, value)
        seen.append(providers.is_present(spec))

    assert seen == [False, False, True, False]


@each_dialect
def test_a_client_is_made_once_until_something_about_it_changes(
    monkeypatch: pytest.MonkeyPatch, dialect: Dialect
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    providers = ProviderPool()
    spec = spec_of(dialect, "http://127.0.0.1:1")
    first = providers.get_provider("vendor", spec)

    assert providers.get_provider("vendor", spec_of(dialect, "http://127.0.0.1:1")) is first
    assert providers.get_provider("vendor", spec.model_copy(update={"concurrency": 3})) is not first
    monkeypatch.setenv("TEST_KEY", "sk-next")
    assert providers.get_provider("vendor", spec) is not first


def test_a_changed_key_is_used_by_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    providers = ProviderPool()
    with AnthropicServer(key=KEY) as vendor:
        monkeypatch.setenv("TEST_KEY", "sk-old")
        with pytest.raises(KeyRefused):
            ProviderHarness(vendor, providers.get_provider("vendor", spec_of(ANTHROPIC, vendor.url))).provider.complete(
                build_call()
            )
        monkeypatch.setenv("TEST_KEY", KEY)

        reply = ProviderHarness(vendor, providers.get_provider("vendor", spec_of(ANTHROPIC, vendor.url))).ask(
            Answer("Many.")
        )

    assert reply.text == "Many."


@each_dialect
def test_sixteen_threads_get_their_own_answers_of_one_client(reach: Reach, dialect: Dialect) -> None:
    harness = reach(dialect, concurrency=16)
    met = threading.Barrier(16)

    def answer(asked: Asked) -> Step:
        with suppress(threading.BrokenBarrierError):
            met.wait(timeout=30)
        return Answer(f"Answer to {asked.prompt}")

    def ask(number: int) -> list[str]:
        calls = [
            ProviderCall(request=ModelRequest(prompt=f"{number}.{turn}"), model=MODEL, max_output_tokens=50, seconds=60)
            for turn in range(4)
        ]
        return [harness.provider.complete(call).text for call in calls]

    harness.vendor.always(answer)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, range(16)))

    assert not met.broken
    assert answers == [[f"Answer to {number}.{turn}" for turn in range(4)] for number in range(16)]
    assert len(harness.vendor.asked) == 64
