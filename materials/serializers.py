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


class WordsPlaceSerializer(serializers.Serializer[Any]):
    """Where quoted words themselves stand: in a recording when they are said, or on a page their rectangles.

    `start_ms` is when the first word begins, `end_ms` when the last one has ended. A rectangle, one a line, is left,
    top, right and bottom in points from the upper left corner of the page as viewers show it, which is `page_width` by
    `page_height` points.
    """

    start_ms = serializers.IntegerField(required=False)
    end_ms = serializers.IntegerField(required=False)
    page_width = serializers.IntegerField(required=False)
    page_height = serializers.IntegerField(required=False)
    rectangles = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=4, max_length=4), required=False
    )


class LocatorSerializer(serializers.Serializer[Locator]):
    """A place in a source; only the fields that apply are present.

    `page` and `slide` are 1-based, `start_ms` and `end_ms` milliseconds. `words` of a quote says where in that place
    its words are, where it is known; it is no part of what identifies a reference.
    """

    page = serializers.IntegerField(required=False)
    slide = serializers.IntegerField(required=False)
    start_ms = serializers.IntegerField(required=False)
    end_ms = serializers.IntegerField(required=False)
    heading_path = serializers.ListField(child=serializers.CharField(), required=False)
    fragment = serializers.CharField(required=False)
    words = WordsPlaceSerializer(required=False)

    def to_representation(self, instance: Locator) -> dict[str, Any]:
        return encode_locator(instance)
