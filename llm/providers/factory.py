"""Builds providers from the registry and the environment: the only module that reads API keys."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from llm.errors import KeyRefused, ModelUnsuited
from llm.providers.base import Provider
from llm.registry import VENDOR_VARIABLES, ProviderKind, ProviderSpec, find_url_fault
from project import env

if TYPE_CHECKING:
    from llm.providers.google_files import GoogleFiles


@dataclass(frozen=True, kw_only=True)
class ProviderCredentials:
    """The base URL (blank: the vendor's own) and the key of a provider. The key is left out of `repr`."""

    base_url: str
    key: str = field(repr=False)


def list_missing_variables(spec: ProviderSpec) -> list[str]:
    """Return the environment variables that the provider needs and that are not set; with any, it is absent.

    Of several keys one is enough.
    """
    missing = [spec.address] if spec.address is not None and not _is_set(spec.address) else []
    return missing + ([spec.key] if spec.key is not None and not list_present_keys(spec) else [])


def list_present_keys(spec: ProviderSpec) -> tuple[str, ...]:
    """Return the variables of the provider's keys that are set, in the order of the registry."""
    return tuple(filter(_is_set, spec.key_variables))


def find_unreadable_file(variable: str) -> str:
    """Return a sentence about the file that `NAME_FILE` names, when it cannot be read; blank when nothing is wrong."""
    try:
        env.get_secret(variable)
    except ImproperlyConfigured as exc:
        return str(exc).rstrip(".")
    return ""


def find_key_fault(spec: ProviderSpec) -> str:
    """Return what is wrong with the provider's keys, each with a sentence; blank when nothing is, or without keys."""
    return "; ".join(filter(None, map(find_form_fault, spec.key_variables)))


def find_form_fault(variable: str) -> str:
    """Return why the key in this variable cannot be sent; blank when it can."""
    if fault := find_unreadable_file(variable):
        return fault
    key = env.get_secret(variable)
    # Header values are ASCII here, and the line break of a pasted key would only fail in the SDK, with a riddle.
    if not key.isascii() or any(sign.isspace() or not sign.isprintable() for sign in key):
        return f"{variable} holds a space, a line break or a sign that no key has: set it again"
    return ""


def find_base_url_fault(spec: ProviderSpec) -> str:
    """Return what is wrong with the provider's base URL; blank when nothing is, or when it is not set."""
    if spec.address is None:
        return ""
    if fault := find_unreadable_file(spec.address):
        return fault
    address = env.get_secret(spec.address)
    fault = find_url_fault(address) if address else ""
    return f"{spec.address} cannot be used: {fault}" if fault else ""


def _is_set(name: str) -> bool:
    return bool(env.get_text(name) or env.get_text(f"{name}_FILE"))


def list_ignored_variables() -> list[str]:
    """Return the variables of vendors' SDKs that are set and have no effect here."""
    return [name for name in VENDOR_VARIABLES if os.environ.get(name)]


class ProviderPool:
    """The providers of one process, each built when first needed and again when its spec or credentials change.

    Safe under threads; empties itself in a forked child.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cached: dict[tuple[str, str], tuple[ProviderSpec, ProviderCredentials, Provider]] = {}
        # Replaced providers stay referenced: a call may still be under way, and the SDKs close their client when it is
        # garbage. Specs change by hand, so that the list stays short.
        self._retired: list[tuple[ProviderSpec, ProviderCredentials, Provider]] = []
        os.register_at_fork(after_in_child=self._reset_after_fork)

    def is_present(self, spec: ProviderSpec) -> bool:
        """Tell whether all environment variables that the provider needs are set."""
        return not list_missing_variables(spec)

    def list_keys(self, spec: ProviderSpec) -> tuple[str, ...]:
        """Return the variables of the provider's keys that are set."""
        return list_present_keys(spec)

    def get_provider(self, name: str, spec: ProviderSpec, key_variable: str = "") -> Provider:
        """Return the provider for a spec of the registry, with one of its keys, by default the first that is set.

        Raises KeyRefused or ModelUnsuited, whose message names the variable that cannot be used.
        """
        place = (name, key_variable)
        access = _read_credentials(spec, key_variable)
        if (provider := self._find_cached(place, spec, access)) is not None:
            return provider
        _require_usable(spec, key_variable)
        with self._lock:
            if (provider := self._find_cached(place, spec, access)) is None:
                provider = _build_provider(spec, access)
                if place in self._cached:
                    self._retired.append(self._cached[place])
                self._cached[place] = (spec, access, provider)
            return provider

    def _find_cached(
        self, place: tuple[str, str], spec: ProviderSpec, credentials: ProviderCredentials
    ) -> Provider | None:
        known = self._cached.get(place)
        if known is None or known[1] != credentials:
            return None
        # Identity first: comparing two pydantic models field by field would be paid with every call.
        return known[2] if known[0] is spec or known[0] == spec else None

    def _reset_after_fork(self) -> None:
        """Drop the parent's clients: two processes on one TLS connection would corrupt it. The lock may be held."""
        self._lock = threading.Lock()
        self._cached, self._retired = {}, []


def open_provider_files(spec: ProviderSpec, checkpoint: Callable[[], None] = lambda: None) -> GoogleFiles:
    """Return a client for the files of the provider's account. The caller closes it; it is for one thread.

    Raises KeyRefused, and ModelUnsuited for a provider whose API stores no files.
    """
    if spec.kind is not ProviderKind.GOOGLE:
        raise ModelUnsuited(f"a provider of kind {spec.kind.value} takes no files")
    access = _read_credentials(spec)
    _require_usable(spec)
    _clear_vendor_variables()
    from llm.providers.google_files import GoogleFiles  # noqa: PLC0415  # an SDK is loaded when it is needed

    return GoogleFiles(spec=spec, base_url=access.base_url, key=access.key, checkpoint=checkpoint)


def _read_credentials(spec: ProviderSpec, key_variable: str = "") -> ProviderCredentials:
    variable = key_variable or _get_first_key(spec)
    # `manage.py check` says which file, and why.
    try:
        base_url = env.get_secret(spec.address).rstrip("/") if spec.address else spec.base_url
    except ImproperlyConfigured:
        raise ModelUnsuited(f"the file that {spec.address}_FILE names cannot be read") from None
    try:
        return ProviderCredentials(base_url=base_url, key=env.get_secret(variable) if variable else "")
    except ImproperlyConfigured:
        raise KeyRefused(f"the file that {variable}_FILE names cannot be read") from None


def _get_first_key(spec: ProviderSpec) -> str:
    # Looked up only where there is a choice: it costs each call.
    return next(iter(list_present_keys(spec)), "") if spec.more_keys else spec.key or ""


def _require_usable(spec: ProviderSpec, key_variable: str = "") -> None:
    variable = key_variable or _get_first_key(spec)
    # Of this key alone: what is wrong with another one is no reason not to use it.
    if variable and (fault := find_form_fault(variable)):
        raise KeyRefused(fault)
    if fault := find_base_url_fault(spec):
        raise ModelUnsuited(fault)


def _clear_vendor_variables() -> None:
    # Some are read when the client is built, some by the SDK's module: removed before either, for the whole process.
    for name in VENDOR_VARIABLES:
        os.environ.pop(name, None)


def _build_provider(spec: ProviderSpec, credentials: ProviderCredentials) -> Provider:
    _clear_vendor_variables()
    match spec.kind:
        case ProviderKind.OPENAI:
            from llm.providers.openai import OpenAIProvider  # noqa: PLC0415  # an SDK is loaded when it is needed

            return OpenAIProvider(spec=spec, base_url=credentials.base_url, key=credentials.key)
        case ProviderKind.ANTHROPIC:
            from llm.providers.anthropic import AnthropicProvider  # noqa: PLC0415

            return AnthropicProvider(spec=spec, base_url=credentials.base_url, key=credentials.key)
        case ProviderKind.GOOGLE:
            from llm.providers.google import GoogleProvider  # noqa: PLC0415

            return GoogleProvider(spec=spec, base_url=credentials.base_url, key=credentials.key)
