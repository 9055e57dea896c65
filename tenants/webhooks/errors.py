"""Errors of webhooks.

* DomainError
  x WebhookRefused     422  nothing is sent to that address, or it is too much
  x WebhookNotEnabled    409  nothing is sent to the endpoint now
"""

from __future__ import annotations

from project.errors import Conflict, RuleViolation


class WebhookRefused(RuleViolation):
    """Nothing is sent to the address of an endpoint; another code says what else is not valid."""

    code = "webhook_refused"
    next_step = "Give a public address that begins with https://, on port 443."


class WebhookNotEnabled(Conflict):
    """Nothing is sent to the endpoint while it is disabled."""

    code = "webhook_disabled"
    next_step = 'Enable it first: PATCH it with {"enabled": true}.'
