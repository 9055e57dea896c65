"""Handing a connection over to the process that can wait (`project.streams`), with what was received on it.

The kernel passes the open socket along (SCM_RIGHTS, unix(7)). Where that process is not there, or is behind, the
request gets a thread like any other, and its view answers at once.
"""

from __future__ import annotations

import contextlib
import re
import socket

from project.server.heads import MAX_HEAD_BYTES

MAX_MESSAGE_BYTES = MAX_HEAD_BYTES + 2**16
_WAITING = re.compile(
    rb"(?:GET|HEAD|OPTIONS) /api/v1/(?:(?:jobs|nodes)/[^/? ]+/events[? ]|jobs/[^/? ]+\?(?:[^ ]*&)?wait=)"
)


class Handover:
    """The way to the process that listens on a socket file. Connects when it is first needed, and again when lost."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._channel: socket.socket | None = None

    def is_wanted(self, received: bytearray) -> bool:
        """Tell whether the request that begins here may wait."""
        return bool(self._path) and _WAITING.match(received) is not None

    def hand_over(self, client: socket.socket, received: bytearray) -> bool:
        """Pass the connection on and return True; the caller closes its own handle. False when nobody takes it."""
        for _ in range(2):  # the first attempt finds out that the other process was replaced
            try:
                channel = self._channel or self._connect()
                socket.send_fds(channel, [bytes(received)], [client.fileno()])
            except BlockingIOError:
                return False
            except OSError:
                self.close()
            else:
                return True
        return False

    def close(self) -> None:
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.close()
            self._channel = None

    def _connect(self) -> socket.socket:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel.setblocking(False)
        try:
            channel.connect(self._path)
        except OSError:
            channel.close()
            raise
        self._channel = channel
        return channel
