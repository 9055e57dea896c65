"""What `manage.py check` says of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from llm.errors import PromptBroken
from llm.prompts import read_prompt
from llm.providers.build import ignored_variables, unusable_address, unusable_key
from llm.registry import RegistryFaults, read_registry

RECORDING_ACTIONS = ("transcribe_video", "describe_slides")
"""What is asked about recordings. Recordings can be ingested without them, with captions or Whisper."""


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


@checks.register
def check_recording_actions(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report unusable prompts about recordings, and actions that the registry does not have: nobody is asked then."""
    found: list[checks.CheckMessage] = []
    for action in RECORDING_ACTIONS:
        try:
            read_prompt(action)
        except PromptBroken as exc:
            found.append(checks.Error(str(exc), id="llm.E005"))
    path = Path(settings.MODELS_FILE)
    try:
        known = read_registry(path).actions
    except (RegistryFaults, OSError):  # `check_models` reports it
        return found
    missing = [action for action in RECORDING_ACTIONS if action not in known]
    hint = "Take the action and its chains over from the file that this version ships."
    return [
        *found,
        *(checks.Warning(f"{path.name} lacks the action {a!r}.", hint=hint, id="llm.W002") for a in missing),
    ]
