"""JSON shapes of key frames."""

from __future__ import annotations

from rest_framework import serializers

from materials.models import KeyFrame


class KeyFrameSerializer(serializers.ModelSerializer[KeyFrame]):
    """What a video shows from one change of scene to the next. The picture is read at `/frames/{id}/picture`."""

    class Meta:
        model = KeyFrame
        fields = ("id", "start_ms", "end_ms", "width", "height", "size_bytes", "description")
        read_only_fields = fields
