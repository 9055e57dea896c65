"""Endpoints that belong to no app: the key that is used, the OpenAPI document and the pages of error codes."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema, extend_schema_field
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from project.error_codes.catalogue import build_example, get_catalogue
from tenants.keys import KEY_MODES, KeyMode
from tenants.models import ApiKey
from tenants.requests import get_api_key
from tenants.scopes import Scope


def show_error_code(request: HttpRequest, code: str) -> HttpResponse:
    """Show what an error code means and what to do about it: a page, or JSON for programs that ask for it."""
    entry = get_catalogue().get(code)
    if entry is None:
        raise Http404
    statuses = [{"status": status.value, "title": status.phrase} for status in entry.status]
    content = {"code": code, "answers": statuses, **entry.model_dump(include={"cause", "next_step"})}
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({**content, "example": build_example(code)})
    example = json.dumps(build_example(code), ensure_ascii=False, indent=2)
    return render(request, "error_code.html", {**content, "example": example})


class MeSerializer(serializers.ModelSerializer[ApiKey]):
    """The key that asks, and its tenant."""

    tenant = serializers.CharField(source="tenant.slug", read_only=True)
    tenant_id = serializers.UUIDField(read_only=True)
    mode = serializers.SerializerMethodField(help_text="`test`: the key works in the sandbox of its tenant.")
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
            "mode",
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

    @extend_schema_field(serializers.ChoiceField(choices=KEY_MODES))
    def get_mode(self, key: ApiKey) -> str:
        """Return whether the key is for production or for tests."""
        return (KeyMode.TEST if key.tenant.is_sandbox else KeyMode.LIVE).value


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
