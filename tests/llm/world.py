"""A registry of models whose providers are fake vendors on this machine, reached by the real SDKs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from pytest_django import Settings

from llm.models import ExternalCall
from llm.registry import Registry
from llm.registry_loader import get_registry_loader
from llm.router import factory
from llm.router.factory import get_model_router
from llm.router.router import ModelRouter
from llm.services import set_budget
from tenants.models import Tenant
from tests.fakes.anthropic import AnthropicServer
from tests.fakes.google import GoogleServer
from tests.fakes.openai import OpenAIServer
from tests.fakes.server import FakeVendor

PRICES = {"input": 1, "cached_input": 0.1, "cache_write": 1.25, "output": 10, "thinking": 20}
ABLE = ["vision", "structured_output"]


@dataclass
class World:
    """Four vendors, a model of each, and the chains `ask` and `look` over them.

    Strategy `default` asks google, then anthropic; `quality` asks openai and falls back to `default`; `budget` asks
    deepseek. `write` writes the registry again after a change of `file`.
    """

    path: Path
    google: GoogleServer = field(default_factory=lambda: GoogleServer(key="google-key"))
    anthropic: AnthropicServer = field(default_factory=lambda: AnthropicServer(key="anthropic-key"))
    openai: OpenAIServer = field(default_factory=lambda: OpenAIServer(key="openai-key"))
    deepseek: OpenAIServer = field(default_factory=lambda: OpenAIServer(key="deepseek-key", json_schema=False))
    file: dict[str, Any] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        for vendor in self.vendors:
            self._open.enter_context(vendor)
        self.file = self._registry()
        self.write()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    @property
    def vendors(self) -> tuple[FakeVendor, ...]:
        return (self.google, self.anthropic, self.openai, self.deepseek)

    @property
    def router(self) -> ModelRouter:
        return get_model_router(None)

    @property
    def registry(self) -> Registry:
        return get_registry_loader().get_registry()

    @property
    def calls(self) -> list[ExternalCall]:
        """Every row, in the order of the attempts."""
        return list(ExternalCall.objects.order_by("created_at", "id"))

    def load_sdks(self) -> None:
        """Make every provider's client, before a test's clock runs."""
        for name, spec in self.registry.providers.items():
            self.router.services.providers.get_provider(name, spec)

    def begin_anew(self) -> None:
        """Forget what this process knows, as another process would begin."""
        forget_processes_state()

    def write(self) -> None:
        self.path.write_text(yaml.safe_dump(self.file, sort_keys=False))

    def _registry(self) -> dict[str, Any]:
        return {
            "providers": {
                "google": provider("google", self.google.url, "TEST_GOOGLE_KEY"),
                "anthropic": provider("anthropic", self.anthropic.url, "TEST_ANTHROPIC_KEY"),
                "openai": provider(
                    "openai", f"{self.openai.url}/v1", "TEST_OPENAI_KEY", max_tokens_parameter="max_completion_tokens"
                ),
                "deepseek": provider("openai", self.deepseek.url, "TEST_DEEPSEEK_KEY"),
            },
            "models": {
                "gemini": model("google", capabilities=[*ABLE, "video"]),
                "claude": model("anthropic"),
                "gpt": model("openai"),
                "deepseek": model("deepseek", capabilities=["structured_output"], schema_mode="object"),
            },
            "actions": {
                "ask": {"description": "Answer a question.", "output_tokens": 1000, "seconds": 30},
                "look": {"description": "Look at pictures.", "needs": ["vision"], "seconds": 30},
            },
            "strategies": {
                "quality": {"description": "The best.", "fallback": "default"},
                "default": {"description": "Good."},
                "budget": {"description": "Cheap."},
            },
            "chains": {
                "ask": {"quality": ["gpt"], "default": ["gemini", "claude"], "budget": ["deepseek"]},
                "look": {"quality": ["gpt"], "default": ["gemini", "claude"], "budget": ["gemini"]},
            },
        }


def provider(kind: str, base_url: str, key: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "base_url": base_url, "key": key, "connect_seconds": 2, "answer_seconds": 20, **more}


def model(provider: str, **more: Any) -> dict[str, Any]:
    usual = {
        "provider": provider, "capabilities": ABLE, "context_window": 100_000, "max_output": 8_000, "prices": PRICES,
    }  # fmt: skip
    return {**usual, **more}


KEYS: Mapping[str, str] = {
    "TEST_GOOGLE_KEY": "google-key",
    "TEST_ANTHROPIC_KEY": "anthropic-key",
    "TEST_OPENAI_KEY": "openai-key",
    "TEST_DEEPSEEK_KEY": "deepseek-key",
}


def forget_processes_state() -> None:
    """Forget what a process keeps of models, as a new one would begin."""
    factory.get_router.cache_clear()


def set_limits(tenant: Tenant, *, soft: str | None = None, hard: str | None = None) -> None:
    """Set the tenant's budget in dollars, for this process at once."""
    set_budget(
        tenant=tenant,
        soft_limit=None if soft is None else Decimal(soft),
        hard_limit=None if hard is None else Decimal(hard),
    )
    forget_processes_state()


def use(settings: Settings, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Make the world's registry and keys those of this process."""
    settings.MODELS_FILE = world.path
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    forget_processes_state()
