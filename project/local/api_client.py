"""A small client of our own API, as a tenant's back end would write one."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode


class ServerUnreachable(Exception):
    """Nothing answers at the base URL."""


class ApiError(Exception):
    """The API answered with a problem."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or "refused")
        self.problem = problem

    @property
    def code(self) -> str:
        return str(self.problem.get("code", ""))


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """A client of the API at `base_url` with a key. Waits when the API says that requests come too fast."""

    base_url: str
    key: str

    def describe_missing(self) -> str:
        """Return which checks of the readiness fail, blank when everything is there. Raises ServerUnreachable."""
        try:
            self._send_request("GET", "/health/ready")
        except ApiError as exc:
            checks = exc.problem.get("checks", {})
            failing = [f"{name} ({check['detail']})" for name, check in checks.items() if not check["ok"]]
            return ", ".join(failing) or str(exc)
        return ""

    def get(self, path: str, **parameters: str) -> Any:
        """Return the JSON of a resource. Raises ApiError."""
        return json.loads(self._send_request("GET", path + (f"?{urlencode(parameters)}" if parameters else "")))

    def get_text(self, path: str, *, accept: str) -> str:
        """Return a resource as another media type. Raises ApiError."""
        return self._send_request("GET", path, headers={"Accept": accept}).decode()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send JSON and return the JSON of the response. Raises ApiError."""
        headers = {"Content-Type": "application/json"}
        return json.loads(self._send_request("POST", path, data=json.dumps(body).encode(), headers=headers))

    def upload_file(self, path: str, file: Path, *, name: str) -> Any:
        """Send a file under a name as a raw body, streamed from disk. Raises ApiError."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Content-Length": str(file.stat().st_size),
        }
        return json.loads(self._send_request("POST", path, file=file, headers=headers))

    def download(self, url: str, file: Path) -> None:
        """Write what a signed URL gives into a file, without the key. Raises ServerUnreachable."""
        try:
            with _open(urllib.request.Request(url)) as response, file.open("wb") as out:  # noqa: S310  # our API gave it
                shutil.copyfileobj(response, out)
        except (urllib.error.URLError, ConnectionError, TimeoutError) as exc:
            raise ServerUnreachable(url) from exc

    def iterate_items(self, path: str, **parameters: str) -> Iterator[Any]:
        """Yield all items of a list, page by page. Raises ApiError."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **parameters, **cursor)
            yield from page["data"]
            if not page["has_more"]:
                return
            cursor = {"cursor": page["next_cursor"]}

    def _send_request(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        file: Path | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        while True:
            try:
                return self._send_once(method, path, data=data, file=file, headers=headers or {})
            except urllib.error.HTTPError as exc:
                body = exc.read()
                pause = exc.headers.get("Retry-After")
                if exc.code == 429 and pause is not None:
                    time.sleep(float(pause))
                    continue
                raise ApiError(_parse_problem(body, exc.code)) from exc
            except (urllib.error.URLError, ConnectionError, TimeoutError) as exc:
                raise ServerUnreachable(self.base_url) from exc

    def _send_once(
        self, method: str, path: str, *, data: bytes | None, file: Path | None, headers: dict[str, str]
    ) -> bytes:
        with contextlib.ExitStack() as stack:
            body = stack.enter_context(file.open("rb")) if file is not None else data
            request = urllib.request.Request(  # noqa: S310  # the address is our own server's
                self.base_url + path, data=body, method=method, headers={"X-API-Key": self.key, **headers}
            )
            with _open(request) as response:
                answer: bytes = response.read()
                return answer


def _open(request: urllib.request.Request) -> Any:
    """Return the response to a request, past the proxies of the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(request, timeout=300)


def _parse_problem(body: bytes, status: int) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"status": status, "detail": f"The server answered {status}."}
