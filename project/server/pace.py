"""Reading a body with a minimum rate, in bytes of the time that was spent waiting for the client."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from gunicorn.http.unreader import SocketUnreader

# The rate is that of a whole window, so that a pause may be as long as a mobile line needs to change its cell. A client
# is never charged for a store that is slow: only waiting counts.
WINDOW_SECONDS = 30.0


class BodyTooSlow(TimeoutError):
    """The client sent less than UPLOAD_MIN_RATE bytes a second over WINDOW_SECONDS."""


class PacedUnreader(SocketUnreader):  # type: ignore[misc]  # gunicorn has no types
    """Reads from the client's socket. Raises BodyTooSlow when it keeps a thread waiting for too little."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.restart()

    def restart(self) -> None:
        """Begin to count anew, with another request."""
        self._waited, self._count = 0.0, 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        before = self.sock.gettimeout()
        started = time.monotonic()
        self.sock.settimeout(max(WINDOW_SECONDS - self._waited, 0.1))
        try:
            data: bytes = super().chunk(size_hint)
        except TimeoutError as exc:
            raise BodyTooSlow(f"{self._count} bytes arrived in {WINDOW_SECONDS:.0f} s") from exc
        finally:
            self.sock.settimeout(before)
        self._waited += time.monotonic() - started
        self._count += len(data)
        if self._waited >= WINDOW_SECONDS:
            if self._count < settings.UPLOAD_MIN_RATE * self._waited:
                raise BodyTooSlow(f"{self._count} bytes arrived in {self._waited:.0f} s")
            self.restart()
        return data
