"""A child that tries what children must not do, for `manage.py check --deploy`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Send whether a socket could be made, and whether the parent's environment could be read."""
    send_message({"has_network": _can_make_socket(), "sees_parent": _can_read(f"/proc/{os.getppid()}/environ")})


def _can_make_socket() -> bool:
    try:
        socket.socket().close()
    except OSError:
        return False
    return True


def _can_read(path: str) -> bool:
    try:
        Path(path).read_bytes()
    except OSError:
        return False
    return True
