"""JSON shapes of a request for a generation and of its plan."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from project.http.serializers import StrictCharField, StrictSerializer
from structures.engines.registry import AUTO, EngineName


class GenerateSerializer(StrictSerializer):
    """Options of a generation."""

    engine = serializers.ChoiceField(
        choices=[AUTO, *(engine.value for engine in EngineName)],
        default=AUTO,
        error_messages={"invalid_choice": f'"{{input}}" is not one of: {", ".join([AUTO, *EngineName])}.'},
        help_text="`outline` reads without a model, `llm` lets models write; `auto`: `llm` when one is configured.",
    )
    strategy = StrictCharField(
        max_length=100, default="default", help_text="Which models: a strategy of the server's registry."
    )


class PlanSerializer(serializers.Serializer[dict[str, Any]]):
    """What a generation would ask, and what that is expected to cost."""

    engine = serializers.ChoiceField(choices=[engine.value for engine in EngineName])
    strategy = serializers.CharField()
    model = serializers.CharField(help_text="The first model that would be asked; blank without one.")
    parts = serializers.IntegerField(help_text="Into how many parts the materials are cut.")
    calls = serializers.IntegerField(help_text="How many questions are asked.")
    input_tokens = serializers.IntegerField()
    expected_cost_usd = serializers.DecimalField(max_digits=20, decimal_places=4)
    not_ready = serializers.ListField(
        child=serializers.CharField(),
        help_text="Entries that are not ready; a generation waits for those under way.",
    )
