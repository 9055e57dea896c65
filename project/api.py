"""Endpoints that belong to no app: the key that is used, and the OpenAPI document."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.models import ApiKey
from tenants.requests import get_api_key
from tenants.scopes import Scope


class MeSerializer(serializers.ModelSerializer[ApiKey]):
    """The key that asks, and its tenant."""

    tenant = serializers.CharField(source="tenant.slug", read_only=True)
    tenant_id = serializers.UUIDField(read_only=True)
    node = serializers.UUIDField(
        source="node_id", allow_null=True, read_only=True, help_text="The only course node that the key reaches."
    )
    networks = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The only networks that the key may be used from."
    )

    class Meta:
        model = ApiKey
        fields = (
            "tenant",
            "tenant_id",
            "id",
            "prefix",
            "label",
            "scopes",
            "node",
            "networks",
            "expires_at",
            "prep_per_minute",
            "check_per_minute",
        )
        read_only_fields = fields


class MeView(APIView):
    """Whose key is this?"""

    serves_restricted_keys = True
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses=MeSerializer, operation_id="me")
    def get(self, request: Request) -> Response:
        """Read which tenant, scopes, limits and restrictions the key has."""
        return Response(MeSerializer(get_api_key(request)).data)


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, for everybody."""

    throttle_classes = ()


class SwaggerView(SpectacularSwaggerSplitView):
    """The API's pages, for everybody; all assets come from this server, and no script stands in the page."""

    throttle_classes = ()
