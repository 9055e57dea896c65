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
COOLING = timedelta(seconds=30)
MOST_COOLING = timedelta(minutes=10)
REFUSED_FOR = timedelta(minutes=10)
NO_QUOTA_FOR = timedelta(minutes=30)
MOST_WAIT = timedelta(hours=1)
"""Longer than this no vendor is believed."""
PROBE = timedelta(minutes=15)
"""Longer than any answer may take: until then whoever probes is alone."""
LOOK_SECONDS = 1.0

log = logs.get_logger(__name__)

_Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Until when a model must not be asked, and after what kind of failure; no moment when it may be asked now."""

    until: datetime | None = None
    kind: str = ""

    @property
    def allowed(self) -> bool:
        return self.until is None


OPEN_DOOR = Admission()


class Breakers:
    """The breakers as one process sees them. Safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Mapping[_Key, Breaker] = {}
        self._looked_at = float("-inf")

    def look(self, model: ModelSpec) -> Admission:
        """Tell whether the model is passed over now. Claims nothing."""
        now = timezone.now()
        for row in self._rows(model):
            if row.open_until is not None and row.open_until > now:
                return Admission(until=row.open_until, kind=row.kind)
        return OPEN_DOOR

    def admission(self, model: ModelSpec) -> Admission:
        """Tell whether the model may be asked. Of all who ask after its cooling time, one is allowed to try."""
        found = self.look(model)
        if not found.allowed:
            return found
        now = timezone.now()
        for row in self._rows(model):
            if row.open_until is not None and not self._claim_probe(row, now):
                return Admission(until=now + COOLING, kind=row.kind)
        return OPEN_DOOR

    def succeeded(self, model: ModelSpec) -> None:
        """Note an answer: the model and its provider are healthy. Writes only when they were not."""
        if rows := self._rows(model):
            Breaker.objects.filter(pk__in=[row.pk for row in rows]).delete()
            self._look_again()
            log.info("model answers again", provider=model.provider, model=model.model)

    def failed(self, model: ModelSpec, error: ProviderError) -> None:
        """Note a failure that speaks against the provider."""
        refused = isinstance(error, ProviderRefused)
        whole = isinstance(error, (KeyRefused, QuotaExhausted))
        with transaction.atomic():
            row, _ = Breaker.objects.select_for_update().get_or_create(
                provider=model.provider, model="" if whole else model.model, defaults={"kind": error.kind}
            )
            self._open(row, error, refused=refused)
            row.save()
        self._look_again()
        if refused:
            log.error(
                "a provider refuses our calls: an operator must act",
                alarm=error.kind,
                provider=model.provider,
                model=model.model,
                cause=str(error),
            )

    def undecided(self, model: ModelSpec) -> None:
        """Note that a call ended without saying anything about the provider: another may probe."""
        if probing := [row.pk for row in self._rows(model) if row.open_until is not None]:
            Breaker.objects.filter(pk__in=probing).update(probe_until=None)
            self._look_again()

    def _open(self, row: Breaker, error: ProviderError, *, refused: bool) -> None:
        now = timezone.now()
        asked = timedelta(seconds=min(error.retry_after, MOST_WAIT.total_seconds())) if error.retry_after else None
        is_open = row.open_until is not None and row.open_until > now
        row.failures, row.kind, row.probe_until = row.failures + 1, error.kind, None
        if refused:
            usual = NO_QUOTA_FOR if isinstance(error, QuotaExhausted) else REFUSED_FOR
            row.open_until = now + max(usual, asked or usual)
        elif is_open and row.opened:  # a call that began before it was opened: nothing new
            return
        elif row.failures >= FAILURES_TO_OPEN or row.opened:
            cooling = min(MOST_COOLING, COOLING * 2 ** min(row.opened, 10))
            row.opened += 1
            row.open_until = now + max(cooling, min(asked or cooling, MOST_COOLING))
        elif asked is not None:
            row.open_until = now + min(asked, MOST_COOLING)

    def _claim_probe(self, row: Breaker, now: datetime) -> bool:
        free = Q(probe_until=None) | Q(probe_until__lte=now)
        claimed = Breaker.objects.filter(free, pk=row.pk, open_until__lte=now).update(probe_until=now + PROBE)
        if not claimed:
            self._look_again()
            return not Breaker.objects.filter(pk=row.pk).exists()
        return True

    def _rows(self, model: ModelSpec) -> list[Breaker]:
        known = self._look()
        keys = ((model.provider, ""), (model.provider, model.model))
        return [known[key] for key in keys if key in known]

    def _look(self) -> Mapping[_Key, Breaker]:
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            with self._lock:
                if time.monotonic() - self._looked_at > LOOK_SECONDS:
                    self._known = {(row.provider, row.model): row for row in Breaker.objects.all()}
                    self._looked_at = time.monotonic()
        return self._known

    def _look_again(self) -> None:
        self._looked_at = float("-inf")


class UnheededBreakers(Breakers):
    """Lets every call pass, and notes how it ended: for an operator who looks whether a model works again."""

    def admission(self, model: ModelSpec) -> Admission:
        return OPEN_DOOR


def open_breakers() -> list[Breaker]:
    """Return the breakers that are open now, for people to read."""
    return list(Breaker.objects.filter(open_until__gt=timezone.now()).order_by("provider", "model"))
