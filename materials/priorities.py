from __future__ import annotations

from typing import Any

from rest_framework import serializers

from project.http.serializers import StrictSerializer


class PrioritySerializer(StrictSerializer):
    priority = serializers.ChoiceField(choices=["normal", "immediate"], default="normal")


def priority_for(request: Any, word: str) -> int:
    return 0
