"""A store that takes a body slowly gets it once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.fakes.s3 import Bucket

MIB = 2**20
BLOCK, PAUSE_SECONDS, SLOW_SECONDS = 16 * 2**10, 0.1, 9.0


class SlowStore:
    """Takes 160 kB/s for nine seconds and then all of it, and counts the requests that it began to take.

    The buffers of both sockets are full within the first second. A block of 1 MiB then waits for longer than the five
    seconds in which a connection has to be made.
    """

    def __init__(self) -> None:
        self.puts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(30)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            head = {}
            while (line := reader.readline().strip()) and (name := line.partition(b":"))[0]:
                head[name[0].lower()] = name[2].strip()
            self.puts += 1
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            left, begun = int(head[b"content-length"]), time.monotonic()
            while left and (data := reader.read(min(BLOCK, left))):
                left -= len(data)
                if time.monotonic() - begun < SLOW_SECONDS:
                    time.sleep(PAUSE_SECONDS)
            if not left:
                connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n')


@pytest.fixture
def slow() -> Iterator[SlowStore]:
    store = SlowStore()
    yield store
    store.close()


def test_a_part_is_not_sent_again_while_it_moves(slow: SlowStore) -> None:
    writer = Bucket(endpoint=f"http://127.0.0.1:{slow.port}").objects.open_writer("slow")

    with writer:  # type: ignore[attr-defined]
        writer.write(bytes(9 * MIB))
        stored = writer.finish()

    assert stored.size == 9 * MIB
    assert slow.puts == 1
