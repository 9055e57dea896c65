"""The ledger: one ExternalCall row for every attempt, written before the call and ended after it.

What dies in between leaves its row, with the most that the call can have cost. Both statements run outside of any
transaction of the caller, so that nothing takes a row back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone

from llm.messages import TokenUsage
from llm.models import CallOutcome, ExternalCall
from llm.registry import Candidate, ModelSpec
from llm.router.concurrency import ConcurrencySlot
from project.db import prepared_statements
from project.db.fields import new_id
from project.jobs.models import Job
from tenants.models import Tenant

# A call ends with its time limit, but its row is ended after that. Nothing depends on the exact value: later, a row of
# a dead process is called lost.
SETTLING_SECONDS = 60
# Rows of one INSERT.
BATCH_SIZE = 1000

Values = dict[str, prepared_statements.SqlValue]


@dataclass(frozen=True, kw_only=True)
class PlannedCall:
    """What is known of an attempt before it is made. `max_cost` (dollars) is the most that it can cost.

    `seconds` is its time limit: some time after it, a row that was not ended counts as lost.
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
    max_cost: Decimal
    seconds: float
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, kw_only=True)
class EndedCall:
    """How an attempt ended. `usage` and `cost` (dollars) are None when what the vendor counted is unknown.

    `estimated_cost` is what it can have cost then; `outcome` is `answered` or the kind of failure.
    """

    usage: TokenUsage | None
    cost: Decimal | None
    estimated_cost: Decimal
    latency_ms: int
    outcome: str
    served_model: str = ""
    http_status: int | None = None
    request_id: str = ""


def compute_cost(usage: TokenUsage, model: ModelSpec, *, is_batched: bool = False) -> Decimal:
    """Return the cost of the usage at the model's prices, by itself or in a batch, in dollars."""
    prices = model.get_prices(usage.input_tokens, is_batched=is_batched)
    return prices.compute_cost(
        input=usage.input_tokens,
        cached=usage.cached_tokens,
        cache_write=usage.cache_write_tokens,
        audio=usage.audio_tokens,
        output=usage.output_tokens,
        thinking=usage.thinking_tokens,
    )


class BegunCall:
    """The row of an attempt in flight, whose INSERT was sent."""

    def __init__(self, sql: str, values: list[prepared_statements.SqlValue]) -> None:
        self._sql, self._values = sql, values
        try:
            self._sent = prepared_statements.send_prepared(sql, values)
        except (OperationalError, InterfaceError):
            self._repeat()

    def confirm(self) -> None:
        """Wait until the row is there; at once when that was waited for before."""
        try:
            self._sent.finish()
        except (OperationalError, InterfaceError):
            self._repeat()

    def _repeat(self) -> None:
        if connection.in_atomic_block:
            raise
        connection.close()
        self._sent = prepared_statements.send_prepared(self._sql, self._values)
        self._sent.finish()


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

    def begin_attempt(self, call: PlannedCall) -> BegunCall:
        """Send the INSERT of the row of an attempt that is about to be made, as in flight.

        The request to the vendor does not wait for it: the row's write takes as long as a router has for a call, and it
        is done by the server even when this process dies. Until `confirm` of what is returned, the thread must not use
        its database connection.
        """
        values = _list_planned_values(call)
        # As text: a float has no other form here.
        lost_after = f"{call.seconds + SETTLING_SECONDS:.3f}"
        return BegunCall(_build_insert_sql(tuple(values)), [*values.values(), lost_after])

    def end_attempt(self, call: PlannedCall, end: EndedCall, slot: ConcurrencySlot | None) -> None:
        """Write into the row how the attempt ended, and release the slot in the same statement when there is one.

        A row that is gone, with a crash of the database server, is written as a whole.
        """
        values = _list_ended_values(end)
        released = [] if slot is None else [slot.namespace, slot.number]
        sql = _build_update_sql(tuple(values), releases_slot=slot is not None)
        if _execute_twice(sql, [*values.values(), call.id, *released]) is None:
            whole = _list_planned_values(call) | values
            _execute_twice(_build_whole_insert_sql(tuple(whole)), list(whole.values()))
        elif slot is not None:
            slot.is_held = False


def begin_batched_calls(calls: Sequence[PlannedCall]) -> None:
    """Insert the rows of a batch's requests, as in flight, in the caller's transaction."""
    ends_by = timedelta(seconds=SETTLING_SECONDS)
    rows = [
        ExternalCall(**_list_planned_values(call), ends_by=timezone.now() + timedelta(seconds=call.seconds) + ends_by)
        for call in calls
    ]
    ExternalCall.objects.bulk_create(rows, batch_size=BATCH_SIZE)


def end_batched_call(call_id: UUID, end: EndedCall) -> None:
    """Write into the row of a batch's request how it ended. What it can have cost stays as it was estimated."""
    values = {name: value for name, value in _list_ended_values(end).items() if name != "estimated_cost"}
    ExternalCall.objects.filter(pk=call_id).update(**values)


