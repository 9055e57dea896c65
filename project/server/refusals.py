"""Answers of the web server itself, to requests that never reach the application: problem documents (RFC 9457)."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from http import HTTPStatus

from gunicorn.http import errors

from project.errors import build_problem_type


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A status with what a problem document says."""

    status: int
    code: str
    detail: str
    next_step: str = "Correct the request and send it again."


_BAD_REQUEST = Refusal(status=400, code="bad_request", detail="The request is no well-formed HTTP/1.1.")
_FAILURE = Refusal(
    status=500,
    code="unexpected",
    detail="Something failed on our side.",
    next_step="Try again. If it fails again, give the operator the time and the request_id.",
)
_REFUSALS: tuple[tuple[type[Exception], Refusal], ...] = (
    (
        errors.LimitRequestLine,
        Refusal(status=414, code="uri_too_long", detail="The address is longer than 4094 bytes with its query."),
    ),
    (
        errors.LimitRequestHeaders,
        Refusal(status=431, code="headers_too_large", detail="There are more than 100 headers, or one is too long."),
    ),
    (errors.ExpectationFailed, Refusal(status=417, code="expectation_failed", detail="The Expect header is not met.")),
    (
        errors.UnsupportedTransferCoding,
        Refusal(status=501, code="not_implemented", detail="The Transfer-Encoding is not supported."),
    ),
    # An answer of ours that cannot be written as headers, and a server that is set up wrong.
    (errors.InvalidResponseHeader, _FAILURE),
    (errors.InvalidResponseHeaderName, _FAILURE),
    (errors.ConfigurationProblem, _FAILURE),
    (errors.ParseException, _BAD_REQUEST),
)


def find_refusal(exc: BaseException) -> Refusal:
    """Return how an exception of gunicorn's parser, or any other, is answered. Nothing of the request is repeated."""
    return next((refusal for kind, refusal in _REFUSALS if isinstance(exc, kind)), _FAILURE)


def build_refusal_document(refusal: Refusal) -> dict[str, str | int]:
    """Return the problem document of an answer of the server itself."""
    return {
        "type": build_problem_type(refusal.code),
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": str(uuid.uuid4()),
        "next_step": refusal.next_step,
    }


def build_refusal(refusal: Refusal) -> bytes:
    """Return the whole answer, after which the connection is closed."""
    document = build_refusal_document(refusal)
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {refusal.status} {document['title']}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        f"X-Request-Id: {document['request_id']}",
        "X-Content-Type-Options: nosniff",
        "",
        "",
    )
    return "\r\n".join(head).encode() + body
