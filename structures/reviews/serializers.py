"""JSON shapes of reviews."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from project.http.serializers import ListQuerySerializer, StrictCharField, StrictSerializer
from structures.exports.registry import INLINE_FORMATS
from structures.models import Publication, ReviewEvent, ReviewState
from structures.reviews.queries import LATEST, PUBLISHED, SnapshotReview

MAX_REASON = 2_000


class ReasonSerializer(StrictSerializer):
    """Why a step is made."""

    reason = StrictCharField(default="", allow_blank=True, max_length=MAX_REASON, help_text="For the history.")


class StructureQuerySerializer(StrictSerializer):
    """Which structure of a node is meant."""

    format = serializers.ChoiceField(
        choices=["json", *INLINE_FORMATS], required=False, help_text="What `Accept` says when this is left out."
    )
    version = serializers.ChoiceField(
        choices=[PUBLISHED, LATEST],
        required=False,
        help_text="Without it: what is published; when nothing is, the newest for keys with the scope `prep`, and 404 "
        "for others. `latest` is the newest, also when another one is published; it needs `prep`.",
    )


class ReviewEventQuerySerializer(ListQuerySerializer):
    """Which steps of the node's reviews to list."""

    snapshot = serializers.UUIDField(required=False, default=None)
    working_copy = serializers.UUIDField(required=False, default=None)


class ActorSerializer(serializers.Serializer[Any]):
    """Who did something."""

    kind = serializers.ChoiceField(choices=["key", "user"])
    id = serializers.CharField()
    name = serializers.CharField()


class ReviewEventSerializer(serializers.ModelSerializer[ReviewEvent]):
    """One step of a review: who, what, when, why."""

    snapshot = serializers.UUIDField(source="snapshot_id", allow_null=True, read_only=True)
    working_copy = serializers.UUIDField(source="working_copy_id", allow_null=True, read_only=True)
    by = ActorSerializer(source="get_actor", read_only=True)

    class Meta:
        model = ReviewEvent
        fields = ("id", "action", "snapshot", "working_copy", "by", "reason", "created_at")
        read_only_fields = fields


class ApprovalSerializer(serializers.Serializer[ReviewEvent]):
    """Who approved a snapshot, when and why."""

    by = ActorSerializer(source="get_actor")
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class SnapshotReviewSerializer(serializers.Serializer[SnapshotReview]):
    """How far a snapshot has come."""

    state = serializers.ChoiceField(
        choices=ReviewState.choices,
        help_text="`draft`; `in_review` when some have approved it and others must; `approved`; `published`: what "
        "readers of the node get.",
    )
    approvals = ApprovalSerializer(many=True, help_text="Oldest first.")
    approvals_required = serializers.SerializerMethodField(help_text="How many must approve before it is published.")
    published_at = serializers.DateTimeField(
        source="publication.published_at",
        default=None,
        read_only=True,
        allow_null=True,
        help_text="Null when it never was, or was taken back.",
    )
    published_by = serializers.SerializerMethodField()

    def get_approvals_required(self, _review: SnapshotReview) -> int:
        required: int = settings.APPROVALS_REQUIRED
        return required

    def get_published_by(self, review: SnapshotReview) -> str:
        return "" if review.publication is None else review.publication.published_by


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    """What is published of a node."""

    node = serializers.UUIDField(source="node_id", read_only=True)
    snapshot = serializers.UUIDField(source="snapshot_id", read_only=True)

    class Meta:
        model = Publication
        fields = ("node", "snapshot", "published_at", "published_by")
        read_only_fields = fields
