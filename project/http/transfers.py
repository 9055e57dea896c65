"""Bounds on transfers in progress: requests whose long body is still arriving, and files that are still being sent.

Each holds a thread of the web server for as long as its client likes. A tenant may have a part of them, and all tenants
together half, so that the others can always read and write (docs/decisions/0051).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from project.errors import TooManyRequests
from project.http.problems import problem_response
from project.server.heads import BUFFERED_BODY_BYTES

# A guess at when one of the transfers has ended. Clients that come too early are told so again.
RETRY_SECONDS = 5


class TooManyTransfers(TooManyRequests):
    """A limit on transfers in progress was reached."""

    code = "too_many_transfers"


class TransferSlots:
    """Counts the transfers of this process, in all and of each owner."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    def take_slot(self, owner: str) -> Callable[[], None]:
        """Take a slot and return what gives it back. Raises TooManyTransfers."""
        with self._lock:
            if self._held[owner] >= settings.TRANSFERS_PER_TENANT:
                raise TooManyTransfers(
                    f"The tenant has {settings.TRANSFERS_PER_TENANT} uploads or downloads in progress, its share.",
                    seconds=RETRY_SECONDS,
                )
            if self._held.total() >= settings.TRANSFERS_AT_ONCE:
                raise TooManyTransfers(
                    f"{settings.TRANSFERS_AT_ONCE} uploads or downloads are in progress, as many as may be.",
                    seconds=RETRY_SECONDS,
                )
            self._held[owner] += 1
        return _Once(lambda: self._give_back(owner))

    def _give_back(self, owner: str) -> None:
        with self._lock:
            self._held[owner] -= 1
            if not self._held[owner]:
                del self._held[owner]


class TransferMiddleware:
    """Gives back the slots of a request: with its answer or, when a file is sent, with the end of that.

    Outside the API no long body is taken at all: nobody has authenticated before such a body is read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if has_long_body(request) and not request.path.startswith("/api/"):
            return problem_response(
                request,
                status=413,
                code="body_too_large",
                detail=f"A body may have at most {BUFFERED_BODY_BYTES} bytes at this address.",
            )
        slots: list[Callable[[], None]] = []
        request.transfer_slots = slots  # type: ignore[attr-defined]
        is_handed_on = False
        try:
            response = self._get_response(request)
            if slots and isinstance(response, StreamingHttpResponse):
                pieces: Any = response.streaming_content
                response.streaming_content = _SlotHoldingStream(pieces, slots)
                is_handed_on = True
        finally:
            if not is_handed_on:
                _release(slots)
        return response


def has_long_body(request: HttpRequest) -> bool:
    """Tell whether the web server hands the request over before its body is there."""
    length = request.META.get("CONTENT_LENGTH") or ""
    return length.isdecimal() and int(length) > BUFFERED_BODY_BYTES


def hold_transfer_slot(request: HttpRequest, owner: str) -> None:
    """Take a slot for the request, until its end, in the name of a tenant. Does nothing for one that holds a slot.

    Raises TooManyTransfers.
    """
    slots: list[Callable[[], None]] = request.transfer_slots  # type: ignore[attr-defined]
    if not slots:
        slots.append(_slots.take_slot(owner))


class _SlotHoldingStream:
    """The pieces of a response. Django closes it with the response, however that ends."""

    def __init__(self, pieces: Iterable[bytes], slots: list[Callable[[], None]]) -> None:
        self._pieces, self._slots = pieces, slots

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        _release(self._slots)


class _Once:
    """Calls a function at the first of its own calls."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def __call__(self) -> None:
        function, self._function = self._function, None
        if function is not None:
            function()


def _release(slots: list[Callable[[], None]]) -> None:
    for release in slots:
        release()


_slots = TransferSlots()
