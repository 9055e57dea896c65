"""Serializers of what the sandbox is, and of the file names that force outcomes in it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from materials.forced_outcomes import ForcedOutcome, OutcomeEffect, OutcomeStage
from tenants.keys import KEY_MODES


class ForcedOutcomeSerializer(serializers.Serializer[ForcedOutcome]):
    """A file name, and what it forces in the sandbox."""

    name = serializers.CharField(help_text="The name without its extension; `-2`, `-3` and so on may follow it.")
    example = serializers.CharField()
    stage = serializers.ChoiceField(
        choices=[stage.value for stage in OutcomeStage],
        help_text="When: as the file is sent, in the job that ingests it, or as its course is generated with models.",
    )
    effect = serializers.ChoiceField(choices=[effect.value for effect in OutcomeEffect])
    code = serializers.CharField(help_text="The code of the error; blank without one.")
    description = serializers.CharField()


class SandboxSerializer(serializers.Serializer[dict[str, Any]]):
    """What the sandbox is."""

    mode = serializers.ChoiceField(
        choices=KEY_MODES, help_text="Of the key that asks. `test`: it works in the sandbox."
    )
    keeps_days = serializers.IntegerField(help_text="After so many days a course in the sandbox is deleted.")
    quota_bytes = serializers.IntegerField(help_text="How much a sandbox may store, unless it has another quota.")
    outcomes = ForcedOutcomeSerializer(many=True)
