"""The priorities that a request can ask for by a word."""

from __future__ import annotations

from django.db import models
from rest_framework.request import Request

from project.jobs.queues import IMMEDIATE, NORMAL
from tenants.errors import ScopeMissing
from tenants.permissions import has_scope
from tenants.requests import get_api_key
from tenants.scopes import Scope


class Urgency(models.TextChoices):
    """The words of the API. An immediate job goes first and does not wait for the work window."""

    NORMAL = "normal"
    IMMEDIATE = "immediate"


def get_requested_priority(request: Request, word: str) -> int:
    """Return the priority of the job that the request asks for.

    Raises ScopeMissing when the word is `immediate` and the request's key lacks that scope.
    """
    if Urgency(word) is Urgency.NORMAL:
        return NORMAL
    if has_scope(get_api_key(request), Scope.IMMEDIATE):
        return IMMEDIATE
    raise ScopeMissing(
        f"priority=immediate needs a key with the scope {Scope.IMMEDIATE.value!r}.",
        next_step=f"Leave priority out, or ask the operator for a key that has {Scope.IMMEDIATE.value!r} as well.",
    )
