"""What the children of `tests/processes/test_runner.py` do: the inside of the child, as a request says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Tell = Callable[[dict[str, Any]], None]


def run_child(request: Mapping[str, Any], tell: Tell) -> None:
    """Do what the request names."""
    DEEDS[request["do"]](request, tell)


def count(request: Mapping[str, Any], tell: Tell) -> None:
    for number in range(request["to"]):
        tell({"number": number, "with": request["with"]})


def chatter(request: Mapping[str, Any], tell: Tell) -> None:
    print("a library prints this")  # noqa: T201
    os.write(1, b"and its C code this\n")
    tell({"said": "Карти\nбрешуть"})


def look_around(request: Mapping[str, Any], tell: Tell) -> None:
    loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"django", "psycopg", "av"})
    tell({"environment": dict(os.environ), "folder": str(Path.cwd()), "loaded": loaded})


def hang(request: Mapping[str, Any], tell: Tell) -> None:
    tell({"pid": os.getpid()})
    time.sleep(60)


def hang_with_helper(request: Mapping[str, Any], tell: Tell) -> None:
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    tell({"pid": helper.pid})
    time.sleep(60)


def eat(request: Mapping[str, Any], tell: Tell) -> None:
    tell({"pid": os.getpid()})
    eaten = [bytearray(16 * 2**20) for _ in range(40)]
    tell({"eaten": len(eaten)})


def fail(request: Mapping[str, Any], tell: Tell) -> None:
    tell({"pid": os.getpid()})
    raise ValueError("the map is torn")


def die(request: Mapping[str, Any], tell: Tell) -> None:
    os.kill(os.getpid(), signal.Signals[request["of"]])


DEEDS: Mapping[str, Callable[[Mapping[str, Any], Tell], None]] = {
    deed.__name__: deed for deed in (count, chatter, look_around, hang, hang_with_helper, eat, fail, die)
}
