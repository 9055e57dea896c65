"""A PostgreSQL server of a test's own, which it may restart and kill, behind a proxy that it may cut."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.db import connection, connections

from project.db.embedded.base import get_server
from project.db.embedded.server import SUPERUSER, EmbeddedServer
from tests.process_table import eventually
from tests.template_database import dump_template

NAME = "coursewright"


@dataclass(kw_only=True)
class CuttingProxy:
    """Hands on each connection to the server's Unix socket, as PgBouncer does, until it is told to cut them all."""

    server_socket: Path
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="cutting-")))
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen(64)
        self._start_thread(self._accept)

    def cut(self) -> int:
        """Close all connections at once; return how many clients lost theirs."""
        with self._lock:
            cut, self._open = self._open, []
        for end in cut:
            _shut_down(end)
        return len(cut) // 2

    def close(self) -> None:
        _shut_down(self._listener)  # wakes the thread, which closes it
        self.cut()
        for thread in self._threads:
            thread.join(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_thread(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError), self._listener:
            while True:
                client = self._listener.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(str(self.server_socket))
                except OSError:  # the server is away: the client sees a connection that ends without a word
                    client.close()
                    server.close()
                    continue
                with self._lock:
                    self._open += [client, server]
                self._start_thread(self._exchange, client, server)

    def _exchange(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()
        with self._lock:
            self._open = [end for end in self._open if end not in {client, server}]
        client.close()
        server.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes until one side has ended, and end both."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _shut_down(source)
    _shut_down(target)


def _shut_down(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, kw_only=True)
class OwnPostgres:
    """A running server with the product's tables. This process reaches it directly, others by `url` over the proxy."""

    server: EmbeddedServer
    proxy: CuttingProxy

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}:@/{NAME}?host={quote(str(self.proxy.folder), safe='')}"

    def restart(self) -> None:
        """Restart as an operator or an upgrade does."""
        data, log = str(self.server.data_folder), str(self.server.log_file)
        done = self.server._run_program("pg_ctl", "-w", "-s", "-D", data, "-l", log, "-m", "fast", "restart")
        assert done.returncode == 0, done.stdout
        connection.close()

    def kill(self) -> None:
        """Kill the postmaster as the kernel does when memory runs out, and start it again."""
        os.kill(int((self.server.data_folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        data, log = str(self.server.data_folder), str(self.server.log_file)

        def started() -> bool:  # not before the last of its children has ended
            return self.server._run_program("pg_ctl", "-w", "-s", "-D", data, "-l", log, "start").returncode == 0

        eventually(started, seconds=60, what="PostgreSQL did not start again", log=self.server.log_file)
        connection.close()

    def cut(self) -> None:
        """Cut every connection of the other processes, as a pooler does that is restarted."""
        assert self.proxy.cut()


def _run(server: EmbeddedServer, program: str, *arguments: str) -> None:
    done = server._run_program(program, "-h", str(server.socket_folder), "-U", SUPERUSER, *arguments)
    assert done.returncode == 0, done.stdout


@contextlib.contextmanager
def own_postgres(home: Path) -> Iterator[OwnPostgres]:
    """Run a server and point this process's default connection to it. Needs the unblocked test database."""
    server = get_server(home)
    server.ensure_running()
    tables = home / "tables.sql"
    dump_template(tables)
    before = dict(connection.settings_dict)
    connections.close_all()
    connection.settings_dict.update(
        HOME=str(home), NAME=NAME, HOST=str(server.socket_folder), USER=SUPERUSER, PASSWORD="", PORT=""
    )
    proxy = CuttingProxy(server_socket=server.socket_folder / ".s.PGSQL.5432")
    try:
        _run(server, "createdb", NAME)
        _run(server, "psql", "-q", "-X", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(tables), NAME)
        yield OwnPostgres(server=server, proxy=proxy)
    finally:
        proxy.close()
        connections.close_all()
        connection.settings_dict.clear()
        connection.settings_dict.update(before)
        server.release()
