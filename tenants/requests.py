"""Who a request is from, and what its answer will say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from rest_framework.request import Request

from tenants.models import ApiKey, Tenant


def get_api_key(request: Request) -> ApiKey:
    """Return the key that authenticated the request."""
    return cast(ApiKey, request.auth)


def get_tenant(request: Request) -> Tenant:
    """Return the tenant that the request's key belongs to."""
    return get_api_key(request).tenant


def set_response_headers(request: Request, headers: Mapping[str, str]) -> None:
    """Put the headers on the request's answer, whatever it will be. The last announcement counts."""
    request._request.response_headers = headers  # type: ignore[attr-defined]
