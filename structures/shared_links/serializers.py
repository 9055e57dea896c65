"""JSON shapes of shared links."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers

from project.http.serializers import StrictCharField, StrictSerializer
from structures.models import SharedLink
from structures.shared_links.services import DEFAULT_DAYS, MAX_DAYS


class SharedLinkCreateSerializer(StrictSerializer):
    """A link that is wanted."""

    label = StrictCharField(  # type: ignore[assignment]  # a field named as DRF's property
        default="", allow_blank=True, max_length=100, help_text="Whom the link is for."
    )
    expires_at = serializers.DateTimeField(
        default=None,
        allow_null=True,
        help_text=f"In {DEFAULT_DAYS} days when it is not given, in {MAX_DAYS} days at the latest.",
    )


class SharedLinkSerializer(serializers.ModelSerializer[SharedLink]):
    """A link to a course page. Its URL cannot be read again."""

    node = serializers.UUIDField(source="node_id", read_only=True)
    snapshot = serializers.UUIDField(
        source="snapshot_id",
        allow_null=True,
        read_only=True,
        help_text="Null when the link shows what is published of the node.",
    )
    state = serializers.SerializerMethodField()

    class Meta:
        model = SharedLink
        fields = ("id", "node", "snapshot", "label", "prefix", "state", "expires_at", "revoked_at", "created_at")
        read_only_fields = fields

    def get_state(self, link: SharedLink) -> str:
        """Return `active`, `revoked` or `expired`."""
        return link.get_state(timezone.now())


class MadeLinkSerializer(SharedLinkSerializer):
    """A new link with its URL, which is shown this once."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = SharedLink
        fields = (*SharedLinkSerializer.Meta.fields, "url")
        read_only_fields = fields

    def get_url(self, link: SharedLink) -> str:
        """Return where the page opens without a key."""
        url: str = self.context["request"].build_absolute_uri(f"/shared/{self.context['token']}")
        return url
