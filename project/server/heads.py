"""What the event loop must know of a request that is arriving: where it ends, and whether a thread may have it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Bodies up to this size are received before a thread is given: every form of the admin, JSON (project.http.parsers
# takes no more) and small files.
BUFFERED_BODY_BYTES = 1024 * 1024
# More than four times what browsers and proxies send; nginx passes 32 KiB on.
MAX_HEAD_BYTES = 64 * 1024
_HEAD_END = b"\r\n\r\n"
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,19})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


class HeadTooLarge(Exception):
    """MAX_HEAD_BYTES have arrived, and no end of the head."""


@dataclass(frozen=True, kw_only=True)
class ArrivingRequest:
    """A request whose head is here. `is_complete`: a thread may have it; else its body, of `body_bytes`, is awaited.

    `total_bytes` are those of head and body; 0 for a body that is not waited for.
    """

    is_complete: bool
    body_bytes: int = 0
    total_bytes: int = 0
    expects_continue: bool = False


def find_request_end(received: bytearray) -> ArrivingRequest | None:
    """Return how far the first request in `received` has come, None without a whole head. Raises HeadTooLarge.

    It only looks: gunicorn parses the head, and refuses what is wrong with it. A long body, or one of unknown length,
    is not waited for.
    """
    end = received.find(_HEAD_END)
    if end < 0:
        if len(received) > MAX_HEAD_BYTES:
            raise HeadTooLarge
        return None
    head = bytes(received[: end + 2])
    announced = _CONTENT_LENGTH.search(head)
    length = int(announced[1]) if announced else 0
    if length > BUFFERED_BODY_BYTES or _CHUNKED.search(head):
        return ArrivingRequest(is_complete=True)
    total = end + len(_HEAD_END) + length
    return ArrivingRequest(
        is_complete=len(received) >= total,
        body_bytes=length,
        total_bytes=total,
        expects_continue=_CONTINUE.search(head) is not None,
    )
