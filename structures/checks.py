"""What `manage.py check` says of the prompts and actions that structures are written with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from llm.errors import PromptBroken
from llm.prompts import read_prompt
from llm.registry import RegistryFaults, read_registry
from structures.written import ACTIONS


@checks.register
def check_actions(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report actions of the `llm` engine without a usable prompt, or that the registry does not know."""
    found: list[checks.CheckMessage] = []
    for action in ACTIONS:
        try:
            read_prompt(action)
        except PromptBroken as exc:
            found.append(checks.Error(str(exc), id="structures.E001"))
    path = Path(settings.MODELS_FILE)
    try:
        known = read_registry(path).actions
    except (RegistryFaults, OSError):  # llm.checks reports it
        return found
    missing = [action for action in ACTIONS if action not in known]
    return [*found, *(checks.Error(f"{path.name} must have the action {a!r}", id="structures.E002") for a in missing)]
