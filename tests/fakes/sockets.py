"""A bare listening socket on 127.0.0.1, with a thread for each connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from typing import Self


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
        for each in (self._listener, *self._accepted):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

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
