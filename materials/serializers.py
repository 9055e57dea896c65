"""JSON shapes that several parts of the materials API share."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from materials.contents import encode_locator
from materials.documents import LeftOutKind, Locator
from materials.models import EntryState

# The shape of a language tag with subtags (RFC 5646), not a list of valid ones: new languages need no release. Blank is
# allowed because it clears the field.
LANGUAGE_TAG_PATTERN = r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$"
LEFT_OUT_KINDS = [(kind.value, kind.value) for kind in LeftOutKind]
ENTRY_STATES = [(state.value, state.value) for state in EntryState]


class LocatorSerializer(serializers.Serializer[Locator]):
    """A place in a source; only the fields that apply are present.

    `page` and `slide` are 1-based, `start_ms` and `end_ms` milliseconds.
    """

    page = serializers.IntegerField(required=False)
    slide = serializers.IntegerField(required=False)
    start_ms = serializers.IntegerField(required=False)
    end_ms = serializers.IntegerField(required=False)
    heading_path = serializers.ListField(child=serializers.CharField(), required=False)
    fragment = serializers.CharField(required=False)

    def to_representation(self, instance: Locator) -> dict[str, Any]:
        return encode_locator(instance)
