"""Query parameters of the course page and its evidence."""

from __future__ import annotations

from rest_framework import serializers

from project.http.serializers import StrictSerializer
from structures.exports.languages import DEFAULT_LABEL_LANGUAGE, list_label_languages


class PageQuerySerializer(StrictSerializer):
    """How the page is wanted."""

    download = serializers.BooleanField(
        default=False, help_text="As one file that needs no server: quotes and headings stand in it."
    )


class EvidenceQuerySerializer(StrictSerializer):
    """How evidence is wanted."""

    fragment = serializers.BooleanField(
        default=False, help_text="As a piece of HTML for a page that is open already, not as a page of its own."
    )
    language = serializers.ChoiceField(
        choices=list_label_languages(),
        default=DEFAULT_LABEL_LANGUAGE,
        help_text="The language of the labels around it. The page of a course asks for its own.",
    )
