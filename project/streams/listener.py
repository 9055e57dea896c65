"""The one connection of the process on which PostgreSQL tells of jobs that have changed."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
from django.db import connection

from project import logs
from project.jobs.events import CHANNEL
from project.streams.hub import Hub

# A connection that is silent for so long is asked whether it is still there.
SILENCE_SECONDS = 30.0
# Between two attempts to connect; a restart of the database takes some seconds.
RETRY_SECONDS = 1.0

log = logs.get_logger(__name__)


async def listen(hub: Hub) -> None:
    """Tell the hub of changes, for ever. After each new connection it is told of a gap, too."""
    while True:
        try:
            await _listen_once(hub)
        except (psycopg.Error, OSError) as exc:
            log.warning("listening connection lost", reason=type(exc).__name__)
        await asyncio.sleep(RETRY_SECONDS)


async def _listen_once(hub: Hub) -> None:
    parameters = {**connection.get_connection_params()}
    for name in ("cursor_factory", "context", "prepare_threshold"):  # of Django's own connections
        parameters.pop(name, None)
    session = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
    async with session:
        await session.execute(f"LISTEN {CHANNEL}")
        hub.note_gap()  # what happened before somebody listened
        while True:
            async for notice in session.notifies(timeout=SILENCE_SECONDS):
                tenant_id, _, job_id = notice.payload.partition(" ")
                hub.note_change(UUID(tenant_id), UUID(job_id))
            await session.execute("SELECT 1")
