from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from llm.errors import ProviderError, RegistryUnusable
from llm.providers.factory import list_missing_variables, open_provider_files
from llm.registry import ProviderKind, ProviderSpec
from llm.registry_loader import get_registry_loader


class Command(BaseCommand):
    help = (
        "Delete uploaded recordings that killed workers left at the providers, which delete them after two days "
        "anyway. Give more hours than a transcription takes on any server that uses the same key. Exits with 1 when a "
        "provider cannot be asked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        # More than the time limits of an upload (1 h), its processing (15 min) and the questions about several windows
        # (20 min each in the shipped registry) add up to.
        parser.add_argument("--hours", type=float, default=6, help="how old a file must be (default: 6)")

    def handle(self, *, hours: float, **options: Any) -> None:
        if hours < 0:
            raise CommandError("--hours must be at least 0.")
        try:
            registry = get_registry_loader().get_registry()
        except RegistryUnusable as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        failed = 0
        for name, spec in registry.providers.items():
            if spec.kind is not ProviderKind.GOOGLE:
                continue
            if missing := list_missing_variables(spec):
                said = f"absent: {' and '.join(missing)} not set"
            else:
                try:
                    said = f"deleted {_delete_leftovers(spec, timedelta(hours=hours))}"
                except ProviderError as exc:
                    failed += 1
                    said = str(exc)
            self.stdout.write(f"{name:<12} {said}")
        if failed:
            raise CommandError(f"{failed} of the providers could not be swept.")


def _delete_leftovers(spec: ProviderSpec, older_than: timedelta) -> int:
    """Delete this product's files that are older than that; return how many."""
    files = open_provider_files(spec)
    try:
        found = files.list_leftovers(older_than=older_than)
        for name in found:
            files.delete(name)
    finally:
        files.close()
    return len(found)
