"""The key itself, costs, space, and requests that have no method of their own."""

from __future__ import annotations

from typing import Any

from .core import Core
from .operations import iteration, operation
from .steps import Answer, Steps
from .types import CostsJson, MeJson, UsageJson


class AccountResources(Core):
    """What belongs to the tenant as a whole."""

    @operation
    def check_readiness(self) -> Steps[dict[str, str]]:
        """Ask once whether the server can do its work, and return why not, by the check that fails.

        Raises ServerUnreachable.
        """
        return (yield from self.read_readiness())

    @operation
    def get_me(self) -> Steps[MeJson]:
        """Return whose key it is, and what it may do."""
        return (yield from self.call_json(MeJson, "GET", "/me"))

    @operation
    def get_costs(self, month: str | None = None) -> Steps[CostsJson]:
        """Return what models cost in a month (`2026-11`), by default the present one."""
        return (yield from self.call_json(CostsJson, "GET", "/costs", query={"month": month}))

    @operation
    def get_usage(self) -> Steps[UsageJson]:
        """Return how much is stored and may be."""
        return (yield from self.call_json(UsageJson, "GET", "/usage"))

    @operation
    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: dict[str, Any] | None = None,
        if_match: str | None = None,
        accept: str | None = None,
        idempotency_key: str | None = None,
    ) -> Steps[Answer]:
        """Send any request of the API, for what has no method here: `request("GET", "/nodes", query={"limit": 5})`."""
        headers = {"If-Match": if_match, "Accept": accept}
        return (
            yield from self.call(method, path, body=body, query=query, headers=headers, idempotency_key=idempotency_key)
        )

    @iteration(dict[str, Any])
    def iterate_items(self, /, path: str, **query: Any) -> Steps[None]:
        """Yield the items of a list, page by page, with the filters of the API as they are called there."""
        yield from self.emit_pages(path, query)
