"""Who a request is from."""

from __future__ import annotations

from typing import cast

from rest_framework.request import Request

from tenants.models import ApiKey, Tenant


def key_of(request: Request) -> ApiKey:
    """Return the key that authenticated the request."""
    return cast(ApiKey, request.auth)


def tenant_of(request: Request) -> Tenant:
    """Return the tenant that the request's key belongs to."""
    return key_of(request).tenant
