"""What the children of `tests/processes/test_runner.py` do: the inside of the child, as a request says."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
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


def spy(request: Mapping[str, Any], tell: Tell) -> None:
    """Try what code that has broken out of a parser would: read keys of other processes, and send them somewhere."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    readable = [pid for pid in pids if pid != os.getpid() and (can_read(pid, "environ") or can_read(pid, "mem"))]
    tell({"readable": readable, "sockets": [name for name in FAMILIES if can_make_socket(name)]})


FAMILIES = ("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET")


def can_read(pid: int, name: str) -> bool:
    try:
        with Path(f"/proc/{pid}/{name}").open("rb") as file:
            return name == "mem" or bool(file.read(1))
    except OSError:
        return False


def can_make_socket(family: str) -> bool:
    try:
        socket.socket(getattr(socket, family), socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True


def connect(request: Mapping[str, Any], tell: Tell) -> None:
    """Connect in a process of the child's own, which the same holds for."""
    program = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
    done = subprocess.run([sys.executable, "-c", program, str(request["port"])], capture_output=True, check=False)
    tell({"connected": done.returncode == 0, "said": done.stderr.decode()[-200:]})


def hang(request: Mapping[str, Any], tell: Tell) -> None:
    tell({"pid": os.getpid()})
    time.sleep(600)


def hang_with_helper(request: Mapping[str, Any], tell: Tell) -> None:
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    tell({"pid": helper.pid})
    time.sleep(600)


def eat(request: Mapping[str, Any], tell: Tell) -> None:
    tell({"pid": os.getpid()})
    eaten = [bytearray(16 * 2**20) for _ in range(40)]
    tell({"eaten": len(eaten)})


def fail(request: Mapping[str, Any], tell: Tell) -> None:
    tell({"pid": os.getpid()})
    raise ValueError("the map is torn")


def report_limits(request: Mapping[str, Any], tell: Tell) -> None:
    names = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CPU", "RLIMIT_CORE")
    tell({name: resource.getrlimit(getattr(resource, name)) for name in names})


def spin(request: Mapping[str, Any], tell: Tell) -> None:
    while True:
        pass


def write(request: Mapping[str, Any], tell: Tell) -> None:
    with suppress(OSError):  # as a library would that does not look at what its writes return
        Path("written").write_bytes(bytes(request["size"]))
    tell({"written": Path("written").stat().st_size})


def close_output_and_hang(request: Mapping[str, Any], tell: Tell) -> None:
    tell({"pid": os.getpid()})
    os.closerange(1, 20)
    time.sleep(60)


def leave_output_open(request: Mapping[str, Any], tell: Tell) -> None:
    if os.fork() == 0:
        time.sleep(60)
    tell({"pid": os.getpid()})
    os._exit(0)


def fail_to_allocate(request: Mapping[str, Any], tell: Tell) -> None:
    raise RuntimeError("std::bad_alloc")


def die(request: Mapping[str, Any], tell: Tell) -> None:
    os.kill(os.getpid(), signal.Signals[request["of"]])


def eat_and_die(request: Mapping[str, Any], tell: Tell) -> None:
    eaten = bytearray(700 * 2**20)
    time.sleep(1)  # long enough to be seen
    die(request, tell)
    tell({"eaten": len(eaten)})


DEEDS: Mapping[str, Callable[[Mapping[str, Any], Tell], None]] = {
    deed.__name__: deed
    for deed in (
        count,
        chatter,
        look_around,
        spy,
        connect,
        hang,
        hang_with_helper,
        eat,
        fail,
        report_limits,
        spin,
        write,
        close_output_and_hang,
        leave_output_open,
        fail_to_allocate,
        die,
        eat_and_die,
    )
}
