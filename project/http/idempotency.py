"""Requests that may be sent again: the header `Idempotency-Key`, and what tells two requests with one key apart."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest

from project.errors import Conflict, RuleViolation

IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# PUT and DELETE are idempotent by definition (RFC 9110, 9.2.2), but a second DELETE answers 404.
KEYED_METHODS = frozenset({"POST", "PATCH", "DELETE"})
MAX_KEY_LENGTH = 255
_KEY = re.compile(rf"[ -~]{{1,{MAX_KEY_LENGTH}}}")
# A guess at when the other request has been answered: nearly all take less than a second.
RETRY_SECONDS = 1

_Action = TypeVar("_Action", bound=Callable[..., Any])


class IdempotencyKeyInvalid(RuleViolation):
    """The key cannot be one."""

    code = "idempotency_key_invalid"
    next_step = "Send a new UUID as Idempotency-Key, and the same one when you send the request again."


class IdempotencyKeyReused(RuleViolation):
    """The key was sent before with another request."""

    code = "idempotency_key_reused"
    next_step = "Send another request with another key, and the same one exactly as it was before."


class RequestRunning(Conflict):
    """The first request with the key has not been answered yet; `seconds` says when to come back."""

    code = "request_running"
    next_step = "Send the request again after `Retry-After`; the key stays the same."
    seconds = RETRY_SECONDS


class AnswerLost(Conflict):
    """The request was done, and its answer cannot be given again; `location` is what it made."""

    code = "answer_lost"
    next_step = "Read `location`. To do it once more, send the request with another key."


def run_in_steps(action: _Action) -> _Action:
    """Mark an action of a view that must not run inside one transaction, as it waits for a body or for the store.

    Such an action is run again when its process died, unless it has told `tenants.idempotency.note_effect` of what it
    made. So it must call that in the transaction of its effect, or bear being repeated.
    """
    action.runs_in_steps = True  # type: ignore[attr-defined]  # functions take attributes
    return action


def read_idempotency_key(request: HttpRequest) -> str | None:
    """Return the request's key; None without one. Raises IdempotencyKeyInvalid."""
    given = request.headers.get(IDEMPOTENCY_KEY)
    if given is None:
        return None
    key = given.strip()
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(f"{IDEMPOTENCY_KEY} must have 1 to {MAX_KEY_LENGTH} printable ASCII characters.")
    return key


def compute_fingerprint(request: HttpRequest, *sender: str) -> str:
    """Return a digest by which the same request is known again: of `sender`, the query, the condition and the body.

    A JSON body is read for it. Of any other, which may have gigabytes, the announcement counts: its digest (RFC 9530)
    when the client sends one, else its length and its name.
    """
    media_type = (request.content_type or "").lower()
    if media_type == "application/json" and "Content-Disposition" not in request.headers:
        body = [hashlib.sha256(request.body).hexdigest()]
    else:
        digests = [request.headers.get(name, "") for name in ("Repr-Digest", "Content-Digest")]
        length = request.META.get("CONTENT_LENGTH") or "0"
        # The type without its parameters: clients choose a new boundary each time that they send a form.
        body = [media_type, *digests] if any(digests) else [media_type, length, _get_name(request)]
    said = [*sender, request.META.get("QUERY_STRING", ""), request.headers.get("If-Match", ""), *body]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _get_name(request: HttpRequest) -> str:
    name: str = request.headers.get("Content-Disposition", "")
    return name
