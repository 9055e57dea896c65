"""The client for programs with an event loop (asyncio)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from .client import lower_names
from .resources import Resources
from .retries import RetryPolicy
from .steps import (
    Answer,
    ConnectionBroken,
    Emit,
    FilePiece,
    HashFile,
    Listen,
    Pause,
    ReadMore,
    Send,
    Step,
    Steps,
    advance,
)

T = TypeVar("T")


class AsyncClient(Resources):
    """The API at a base URL with a key. Close it with `aclose`, or use it in `async with`."""

    def __init__(self, base_url: str, key: str, *, policy: RetryPolicy | None = None, use_proxies: bool = True) -> None:
        super().__init__(base_url, key, policy=policy)
        self._http = httpx2.AsyncClient(trust_env=use_proxies, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run_steps(self, steps: Steps[T]) -> T:
        """Do the steps of an operation and return its result."""
        async with contextlib.AsyncExitStack() as opened:
            driver = _AsyncDriver(self._http, opened)
            result: Any = None
            try:
                while True:
                    step = advance(steps, result)
                    result = await driver.perform_step(step)
            except StopIteration as ended:
                value: T = ended.value
                return value
            finally:
                steps.close()

    async def iterate_steps(self, steps: Steps[None]) -> AsyncIterator[Any]:
        """Do the steps of an operation while its items are asked for."""
        async with contextlib.AsyncExitStack() as opened:
            driver = _AsyncDriver(self._http, opened)
            result: Any = None
            try:
                while True:
                    step = advance(steps, result)
                    if isinstance(step, Emit):
                        yield step.item
                        result = None
                    else:
                        result = await driver.perform_step(step)
            except StopIteration:
                return
            finally:
                steps.close()


class _AsyncDriver:
    """Does steps with one client of HTTP; files are read in threads, so that the event loop goes on."""

    def __init__(self, http: httpx2.AsyncClient, opened: contextlib.AsyncExitStack) -> None:
        self._http, self._opened = http, opened
        self._stream: AsyncIterator[bytes] | None = None

    async def perform_step(self, step: Step) -> Any:
        """Return the result of a step; a ConnectionBroken is returned, for the generator to be told."""
        match step:
            case Pause():
                await asyncio.sleep(step.seconds)
                return None
            case HashFile():
                return await asyncio.to_thread(step.hash)
            case Emit():
                raise TypeError("This operation has one result; it cannot hand out items.")
        try:
            match step:
                case Send():
                    return await self._send_request(step)
                case Listen():
                    return await self._listen(step)
                case ReadMore():
                    return await anext(self._stream, b"") if self._stream is not None else b""
        except httpx2.TransportError as exc:
            return ConnectionBroken(str(exc) or type(exc).__name__)

    async def _send_request(self, step: Send) -> Answer:
        content = _read_in_threads(step.content.read_pieces()) if isinstance(step.content, FilePiece) else step.content
        async with self._http.stream(
            step.method, step.url, headers=dict(step.headers), content=content, timeout=step.timeout
        ) as response:
            body = b""
            if step.into is not None and response.status_code < 400:
                with await asyncio.to_thread(step.into.open, "wb") as file:
                    async for piece in response.aiter_bytes():
                        await asyncio.to_thread(file.write, piece)
            else:
                body = await response.aread()
            return Answer(status=response.status_code, headers=lower_names(response.headers), body=body)

    async def _listen(self, step: Listen) -> Answer:
        await self._opened.aclose()
        response = await self._opened.enter_async_context(
            self._http.stream("GET", step.url, headers=dict(step.headers), timeout=step.timeout)
        )
        body = await response.aread() if response.status_code >= 400 else b""
        self._stream = response.aiter_bytes()
        return Answer(status=response.status_code, headers=lower_names(response.headers), body=body)


async def _read_in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
