"""Errors as `application/problem+json` (RFC 9457), built in one place.

Beside the standard members a problem has `code` (stable, for programs), `request_id`, `next_step` (what to do about it)
and, for invalid input, `errors`, with a JSON pointer, a code and a sentence for each of the first MAX_ERRORS, and
`error_count`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypedDict

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from project.db.outages import is_database_outage
from project.errors import DomainError, StorageUnavailable, TooManyRequests, build_problem_type, shorten_message
from project.http.idempotency import RequestRunning
from project.http.requests import get_request_id, hide_shared_token
from project.http.serializers import MAX_ERRORS, count_errors

CONTENT_TYPE = "application/problem+json"
# Of a pointer or a sentence: they hold names and values of the input.
MAX_ERROR_LENGTH = 300


class FieldError(TypedDict):
    """What is wrong with one value of the input."""

    pointer: str
    code: str
    detail: str


def build_problem(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    next_step: str = "",
    errors: list[FieldError] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the members of a problem document."""
    members: dict[str, Any] = {
        "type": build_problem_type(code),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": get_request_id(request),
        "next_step": next_step,
    }
    if errors:
        members["errors"] = errors
    return {**members, **(extra or {})}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Turn an exception of a DRF view into a problem. An unexpected one is logged with its trace, also under DEBUG."""
    request: HttpRequest = context["request"]._request
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        return problem_response(
            request, status=413, code="body_too_large", detail="The body is too large for this address."
        )
    elif isinstance(exc, TooManyFieldsSent | TooManyFilesSent):
        return problem_response(
            request,
            status=413,
            code="body_too_large",
            detail="The form has too many parts.",
            next_step="Send one file in the field `file`, and nothing else.",
        )
    elif isinstance(exc, SuspiciousOperation):
        exc = exceptions.ParseError("The request was refused.")
    elif isinstance(exc, UnreadablePostError) and isinstance(exc.__cause__, TimeoutError):
        return problem_response(
            request,
            status=408,
            code="body_too_slow",
            detail="The body arrived more slowly than the server waits for.",
            next_step="Send it over a faster line, or a large file in parts.",
        )
    elif isinstance(exc, UnreadablePostError):
        return problem_response(
            request, status=400, code="body_incomplete", detail="The connection broke before the body's end."
        )
    if isinstance(exc, DomainError):
        return problem_response(
            request,
            status=exc.status,
            code=exc.code,
            detail=str(exc),
            next_step=exc.next_step,
            extra=exc.extra,
            headers=_build_headers(exc, context),
        )
    if isinstance(exc, StorageUnavailable):
        return problem_response(
            request,
            status=exc.status,
            code=exc.code,
            detail="The store of the files does not answer as it should.",
            next_step=exc.next_step,
            headers={"Retry-After": str(exc.retry_after)},
        )
    if is_database_outage(exc):
        response = problem_response(
            request,
            status=503,
            code="database_unavailable",
            detail="The database does not answer at present.",
            next_step=StorageUnavailable.next_step,
            headers={"Retry-After": str(StorageUnavailable.retry_after)},
        )
        path = hide_shared_token(request.path)
        log_response("Database away: %s", path, response=response, request=request, exception=exc)
        return response
    if isinstance(exc, exceptions.ValidationError):
        return _invalid_input(request, exc)
    if isinstance(exc, exceptions.APIException):
        code, next_step = _DRF_PROBLEMS.get(type(exc), (str(exc.default_code), ""))
        return problem_response(
            request,
            status=exc.status_code,
            code=code,
            detail=str(exc.detail),
            next_step=next_step,
            headers=_build_headers(exc, context),
        )
    got_request_exception.send(sender=None, request=request)  # error trackers and the test client listen
    response = server_error(request)
    path = hide_shared_token(request.path)
    log_response("%s: %s", response.reason_phrase, path, response=response, request=request, exception=exc)
    return response


@csrf_exempt
def api_not_found(request: HttpRequest) -> HttpResponse:
    """Answer a request below /api/ without a route.

    A view, because under DEBUG Django shows a page of its own in place of handler404.
    """
    return not_found(request, Http404())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for a URL without a route (Django's handler404)."""
    return problem_response(
        request, status=404, code="not_found", detail=f"There is nothing at {request.path}.", next_step=_DOCS_HINT
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses before a view is called (handler400)."""
    detail = "The request was refused." if isinstance(exception, SuspiciousOperation) else "The request is malformed."
    return problem_response(request, status=400, code="bad_request", detail=detail, next_step=_DOCS_HINT)


def length_required(request: HttpRequest) -> HttpResponse:
    """Answer a request whose body ends with the connection: a lost one could not be told from the end."""
    return problem_response(
        request,
        status=411,
        code="length_required",
        detail="The request has a body but no Content-Length.",
        next_step="Send Content-Length instead of Transfer-Encoding: chunked.",
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refused request outside the API (handler403)."""
    return problem_response(request, status=403, code="forbidden", detail="This is not allowed.", next_step=_DOCS_HINT)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that met a bug (handler500). The trace is in the log under the same request id."""
    return problem_response(
        request,
        status=500,
        code="unexpected",
        detail="Something failed on our side.",
        next_step="Try again. If it fails again, give the operator the request_id.",
    )


_DOCS_HINT = "The addresses are listed at /api/docs."
_DRF_PROBLEMS: dict[type[exceptions.APIException], tuple[str, str]] = {
    exceptions.NotFound: ("not_found", "Check the id. Objects of other tenants are never shown."),
    exceptions.ParseError: ("malformed_body", "Send one JSON object."),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
    exceptions.NotAcceptable: ("not_acceptable", "Ask for application/json."),
    exceptions.MethodNotAllowed: ("method_not_allowed", _DOCS_HINT),
    exceptions.PermissionDenied: ("forbidden", ""),
}


def _build_headers(exc: Exception, context: Mapping[str, Any]) -> dict[str, str]:
    if isinstance(exc, TooManyRequests | RequestRunning):
        return {"Retry-After": str(exc.seconds)}
    if getattr(exc, "status", None) == 401:
        view, request = context["view"], context["request"]
        return {"WWW-Authenticate": view.get_authenticate_header(request) or "ApiKey"}
    return {}


def _invalid_input(request: HttpRequest, exc: exceptions.ValidationError) -> HttpResponse:
    """Answer with the first MAX_ERRORS of what is wrong, and with how many there are."""
    errors: list[FieldError] = []
    count = 0
    for pointer, error in _iterate_errors(exc.detail, ""):
        count += count_errors(error.code or "")
        if len(errors) < MAX_ERRORS:
            errors.append(
                {
                    "pointer": _shorten_error_text(pointer),
                    "code": str(error.code),
                    "detail": _shorten_error_text(str(error)),
                }
            )
    listed = "" if count == len(errors) else f" The first {len(errors)} of {count} errors are listed."
    return problem_response(
        request,
        status=422,
        code="invalid_input",
        detail=f"Some of the input is not valid.{listed}",
        next_step="Correct what `errors` lists and send the request again.",
        errors=errors,
        extra={"error_count": count},
    )


def _iterate_errors(details: Any, pointer: str) -> Iterator[tuple[str, exceptions.ErrorDetail]]:
    if isinstance(details, exceptions.ErrorDetail):
        yield pointer, details
    elif isinstance(details, Mapping):
        for name, below in details.items():
            step = "" if name == "non_field_errors" else f"/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield from _iterate_errors(below, pointer + step)
    elif isinstance(details, list):
        for below in details:
            yield from _iterate_errors(below, pointer)


def _shorten_error_text(text: str) -> str:
    """Bound what a problem repeats of the input, which may be one name of a megabyte."""
    return text if len(text) <= MAX_ERROR_LENGTH else shorten_message(text, limit=MAX_ERROR_LENGTH)


def problem_response(request: HttpRequest, *, headers: dict[str, str] | None = None, **members: Any) -> HttpResponse:
    """Answer with the problem as JSON, or as a page for a browser outside the API."""
    document = build_problem(request, **members)
    if request.accepts("text/html") and not request.path.startswith(("/api/", "/health/")):
        page = render_to_string("error.html", document)
        return HttpResponse(page, status=members["status"], headers=headers)
    return JsonResponse(document, status=members["status"], headers=headers, content_type=CONTENT_TYPE)
