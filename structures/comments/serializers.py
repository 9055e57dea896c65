"""JSON shapes of comments."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from project.http.serializers import ListQuerySerializer, StrictCharField, StrictSerializer
from structures.models import Comment, CommentThread
from structures.reviews.serializers import ActorSerializer

# Two pages: what is longer is a document of its own.
MAX_TEXT = 10_000


class CommentCreateSerializer(StrictSerializer):
    """A comment that is wanted."""

    text = StrictCharField(max_length=MAX_TEXT)


class ThreadCreateSerializer(CommentCreateSerializer):
    """A thread that is wanted, with its first comment."""

    key = serializers.UUIDField(help_text="Of the node that it is about; zeros alone for the course itself.")
    snapshot = serializers.UUIDField(required=False, default=None, help_text="Where the node is: this,")
    working_copy = serializers.UUIDField(required=False, default=None, help_text="or this.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values. Raises ValidationError unless one place is given."""
        if (attrs["snapshot"] is None) == (attrs["working_copy"] is None):
            raise serializers.ValidationError("Give either `snapshot` or `working_copy`.")
        return attrs


class ThreadQuerySerializer(ListQuerySerializer):
    """Which threads to list."""

    key = serializers.UUIDField(required=False, default=None)
    resolved = serializers.BooleanField(required=False, default=None, allow_null=True)


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """What one person said."""

    by = ActorSerializer(source="get_actor", read_only=True)

    class Meta:
        model = Comment
        fields = ("id", "text", "by", "created_at")
        read_only_fields = fields


class CommentThreadSerializer(serializers.ModelSerializer[CommentThread]):
    """A conversation about one node of a structure."""

    node = serializers.UUIDField(source="node_id", read_only=True)
    snapshot = serializers.UUIDField(source="snapshot_id", allow_null=True, read_only=True)
    working_copy = serializers.UUIDField(source="working_copy_id", allow_null=True, read_only=True)
    text = serializers.CharField(source="first_text", read_only=True, help_text="The first comment.")
    author = serializers.CharField(source="first_author", read_only=True)

    class Meta:
        model = CommentThread
        fields = (
            "id",
            "node",
            "key",
            "title",
            "snapshot",
            "working_copy",
            "text",
            "author",
            "comment_count",
            "resolved_at",
            "resolved_by",
            "created_at",
        )
        read_only_fields = fields
