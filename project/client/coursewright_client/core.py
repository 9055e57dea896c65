"""What all operations share: the base URL, the key, and how one request is asked and answered."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from .problems import ServerFailed, UnexpectedAnswer, UnusableAddress
from .retries import ONE_TRY, RetryPolicy, exchange
from .steps import Answer, Emit, FilePiece, Send, Steps

T = TypeVar("T")
API_PATH = "/api/v1"
# The most that a page may have.
PAGE_ITEMS = 200
# What has an effect each time it is sent. PUT is idempotent by itself.
_EFFECTS = frozenset({"POST", "PATCH", "DELETE"})


class Core:
    """Requests with the key, and with an `Idempotency-Key` where they have effects."""

    def __init__(self, base_url: str, key: str, *, policy: RetryPolicy | None = None) -> None:
        self.base_url = _check_url(base_url).rstrip("/").removesuffix(API_PATH)
        self._key = _check_key(key)
        self.policy = policy or RetryPolicy()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def build_headers(self, headers: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """Return headers with the key; those without a value are left out."""
        given = {name: value for name, value in (headers or {}).items() if value is not None}
        return {"Accept": "application/json", **given, **({"X-API-Key": self._key} if self._key else {})}

    def build_url(self, path: str, query: Mapping[str, Any] | None = None) -> str:
        """Return the URL of a path below the root of the API."""
        return f"{self.base_url}{API_PATH}{path}{build_query(query or {})}"

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | FilePiece | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        idempotency_key: str | None = None,
        timeout: float = 60,
    ) -> Steps[Answer]:
        """Send a request to a path below the root of the API, with JSON (`body`) or bytes, until it is answered.

        The same `idempotency_key` has its effect once, however often it is sent; without one each call has its own.
        """
        more: dict[str, str | None] = dict(headers or {})
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            more["Content-Type"] = "application/json"
        if isinstance(content, FilePiece):
            more["Content-Length"] = str(content.length)
        if method in _EFFECTS:
            more["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        request = Send(
            method=method,
            url=self.build_url(path, query),
            headers=self.build_headers(more),
            content=content,
            timeout=timeout,
        )
        return (yield from exchange(request, self.policy))

    def call_json(self, kind: type[T], method: str, path: str, **arguments: Any) -> Steps[T]:
        """Send a request and return the JSON of its answer, which the caller says is a `kind`."""
        answer = yield from self.call(method, path, **arguments)
        try:
            parsed: T = answer.parse_json()
        except ValueError:
            said = f"{self.build_url(path)} answers {answer.status} without JSON."
            raise UnexpectedAnswer(f"{said} Is {self.base_url} the address of Coursewright?") from None
        return parsed

    def emit_pages(self, path: str, query: Mapping[str, Any]) -> Steps[None]:
        """Hand out the items of a list; the next page is asked for when the items of one have been taken."""
        cursor: str | None = None
        while True:
            page = yield from self.call_json(
                dict[str, Any], "GET", path, query={"limit": PAGE_ITEMS, **query, "cursor": cursor}
            )
            for item in page["data"]:
                yield Emit(item=item)
            if not page["has_more"]:
                return
            cursor = page["next_cursor"]

    def read_readiness(self) -> Steps[dict[str, str]]:
        """Ask once whether the server can do its work, and return why not, by the check that fails."""
        try:
            yield from exchange(Send(method="GET", url=f"{self.base_url}/health/ready", timeout=10), ONE_TRY)
        except ServerFailed as exc:
            checks = exc.problem.get("checks", {})
            failing = {name: str(check["detail"]) for name, check in checks.items() if not check["ok"]}
            return failing or {"server": str(exc)}
        return {}


def _check_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not url.isprintable() or " " in url:
        raise UnusableAddress(f"{url!r} is no address of a server. It looks like https://courses.example.org")
    return url


def _check_key(key: str) -> str:
    """Return the key. Raises UnusableAddress, without showing it, when it cannot be sent in a header."""
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UnusableAddress("The API key has characters that no key has. Copy it again, without spaces or line ends.")
    return key


def build_query(query: Mapping[str, Any]) -> str:
    """Return a query string with its question mark, blank when nothing has a value."""
    given = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value is not None
    }
    return f"?{urlencode(given)}" if given else ""
