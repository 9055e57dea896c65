"""Who does something, as values that outlive the key or the user."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser

from tenants.models import ApiKey


class ActorKind(StrEnum):
    """What somebody acts with."""

    KEY = "key"
    USER = "user"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """An API key (`kind` "key") or a user of the admin ("user")."""

    kind: str
    id: str
    name: str


def describe_api_key(key: ApiKey) -> Actor:
    """Return the actor that a request with this key is from."""
    return Actor(kind=ActorKind.KEY, id=str(key.pk), name=str(key))


def describe_user(user: AbstractBaseUser) -> Actor:
    """Return the actor that a user of the admin is."""
    return Actor(kind=ActorKind.USER, id=str(user.pk), name=user.get_username())
