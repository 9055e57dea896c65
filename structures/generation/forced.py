"""The outcomes that file names force in sandboxes when a course with such a file is generated with models."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from materials.forced_outcomes import BUSY_SECONDS, get_outcome
from materials.models import MaterialEntry
from project.db.clock import get_database_time
from project.jobs.run import JobRun
from structures.generation.queries import GenerationSources
from tenants.models import Tenant

_BUDGET, _BUSY = get_outcome("budget-exceeded"), get_outcome("models-busy")


def force_request_outcome(*, tenant: Tenant, nodes: Collection[UUID]) -> None:
    """Refuse a generation in a sandbox when an entry of these nodes asks for it by its name. Raises BudgetExceeded.

    One statement in a sandbox, none elsewhere.
    """
    if not tenant.is_sandbox:
        return
    entries = MaterialEntry.objects.for_tenant(tenant).filter(node__in=nodes)
    if entries.filter(name__iregex=_BUDGET.pattern).exists():
        _BUDGET.raise_error()


def force_generation_outcome(run: JobRun, sources: GenerationSources) -> None:
    """Let the job of a generation in a sandbox find models busy at first, when an entry asks for it by its name.

    Raises ModelsExhausted, for which a job waits.
    """
    if not run.tenant.is_sandbox or not any(_BUSY.matches(entry.name) for entry in sources.entries.values()):
        return
    if get_database_time() - run.job.created_at < timedelta(seconds=BUSY_SECONDS):
        _BUSY.raise_error()
