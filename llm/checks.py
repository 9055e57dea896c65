"""What `manage.py check` says of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from llm.providers.build import ignored_variables, unusable_address, unusable_key
from llm.registry import RegistryFaults, read_registry


@checks.register
def check_models(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report every fault of the registry with its line, unusable keys and addresses, and variables without effect."""
    path = Path(settings.MODELS_FILE)
    found: list[checks.CheckMessage] = [
        checks.Warning(
            f"{name} is set, but has no effect: addresses and keys come from {path.name}.",
            hint="Unset it, or name what you need in the registry of models.",
            id="llm.W001",
        )
        for name in ignored_variables()
    ]
    try:
        registry = read_registry(path)
    except RegistryFaults as exc:
        return [*found, *(checks.Error(f"{path.name} {fault}", id="llm.E001") for fault in exc.faults)]
    except OSError as exc:
        return [*found, checks.Error(f"{path} cannot be read: {exc.strerror}", id="llm.E002")]
    for spec in registry.providers.values():
        if fault := unusable_key(spec):
            found.append(checks.Error(fault, id="llm.E003"))
        if fault := unusable_address(spec):
            found.append(checks.Error(fault, id="llm.E004"))
    return found
