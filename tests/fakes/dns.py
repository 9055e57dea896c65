"""A name server on 127.0.0.1 that knows one address at a time, whatever it is asked (RFC 1035)."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Self

_HEADER = struct.Struct("!6H")
_A, _IN, _TTL = 1, 1, 60
_ANSWERED = 0x8180
_POINTER_TO_NAME = 0xC00C


class NameServer:
    """Answers every question for an IPv4 address with `address`, inside its `with` block."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, sender = self._socket.recvfrom(4096)
            if not asked:
                return
            self._socket.sendto(self._answer(asked), sender)

    def _answer(self, asked: bytes) -> bytes:
        number = _HEADER.unpack_from(asked)[0]
        end_of_name = asked.index(b"\0", _HEADER.size) + 1
        question = asked[_HEADER.size : end_of_name + 4]
        (kind,) = struct.unpack_from("!H", asked, end_of_name)
        known = kind == _A
        record = struct.pack("!HHHIH", _POINTER_TO_NAME, _A, _IN, _TTL, 4) + socket.inet_aton(self.address)
        return _HEADER.pack(number, _ANSWERED, 1, int(known), 0, 0) + question + (record if known else b"")
