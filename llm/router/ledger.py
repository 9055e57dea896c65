"""The ledger: one ExternalCall row for every attempt, written as soon as it has ended, outside of any transaction."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from llm.messages import TokenUsage
from llm.models import ExternalCall
from llm.registry import Candidate
from llm.router.concurrency import ConcurrencySlot
from project.db import prepared_statements
from project.db.fields import new_id
from project.jobs.models import Job
from tenants.models import Tenant

ANSWERED = "answered"


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """The values of one row. `usage` and `cost` (dollars) are None when what the vendor counted is unknown.

    `estimated_cost` is the most that the attempt can have cost.
    """

    tenant: Tenant | None
    job: Job | None
    call_id: UUID
    attempt: int
    action: str
    strategy: str
    candidate: Candidate
    prompt_version: str
    registry: str
    usage: TokenUsage | None
    cost: Decimal | None
    estimated_cost: Decimal
    latency_ms: int
    outcome: str
    served_model: str = ""
    http_status: int | None = None
    request_id: str = ""


def compute_cost(usage: TokenUsage, candidate: Candidate) -> Decimal:
    """Return the cost of the usage at the candidate's prices, in dollars."""
    prices = candidate.model.get_prices(usage.input_tokens)
    return prices.compute_cost(
        input=usage.input_tokens,
        cached=usage.cached_tokens,
        cache_write=usage.cache_write_tokens,
        audio=usage.audio_tokens,
        output=usage.output_tokens,
        thinking=usage.thinking_tokens,
    )


class Ledger:
    """Writes the rows of attempts."""

    def ensure_outside_transaction(self) -> None:
        """Raise RuntimeError inside a transaction.

        A rollback would delete rows of calls that were made and paid for, and a transaction that waits for a model
        would hold its locks for minutes.
        """
        blocks = connection.atomic_blocks
        # Blocks that Django's TestCase opens do not count: `atomic(durable=True)` excepts them by the same attribute.
        if blocks and not getattr(blocks[-1], "_from_testcase", False):
            raise RuntimeError("A model must not be asked inside transaction.atomic(): its bill could be rolled back.")

    def record_attempt(self, entry: LedgerEntry, slot: ConcurrencySlot | None) -> None:
        """Insert the row, and release the slot in the same statement when there is one.

        Repeated once on a new connection when the old one is broken.
        """
        try:
            _insert_call(entry, slot)
        except (OperationalError, InterfaceError):
            # A connection that was idle for the minutes of an answer may have been cut by the server or a firewall.
            connection.close()
            _insert_call(entry, slot)
        if slot is not None:
            slot.is_held = False


def _insert_call(entry: LedgerEntry, slot: ConcurrencySlot | None) -> None:
    usage = entry.usage or TokenUsage()
    values: dict[str, prepared_statements.SqlValue] = {
        "id": new_id(),
        "created_at": timezone.now(),
        "tenant_id": entry.tenant.pk if entry.tenant else None,
        "job_id": entry.job.pk if entry.job else None,
        "call_id": entry.call_id,
        "attempt": entry.attempt,
        "action": entry.action,
        "strategy": entry.strategy,
        "path": entry.candidate.path,
        "provider": entry.candidate.model.provider,
        "model": entry.candidate.model.id,
        # Vendors choose the length of these two; a row that PostgreSQL refuses would lose the call's cost.
        "served_model": entry.served_model[:200],
        "prompt_version": entry.prompt_version,
        "registry": entry.registry,
        "units_in": usage.input_tokens,
        "units_cached": usage.cached_tokens,
        "units_cache_write": usage.cache_write_tokens,
        "units_audio": usage.audio_tokens,
        "units_out": usage.output_tokens,
        "units_thinking": usage.thinking_tokens,
        "units_estimated": usage.estimated,
        "cost": entry.cost,
        "estimated_cost": entry.estimated_cost,
        "latency_ms": entry.latency_ms,
        "outcome": entry.outcome,
        "http_status": entry.http_status,
        "request_id": entry.request_id[:200],
    }
    given_back = [] if slot is None else [slot.namespace, slot.number]
    prepared_statements.execute_prepared(
        _build_insert_sql(tuple(values), releases_slot=slot is not None), [*values.values(), *given_back]
    )


@cache
def _build_insert_sql(columns: tuple[str, ...], *, releases_slot: bool) -> str:
    """Return an INSERT whose commit does not wait for the disk, and that releases a slot if asked to.

    The row survives the death of any of our processes at once. A crash of the database server loses it only until the
    WAL writer's next flush (`wal_writer_delay`), or the next commit that does wait, such as that of the job's result.
    """
    quote, last = connection.ops.quote_name, len(columns)
    # The third argument makes the setting local: it ends with this statement's transaction, the only one it is for.
    before = ["set_config('synchronous_commit', 'off', true)"]
    if releases_slot:
        before.append(f"pg_advisory_unlock(${last + 1}, ${last + 2})")
    return (
        f"INSERT INTO {quote(ExternalCall._meta.db_table)} ({', '.join(map(quote, columns))}) "  # noqa: S608  # no values
        f"SELECT {', '.join(f'${number}' for number in range(1, last + 1))} "
        f"FROM (SELECT {', '.join(before)}) AS before "
        # A connection that breaks after the commit has written the row without our knowing.
        "ON CONFLICT (call_id, attempt) DO NOTHING"
    )
