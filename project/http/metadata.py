"""The answer to OPTIONS: which methods a route has. What it takes and answers stands in the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class MethodsMetadata(SimpleMetadata):
    """Names and describes a route, without the fields of its actions.

    Django REST framework finds those by the rows and the one serializer of a view. Views here have a serializer for
    each action, and some have neither rows nor a key, so that it would fail.
    """

    def determine_actions(self, request: Request, view: APIView) -> dict[str, Any]:
        """Return no action."""
        return {}
