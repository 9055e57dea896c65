"""The outcomes that file names force in sandboxes, as far as jobs of ingestion are concerned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from materials.documents import Document, LeftOut, LeftOutKind, LeftOutText
from materials.forced_outcomes import OutcomeEffect, OutcomeStage, find_outcome, get_slow_seconds
from materials.models import MaterialEntry
from project.db.clock import get_database_time
from project.jobs.errors import JobPaused
from project.jobs.run import JobRun

# What a slow job shows, and how often its progress changes. Between two looks it waits in the queue: it occupies no
# worker, and to cancel it is as with any queued job.
WAITS_FOR = "sandbox"
SLICE_SECONDS = 5
PARTIAL_WARNING = "Page 2 could not be read: it is damaged. (The name of the file asks for this, in the sandbox.)"


def force_ingestion_outcome(run: JobRun, entry: MaterialEntry) -> None:
    """Do what the entry's name asks of its ingestion in a sandbox; nothing elsewhere.

    Raises the error that it names, and JobPaused while a slow one has time left.
    """
    outcome = find_outcome(entry.name, OutcomeStage.INGESTION) if run.tenant.is_sandbox else None
    if outcome is None:
        return
    if outcome.effect is OutcomeEffect.DELAYED:
        _wait_slowly(run, get_slow_seconds(entry.name))
    # The number of the claim: 1 until somebody retries the job.
    elif outcome.effect is not OutcomeEffect.FAILED_ONCE or run.job.token == 1:
        outcome.raise_error()


def force_partial_result(entry: MaterialEntry, document: Document) -> Document:
    """Return the document as one of which something could not be read, when the entry's name asks for it in a sandbox.

    Elsewhere it stays as it is.
    """
    outcome = find_outcome(entry.name, OutcomeStage.INGESTION) if entry.tenant.is_sandbox else None
    if outcome is None or outcome.effect is not OutcomeEffect.PARTIAL:
        return document
    hidden = LeftOut(kind=LeftOutKind.HIDDEN_TEXT, count=1, texts=(LeftOutText(text="A hidden remark.", count=1),))
    return replace(document, warnings=(*document.warnings, PARTIAL_WARNING), left_out=(*document.left_out, hidden))


def _wait_slowly(run: JobRun, seconds: int) -> None:
    elapsed = get_database_time() - run.job.created_at
    left = timedelta(seconds=seconds) - elapsed
    if left <= timedelta(0):
        return
    raise JobPaused(
        WAITS_FOR,
        seconds=min(SLICE_SECONDS, left.total_seconds()),
        done=int(elapsed.total_seconds()),
        total=seconds,
    )
