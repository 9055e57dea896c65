from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from llm.errors import ModelsExhausted, RegistryUnusable
from llm.providers.factory import find_base_url_fault, find_key_fault, list_missing_variables
from llm.registry_loader import get_registry_loader
from llm.router.factory import build_router_without_breakers
from project.errors import DomainError


class Command(BaseCommand):
    help = (
        "Check the registry and the keys; with --live also ask each configured model for a word, or for the vector of "
        "one, which costs a few tokens. A model that answers is no longer passed over, but for requests of a form that "
        "it refused. Of several keys of a provider one is used, by preference one that is not passed over. Exits with "
        "1 when something does not work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--live", action="store_true", help="ask each configured model")

    def handle(self, *, live: bool, **options: Any) -> None:
        loader = get_registry_loader()
        try:
            registry = loader.get_registry()
        except RegistryUnusable as exc:
            raise CommandError(str(exc)) from exc
        router, failed = build_router_without_breakers(), 0
        for name, model in registry.models.items():
            provider = registry.providers[model.provider]
            fault = find_key_fault(provider) or find_base_url_fault(provider)
            # An absent provider is no failure: chains are made to hold more vendors than anybody has keys of.
            if missing := list_missing_variables(provider):
                said = f"absent: {' and '.join(missing)} not set"
            elif fault or not live:
                said = fault or "configured"
                failed += bool(fault)
            else:
                try:
                    answer = router.ping_model(model)
                    said = f"answers ({answer.usage.input_tokens} tokens in, {answer.usage.output_tokens} out)"
                except DomainError as exc:
                    failed += 1
                    causes = [attempt.cause for attempt in exc.attempts] if isinstance(exc, ModelsExhausted) else []
                    said = "; ".join(causes) or str(exc)
            self.stdout.write(f"{name:<28} {said}")
        if failed:
            raise CommandError(f"{failed} of the configured models do not work.")
