"""The process that sends webhooks: one loop with the database, and threads that only send.

It keeps nothing to itself: after `kill -9` another one goes on from the rows, and sends once more what was under way.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from project import logs
from project.db.clock import get_database_time
from project.db.outages import drop_connections, is_database_outage
from tenants.encryption import NotDecryptable
from tenants.models import WebhookDelivery, WebhookEndpoint
from tenants.webhooks.claims import claim_deliveries
from tenants.webhooks.fan_out import make_deliveries
from tenants.webhooks.results import record_attempt
from tenants.webhooks.sender import AttemptResult, OutgoingMessage, send_message
from tenants.webhooks.signing import decrypt_secret

# How soon an event is sent, for three statements each time while nothing happens.
POLL_SECONDS = 0.5
# Between two looks while the database is away.
_OUTAGE_SECONDS = 2.0

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Sending:
    """A claimed delivery that a thread is sending."""

    claim: WebhookDelivery
    url: str
    sent_at: datetime


class WebhookDispatcher:
    """Makes deliveries of new events and sends those that are due, up to `threads` at a time."""

    def __init__(self, *, threads: int, clock: Callable[[], datetime] = get_database_time) -> None:
        self._threads = threads
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="webhook")
        self._under_way: dict[Future[AttemptResult], _Sending] = {}
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, then let what is being sent end, and return."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        log.info("webhook dispatcher started", threads=self._threads)
        while not self._stopping.is_set():
            try:
                is_busy = self.work_once()
            except Exception:  # nothing may end it, mostly the database is away for a moment
                log.warning("webhook dispatcher interrupted", exc_info=True)
                drop_connections()
                self._stopping.wait(_OUTAGE_SECONDS)
            else:
                if not is_busy and not self.wait_for_attempt(seconds=POLL_SECONDS):
                    self._stopping.wait(POLL_SECONDS)
        self.finish()
        log.info("webhook dispatcher stopped")

    def work_once(self) -> bool:
        """Store what has ended, make new deliveries and begin to send those that are due. Return False for nothing."""
        ended = self._record_ended()
        made = make_deliveries(now=self._clock())
        begun = self._begin_due()
        return bool(ended or made or begun)

    def wait_for_attempt(self, *, seconds: float) -> bool:
        """Wait until one of the attempts under way has ended, for so long at most. Return False when there is none."""
        if self._under_way:
            wait(self._under_way, timeout=seconds, return_when=FIRST_COMPLETED)
        return bool(self._under_way)

    def finish(self) -> None:
        """Wait until all that is being sent has ended, and store it."""
        self._pool.shutdown(wait=True)
        self._record_ended()

    def _begin_due(self) -> int:
        free = self._threads - len(self._under_way)
        if free <= 0:
            return 0
        now = self._clock()
        claims = claim_deliveries(limit=free, now=now)
        for claim in claims:
            sending = _Sending(claim=claim, url=claim.endpoint.url, sent_at=now)
            self._under_way[self._pool.submit(_send_claimed, claim, now)] = sending
        return len(claims)

    def _record_ended(self) -> int:
        ended = [future for future in self._under_way if future.done()]
        for future in ended:
            self._record(self._under_way[future], future.result())
            # Only now: when the database was away, the next round stores it.
            del self._under_way[future]
        return len(ended)

    def _record(self, sending: _Sending, result: AttemptResult) -> None:
        """Store how an attempt ended. Raises what the database raises while it is away."""
        delivery = str(sending.claim.pk)
        try:
            record_attempt(sending.claim, result, url=sending.url, sent_at=sending.sent_at, now=self._clock())
        except Exception as exc:
            if is_database_outage(exc):
                raise
            # Its lease runs out, and it is sent again; meanwhile the others go on.
            log.exception("webhook attempt not recorded", delivery=delivery)
            return
        log.info(
            "webhook sent",
            delivery=delivery,
            endpoint=str(sending.claim.endpoint_id),
            status=result.response_status,
            error=result.error_code,
            milliseconds=result.milliseconds,
        )


def _send_claimed(claim: WebhookDelivery, now: datetime) -> AttemptResult:
    """Send a claimed delivery. Runs in a thread without a connection to the database."""
    started = time.monotonic()
    try:
        message = OutgoingMessage(
            url=claim.endpoint.url,
            message_id=str(claim.message_id),
            body=claim.body,
            secrets=_read_secrets(claim.endpoint, now=now),
        )
        return send_message(message, sent_at=now)
    except NotDecryptable:
        code, text = "secret_unreadable", "The secret was stored with another SECRET_KEY. Rotate it."
    except Exception as exc:  # the thread's result must say so: the next attempt may go better
        log.exception("webhook attempt failed unexpectedly", delivery=str(claim.pk))
        code, text = "unexpected", f"The attempt failed unexpectedly ({type(exc).__name__})."
    milliseconds = round((time.monotonic() - started) * 1000)
    return AttemptResult(milliseconds=milliseconds, error_code=code, error_message=text)


def _read_secrets(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """Return the secrets to sign with: the present one, and the one before while it is still valid."""
    secrets = [decrypt_secret(endpoint.secret, endpoint_id=endpoint.pk)]
    if endpoint.previous_secret_until is not None and now < endpoint.previous_secret_until:
        secrets.append(decrypt_secret(endpoint.previous_secret, endpoint_id=endpoint.pk))
    return secrets
