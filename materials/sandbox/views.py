"""REST endpoint of the sandbox."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from materials.forced_outcomes import FORCED_OUTCOMES
from materials.sandbox.serializers import SandboxSerializer
from tenants.keys import KeyMode
from tenants.requests import get_tenant
from tenants.scopes import Scope


class SandboxView(APIView):
    """The sandbox of test keys."""

    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    serves_restricted_keys = True  # it tells nothing of the tenant's materials

    @extend_schema(responses=SandboxSerializer, operation_id="sandbox")
    def get(self, request: Request) -> Response:
        """Read how long the sandbox keeps what is in it, and which file names force which outcomes.

        Keys that begin with `cw_test_` work in it; names force nothing for other keys.
        """
        answer = {
            "mode": (KeyMode.TEST if get_tenant(request).is_sandbox else KeyMode.LIVE).value,
            "keeps_days": settings.SANDBOX_DAYS,
            "quota_bytes": settings.SANDBOX_QUOTA_BYTES,
            "outcomes": FORCED_OUTCOMES,
        }
        return Response(SandboxSerializer(answer).data)
