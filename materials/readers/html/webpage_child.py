"""Finding the main text of a web page: the inside of a child process of `materials.readers.isolation`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from materials.readers.base.contents_limits import limit_contents
from materials.readers.html import webpage
from materials.readers.reader_child import set_up_process, write_document

_NETWORK_EVENTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Read the page at `path`, which its server said is in the encoding `charset`, into the file `result`."""
    # Code that parses what strangers wrote must not connect to anything; an audit hook cannot be removed (PEP 578).
    sys.addaudithook(refuse_network)
    set_up_process()
    write_document(
        lambda: limit_contents(webpage.read(Path(request["path"]), charset=request["charset"])),
        Path(request["result"]),
        send_message,
    )


def refuse_network(event: str, _arguments: tuple[Any, ...]) -> None:
    """Raise PermissionError for every attempt to reach another machine: an audit hook."""
    if event in _NETWORK_EVENTS:
        raise PermissionError("a reader asks nobody")
