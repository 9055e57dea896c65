"""The client for programs that wait for each answer."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

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


class Client(Resources):
    """The API at a base URL with a key. May be used by several threads at once; close it, or use it in `with`."""

    def __init__(self, base_url: str, key: str, *, policy: RetryPolicy | None = None, use_proxies: bool = True) -> None:
        super().__init__(base_url, key, policy=policy)
        self._http = httpx2.Client(trust_env=use_proxies, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run_steps(self, steps: Steps[T]) -> T:
        """Do the steps of an operation and return its result."""
        with contextlib.ExitStack() as opened:
            driver = _Driver(self._http, opened)
            result: Any = None
            try:
                while True:
                    step = advance(steps, result)
                    result = driver.perform_step(step)
            except StopIteration as ended:
                value: T = ended.value
                return value
            finally:
                steps.close()

    def iterate_steps(self, steps: Steps[None]) -> Iterator[Any]:
        """Do the steps of an operation while its items are asked for."""
        with contextlib.ExitStack() as opened:
            driver = _Driver(self._http, opened)
            result: Any = None
            try:
                while True:
                    step = advance(steps, result)
                    if isinstance(step, Emit):
                        yield step.item
                        result = None
                    else:
                        result = driver.perform_step(step)
            except StopIteration:
                return
            finally:
                steps.close()


class _Driver:
    """Does steps with one client of HTTP. What is opened is closed with the operation."""

    def __init__(self, http: httpx2.Client, opened: contextlib.ExitStack) -> None:
        self._http, self._opened = http, opened
        self._stream: Iterator[bytes] = iter(())

    def perform_step(self, step: Step) -> Any:
        """Return the result of a step; a ConnectionBroken is returned, for the generator to be told."""
        match step:
            case Pause():
                time.sleep(step.seconds)
                return None
            case HashFile():
                return step.hash()
            case Emit():
                raise TypeError("This operation has one result; it cannot hand out items.")
        try:
            match step:
                case Send():
                    return self._send_request(step)
                case Listen():
                    return self._listen(step)
                case ReadMore():
                    return next(self._stream, b"")
        except httpx2.TransportError as exc:
            return ConnectionBroken(str(exc) or type(exc).__name__)

    def _send_request(self, step: Send) -> Answer:
        content = step.content.read_pieces() if isinstance(step.content, FilePiece) else step.content
        with self._http.stream(
            step.method, step.url, headers=dict(step.headers), content=content, timeout=step.timeout
        ) as response:
            body = b""
            if step.into is not None and response.status_code < 400:
                with step.into.open("wb") as file:
                    for piece in response.iter_bytes():
                        file.write(piece)
            else:
                body = response.read()
            return Answer(status=response.status_code, headers=lower_names(response.headers), body=body)

    def _listen(self, step: Listen) -> Answer:
        self._opened.close()
        response = self._opened.enter_context(
            self._http.stream("GET", step.url, headers=dict(step.headers), timeout=step.timeout)
        )
        body = response.read() if response.status_code >= 400 else b""
        self._stream = response.iter_bytes()
        return Answer(status=response.status_code, headers=lower_names(response.headers), body=body)


def lower_names(headers: httpx2.Headers) -> dict[str, str]:
    """Return headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}
