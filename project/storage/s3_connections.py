"""Connections that send a body as slowly as the store takes it.

urllib3 gives each block of a body the time limit for connecting, and the block must be gone by then: five seconds for a
megabyte. A store that took ten kilobytes a second was sent the same part again and again while the first one moved.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Without any progress. Linux reports room once a third of its buffer of up to 4 MiB is free (tcp(7), tcp_wmem), which
# takes 140 s at ten kilobytes a second.
SEND_SECONDS = 180.0
# How long sent bytes may stay unacknowledged, or the receiver take none: as long as the wait for a response.
ACKNOWLEDGE_SECONDS = 60.0
# Smaller ones, such as headers, fit into the buffer.
_LEAST_BYTES = 2**16


class _PatientSending:
    """Sends large blocks bit by bit, each within SEND_SECONDS after the last. For connections of botocore."""

    def connect(self: Any) -> None:
        super().connect()  # type: ignore[misc]  # a mix-in
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # macOS has none
            with contextlib.suppress(OSError):  # a proxy on a Unix socket
                milliseconds = int(ACKNOWLEDGE_SECONDS * 1000)
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def send(self: Any, data: Any) -> None:
        # botocore sends no body after a response that came early; urllib3 sets the time limit of the response itself.
        if self.sock is None or self._response_received or not _is_large_block(data):
            super().send(data)  # type: ignore[misc]
            return
        self.sock.settimeout(SEND_SECONDS)
        left = memoryview(data)
        while left:
            left = left[self.sock.send(left) :]


class _PatientHTTPConnection(_PatientSending, AWSHTTPConnection):  # type: ignore[misc]  # `send` has other names there
    pass


class _PatientHTTPSConnection(_PatientSending, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _PatientHTTPConnectionPool(AWSHTTPConnectionPool):
    ConnectionCls = _PatientHTTPConnection


class _PatientHTTPSConnectionPool(AWSHTTPSConnectionPool):
    ConnectionCls = _PatientHTTPSConnection


def send_patiently(client: S3Client) -> None:
    """Make the client's future connections send bodies as slowly as the store takes them."""
    # botocore has no setting for this; its own classes stand in this dictionary, from which each pool is made.
    session: Any = client._endpoint.http_session  # type: ignore[attr-defined]
    session._pool_classes_by_scheme.update(http=_PatientHTTPConnectionPool, https=_PatientHTTPSConnectionPool)


def _is_large_block(data: Any) -> bool:
    return isinstance(data, bytes | memoryview) and len(data) >= _LEAST_BYTES
