"""The requests with an `Idempotency-Key`, kept with their answers."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from project.db.fields import UUIDModel
from tenants.models.tenants import Tenant


class IdempotentRequest(UUIDModel):
    """A request with an `Idempotency-Key`, and its answer, which is given again when the request comes again.

    Without `status` it has not been answered: it still runs, or its process died. `location` is what it has made.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, editable=False)  # SHA-256 of method, path and key, in hexadecimal digits
    fingerprint = models.CharField(max_length=64, editable=False)  # SHA-256 of what else must be equal
    status = models.PositiveSmallIntegerField(null=True, editable=False)
    answer = models.BinaryField(default=bytes, editable=False)  # headers and body, compressed and encrypted
    location = models.CharField(max_length=200, blank=True, editable=False)
    answered_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "digest"], name="request_is_kept_once")]

    def __str__(self) -> str:
        return f"{self.digest[:12]} ({self.status or 'not answered'})"