def close_lost_calls() -> int:
    """Give calls in flight whose process is dead the outcome `lost`, and return how many; a periodic task.

    Their estimated cost goes on to count against the tenant's spending limit. A process that was only suspended ends
    its row all the same.
    """
    in_flight = ExternalCall.objects.filter(outcome=CallOutcome.IN_FLIGHT, ends_by__lt=Now())
    return in_flight.update(outcome=CallOutcome.LOST)


def _list_planned_values(call: PlannedCall) -> Values:
    return {
        "id": call.id,
        "created_at": timezone.now(),
        "tenant_id": call.tenant.pk if call.tenant else None,
        "job_id": call.job.pk if call.job else None,
        "call_id": call.call_id,
        "attempt": call.attempt,
        "action": call.action,
        "strategy": call.strategy,
        "path": call.candidate.path,
        "provider": call.candidate.model.provider,
        "model": call.candidate.model.id,
        "prompt_version": call.prompt_version,
        "registry": call.registry,
        "is_simulated": call.tenant is not None and call.tenant.is_sandbox,
        "estimated_cost": call.max_cost,
    }


def _list_ended_values(end: EndedCall) -> Values:
    usage = end.usage or TokenUsage()
    return {
        # Vendors choose the length of these two; a row that PostgreSQL refuses would lose the call's cost.
        "served_model": end.served_model[:200],
        "request_id": end.request_id[:200],
        "units_in": usage.input_tokens,
        "units_cached": usage.cached_tokens,
        "units_cache_write": usage.cache_write_tokens,
        "units_audio": usage.audio_tokens,
        "units_out": usage.output_tokens,
        "units_thinking": usage.thinking_tokens,
        "units_estimated": usage.estimated,
        "cost": end.cost,
        "estimated_cost": end.estimated_cost,
        "latency_ms": end.latency_ms,
        "outcome": end.outcome,
        "http_status": end.http_status,
    }


def _execute_twice(sql: str, values: list[prepared_statements.SqlValue]) -> str | None:
    """Run the statement; when the connection is broken, once more on a new one."""
    try:
        return prepared_statements.execute_prepared(sql, values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        # A connection that was idle for the minutes of an answer may have been cut by the server or a firewall.
        connection.close()
        return prepared_statements.execute_prepared(sql, values)


# Commits of these statements do not wait for the disk: the third argument makes the setting local to the statement's
# own transaction. A row survives the death of any of our processes at once. A crash of the database server loses it
# only until the WAL writer's next flush (`wal_writer_delay`), or the next commit that does wait, such as that of the
# job's result; `end_attempt` then writes it again.
_DO_NOT_WAIT = "set_config('synchronous_commit', 'off', true)"
# A connection that breaks after the commit has written the row without our knowing.
_ONCE = "ON CONFLICT (call_id, attempt) DO NOTHING"


@cache
def _build_insert_sql(columns: tuple[str, ...]) -> str:
    """Return the INSERT of an attempt in flight, whose other columns have their defaults.

    After the values of the columns comes in how many seconds the call counts as lost.
    """
    last = len(columns)
    return (
        f"INSERT INTO {_quote_table()} ({_quote_columns(columns)}, ends_by) "  # noqa: S608  # no values
        f"SELECT {_number_values(last)}, clock_timestamp() + make_interval(secs => ${last + 1}::double precision) "
        f"FROM (SELECT {_DO_NOT_WAIT}) AS before {_ONCE}"
    )


@cache
def _build_update_sql(columns: tuple[str, ...], *, releases_slot: bool) -> str:
    """Return the UPDATE that ends a row, and releases a slot if asked to. Returns 1 when the row is there.

    After the values of the columns comes the row's id, then the two keys of the slot's advisory lock.
    """
    last = len(columns)
    unlock = f", pg_advisory_unlock(${last + 2}::int, ${last + 3}::int)" if releases_slot else ""
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(name)} = ${number}" for number, name in enumerate(columns, start=1))
    return (
        f"WITH before AS MATERIALIZED (SELECT {_DO_NOT_WAIT}{unlock}) "  # noqa: S608  # no values
        f"UPDATE {_quote_table()} SET {changes} FROM before WHERE id = ${last + 1} RETURNING 1"
    )


@cache
def _build_whole_insert_sql(columns: tuple[str, ...]) -> str:
    return (
        f"INSERT INTO {_quote_table()} ({_quote_columns(columns)}) "  # noqa: S608  # no values
        f"SELECT {_number_values(len(columns))} FROM (SELECT {_DO_NOT_WAIT}) AS before {_ONCE}"
    )


def _quote_table() -> str:
    return connection.ops.quote_name(ExternalCall._meta.db_table)


def _quote_columns(columns: tuple[str, ...]) -> str:
    return ", ".join(map(connection.ops.quote_name, columns))


def _number_values(count: int) -> str:
    return ", ".join(f"${number}" for number in range(1, count + 1))
