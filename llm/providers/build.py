"""From the registry and the environment to providers: the only reader of API keys."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from llm.errors import KeyRefused
from llm.providers.base import Provider
from llm.registry import ProviderKind, ProviderSpec
from project import env

_VENDOR_VARIABLES = (
    "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID",
    "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_PROFILE",
    "GOOGLE_API_KEY", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_PROJECT", "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_GENAI_API_VERSION", "GOOGLE_GENAI_HTTP_CLIENT", "GOOGLE_GENAI_USE_ENTERPRISE",
    "GOOGLE_GENAI_USE_VERTEXAI",
)  # fmt: skip
"""What the SDKs read behind our back: it would change where requests go, or add headers to those of other providers."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the environment says of a provider: its address (blank: the vendor's own) and its key."""

    base_url: str
    key: str


def missing_variables(spec: ProviderSpec) -> list[str]:
    """Return the variables that the provider needs and that are not set. A provider that misses one is absent."""
    return [name for name in (spec.address, spec.key) if name is not None and not env.secret(name)]


def unusable_key(spec: ProviderSpec) -> str:
    """Return what is wrong with the form of the provider's key; blank when nothing is, or when it has none."""
    key = env.secret(spec.key) if spec.key is not None else ""
    if not key.isascii() or any(sign.isspace() or not sign.isprintable() for sign in key):
        return f"{spec.key} holds a space, a line break or a sign that no key has: set it again"
    return ""


def ignored_variables() -> list[str]:
    """Return the variables of the vendors' SDKs that are set although nothing here listens to them."""
    return [name for name in _VENDOR_VARIABLES if os.environ.get(name)]


class Providers:
    """The providers of one process, made when first needed and kept as long as their spec and access stay the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, ProviderSpec, Access], Provider] = {}
        os.register_at_fork(after_in_child=self._forget)

    def is_present(self, spec: ProviderSpec) -> bool:
        """Tell whether the provider has what it needs from the environment."""
        return not missing_variables(spec)

    def get(self, name: str, spec: ProviderSpec) -> Provider:
        """Return the provider. Raises KeyRefused, naming the variable, for a key that cannot be sent."""
        access = Access(
            base_url=env.text(spec.address).rstrip("/") if spec.address else spec.base_url,
            key=env.secret(spec.key) if spec.key else "",
        )
        known = (name, spec, access)
        if (provider := self._made.get(known)) is not None:
            return provider
        if fault := unusable_key(spec):
            raise KeyRefused(fault)
        with self._lock:
            if known not in self._made:
                self._made[known] = _make(spec, access)
            return self._made[known]

    def _forget(self) -> None:
        """Start without clients in a forked process: connections are not shared."""
        self._lock = threading.Lock()
        self._made = {}


def _make(spec: ProviderSpec, access: Access) -> Provider:
    for name in _VENDOR_VARIABLES:
        os.environ.pop(name, None)
    match spec.kind:
        case ProviderKind.OPENAI:
            from llm.providers.openai import OpenAIProvider  # noqa: PLC0415  # an SDK is loaded when it is needed

            return OpenAIProvider(spec=spec, base_url=access.base_url, key=access.key)
        case ProviderKind.ANTHROPIC:
            from llm.providers.anthropic import AnthropicProvider  # noqa: PLC0415

            return AnthropicProvider(spec=spec, base_url=access.base_url, key=access.key)
        case ProviderKind.GOOGLE:
            from llm.providers.google import GoogleProvider  # noqa: PLC0415

            return GoogleProvider(spec=spec, base_url=access.base_url, key=access.key)
