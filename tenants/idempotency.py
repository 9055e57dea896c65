"""Requests with an `Idempotency-Key`: their effect happens once, and whoever sends them again gets the same answer.

An action runs inside one transaction with the row that keeps its answer: either both are stored or neither. Actions
that receive files or wait for the store (`run_in_steps`) cannot hold a transaction for so long. Their row is committed
first and has no answer until they end; meanwhile an advisory lock of the session, which ends with its process, says
that they still run (docs/decisions/0083-answers-are-kept-with-their-effects.md).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from project import logs
from project.http.idempotency import (
    KEYED_METHODS,
    REPLAYED,
    AnswerLost,
    IdempotencyKeyReused,
    RequestRunning,
    compute_fingerprint,
    read_idempotency_key,
)
from project.http.preconditions import refuse_unread_if_match
from tenants.encryption import NotDecryptable, decrypt, encrypt
from tenants.models import ApiKey, IdempotentRequest, Tenant
from tenants.requests import get_api_key, get_tenant

# Answers that say that nothing was done: the request itself was refused, it came too early, or what it needs is away.
# It shall be possible to send it again with the same key.
_NOTHING_DONE = frozenset({400, 401, 403, 405, 406, 408, 411, 413, 415, 428, 429, 503})
# Written anew for each response.
_OWN_HEADERS = frozenset({"allow", "content-length", "vary"})
# The longest upload takes three days (UPLOAD_MIN_RATE); a row without an answer is kept for longer than that.
_UNANSWERED_RETENTION = timedelta(days=7)
# Rows of one run of the periodic task; the next run takes the others.
_DELETE_BATCH_SIZE = 5_000

log = logs.get_logger(__name__)
_running_request: ContextVar[UUID | None] = ContextVar("running_request", default=None)


@dataclass(frozen=True, kw_only=True)
class RequestIdentity:
    """What requests with one key have in common (tenant, route and key), and what must be equal (`fingerprint`)."""

    tenant: Tenant
    digest: str
    fingerprint: str
    secret: bytes

    @property
    def lock_id(self) -> int:
        """The number of its advisory lock: 64 bits; two keys that share one would only wait for each other."""
        return int.from_bytes(hashlib.sha256(f"{self.tenant.pk} {self.digest}".encode()).digest()[:8], signed=True)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The response of an action, and the exception that it was made of."""

    response: HttpResponse
    exception: Exception | None

    @property
    def is_kept(self) -> bool:
        """Tell whether the answer is given again. Input that is not valid was refused before anything was done."""
        return self.response.status_code not in _NOTHING_DONE and not isinstance(self.exception, APIException)


