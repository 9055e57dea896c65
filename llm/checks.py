"""System checks of the registry, of providers' keys and base URLs, and of prompts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from llm.errors import PromptBroken
from llm.prompts import read_prompt
from llm.providers.factory import find_base_url_fault, find_key_fault, list_ignored_variables
from llm.registry import RegistryFaults, read_registry
from llm.video.platforms import list_missing_parts

# Actions about recordings. Without them recordings are still ingested, by captions or Whisper, so that their absence is
# a warning and no error.
RECORDING_ACTIONS = ("transcribe_video", "describe_slides")


@checks.register
def check_models(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report all faults of the registry with their lines, unusable keys and base URLs, and ignored variables."""
    path = Path(settings.MODELS_FILE)
    found: list[checks.CheckMessage] = [
        checks.Warning(
            f"{name} is set, but has no effect: addresses and keys come from {path.name}.",
            hint="Unset it, or name what you need in the registry of models.",
            id="llm.W001",
        )
        for name in list_ignored_variables()
    ]
    try:
        registry = read_registry(path)
    except RegistryFaults as exc:
        return [*found, *(checks.Error(f"{path.name} {fault}", id="llm.E001") for fault in exc.faults)]
    except OSError as exc:
        return [*found, checks.Error(f"{path} cannot be read: {exc.strerror}", id="llm.E002")]
    for spec in registry.providers.values():
        if fault := find_key_fault(spec):
            found.append(checks.Error(fault, id="llm.E003"))
        if fault := find_base_url_fault(spec):
            found.append(checks.Error(fault, id="llm.E004"))
    return found


@checks.register
def check_recording_actions(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report prompts about recordings that cannot be used, and actions that the registry lacks."""
    hint = "Take the action and its chains over from the file that this version ships."
    file = Path(settings.MODELS_FILE).name
    return [
        *(checks.Error(fault, id="llm.E005") for fault in find_prompt_faults(RECORDING_ACTIONS)),
        *(
            checks.Warning(f"{file} lacks the action {action!r}.", hint=hint, id="llm.W002")
            for action in find_unknown_actions(RECORDING_ACTIONS)
        ),
    ]


@checks.register
def check_platform_videos(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report what videos of platforms need and is missing, when they are to be fetched."""
    missing = list_missing_parts() if settings.PLATFORM_VIDEOS else []
    if not missing:
        return []
    without = "no video of a platform" if "yt-dlp" in missing else "no recording from YouTube, only captions"
    return [
        checks.Warning(
            f"PLATFORM_VIDEOS is on, but {' and '.join(missing)} cannot be found: {without} can be fetched.",
            hint="Install the extra: uv sync --extra media. Or set PLATFORM_VIDEOS=0.",
            id="llm.W003",
        )
    ]


def find_prompt_faults(actions: Iterable[str]) -> list[str]:
    """Return a sentence for each prompt of these actions that cannot be used."""
    found = []
    for action in actions:
        try:
            read_prompt(action)
        except PromptBroken as exc:
            found.append(str(exc))
    return found


def find_unknown_actions(actions: Iterable[str]) -> list[str]:
    """Return the actions that the registry lacks; none when it cannot be read, which `check_models` reports."""
    try:
        known = read_registry(Path(settings.MODELS_FILE)).actions
    except (RegistryFaults, OSError):
        return []
    return [action for action in actions if action not in known]
