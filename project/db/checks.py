"""What `manage.py migrate` checks of a database before it changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from project.db.clock import describe_clock_offset, measure_clock_offset

# Of other apps it is theirs to say; some replace their migrations by fewer ones.
_LABELS = ("jobs", "llm", "materials", "structures", "tenants")


@checks.register(checks.Tags.database)
def check_migration_history(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Report a database whose schema was made by migrations of ours that exist no longer.

    They were replaced by one initial migration an app before the first release; Django would take the initial ones for
    applied, and fail later at a column that is not there.
    """
    return [
        checks.Error(
            (
                f"The database {alias!r} was made by a development version before the first release and has to be "
                f"made anew."
            ),
            hint="Delete it (the embedded one is the folder postgresql in VAR_DIR), then run manage.py migrate.",
            id="db.E001",
        )
        for alias in databases or ()
        if _has_unknown_migrations(alias)
    ]


@checks.register(checks.Tags.database)
def check_clock(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Report a host whose clock is not the database's. Asks only where the database is checked at all."""
    if not databases or DEFAULT_DB_ALIAS not in databases:
        return []
    fault = describe_clock_offset(measure_clock_offset())
    if not fault:
        return []
    hint = "Let NTP set it. Jobs go by the database's clock, but logs and signed addresses do not."
    return [checks.Warning(f"The clock of this host {fault}.", hint=hint, id="db.W001")]


def _has_unknown_migrations(alias: str) -> bool:
    recorder = MigrationRecorder(connections[alias])
    if not recorder.has_table():
        return False
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return any(app in _LABELS and (app, name) not in known for app, name in recorder.applied_migrations())
