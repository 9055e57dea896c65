"""Who changes a working copy, as values that outlive the key or the user."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.models import ApiKey


@dataclass(frozen=True, kw_only=True)
class Actor:
    """An API key (`kind` "key") or a user of the admin ("user")."""

    kind: str
    id: str
    name: str


def describe_api_key(key: ApiKey) -> Actor:
    """Return the actor that a request with this key is from."""
    return Actor(kind="key", id=str(key.pk), name=str(key))
