from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from llm.errors import ModelsExhausted, RegistryUnusable
from llm.providers.factory import missing_variables, unusable_address, unusable_key
from llm.registry_loader import watched_registry
from llm.router_factory import insistent_router


class Command(BaseCommand):
    help = (
        "Check the registry and the keys; with --live also ask each configured model for a word, which costs a few "
        "tokens. A model that answers is no longer passed over. Exits with 1 when something does not work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--live", action="store_true", help="ask each configured model")

    def handle(self, *, live: bool, **options: Any) -> None:
        watched = watched_registry()
        try:
            registry = watched.current()
        except RegistryUnusable as exc:
            raise CommandError(str(exc)) from exc
        router, failed = insistent_router(), 0
        for name, model in registry.models.items():
            provider = registry.providers[model.provider]
            fault = unusable_key(provider) or unusable_address(provider)
            if missing := missing_variables(provider):
                said = f"absent: {' and '.join(missing)} not set"
            elif fault or not live:
                said = fault or "configured"
                failed += bool(fault)
            else:
                try:
                    answer = router.ping(model)
                    said = f"answers ({answer.usage.input_tokens} tokens in, {answer.usage.output_tokens} out)"
                except ModelsExhausted as exc:
                    failed += 1
                    said = "; ".join(attempt.cause for attempt in exc.attempts)
            self.stdout.write(f"{name:<28} {said}")
        if failed:
            raise CommandError(f"{failed} of the configured models do not work.")
