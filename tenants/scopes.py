"""What a key may do: the scopes of `config/scopes.yaml` as checked objects."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from django.conf import settings
from django.core import checks
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class Scope(StrEnum):
    """The scopes that views name. `config/scopes.yaml` says what each allows."""

    PREP = "prep"
    CHECK = "check"
    IMMEDIATE = "immediate"
    GENERATE = "generate"
    APPROVE = "approve"
    EXPORT = "export"
    WEBHOOKS = "webhooks"
    KEYS = "keys"
    ADMIN = "admin"


Power = Literal["read", "write", "immediate", "generate", "approve", "export", "webhooks", "keys", "admin"]
"""What scopes are made of."""


class ScopeRule(BaseModel):
    """One scope: its title and description, what it allows, and the default limit of a new key (requests a minute)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    allows: tuple[Power, ...] = Field(min_length=1)
    requests_per_minute: int = Field(ge=1)


class ScopeFile(BaseModel):
    """The whole of `config/scopes.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scopes: Mapping[Scope, ScopeRule]

    @model_validator(mode="after")
    def _validate_scopes(self) -> ScopeFile:
        missing = set(Scope) - set(self.scopes)
        if missing:
            raise ValueError(f"scopes: {', '.join(sorted(missing))} must be declared")
        return self

    def covers_scope(self, held: Scope, needed: Scope) -> bool:
        """Tell whether a key with the one scope may do all that the other allows."""
        return set(self.scopes[held].allows) >= set(self.scopes[needed].allows)


@cache
def get_scope_file() -> ScopeFile:
    """Return the scopes of the settings' file, read once per process. Raises what `read_scopes` raises."""
    return read_scopes(Path(settings.SCOPES_FILE))


def read_scopes(path: Path) -> ScopeFile:
    """Read a scope file. Raises OSError, yaml.YAMLError or pydantic.ValidationError."""
    return ScopeFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@checks.register
def check_scopes(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report a scope file that cannot be used, with file, key and reason."""
    path = Path(settings.SCOPES_FILE)
    try:
        read_scopes(path)
    except ValidationError as exc:
        return [
            checks.Error(f"{path.name}: {'.'.join(map(str, error['loc']))}: {error['msg']}", id="tenants.E001")
            for error in exc.errors()
        ]
    except (OSError, yaml.YAMLError) as exc:
        return [checks.Error(f"{path.name} cannot be read: {exc}", id="tenants.E002")]
    return []
