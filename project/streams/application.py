"""The ASGI application of the process that waits.

The head of each answer is made by Django in a thread, as in the web server: middleware, authentication, scope, rate
limit and view. A view that has something to wait for answers with a `WatchResponse`; the rest happens here, without a
thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core import signals
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from project import logs
from project.http.event_streams import (
    JobEndWatch,
    JobWatch,
    NodeWatch,
    StreamSlots,
    Watch,
    WatchResponse,
    build_stream_start,
)
from project.server.refusals import Refusal, build_refusal_document
from project.streams.hub import Hub
from project.streams.listener import listen
from project.streams.subscribers import JobEndWaiter, JobStream, NodeStream, Send

# What may come here; the web server has everything else. No body is read.
_SERVED = re.compile(r"/api/v1/(?:jobs|nodes)/[^/]+/events|/api/v1/jobs/[^/]+|/health/live")
_METHODS = {"GET", "HEAD", "OPTIONS"}
ROUTES = "project.streams.urls"
# Each has a connection to the database. A head takes milliseconds.
THREADS = 4
_ELSEWHERE = Refusal(
    status=404,
    code="not_found",
    detail="This server has event streams and requests that wait.",
    next_step="Send everything else to the web server.",
)

Receive = Callable[[], Awaitable[Any]]
Headers = list[tuple[bytes, bytes]]

log = logs.get_logger(__name__)


class StreamHandler(BaseHandler):
    """Django's own handling of requests, from the first middleware on."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    def answer(self, scope: dict[str, Any], slots: StreamSlots) -> tuple[HttpResponseBase, UUID | None]:
        """Return the answer to a request, and the tenant who has a slot. Called in a thread."""
        signals.request_started.send(sender=type(self), scope=scope)
        request = ASGIRequest(scope, BytesIO())
        request.urlconf = ROUTES
        request.stream_slots = slots  # type: ignore[attr-defined]
        response = self.get_response(request)
        owner: UUID | None = getattr(request, "stream_owner", None)
        if owner is not None and not isinstance(response, WatchResponse):
            slots.give_back(owner)
            owner = None
        response.close()
        return response, owner


class StreamApplication:
    """Answers requests that wait. `close` makes all of them end, so that the server can stop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="streams")
        self._handler = StreamHandler()
        self._slots = StreamSlots()
        self._hub: Hub | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] not in _METHODS or not _SERVED.fullmatch(scope["path"]):
            await _send_refusal(send, _ELSEWHERE)
            return
        loop = asyncio.get_running_loop()
        response, owner = await loop.run_in_executor(self._pool, self._handler.answer, scope, self._slots)
        try:
            if not isinstance(response, WatchResponse):
                await _send_response(send, response)
            elif isinstance(response.watch, JobEndWatch) and scope["method"] != "HEAD":
                await self._wait_for_end(response.watch, _list_headers(response), receive, send)
            else:
                watch = response.watch
                await send({"type": "http.response.start", "status": 200, "headers": _list_headers(response)})
                # A stream is there for hours: it keeps the headers neither of its request nor of its answer.
                del response
                scope["headers"].clear()
                if scope["method"] == "HEAD":
                    await send({"type": "http.response.body", "body": b""})
                else:
                    await self._stream(watch, receive, send)
        finally:
            if owner is not None:
                self._slots.give_back(owner)

    def start(self) -> None:
        """Begin to listen. Called in the event loop, before the first request."""
        self._hub = hub = Hub(self._run)
        loop = asyncio.get_running_loop()
        for work in (hub.bring_news(), hub.keep_alive(), hub.check_keys(), listen(hub)):
            self._tasks.append(loop.create_task(work))

    def close(self) -> None:
        """End all streams and waits."""
        assert self._hub is not None
        self._hub.close()

    async def stop(self) -> None:
        """Stop listening, after the last request."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=False)

    async def _stream(self, watch: Watch, receive: Receive, send: Send) -> None:
        assert self._hub is not None
        task = asyncio.current_task()
        assert task is not None
        stream: JobStream | NodeStream
        if isinstance(watch, JobWatch):
            stream = JobStream(watch, send, task.cancel)
        else:
            assert isinstance(watch, NodeWatch)
            stream = NodeStream(watch, send, task.cancel)
        stream.push(build_stream_start())
        self._hub.add(stream)
        try:
            await _wait_for_disconnect(receive)
        except asyncio.CancelledError:
            log.info("stream cut off: its client does not read")
        finally:
            self._hub.remove(stream)

    async def _wait_for_end(self, watch: JobEndWatch, headers: Headers, receive: Receive, send: Send) -> None:
        assert self._hub is not None
        waiter = JobEndWaiter(watch)
        self._hub.add(waiter)
        left = asyncio.ensure_future(_wait_for_disconnect(receive))
        ended = asyncio.ensure_future(waiter.has_ended.wait())
        try:
            await asyncio.wait({left, ended}, timeout=watch.seconds, return_when=asyncio.FIRST_COMPLETED)
            has_left = left.done()
        finally:
            self._hub.remove(waiter)
            left.cancel()
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await left
        if not has_left:
            answer = await self._run(watch.build_answer)
            given = {b"content-type", b"x-accel-buffering", b"connection"}
            await _send_response(send, answer, [each for each in headers if each[0] not in given])

    async def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in a thread, with a connection to the database that is still good."""
        call = partial(_call_with_connection, function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _call_with_connection(function: Callable[..., Any], *arguments: Any) -> Any:
    close_old_connections()
    try:
        return function(*arguments)
    finally:
        close_old_connections()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_response(send: Send, response: HttpResponseBase, more: Headers | None = None) -> None:
    body = response.content if isinstance(response, HttpResponse) else b""
    headers = [*_list_headers(response), *(more or [])]
    if response.status_code != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_refusal(send: Send, refusal: Refusal) -> None:
    body = json.dumps(build_refusal_document(refusal)).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _list_headers(response: HttpResponseBase) -> Headers:
    """Return the headers without the length, which is not known of what comes later, and with one more.

    The next request of the connection may be for the web server.
    """
    named = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    return [*(each for each in named if each[0] != b"content-length"), (b"connection", b"close")]
