"""Statements of every model call, prepared once in each session and passed to libpq as they are.

Adapting values and reading results in Python then costs more than the
statement itself (`tests/benchmarks/router.py`), so here values are text and so is the one value that comes back.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors, pq

SqlValue = str | int | bool | Decimal | UUID | datetime | None

_statement_names: WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]] = WeakKeyDictionary()


def execute_prepared(sql: str, values: Sequence[SqlValue]) -> str | None:
    """Run a statement with placeholders `$1`, `$2`, ... on Django's connection; return its first row's first value.

    The text must not hold values: the server keeps each text as long as the session lasts. Raises Django's database
    errors.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    session: psycopg.Connection[Any] = wrapper.connection
    with wrapper.wrap_database_errors:
        if wrapper.in_atomic_block:  # only psycopg knows whether the transaction has begun on the server
            cursor = psycopg.RawCursor(session).execute(sql, values)
            row = cursor.fetchone() if cursor.description else None
            return None if row is None else str(row[0])
        texts: Any = [None if value is None else str(value).encode() for value in values]  # its type forgets None
        result = session.pgconn.exec_prepared(_ensure_prepared(session, sql), texts)
        _raise_failure(session, result)
        found = result.get_value(0, 0) if result.ntuples and result.nfields else None
        return None if found is None else found.decode()


class SentStatement:
    """A statement that the server works on while the client does something else.

    Until `finish` has returned, the connection must not be used for anything else by this thread.
    """

    def __init__(self, session: psycopg.Connection[Any] | None) -> None:
        self._session = session

    def finish(self) -> None:
        """Wait until the statement has ended; at once when it has, or when that was waited for before.

        Raises Django's database errors.
        """
        session, self._session = self._session, None
        if session is None:
            return
        with connections[DEFAULT_DB_ALIAS].wrap_database_errors:
            last = None
            while (result := session.pgconn.get_result()) is not None:
                last = result
            if last is not None:
                _raise_failure(session, last)
            elif session.pgconn.status == pq.ConnStatus.BAD:
                raise psycopg.OperationalError(session.pgconn.get_error_message())


def send_prepared(sql: str, values: Sequence[SqlValue]) -> SentStatement:
    """Send a statement as `execute_prepared` does, without waiting for it. Raises Django's database errors.

    In a transaction it is waited for here.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    session: psycopg.Connection[Any] = wrapper.connection
    if wrapper.in_atomic_block:
        execute_prepared(sql, values)
        return SentStatement(None)
    with wrapper.wrap_database_errors:
        texts: Any = [None if value is None else str(value).encode() for value in values]
        session.pgconn.send_query_prepared(_ensure_prepared(session, sql), texts)
        # psycopg keeps its connections non-blocking: what the socket does not take at once is sent here.
        while session.pgconn.flush():
            select.select([], [session.pgconn.socket], [])
    return SentStatement(session)


def _ensure_prepared(session: psycopg.Connection[Any], sql: str) -> bytes:
    known = _statement_names.setdefault(session, {})
    if sql not in known:
        name = f"coursewright_{len(known)}".encode()
        _raise_failure(session, session.pgconn.prepare(name, sql.encode()))
        known[sql] = name
    return known[sql]


def _raise_failure(session: psycopg.Connection[Any], result: pq.abc.PGresult) -> None:
    if result.status in {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}:
        return
    if session.pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(session.pgconn.get_error_message())
    raise errors.error_from_result(result, encoding="utf-8")
