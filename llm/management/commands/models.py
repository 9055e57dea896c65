from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from llm.errors import RegistryUnusable
from llm.models import Breaker
from llm.providers.factory import find_base_url_fault, find_key_fault, list_missing_variables, list_present_keys
from llm.registry import ProviderSpec, Registry
from llm.registry_loader import get_registry_loader
from llm.router.breakers import list_open_breakers


class Command(BaseCommand):
    help = "Show which models are asked for what: providers and their keys, chains, and what is cooling down."

    def handle(self, *args: Any, **options: Any) -> None:
        loader = get_registry_loader()
        try:
            registry = loader.get_registry()
        except RegistryUnusable as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        for line in _format_report(registry, list_open_breakers()):
            self.stdout.write(line)


def _format_report(registry: Registry, breakers: list[Breaker]) -> Iterator[str]:
    yield f"Registry {registry.digest}"
    yield "\nProviders"
    for name, provider in registry.providers.items():
        yield f"  {name:<12} {_describe_provider(provider)}"
    yield "\nStrategies"
    for name, preference in registry.strategies.items():
        after = f" Then: {preference.fallback}." if preference.fallback else ""
        yield f"  {name:<12} {preference.description}{after}"
    cooling = {(row.provider, row.model) for row in breakers if not (row.shape or row.key)}
    for name, action in registry.actions.items():
        needs = f" Needs: {', '.join(sorted(action.needs))}." if action.needs else ""
        yield f"\n{name}\n  {action.description}{needs}"
        for strategy in registry.strategies:
            chain = [registry.models[model_id] for model_id in registry.chains[name][strategy]]
            models = ", ".join(
                model.id + _format_mark(registry.providers[model.provider], (model.provider, model.model), cooling)
                for model in chain
            )
            yield f"  {strategy:<12} {models}"
    yield "\nOpen breakers"
    now = timezone.now()
    for row in breakers:
        assert row.open_until is not None
        seconds = (row.open_until - now).total_seconds()
        only = f" {row.shape}" if row.shape else f" with {row.key}" if row.key else ""
        yield f"  {row.provider}/{row.model or '*'}: {row.kind}, not asked{only} for {seconds:.0f} s more"
    if not breakers:
        yield "  none"


def _describe_provider(provider: ProviderSpec) -> str:
    if missing := list_missing_variables(provider):
        return f"absent: {' and '.join(missing)} not set"
    keys = f"present, with {len(list_present_keys(provider))} keys" if provider.more_keys else "present"
    return find_key_fault(provider) or find_base_url_fault(provider) or keys


def _format_mark(provider: ProviderSpec, model: tuple[str, str], cooling: set[tuple[str, str]]) -> str:
    if list_missing_variables(provider):
        return " (absent)"
    # A breaker without a model is that of the whole provider.
    return " (cooling down)" if cooling & {model, (model[0], "")} else ""
