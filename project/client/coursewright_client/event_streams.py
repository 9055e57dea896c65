"""Server-sent events, as the HTML standard says: parsing, and coming again after a lost connection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .core import Core
from .operations import iteration
from .retries import exchange
from .steps import Answer, ConnectionBroken, Emit, Listen, Pause, ReadMore, Steps

# The server sends a comment every 15 seconds: a stream that is silent for longer than this is a broken one.
_SILENCE_SECONDS = 60
_DEFAULT_RETRY = 3.0


@dataclass(frozen=True, kw_only=True)
class ServerEvent:
    """One event of a stream."""

    event: str
    data: str
    id: str

    def parse_data(self) -> Any:
        """Return the data as JSON."""
        return json.loads(self.data)


class EventParser:
    """Turns the bytes of a stream into events, however they are cut."""

    def __init__(self) -> None:
        self.retry_seconds = _DEFAULT_RETRY
        self._rest = b""
        self._event, self._id = "", ""
        self._data: list[str] = []

    def parse(self, more: bytes) -> list[ServerEvent]:
        """Return the events that these bytes complete."""
        *lines, self._rest = (self._rest + more).replace(b"\r\n", b"\n").split(b"\n")
        events = (self._take_line(line.decode(errors="replace")) for line in lines)
        return [event for event in events if event is not None]

    def _take_line(self, line: str) -> ServerEvent | None:
        if not line:
            found = ServerEvent(event=self._event or "message", data="\n".join(self._data), id=self._id)
            had_data, self._event, self._data = bool(self._data), "", []
            return found if had_data else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry_seconds = int(value) / 1000
        return None


class StreamResources(Core):
    """Streams of events."""

    @iteration(ServerEvent)
    def iterate_job_events(self, job: str, *, last_event_id: str | None = None) -> Steps[None]:
        """Yield the events of a job (`state`, `progress`, `log`) until it has ended."""
        yield from self._emit_stream(f"/jobs/{job}/events", last_event_id)

    @iteration(ServerEvent)
    def iterate_node_events(self, node: str, *, last_event_id: str | None = None) -> Steps[None]:
        """Yield the events of all jobs at and below a node until the last open one has ended."""
        yield from self._emit_stream(f"/nodes/{node}/events", last_event_id)

    def _emit_stream(self, path: str, last_event_id: str | None) -> Steps[None]:
        """Hand out events, coming again with the last id, until the server says that nothing more will come (204)."""
        while True:
            headers = self.build_headers({"Accept": "text/event-stream", "Last-Event-ID": last_event_id})
            listen = Listen(url=self.build_url(path), headers=headers, timeout=_SILENCE_SECONDS)
            answer: Answer = yield from exchange(listen, self.policy)
            if answer.status == 204:
                return
            parser = EventParser()
            try:
                while more := (yield ReadMore()):
                    for event in parser.parse(more):
                        last_event_id = event.id or last_event_id
                        yield Emit(item=event)
            except ConnectionBroken:
                pass  # the next request goes on after the last event
            yield Pause(seconds=parser.retry_seconds)
