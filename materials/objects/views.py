"""REST endpoint of used storage, and the header that warns about it."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from materials.objects.quotas import get_storage_usage
from materials.objects.serializers import UsageSerializer
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


def add_storage_warning(response: Response, warning: str) -> Response:
    """Add the header that warns about the soft limit, unless the warning is blank; return the response."""
    if warning:
        response.headers[STORAGE_WARNING_HEADER] = warning
    return response
