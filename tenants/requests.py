"""Who a request is from, and what its answer will say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from rest_framework.request import Request

from tenants.models import ApiKey, Tenant


def key_of(request: Request) -> ApiKey:
    """Return the key that authenticated the request."""
    return cast(ApiKey, request.auth)


def tenant_of(request: Request) -> Tenant:
    """Return the tenant that the request's key belongs to."""
    return key_of(request).tenant


def announce(request: Request, headers: Mapping[str, str]) -> None:
    """Put the headers on the request's answer, whatever it will be. The last announcement counts."""
    request._request.answer_headers = headers  # type: ignore[attr-defined]
