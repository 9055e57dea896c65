"""Sign paths of this service, so that they can be requested without an API key until they expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.core.signing import Signer
from django.utils.crypto import constant_time_compare


class SignatureInvalid(Exception):
    """The path was not signed by this service, or was changed since."""


class SignatureExpired(SignatureInvalid):
    """The signature is valid, but its time is over."""


def sign_path(path: str, *, until: datetime) -> str:
    """Return the path with the query parameters `expires` (Unix time, in whole seconds) and `signature`."""
    expires = str(int(until.timestamp()))
    return f"{path}?{urlencode({'expires': expires, 'signature': _compute_signature(path, expires)})}"


def verify_signed_path(path: str, query: Mapping[str, str], *, now: datetime) -> None:
    """Raise SignatureInvalid or SignatureExpired unless `query` has a valid signature of this path."""
    expires, given = query.get("expires", ""), query.get("signature", "")
    if not constant_time_compare(given, _compute_signature(path, expires)):
        raise SignatureInvalid("The address is not signed, or was changed.")
    # Only now is `expires` known to be a number that this service wrote.
    if datetime.fromtimestamp(int(expires), UTC) <= now:
        raise SignatureExpired("The address has expired.")


def _compute_signature(path: str, expires: str) -> str:
    # The salt keeps other values signed with SECRET_KEY, such as cursors, from being used as a signature here.
    return Signer(salt="project.storage.signed").signature(f"{path}?{expires}")
