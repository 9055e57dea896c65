"""A request id, a log line and response headers for every request."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from project import logs
from project.db.fields import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)

_SHARED_PATH = re.compile(r"^(/shared/)[^/]+")

log = logs.get_logger(__name__)


class RequestMiddleware:
    """Takes `X-Request-Id` from the client, or makes one: for the response, the log and every problem.

    `request.response_headers`, a mapping that authentication or throttling may set, is added to the response. No
    shared cache may keep a response of the API: it is for the holder of the key alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(new_id())
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.monotonic()
        response = self._get_response(request)
        response["X-Request-Id"] = request_id
        if request.path.startswith("/api/v1/"):
            response.setdefault("Cache-Control", "private, no-cache")
        for name, value in getattr(request, "response_headers", {}).items():
            response[name] = value
        log.info(
            "request answered",
            method=request.method,
            path=hide_shared_token(request.path),
            status=response.status_code,
            milliseconds=round((time.monotonic() - started) * 1000, 1),
        )
        structlog.contextvars.clear_contextvars()
        return response


def hide_shared_token(path: str) -> str:
    """Return a path for the log: without the token of a shared link, which opens a page to whoever reads it."""
    return _SHARED_PATH.sub(r"\1[hidden]", path)


def get_request_id(request: HttpRequest) -> str:
    """Return the request's id."""
    request_id: str = getattr(request, "request_id", "")
    return request_id
