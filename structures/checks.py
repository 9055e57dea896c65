"""System checks of the prompts and actions that the `llm` engine uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from llm.checks import find_prompt_faults, find_unknown_actions
from structures.engines.llm.engine import ACTIONS
from structures.engines.llm.judging import JUDGING_ACTION


@checks.register
def check_actions(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report actions of the `llm` engine and its judge without a usable prompt, or that the registry does not know."""
    file = Path(settings.MODELS_FILE).name
    return [
        *(checks.Error(fault, id="structures.E001") for fault in find_prompt_faults([*ACTIONS, JUDGING_ACTION])),
        *(
            checks.Warning(
                f"{file} lacks the action {action!r}.",
                hint="Copy it and its chain from config/models.yaml; without it `verify=model` is refused.",
                id="structures.W001",
            )
            for action in find_unknown_actions([JUDGING_ACTION])
        ),
        *(
            checks.Error(f"{file} must have the action {action!r}", id="structures.E002")
            for action in find_unknown_actions(ACTIONS)
        ),
    ]
