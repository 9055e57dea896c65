"""API keys of the tenant."""

from __future__ import annotations

from collections.abc import Sequence

from .core import Core
from .operations import iteration, operation
from .steps import Steps
from .types import IssuedKeyJson, KeyJson


class KeyResources(Core):
    """Keys that may do no more than the one that is used."""

    @iteration(KeyJson)
    def iterate_keys(self, *, state: str | None = None) -> Steps[None]:
        """Yield the keys, the newest first; `state` is active, expired or revoked."""
        yield from self.emit_pages("/keys", {"state": state})

    @operation
    def create_key(
        self,
        label: str,
        scopes: Sequence[str],
        *,
        expires_at: str | None = None,
        node: str | None = None,
        networks: Sequence[str] = (),
    ) -> Steps[IssuedKeyJson]:
        """Make a key. Its `secret` is in this answer alone."""
        given = {"expires_at": expires_at, "node": node, "networks": list(networks)}
        body = {"label": label, "scopes": list(scopes), **{name: value for name, value in given.items() if value}}
        return (yield from self.call_json(IssuedKeyJson, "POST", "/keys", body=body))

    @operation
    def rotate_key(self, key: str, *, overlap_hours: int = 24) -> Steps[IssuedKeyJson]:
        """Replace a key: the new one works at once, the old one for some hours more."""
        body = {"overlap_hours": overlap_hours}
        return (yield from self.call_json(IssuedKeyJson, "POST", f"/keys/{key}/rotate", body=body))

    @operation
    def revoke_key(self, key: str) -> Steps[None]:
        """Refuse a key from now on."""
        yield from self.call("DELETE", f"/keys/{key}")
