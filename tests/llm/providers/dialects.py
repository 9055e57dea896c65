"""The dialects of vendors, and for each a provider in front of a server that accepts its dialect strictly."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, Field

from llm.errors import ProviderError
from llm.messages import ModelReply, ModelRequest, Picture, TokenUsage
from llm.providers.base import Provider, ProviderCall
from llm.registry import ModelSpec, Prices, ProviderKind, ProviderSpec
from llm.schemas import Schema
from tests.fakes.anthropic import AnthropicServer
from tests.fakes.asked import Asked
from tests.fakes.google import GoogleServer
from tests.fakes.openai import OpenAIServer
from tests.fakes.server import FakeVendor, Scripted
from tests.fakes.steps import Answer, Raw, Reply, Step

PROMPT = "How many marmalade jars fit into a lorry?"
SYSTEM = "You count jars."
KEY = "sk-test-4711"
VENDORS_WORDS = "the vendor repeats"
ECHO = f"{VENDORS_WORDS}: {PROMPT} {SYSTEM} {KEY}"
QUESTION = ModelRequest(prompt=PROMPT, system=SYSTEM)
PICTURES = (
    Picture(data=b"\x89PNG first", media_type="image/png"),
    Picture(data=b"\x00\x01 second", media_type="image/jpeg"),
)
MODEL = ModelSpec(
    id="m",
    model="m-1",
    provider="vendor",
    context_window=100_000,
    max_output=50_000,
    prices=Prices(input=Decimal(1), output=Decimal(2)),
)
NOTHING = TokenUsage()


def build_call(**more: Any) -> ProviderCall:
    """Return a call of which nothing has arrived yet."""
    usual: dict[str, Any] = {"request": QUESTION, "model": MODEL, "max_output_tokens": 50, "seconds": 10}
    return ProviderCall(**{**usual, **more})


class Jars(BaseModel):
    """How many."""

    count: int = Field(ge=0, le=1_000_000)
    kind: str | None


@dataclass(frozen=True)
class Dialect:
    """A dialect, and the server that accepts it strictly."""

    name: str
    kind: ProviderKind
    server: Callable[..., FakeVendor]
    path: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


OPENAI = Dialect(
    "openai", ProviderKind.OPENAI, OpenAIServer, path="/v1", spec={"max_tokens_parameter": "max_completion_tokens"}
)
DEEPSEEK = Dialect("deepseek", ProviderKind.OPENAI, lambda **more: OpenAIServer(json_schema=False, **more))
ANTHROPIC = Dialect("anthropic", ProviderKind.ANTHROPIC, AnthropicServer)
GOOGLE = Dialect("google", ProviderKind.GOOGLE, GoogleServer)
DIALECTS = [OPENAI, DEEPSEEK, ANTHROPIC, GOOGLE]


def label(value: object) -> str | None:
    """Return the name under which a row of a table is listed."""
    return value.name if isinstance(value, Dialect) else None


each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=str)


@dataclass(frozen=True)
class ProviderHarness:
    """A vendor with our provider in front of it."""

    vendor: FakeVendor
    provider: Provider

    def ask(
        self,
        *steps: Scripted,
        request: ModelRequest = QUESTION,
        model: ModelSpec = MODEL,
        seconds: float = 10,
        room: int = 50,
        schema: Schema | None = None,
    ) -> ModelReply:
        """Ask once, and see that this was one request."""
        before = len(self.vendor.asked)
        self.vendor.script(*steps)
        call = ProviderCall(request=request, model=model, max_output_tokens=room, seconds=seconds, schema=schema)
        try:
            return self.provider.complete(call)
        finally:
            assert len(self.vendor.asked) - before == len(steps)

    def fails(self, *steps: Scripted, **call: Any) -> ProviderError:
        """Ask once and return our error, which must keep what was said to itself."""
        with pytest.raises(ProviderError) as failed:
            self.ask(*steps, **call)
        assert_discreet(failed.value)
        return failed.value

    @property
    def asked(self) -> Asked:
        return self.vendor.asked[-1]


def assert_discreet(error: ProviderError) -> None:
    """See that neither the message nor a log of the traceback holds what nobody may read."""
    told = str(error) + "".join(traceback.format_exception(error))
    assert [said for said in (PROMPT, SYSTEM, KEY, VENDORS_WORDS) if said in told] == []


Reach = Callable[..., ProviderHarness]


def spec_of(dialect: Dialect, base_url: str, **more: Any) -> ProviderSpec:
    usual = {"kind": dialect.kind, "base_url": base_url, "key": "TEST_KEY", "connect_seconds": 2, "answer_seconds": 20}
    return ProviderSpec(**{**usual, **dialect.spec, **more})


def altered(vendor: FakeVendor, change: Callable[[dict[str, Any]], object], step: Reply | None = None) -> Scripted:
    """Answer as the vendor does, with a change to the body."""
    reply = step or Answer("An answer.")

    def answer(asked: Asked) -> Step:
        body = vendor.answer_body(reply, vendor.bill(reply, asked), "r-1")
        change(body)
        return Raw(200, json.dumps(body).encode())

    return answer


def ask_in_vain(provider: Provider, *, seconds: float) -> ProviderError:
    """Ask a server that is not there, and return our error."""
    with pytest.raises(ProviderError) as failed:
        provider.complete(build_call(seconds=seconds))
    assert_discreet(failed.value)
    return failed.value
