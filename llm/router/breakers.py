"""Circuit breakers: after repeated failures a model is passed over for a while, then one call tries it again.

A model that refused a request as malformed which another vendor answered is passed over for requests of that shape.

The state is in the database, so that all processes share it. A process reads it at most once a second, and at once
after it has changed it itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from llm.errors import CertificateRefused, KeyRefused, PromptInvalid, ProviderError, ProviderRefused, QuotaExhausted
from llm.models import Breaker
from llm.registry import ModelSpec
from project import logs
from project.db.clock import get_database_time

# One question asks a busy model twice (ATTEMPTS_WHEN_BUSY), so a single unlucky question must not be enough.
FAILURES_TO_OPEN = 3
# The first cool-down is one that a waiting question can sit out (ROUND_SECONDS in the fallback); doubled each time, it
# reaches the maximum at the sixth, where a vendor that is down for hours costs one failed call in ten minutes.
COOLDOWN = timedelta(seconds=30)
MAX_COOLDOWN = timedelta(minutes=10)
# Only an operator mends a refused key. Asking again now and then notices it without a restart, and repeats the alarm.
REFUSAL_COOLDOWN = timedelta(minutes=10)
# A used-up quota comes back with a new day or a payment, so that asking again soon is even less worth than for a key.
QUOTA_COOLDOWN = timedelta(minutes=30)
# How long a model is not asked requests of a shape that it refused as malformed. Refusals cost nothing, and what they
# objected to (a parameter, a kind of picture) changes with a release of the vendor or of ours: a choice.
SHAPE_COOLDOWN = timedelta(minutes=10)
# A faulty `retry-after` may say anything: a model must not be passed over for days because of one header.
MAX_RETRY_AFTER = timedelta(hours=1)
# A probe whose process was killed never ends, so that its claim has to expire by itself: after the longest time that
# the shipped registry gives an answer (`answer_seconds: 900`), since only one call should probe at a time.
PROBE_TIMEOUT = timedelta(minutes=15)
# A healthy call must not pay a statement for its breakers; for a second more, other processes ask a failing model.
REFRESH_SECONDS = 1.0

log = logs.get_logger(__name__)

# Provider, model, shape and variable of the key, each blank when the row is about all of them.
_Key = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Whether a model may be asked: until when not and after what kind of failure; `until` is None when it may."""

    until: datetime | None = None
    kind: str = ""

    @property
    def is_allowed(self) -> bool:
        return self.until is None


ADMITTED = Admission()


