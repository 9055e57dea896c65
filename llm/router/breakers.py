"""Circuit breakers: after repeated failures a model is passed over for a while, then one call tries it again.

The state is in the database, so that all processes know it. Each process looks at most once a second, so that a healthy
call pays nothing for it; what a process does itself it knows at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from llm.errors import KeyRefused, ProviderError, ProviderRefused, QuotaExhausted
from llm.models import Breaker
from llm.registry import ModelSpec
from project import logs

FAILURES_TO_OPEN = 3
COOLDOWN = timedelta(seconds=30)
MAX_COOLDOWN = timedelta(minutes=10)
REFUSAL_COOLDOWN = timedelta(minutes=10)
QUOTA_COOLDOWN = timedelta(minutes=30)
MAX_RETRY_AFTER = timedelta(hours=1)
"""Longer than this no vendor is believed."""
PROBE_TIMEOUT = timedelta(minutes=15)
"""Longer than any answer may take: until then whoever probes is alone."""
REFRESH_SECONDS = 1.0

log = logs.get_logger(__name__)

_Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Until when a model must not be asked, and after what kind of failure; no moment when it may be asked now."""

    until: datetime | None = None
    kind: str = ""

    @property
    def is_allowed(self) -> bool:
        return self.until is None


ADMITTED = Admission()


class CircuitBreakers:
    """The breakers as one process sees them. Safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows_by_key: Mapping[_Key, Breaker] = {}
        self._loaded_at = float("-inf")

    def peek_admission(self, model: ModelSpec) -> Admission:
        """Tell whether the model is passed over now. Claims nothing."""
        now = timezone.now()
        for row in self._find_rows(model):
            if row.open_until is not None and row.open_until > now:
                return Admission(until=row.open_until, kind=row.kind)
        return ADMITTED

    def request_admission(self, model: ModelSpec) -> Admission:
        """Tell whether the model may be asked. Of all who ask after its cooling time, one is allowed to try."""
        found = self.peek_admission(model)
        if not found.is_allowed:
            return found
        now = timezone.now()
        for row in self._find_rows(model):
            if row.open_until is not None and not self._claim_probe(row, now):
                return Admission(until=now + COOLDOWN, kind=row.kind)
        return ADMITTED

    def record_success(self, model: ModelSpec) -> None:
        """Note an answer: the model and its provider are healthy. Writes only when they were not."""
        if rows := self._find_rows(model):
            Breaker.objects.filter(pk__in=[row.pk for row in rows]).delete()
            self._expire_cache()
            log.info("model answers again", provider=model.provider, model=model.model)

    def record_failure(self, model: ModelSpec, error: ProviderError) -> None:
        """Note a failure that speaks against the provider."""
        refused = isinstance(error, ProviderRefused)
        whole = isinstance(error, (KeyRefused, QuotaExhausted))
        with transaction.atomic():
            row, _ = Breaker.objects.select_for_update().get_or_create(
                provider=model.provider, model="" if whole else model.model, defaults={"kind": error.kind}
            )
            self._apply_failure(row, error, refused=refused)
            row.save()
        self._expire_cache()
        if refused:
            log.error(
                "a provider refuses our calls: an operator must act",
                alarm=error.kind,
                provider=model.provider,
                model=model.model,
                cause=str(error),
            )

    def release_probe(self, model: ModelSpec) -> None:
        """Note that a call ended without saying anything about the provider: another may probe."""
        if probing := [row.pk for row in self._find_rows(model) if row.open_until is not None]:
            Breaker.objects.filter(pk__in=probing).update(probe_until=None)
            self._expire_cache()

    def _apply_failure(self, row: Breaker, error: ProviderError, *, refused: bool) -> None:
        now = timezone.now()
        asked = (
            timedelta(seconds=min(error.retry_after, MAX_RETRY_AFTER.total_seconds())) if error.retry_after else None
        )
        is_open = row.open_until is not None and row.open_until > now
        row.failures, row.kind, row.probe_until = row.failures + 1, error.kind, None
        if refused:
            usual = QUOTA_COOLDOWN if isinstance(error, QuotaExhausted) else REFUSAL_COOLDOWN
            row.open_until = now + max(usual, asked or usual)
        elif is_open and row.opened:  # a call that began before it was opened: nothing new
            return
        elif row.failures >= FAILURES_TO_OPEN or row.opened:
            cooling = min(MAX_COOLDOWN, COOLDOWN * 2 ** min(row.opened, 10))
            row.opened += 1
            row.open_until = now + max(cooling, min(asked or cooling, MAX_COOLDOWN))
        elif asked is not None:
            row.open_until = now + min(asked, MAX_COOLDOWN)

    def _claim_probe(self, row: Breaker, now: datetime) -> bool:
        free = Q(probe_until=None) | Q(probe_until__lte=now)
        claimed = Breaker.objects.filter(free, pk=row.pk, open_until__lte=now).update(probe_until=now + PROBE_TIMEOUT)
        if not claimed:
            self._expire_cache()
            return not Breaker.objects.filter(pk=row.pk).exists()
        return True

    def _find_rows(self, model: ModelSpec) -> list[Breaker]:
        known = self._load_rows()
        keys = ((model.provider, ""), (model.provider, model.model))
        return [known[key] for key in keys if key in known]

    def _load_rows(self) -> Mapping[_Key, Breaker]:
        if time.monotonic() - self._loaded_at > REFRESH_SECONDS:
            with self._lock:
                if time.monotonic() - self._loaded_at > REFRESH_SECONDS:
                    self._rows_by_key = {(row.provider, row.model): row for row in Breaker.objects.all()}
                    self._loaded_at = time.monotonic()
        return self._rows_by_key

    def _expire_cache(self) -> None:
        self._loaded_at = float("-inf")


class BypassedCircuitBreakers(CircuitBreakers):
    """Lets every call pass, and notes how it ended: for an operator who looks whether a model works again."""

    def request_admission(self, model: ModelSpec) -> Admission:
        return ADMITTED


def list_open_breakers() -> list[Breaker]:
    """Return the breakers that are open now, for people to read."""
    return list(Breaker.objects.filter(open_until__gt=timezone.now()).order_by("provider", "model"))
