"""REST endpoints of used storage and of quotas, and the header that warns about it."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from materials.objects.quotas import get_quota, get_storage_usage, set_own_quota
from materials.objects.serializers import QuotaChangeSerializer, QuotaSerializer, UsageSerializer
from project.http.responses import validated
from project.http.schema import declare_problems
from tenants.requests import get_tenant
from tenants.scopes import Scope

STORAGE_WARNING_HEADER = "X-Storage-Warning"


class UsageView(APIView):
    """The storage that the tenant uses."""

    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses=UsageSerializer, operation_id="usage")
    def get(self, request: Request) -> Response:
        """Read how much the tenant stores, how much is on its way, and its limits."""
        return Response(UsageSerializer(get_storage_usage(tenant=get_tenant(request), now=timezone.now())).data)


class QuotaView(APIView):
    """How much the tenant may store."""

    read_scope = Scope.ADMIN
    write_scope = Scope.ADMIN

    @extend_schema(responses=QuotaSerializer, operation_id="quota")
    def get(self, request: Request) -> Response:
        """Read the limits of storage: the tenant's own, the operator's, and the lower ones, which hold."""
        return Response(QuotaSerializer(get_quota(tenant=get_tenant(request))).data)

    @declare_problems("above_operator_limit", "quota_refused")
    @extend_schema(request=QuotaChangeSerializer, responses=QuotaSerializer, operation_id="quota_set")
    def put(self, request: Request) -> Response:
        """Set the tenant's own limits, never above the operator's; null is none. What is stored already stays."""
        wanted = validated(QuotaChangeSerializer(data=request.data))
        return Response(QuotaSerializer(set_own_quota(tenant=get_tenant(request), **wanted)).data)


def add_storage_warning(response: Response, warning: str) -> Response:
    """Add the header that warns about the soft limit, unless the warning is blank; return the response."""
    if warning:
        response.headers[STORAGE_WARNING_HEADER] = warning
    return response
