"""REST endpoints of API keys."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import created_response, paginated_response, validated, validated_query
from project.http.schema import declare_problems
from tenants.api_keys import services
from tenants.api_keys.serializers import (
    IssuedKeySerializer,
    KeyChangesSerializer,
    KeyCreateSerializer,
    KeyListSerializer,
    KeyRevokeSerializer,
    KeyRotateSerializer,
    KeySerializer,
)
from tenants.idempotency import IdempotentActions
from tenants.models import ApiKey
from tenants.requests import get_api_key, get_tenant
from tenants.scopes import Scope
from tenants.services import IssuedKey


class KeyViewSet(IdempotentActions, viewsets.GenericViewSet[ApiKey]):
    """The tenant's API keys. No key makes or manages another one that may do more than itself."""

    queryset = ApiKey.objects.none()
    serializer_class = KeySerializer
    serves_restricted_keys = True
    read_scope = Scope.KEYS
    write_scope = Scope.KEYS

    @extend_schema(parameters=[KeyListSerializer], responses=KeySerializer(many=True))
    def list(self, request: Request) -> Response:
        """List the keys, newest first, with those that no longer work. A key of one course node lists those inside."""
        wanted = validated_query(request, KeyListSerializer)
        rows = ApiKey.objects.for_tenant(get_tenant(request))
        if "state" in wanted:
            rows = rows.filter_state(wanted["state"], timezone.now())
        return paginated_response(self, rows.order_by("-created_at", "-id"), KeySerializer)

    @declare_problems("beyond_own_powers", "tenant_refused")
    @extend_schema(request=KeyCreateSerializer, responses={201: IssuedKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a key. Its `secret` is shown only in this answer.

        It may do no more than the key that asks: its scopes, limits, expiry, node and networks are those of that key
        or less, and what is not given is as of that key. Sent again with the same `Idempotency-Key`, the answer is the
        same, with the secret, which is stored encrypted for that time.
        """
        wanted = validated(KeyCreateSerializer(data=request.data))
        label, scopes = wanted.pop("label"), [Scope(name) for name in wanted.pop("scopes")]
        issued = services.create_key(by=get_api_key(request), label=label, scopes=scopes, options=wanted)
        return _issued_response(issued)

    @extend_schema(responses=KeySerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a key, without its secret."""
        return Response(KeySerializer(services.get_key(by=get_api_key(request), key_id=pk)).data)

    @declare_problems("beyond_own_powers", "tenant_refused")
    @extend_schema(request=KeyChangesSerializer, responses=KeySerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a key's label, expiry or limits. Scopes and restrictions stay: make another key for others."""
        changes = validated(KeyChangesSerializer(data=request.data))
        key = services.update_key(by=get_api_key(request), key_id=pk, changes=changes)
        return Response(KeySerializer(key).data)

    @declare_problems("beyond_own_powers", "tenant_refused")
    @extend_schema(request=KeyRotateSerializer, responses={201: IssuedKeySerializer})
    def rotate(self, request: Request, pk: UUID) -> Response:
        """Replace a key: the new one has the same scopes and limits, and the old one works for some hours more.

        The new key works no longer than the key that asks.
        """
        overlap = validated(KeyRotateSerializer(data=request.data))["overlap_hours"]
        return _issued_response(services.rotate_key(by=get_api_key(request), key_id=pk, overlap=overlap))

    @declare_problems("beyond_own_powers", "last_managing_key")
    @extend_schema(parameters=[KeyRevokeSerializer])
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Revoke a key: it is refused from now on, and stays in the list. Revoking twice is no error."""
        wanted = validated(KeyRevokeSerializer(data=request.query_params.dict()))
        services.revoke_key(by=get_api_key(request), key_id=pk, leave_none=wanted["leave_none"])
        return Response(status=status.HTTP_204_NO_CONTENT)


def _issued_response(issued: IssuedKey) -> Response:
    shape = IssuedKeySerializer(issued.key, context={"secret": issued.secret})
    return created_response(shape.data, location=f"/api/v1/keys/{issued.key.pk}")
