"""ETags (RFC 9110, 8.8.3), and answers without a body for those who have the present version (13.1.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.preconditions import CheckVersion, parse_etags, read_optional_if_match

# 128 bits: two versions of one resource will not meet in it.
_ETAG_LENGTH = 32
# RFC 9110, 15.4.5: what an answer without a body must say as well. `Link` goes on to the next page.
_KEPT_HEADERS = ("Cache-Control", "Content-Location", "ETag", "Expires", "Last-Modified", "Link", "Vary")


def build_version_etag(request: Request, *versions: object) -> str:
    """Return the strong ETag of what a request reads, made of the versions of all rows that enter it.

    Read the versions before the rows: an answer may then have newer content than its ETag says, which costs a client
    one more reading, and never older.
    """
    representation = (_read_programme_version(), request.accepted_media_type, request.get_full_path())
    return _format_etag("\n".join(map(str, (*representation, *versions))).encode())


def build_content_etag(data: Any) -> str:
    """Return the strong ETag of an answer with this data as JSON."""
    return _format_etag(JSONRenderer().render(data))


def is_not_modified(request: HttpRequest, etag: str) -> bool:
    """Tell whether the client has this version. `*` is any; `W/` is not looked at, as RFC 9110, 13.1.2 says."""
    given = request.headers.get("If-None-Match", "").strip()
    return given == "*" or etag in parse_etags(given)


def conditional_response(
    request: Request, etag: str, respond: Callable[[], Response]
) -> Response | HttpResponseNotModified:
    """Answer 304 when the client has the version `etag`; else what `respond` builds, with the ETag."""
    response = HttpResponseNotModified() if is_not_modified(request._request, etag) else respond()
    response["ETag"] = etag
    return response


def versioned_response(data: Any) -> Response:
    """Answer a change with what a GET would answer now, and with its ETag."""
    return Response(data, headers={"ETag": build_content_etag(data)})


def build_version_check(
    request: Request, serializer_class: Callable[[Any], serializers.BaseSerializer[Any]]
) -> CheckVersion:
    """Return the check that `If-Match` asks for: that a row is what a GET with this serializer has shown."""
    if_match = read_optional_if_match(request)

    def check_version(row: Any) -> None:
        if if_match.etags is not None:
            if_match.check(build_content_etag(serializer_class(row).data))

    return check_version


class ETagMiddleware:
    """Gives an ETag of its content to each JSON document that the API answers a GET with and that has none.

    So the ETag of what depends on the clock or on other rows, such as when a job is expected to end, is always true.
    The body is built, but not sent to a client that has it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.status_code == 304:
            # RFC 9110, 8.6: it would be that of the body that is not sent.
            del response["Content-Length"]
        if not _is_document(request, response):
            return response
        if "ETag" not in response:
            response["ETag"] = _format_etag(response.content)
        if not is_not_modified(request, response["ETag"]):
            return response
        headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
        return HttpResponseNotModified(headers=headers)


def _is_document(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and request.path.startswith("/api/v1/")
        and response.status_code == 200
        and not response.streaming
        # The head of an answer whose body comes later (`project.http.event_streams`) has none yet.
        and response.content != b""
        and response.get("Content-Type", "").startswith("application/json")
    )


def _format_etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:_ETAG_LENGTH]}"'


@cache
def _read_programme_version() -> str:
    """Return what else than rows says how they are shown: the release, and the notes on web sites."""
    return f"{settings.VERSION} {hashlib.sha256(settings.PLATFORMS_FILE.read_bytes()).hexdigest()}"
