"""Requests that open by a signed URL instead of a key."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.request import Request

from materials.errors import SignedURLRefused
from project.storage.signed_urls import SignatureExpired, SignatureInvalid, verify_signed_path


def verify_signed_url(request: Request) -> None:
    """Raise SignedURLRefused unless the URL of the request was signed by this service and has not expired."""
    try:
        verify_signed_path(request.path, request.query_params.dict(), now=timezone.now())
    except SignatureExpired as exc:
        raise SignedURLRefused(str(exc), code="address_expired", next_step="Ask for a new address.") from exc
    except SignatureInvalid as exc:
        raise SignedURLRefused(str(exc), next_step="Use the address as it was given, or ask for a new one.") from exc
