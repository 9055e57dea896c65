"""A bare listening socket on 127.0.0.1, with a thread for each connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

HANG_SECONDS = 30
"""How long a server that says nothing waits for its client to go, before it ends the connection itself.

A client's own limit is far below, so that it ends first on any machine; a client without one gets an answer that breaks
off instead of a timeout, and its test fails instead of hanging.
"""


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """Yield a port whose queue is full: connections to it are neither taken nor refused, until HANG_SECONDS are over.

    From then on they are refused, at the latest when the client's system asks again.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        for _ in range(3):
            each = waiting.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        guard = threading.Timer(HANG_SECONDS, listener.close)
        guard.start()
        waiting.callback(guard.cancel)
        yield listener.getsockname()[1]


class Sockets(ABC):
    """Accepts connections inside its `with` block, and closes them all at its end."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._accepted: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]

    @abstractmethod
    def answer(self, connection: socket.socket) -> None:
        """Do with a connection what the server does; an OSError of it ends quietly."""

    @property
    def connections(self) -> int:
        """How many were accepted."""
        return len(self._accepted)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        _close(self._listener)
        self.close_connections()

    def close_connections(self) -> None:
        """End all connections there are."""
        for each in self._accepted:
            _close(each)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._accepted.append(connection)
            threading.Thread(target=self._answered, args=(connection,), daemon=True).start()

    def _answered(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.answer(connection)


def _close(open_socket: socket.socket) -> None:
    with contextlib.suppress(OSError):
        open_socket.shutdown(socket.SHUT_RDWR)
    open_socket.close()
