"""Who waits for what: brings what has changed to all that wait for it, with one reading for all of them.

Notifications say what to read again, and nothing else: a lost one costs time until the next reading, and never a state.
Everything here runs in the event loop's thread; readings are handed to threads.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from project import logs
from project.streams import readings
from project.streams.subscribers import EventStream, JobEndWaiter, JobStream, NodeStream

# Changes that come together are read together: a worker that ends a job writes it and what waited for it.
JOB_PAUSE_SECONDS = 0.05
# A reading of a node counts all below it; people follow a course by the second.
NODE_PAUSE_SECONDS = 1.0
# Of one statement.
_BATCH = 1000
# How soon a key that was revoked no longer reads.
KEY_SECONDS = 60.0
# Streams whose comment is due are looked for so often.
_TICK_SECONDS = 1.0
_RETRY_SECONDS = 1.0

Run = Callable[..., Awaitable[Any]]
NodeKey = tuple[UUID, UUID, tuple[str, ...]]

log = logs.get_logger(__name__)


class Hub:
    """The open streams and waiting requests of this process. `run` calls a function in a thread."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._jobs: defaultdict[UUID, set[JobStream | JobEndWaiter]] = defaultdict(set)
        self._nodes: defaultdict[NodeKey, set[NodeStream]] = defaultdict(set)
        self._changed_jobs: set[UUID] = set()
        self._changed_nodes: set[NodeKey] = set()
        self._read_at: dict[NodeKey, float] = {}
        self._has_changes = asyncio.Event()
        self.is_closing = False

    def add(self, subscriber: JobStream | JobEndWaiter | NodeStream) -> None:
        """Begin to tell, first what there is now. While the process ends, the subscriber is finished at once."""
        if self.is_closing:
            subscriber.finish()
        if isinstance(subscriber, NodeStream):
            key = _build_key(subscriber)
            self._nodes[key].add(subscriber)
            self._changed_nodes.add(key)
            self._read_at.pop(key, None)
        else:
            self._jobs[subscriber.watch.job_id].add(subscriber)
            self._changed_jobs.add(subscriber.watch.job_id)
        self._has_changes.set()

    def remove(self, subscriber: JobStream | JobEndWaiter | NodeStream) -> None:
        """Stop telling."""
        key: Any
        groups: Any
        if isinstance(subscriber, NodeStream):
            groups, key = self._nodes, _build_key(subscriber)
        else:
            groups, key = self._jobs, subscriber.watch.job_id
        groups[key].discard(subscriber)
        if not groups[key]:
            del groups[key]
            self._read_at.pop(key, None)

    def note_change(self, tenant_id: UUID, job_id: UUID) -> None:
        """Read the job, and the nodes that somebody of the tenant follows, soon again."""
        if job_id in self._jobs:
            self._changed_jobs.add(job_id)
            self._has_changes.set()
        # A scan of all nodes that are followed: some hundreds, since a course has one and not one for each job.
        if changed := [key for key in self._nodes if key[0] == tenant_id]:
            self._changed_nodes.update(changed)
            self._has_changes.set()

    def note_gap(self) -> None:
        """Read everything again: notifications may have been lost."""
        self._changed_jobs.update(self._jobs)
        self._changed_nodes.update(self._nodes)
        self._has_changes.set()

    def close(self) -> None:
        """Finish everything, so that clients connect again, to a process that goes on."""
        self.is_closing = True
        for subscriber in self._list_all():
            subscriber.finish()

    async def bring_news(self) -> None:
        """Read what has changed and tell it, for ever."""
        while True:
            await self._has_changes.wait()
            self._has_changes.clear()
            await asyncio.sleep(JOB_PAUSE_SECONDS)
            try:
                await self._tell_jobs()
                await self._tell_nodes()
            except Exception as exc:  # whatever it is, those who wait are told later
                log.warning("streams not read", reason=type(exc).__name__, exc_info=True)
                self.note_gap()
                await asyncio.sleep(_RETRY_SECONDS)

    async def keep_alive(self) -> None:
        """Send comments where nothing was sent for long, for ever."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            for subscriber in self._list_all():
                if isinstance(subscriber, EventStream):
                    subscriber.keep_alive(now)

    async def check_keys(self) -> None:
        """Finish what keys asked for that are no longer valid, for ever; their clients are refused when they return."""
        while True:
            await asyncio.sleep(KEY_SECONDS)
            everybody = self._list_all()
            keys = list({subscriber.watch.key_id for subscriber in everybody})
            try:
                valid = await self._run(readings.list_valid_keys, keys)
            except Exception as exc:  # asked again in a minute
                log.warning("keys of streams not checked", reason=type(exc).__name__, exc_info=True)
                continue
            for subscriber in everybody:
                if subscriber.watch.key_id not in valid:
                    subscriber.finish()

    async def _tell_jobs(self) -> None:
        changed, self._changed_jobs = list(self._changed_jobs), set()
        for job_ids in _split(changed):
            views = await self._run(readings.load_job_views, job_ids)
            for job_id in job_ids:
                for subscriber in list(self._jobs.get(job_id, ())):
                    subscriber.tell(views.get(job_id))

    async def _tell_nodes(self) -> None:
        now = time.monotonic()
        due = {key for key in self._changed_nodes if now - self._read_at.get(key, 0.0) >= NODE_PAUSE_SECONDS}
        self._changed_nodes -= due
        if self._changed_nodes:
            self._has_changes.set()  # the others are looked at again after the pause
        for key in due:
            streams = list(self._nodes.get(key, ()))
            self._read_at[key] = now
            going = [stream for stream in streams if stream.has_begun]
            for stream in streams:
                if not stream.has_begun:
                    stream.tell(await self._run(readings.load_node_view, key, stream.since))
            if going:
                view = await self._run(readings.load_node_view, key, min(stream.since or 0 for stream in going))
                for stream in going:
                    stream.tell(view)

    def _list_all(self) -> list[JobStream | JobEndWaiter | NodeStream]:
        found: list[JobStream | JobEndWaiter | NodeStream] = []
        for group in self._jobs.values():
            found.extend(group)
        for streams in self._nodes.values():
            found.extend(streams)
        return found


def _build_key(stream: NodeStream) -> NodeKey:
    return stream.watch.tenant_id, stream.watch.node_id, stream.watch.hidden_kinds


def _split(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[begin : begin + _BATCH] for begin in range(0, len(ids), _BATCH))
