"""Errors of the log of events.

* DomainError
  x EventsExpired          410  events after the one that was named are deleted already
"""

from __future__ import annotations

from project.errors import DomainError


class EventsExpired(DomainError):
    """Events after the one that was named are deleted already: whoever goes on from it would miss them."""

    code = "events_expired"
    status = 410
    next_step = (
        "Read the present state of what you follow, such as GET /api/v1/jobs, and go on with GET /api/v1/events "
        "without `after`, which begins with the oldest event that is kept."
    )
