from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from llm.providers.factory import ProviderPool
from tests.llm.providers.dialects import DIALECTS, KEY, Dialect, ProviderHarness, Reach, spec_of


@pytest.fixture(scope="module")
def desks() -> Iterator[dict[str, ProviderHarness]]:
    """Return one provider and server for each dialect: making a client takes a tenth of a second."""
    providers = ProviderPool()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as servers:
        patch.setenv("TEST_KEY", KEY)
        made = {}
        for dialect in DIALECTS:
            vendor = servers.enter_context(dialect.server(key=KEY))
            spec = spec_of(dialect, vendor.url + dialect.path)
            made[dialect.name] = ProviderHarness(vendor, providers.get_provider(dialect.name, spec))
        yield made
        assert [vendor.surprises for vendor in (harness.vendor for harness in made.values()) if vendor.surprises] == []


@pytest.fixture
def harness(desks: dict[str, ProviderHarness], dialect: Dialect) -> ProviderHarness:
    return desks[dialect.name]


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reach]:
    """Make a provider and server for one test: `reach(GOOGLE, answer_seconds=1)`."""
    monkeypatch.setenv("TEST_KEY", KEY)
    with ExitStack() as servers:

        def reached(dialect: Dialect, **more: Any) -> ProviderHarness:
            vendor = servers.enter_context(dialect.server(key=KEY))
            spec = spec_of(dialect, vendor.url + dialect.path, **more)
            return ProviderHarness(vendor, ProviderPool().get_provider(dialect.name, spec))

        yield reached
