"""The key and tenant of a request, and headers for its response."""

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
    """Set headers for the response to this request, error responses included. A later call replaces an earlier one."""
    # On Django's request, not DRF's: the middleware that writes the headers sees only that one, and runs also when DRF
    # turns an exception into a response.
    request._request.response_headers = headers  # type: ignore[attr-defined]