class CircuitBreakers:
    """The breakers of all models, read from the database and cached for a second. Safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows_by_key: Mapping[_Key, Breaker] = {}
        self._loaded_at = float("-inf")
        # Not from 0: processes that begin together must not use the same key together.
        self._turns = random.randrange(1000)  # noqa: S311  # spreads calls

    def peek_admission(self, model: ModelSpec) -> Admission:
        """Tell whether the model is passed over now. Claims nothing."""
        return self._find_admission(self._find_rows(model))

    def _find_admission(self, rows: Sequence[Breaker]) -> Admission:
        cooling = [row for row in rows if row.open_until is not None]
        if cooling:  # mostly there is none, and no need to ask for the time
            now = get_database_time()
            for row in cooling:
                if row.open_until is not None and row.open_until > now:
                    return Admission(until=row.open_until, kind=row.kind)
        return ADMITTED

    def request_admission(self, model: ModelSpec) -> Admission:
        """Tell whether the model may be asked. After a cool-down it admits one caller in all processes, as the probe.

        Who is admitted must call `record_success`, `record_failure` or `release_probe` afterwards.
        """
        found = self.peek_admission(model)
        if not found.is_allowed:
            return found
        for row in self._find_rows(model):
            if row.open_until is None:
                continue
            now = get_database_time()
            if not self._claim_probe(row, now):
                # When the probe will end is unknown: one more cool-down is a guess, and the next request reads again.
                return Admission(until=now + COOLDOWN, kind=row.kind)
        return ADMITTED

    def peek_shape_admission(self, model: ModelSpec, compute_shape: Callable[[], str]) -> Admission:
        """Tell whether the model is passed over now for requests of a shape, computed only when it matters."""
        if not any(shape for _, _, shape, _ in self._load_rows()):
            return ADMITTED
        row = self._load_rows().get((model.provider, model.model, compute_shape(), ""))
        if row is None or row.open_until is None or row.open_until <= get_database_time():
            return ADMITTED
        return Admission(until=row.open_until, kind=row.kind)

    def record_shape_refusal(self, model: ModelSpec, shape: str) -> None:
        """Pass the model over for requests of this shape, because it refused one that another vendor answered."""
        now = get_database_time()
        # One that is over says nothing any more; deleted here, it needs no periodic task.
        Breaker.objects.exclude(shape="").filter(open_until__lte=now).delete()
        Breaker.objects.update_or_create(
            provider=model.provider,
            model=model.model,
            shape=shape,
            key="",
            defaults={"kind": PromptInvalid.kind, "failures": 1, "open_until": now + SHAPE_COOLDOWN},
        )
        self._expire_cache()
        log.warning(
            "a model refuses requests that another vendor answers",
            provider=model.provider,
            model=model.model,
            shape=shape,
        )

    def choose_key(self, model: ModelSpec, keys: Sequence[str]) -> tuple[str, Admission]:
        """Return one of the provider's keys, in turn, that is not passed over now for the model, and ADMITTED.

        When all are, returns a key all the same, and until when the first of them is.
        """
        self._turns += 1
        turn = self._turns % len(keys)
        refused: list[Admission] = []
        for key in (*keys[turn:], *keys[:turn]):
            admission = self._find_admission(self._find_key_rows(model, key))
            if admission.is_allowed:
                return key, ADMITTED
            refused.append(admission)
        return keys[turn], min(refused, key=lambda admission: (admission.until is None, admission.until))

    def has_free_key(self, model: ModelSpec, keys: Sequence[str]) -> bool:
        """Tell whether one of the keys is not passed over now for the model."""
        return any(self._find_admission(self._find_key_rows(model, key)).is_allowed for key in keys)

    def record_success(self, model: ModelSpec, key: str = "") -> None:
        """Delete the breakers of a model that has answered, of its provider and of the key; without any, write nothing.

        The key is named only for a provider with several.
        """
        rows = self._find_rows(model) + (self._find_key_rows(model, key) if key else [])
        if rows:
            Breaker.objects.filter(pk__in=[row.pk for row in rows]).delete()
            self._expire_cache()
            log.info("model answers again", provider=model.provider, model=model.model)

    def record_failure(self, model: ModelSpec, error: ProviderError, key: str = "") -> None:
        """Count a failure of the provider, and open the breaker when it is a refusal or one failure too many.

        With a `key` (of a provider with several), what is the matter of its account opens the key's breaker at once.
        Runs in a transaction of its own, in which the breaker's row is locked.
        """
        refused = isinstance(error, ProviderRefused)
        # Key and quota belong to the account, a certificate to the server: other models would fail in the same way.
        whole = isinstance(error, (KeyRefused, QuotaExhausted, CertificateRefused))
        cooled_key = key if is_of_account(error) else ""
        with transaction.atomic():
            # Locked, since failures of several processes add up and one of them decides how long the cool-down is.
            row, _ = Breaker.objects.select_for_update().get_or_create(
                provider=model.provider,
                model="" if whole else model.model,
                shape="",
                key=cooled_key,
                defaults={"kind": error.kind},
            )
            self._apply_failure(row, error, refused=refused)
            row.save()
        # The call may have been the probe of other rows than the one that it counts against: a key's failure says
        # nothing of the model, and a provider's is kept beside the model's.
        self.release_probe(model)
        self._expire_cache()
        if refused:
            log.error(
                "a provider refuses our calls: an operator must act",
                alarm=error.kind,
                provider=model.provider,
                model=model.model,
                # Not `key`: logs hide a field of that name, and this is the name of a variable.
                key_variable=cooled_key,
                cause=str(error),
            )

    def release_probe(self, model: ModelSpec) -> None:
        """Give the right to probe back, after a call that ended without saying anything about the provider."""
        if probing := [row.pk for row in self._find_rows(model) if row.open_until is not None]:
            Breaker.objects.filter(pk__in=probing).update(probe_until=None)
            self._expire_cache()

    def _apply_failure(self, row: Breaker, error: ProviderError, *, refused: bool) -> None:
        now = get_database_time()
        asked = (
            timedelta(seconds=min(error.retry_after, MAX_RETRY_AFTER.total_seconds())) if error.retry_after else None
        )
        is_open = row.open_until is not None and row.open_until > now
        row.failures, row.kind, row.probe_until = row.failures + 1, error.kind, None
        if refused:
            usual = QUOTA_COOLDOWN if isinstance(error, QuotaExhausted) else REFUSAL_COOLDOWN
            row.open_until = now + max(usual, asked or usual)
        elif is_open and row.opened:
            # Calls that began before it was opened fail one after the other; each would double the cool-down.
            return
        # Other keys are left, so that a key whose rate is used up is not tried a second time.
        elif row.failures >= FAILURES_TO_OPEN or row.opened or row.key:
            # The exponent is bounded because a timedelta overflows (at 2**42 half minutes); the maximum comes at 5.
            cooling = min(MAX_COOLDOWN, COOLDOWN * 2 ** min(row.opened, 10))
            row.opened += 1
            row.open_until = now + max(cooling, min(asked or cooling, MAX_COOLDOWN))
        elif asked is not None:
            row.open_until = now + min(asked, MAX_COOLDOWN)

    def _claim_probe(self, row: Breaker, now: datetime) -> bool:
        free = Q(probe_until=None) | Q(probe_until__lte=now)
        # One conditional UPDATE decides: PostgreSQL checks the condition of a concurrent one again on the new row.
        claimed = Breaker.objects.filter(free, pk=row.pk, open_until__lte=now).update(probe_until=now + PROBE_TIMEOUT)
        if not claimed:
            # Another process probes, or has answered and deleted the row meanwhile: then the model is healthy.
            self._expire_cache()
            return not Breaker.objects.filter(pk=row.pk).exists()
        return True

    def _find_rows(self, model: ModelSpec) -> list[Breaker]:
        known = self._load_rows()
        keys = ((model.provider, "", "", ""), (model.provider, model.model, "", ""))
        return [known[key] for key in keys if key in known]

    def _find_key_rows(self, model: ModelSpec, variable: str) -> list[Breaker]:
        known = self._load_rows()
        keys = ((model.provider, "", "", variable), (model.provider, model.model, "", variable))
        return [known[key] for key in keys if key in known]

    def _load_rows(self) -> Mapping[_Key, Breaker]:
        if time.monotonic() - self._loaded_at > REFRESH_SECONDS:
            with self._lock:
                # Checked again: threads that waited for the lock must not read once more each.
                if time.monotonic() - self._loaded_at > REFRESH_SECONDS:
                    self._rows_by_key = {
                        (row.provider, row.model, row.shape, row.key): row for row in Breaker.objects.all()
                    }
                    self._loaded_at = time.monotonic()
        return self._rows_by_key

    def _expire_cache(self) -> None:
        self._loaded_at = float("-inf")


class BypassedCircuitBreakers(CircuitBreakers):
    """Breakers that admit every call and still record how it ended.

    For an operator who checks whether a model works again: a success closes its breaker for everybody.
    """

    def request_admission(self, model: ModelSpec) -> Admission:
        return ADMITTED

    def peek_shape_admission(self, model: ModelSpec, compute_shape: Callable[[], str]) -> Admission:
        return ADMITTED

    def choose_key(self, model: ModelSpec, keys: Sequence[str]) -> tuple[str, Admission]:
        return super().choose_key(model, keys)[0], ADMITTED

    def has_free_key(self, model: ModelSpec, keys: Sequence[str]) -> bool:
        return False


def is_of_account(error: ProviderError) -> bool:
    """Tell whether a failure is the matter of one account: another key of the same provider may do better."""
    return isinstance(error, (KeyRefused, QuotaExhausted)) or error.status == 429


def list_open_breakers() -> list[Breaker]:
    """Return the breakers that are open now, by provider and model, uncached."""
    return list(
        Breaker.objects.filter(open_until__gt=get_database_time()).order_by("provider", "model", "shape", "key")
    )
