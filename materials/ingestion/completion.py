"""Complete a job of this app together with its results, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from materials.locks import lock_tree
from materials.models import MaterialEntry
from project.jobs.models import JobStatus
from project.jobs.run import JobRun
from tenants.events.catalogue import EntryReady


@contextmanager
def store_result(run: JobRun, *, result: dict[str, Any]) -> Iterator[None]:
    """Complete the job with its result and run the block, which stores the results: both are committed, or neither.

    The block runs in one transaction that holds the tree lock. If the job was cancelled or lost meanwhile, it does not
    run, and JobCancelled or JobLost is raised. An exception of the block also undoes the completion.
    """
    run.wait_for_database()
    with transaction.atomic():
        # The lock comes before the job's row, as for everybody who takes both: a request that deletes an entry holds
        # the lock when it cancels the entry's jobs. In the other order the two would wait for each other.
        lock_tree(run.tenant)
        # The end is claimed before anything is stored: from here on the row of the job is ours until the commit, and
        # a job of the same kind may be submitted for the same subject.
        with run.complete_job(result=result):
            yield


def announce_ready_entry(run: JobRun, entry: MaterialEntry) -> None:
    """Have the job's end tell that the entry is ready, unless another job of the entry has to end before or has failed.

    To be called at the end of the block of `store_result`.
    """
    if entry.job is None or entry.job_id == run.job.pk or entry.job.status == JobStatus.COMPLETE:
        run.announce(EntryReady(entry=entry.pk, node=entry.node_id, job=run.job.pk))
