"""Addresses of ours that open by their signature, for a while, without a key: what stores that have none lack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.core.signing import Signer
from django.utils.crypto import constant_time_compare


class SignatureInvalid(Exception):
    """The address was not signed by us, or has been changed since."""


class SignatureExpired(SignatureInvalid):
    """The address was good once."""


def sign_path(path: str, *, until: datetime) -> str:
    """Return the path with a signature that holds until then, to the second."""
    expires = str(int(until.timestamp()))
    return f"{path}?{urlencode({'expires': expires, 'signature': _compute_signature(path, expires)})}"


def verify_signed_path(path: str, query: Mapping[str, str], *, now: datetime) -> None:
    """Raise SignatureInvalid or SignatureExpired unless this path was signed and its time is not over."""
    expires, given = query.get("expires", ""), query.get("signature", "")
    if not constant_time_compare(given, _compute_signature(path, expires)):
        raise SignatureInvalid("The address is not signed, or was changed.")
    if datetime.fromtimestamp(int(expires), UTC) <= now:
        raise SignatureExpired("The address has expired.")


def _compute_signature(path: str, expires: str) -> str:
    return Signer(salt="project.storage.signed").signature(f"{path}?{expires}")
