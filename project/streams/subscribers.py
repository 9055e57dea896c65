"""One open connection each: what it has been told, and what is still to be sent.

A stream costs one task, which waits for the client to go away. Writing is done by a task that lives as long as there is
something to write. All of it runs in the event loop's thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from project.http.event_streams import JobEndWatch, JobWatch, NodeWatch, Watch
from project.jobs.events import JobMark, JobView, build_job_events
from structures.node_status.events import NodeView, build_node_events

Send = Callable[[Any], Awaitable[None]]

PING = b": still here\n\n"
# Proxies and browsers give up connections that are silent for 30 seconds and more; so does a client that counts them.
PING_SECONDS = 15.0
# What may wait for a client that does not read. It is cut off then, and comes again with the last id that it has seen.
MAX_PENDING_BYTES = 256 * 1024
# As long as nginx waits for a client that does not read (send_timeout of config/nginx).
MAX_STALL_SECONDS = 120.0


class EventStream:
    """An open stream of events. `push` and `finish` return at once."""

    __slots__ = ("_is_finishing", "_pending", "_send", "_writer", "_writing_since", "cut", "watch", "written_at")

    def __init__(self, watch: Watch, send: Send, cut: Callable[[], object]) -> None:
        self.watch = watch
        self.cut = cut  # ends the connection without a word
        self.written_at = time.monotonic()
        self._send = send
        self._pending = b""
        self._writer: asyncio.Task[None] | None = None
        self._writing_since = 0.0
        self._is_finishing = False

    def push(self, data: bytes) -> None:
        """Send data, after all that is waiting."""
        if not data or self._is_finishing:
            return
        self._pending += data
        if len(self._pending) > MAX_PENDING_BYTES:
            self.cut()
        else:
            self._start_writing()

    def finish(self) -> None:
        """End the stream after what is waiting, so that its client sees a proper end."""
        if not self._is_finishing:
            self._is_finishing = True
            self._start_writing()

    def keep_alive(self, now: float) -> None:
        """Send a comment when nothing was sent for long; give up a client that has not read for much longer."""
        if self._writer is not None:
            if now - self._writing_since > MAX_STALL_SECONDS:
                self.cut()
        elif now - self.written_at >= PING_SECONDS:
            self.push(PING)

    def _start_writing(self) -> None:
        if self._writer is None:
            self._writing_since = time.monotonic()
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._pending:
                data, self._pending = self._pending, b""
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            if self._is_finishing:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.written_at = time.monotonic()
            self._writer = None


class JobStream(EventStream):
    """The events of one job."""

    __slots__ = ("_told",)
    watch: JobWatch

    def __init__(self, watch: JobWatch, send: Send, cut: Callable[[], object]) -> None:
        super().__init__(watch, send, cut)
        self._told: JobMark | None = None

    def tell(self, view: JobView | None) -> None:
        """Send what is new of the job; None when it is no longer there."""
        if view is None:
            self.finish()
            return
        is_known = self._told is None and self.watch.last_event_id == view.mark.version
        if not is_known:
            self.push(build_job_events(view, self._told))
        self._told = view.mark
        if view.is_ended:
            self.finish()


class NodeStream(EventStream):
    """The events of the jobs below one node."""

    __slots__ = ("_told", "has_begun", "since", "was_open")
    watch: NodeWatch

    def __init__(self, watch: NodeWatch, send: Send, cut: Callable[[], object]) -> None:
        super().__init__(watch, send, cut)
        self.since = watch.last_event_id
        self.was_open = watch.last_event_id is not None
        self.has_begun = False
        self._told: dict[UUID, JobMark] = {}

    def tell(self, view: NodeView | None) -> None:
        """Send what is new below the node; None when it is no longer there."""
        if view is None:
            self.finish()
            return
        self.push(build_node_events(view, self._told))
        # Those that are read again next time are all that changed since `event_id`.
        self._told = {job.job_id: job.mark for job in view.jobs if job.mark.version >= view.event_id}
        self.since, self.has_begun = view.event_id, True
        self.was_open |= not view.is_settled
        if view.is_settled and self.was_open:
            self.finish()


class JobEndWaiter:
    """A request that waits for the end of a job."""

    __slots__ = ("has_ended", "watch")

    def __init__(self, watch: JobEndWatch) -> None:
        self.watch = watch
        self.has_ended = asyncio.Event()

    def tell(self, view: JobView | None) -> None:
        if view is None or view.is_ended:
            self.has_ended.set()

    def finish(self) -> None:
        self.has_ended.set()