class IdempotentActions(APIView):
    """A view whose POST, PATCH and DELETE obey `Idempotency-Key`, after authentication, scope and rate limit."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Have the action run at most once for a request with a key.

        Raises IdempotencyKeyInvalid, and IfMatchNotSupported for a condition that the action does not look at.
        """
        super().initial(request, *args, **kwargs)
        if request.method not in KEYED_METHODS:
            return
        name = request.method.lower()
        action = getattr(self, name, self.http_method_not_allowed)
        refuse_unread_if_match(request, action)
        if (key := read_idempotency_key(request._request)) is None:
            return
        setattr(self, name, partial(self._answer_once, action, key))

    def _answer_once(self, action: Callable[..., Any], key: str, request: Request, *args: Any, **kwargs: Any) -> Any:
        identity = identify_request(request, key)
        answer = answer_in_steps if getattr(action, "runs_in_steps", False) else answer_in_transaction
        return answer(identity, lambda: self._run_action(action, request, *args, **kwargs))

    def _run_action(self, action: Callable[..., Any], request: Request, *args: Any, **kwargs: Any) -> Outcome:
        exception = None
        try:
            response = action(request, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001  # as Django REST framework does; it logs what is not expected
            exception = exc
            response = self.handle_exception(exc)
        response = self.finalize_response(request, response, *args, **kwargs)
        if hasattr(response, "render"):
            response.render()
        if response.streaming:
            raise RuntimeError("An answer that is streamed cannot be given again: no action may have one.")
        return Outcome(response=response, exception=exception)


def identify_request(request: Request, key: str) -> RequestIdentity:
    """Return what the request is known by. Reads its body, when that is JSON."""
    route = f"{request.method} {request._request.path} {key}"
    return RequestIdentity(
        tenant=get_tenant(request),
        digest=hashlib.sha256(route.encode()).hexdigest(),
        fingerprint=compute_fingerprint(request._request, *_describe_powers(get_api_key(request))),
        secret=salted_hmac("tenants.idempotency", route, algorithm="sha256").digest(),
    )


def _describe_powers(key: ApiKey) -> list[str]:
    """Return what a key may do and reach: nobody gets an answer that their own key could not have got."""
    restrictions = [str(key.node_id or ""), *sorted(key.networks)] if key.node_id or key.networks else []
    return [*sorted(key.scopes), *restrictions]


def answer_in_transaction(identity: RequestIdentity, run: Callable[[], Outcome]) -> HttpResponse:
    """Return the stored response, or run the action and store its response, in one transaction.

    What an action did that ends with an error is undone. Raises RequestRunning and IdempotencyKeyReused.
    """
    with transaction.atomic():
        if not _call_lock("pg_try_advisory_xact_lock", identity):
            raise _build_running_error()
        # A statement of its own, after the lock: that of the lock might not see what another one has just committed.
        stored = _find_row(identity)
        if stored is not None:
            return _replay(identity, stored)
        outcome = _run_undoing_errors(run)
        if outcome.is_kept:
            IdempotentRequest.objects.create(
                tenant=identity.tenant,
                digest=identity.digest,
                fingerprint=identity.fingerprint,
                **_encode(identity, outcome.response),
            )
    return outcome.response


def answer_in_steps(identity: RequestIdentity, run: Callable[[], Outcome]) -> HttpResponse:
    """Return the stored response, or run the action, which makes its own transactions, and store its response.

    An action whose process died is run again, unless it has noted its effect. Raises RequestRunning,
    IdempotencyKeyReused and AnswerLost.
    """
    with _hold_session_lock(identity):
        row = _find_row(identity)
        if row is not None and row.status is not None:
            return _replay(identity, row)
        if row is None:
            row = IdempotentRequest.objects.create(
                tenant=identity.tenant, digest=identity.digest, fingerprint=identity.fingerprint
            )
        else:
            _take_over(identity, row)
        token = _running_request.set(row.pk)
        try:
            outcome = run()
        finally:
            _running_request.reset(token)
        this = IdempotentRequest.objects.filter(pk=row.pk)
        if outcome.is_kept:
            this.update(**_encode(identity, outcome.response), answered_at=timezone.now())
        else:
            this.delete()
    return outcome.response


def note_effect(location: str) -> None:
    """Note in the caller's transaction that the request has had its effect, and where that can be read.

    For actions that run in steps. Does nothing for a request without a key.
    """
    if (pk := _running_request.get()) is not None:
        IdempotentRequest.objects.filter(pk=pk).update(location=location)


def delete_old_requests() -> None:
    """Delete requests that were answered more than `IDEMPOTENCY_HOURS` ago, and those that never were. Periodic."""
    now = timezone.now()
    old = IdempotentRequest.objects.filter(answered_at__lt=now - timedelta(hours=settings.IDEMPOTENCY_HOURS)).exclude(
        status=None, created_at__gte=now - _UNANSWERED_RETENTION
    )
    IdempotentRequest.objects.filter(pk__in=old.order_by("answered_at").values("pk")[:_DELETE_BATCH_SIZE]).delete()


class _ActionFailed(Exception):
    """Ends a transaction whose action answered with an error."""


def _run_undoing_errors(run: Callable[[], Outcome]) -> Outcome:
    outcome: Outcome | None = None
    with suppress(_ActionFailed), transaction.atomic():
        outcome = run()
        if outcome.exception is not None:
            raise _ActionFailed
    assert outcome is not None
    return outcome


@contextmanager
def _hold_session_lock(identity: RequestIdentity) -> Iterator[None]:
    """Hold the request's lock until the block ends, or this process does. Raises RequestRunning."""
    if not _call_lock("pg_try_advisory_lock", identity):
        raise _build_running_error()
    try:
        yield
    finally:
        # The lock is gone with a connection that broke meanwhile.
        with suppress(DatabaseError, InterfaceError):
            _call_lock("pg_advisory_unlock", identity)


def _call_lock(function: str, identity: RequestIdentity) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [identity.lock_id])
        return bool(cursor.fetchone()[0])


def _build_running_error() -> RequestRunning:
    return RequestRunning("The first request with this Idempotency-Key is still being worked on.")


def _find_row(identity: RequestIdentity) -> IdempotentRequest | None:
    """Return the row of the request, if there is one. Raises IdempotencyKeyReused."""
    row = IdempotentRequest.objects.filter(tenant=identity.tenant, digest=identity.digest).first()
    if row is not None and row.fingerprint != identity.fingerprint:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was sent to the same address before, with another body, query, If-Match or scope."
        )
    return row


def _take_over(identity: RequestIdentity, row: IdempotentRequest) -> None:
    """Let the request run whose process died before its end. Raises AnswerLost when it has had its effect."""
    if row.location:
        raise AnswerLost(
            "The request was done, but the process that worked on it died before it could answer.",
            extra={"location": row.location},
        )
    log.warning("request taken over from a process that died", idempotent_request=str(row.pk))


def _encode(identity: RequestIdentity, response: HttpResponse) -> dict[str, Any]:
    """Return the columns that keep a response, encrypted: it may show a secret that is stored nowhere else."""
    headers = {name: value for name, value in response.items() if name.lower() not in _OWN_HEADERS}
    plain = zlib.compress(json.dumps(headers).encode() + b"\n" + response.content)
    answer = encrypt(plain, key=identity.secret, context=identity.fingerprint)
    return {"status": response.status_code, "answer": answer}


def _replay(identity: RequestIdentity, row: IdempotentRequest) -> HttpResponse:
    """Return the stored response. Raises AnswerLost when it cannot be decrypted any more."""
    try:
        compressed = decrypt(bytes(row.answer), key=identity.secret, context=identity.fingerprint)
    except NotDecryptable:
        raise AnswerLost(
            "The request was done, but its answer was stored with another SECRET_KEY.", extra={"location": row.location}
        ) from None
    head, _, body = zlib.decompress(compressed).partition(b"\n")
    headers: dict[str, str] = json.loads(head)
    assert row.status is not None
    response = HttpResponse(body, status=row.status, headers={**headers, REPLAYED: "true"})
    if "Content-Type" not in headers:
        del response["Content-Type"]
    return response
