"""The embedded PostgreSQL: starts by itself, serves many processes, and goes with the last of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from project.db.embedded.server import EmbeddedServer

PROGRAM = """
import sys
from pathlib import Path
from project.db.embedded.server import EmbeddedServer
import psycopg
server = EmbeddedServer(Path(sys.argv[1]))
server.ensure_running()
with psycopg.connect(host=str(server.socket_folder), user="postgres", dbname="postgres") as connection:
    print(connection.execute("SHOW server_version_num").fetchone()[0], flush=True)
sys.stdin.readline()
"""


def use(home: Path) -> subprocess.Popen[str]:
    """Start a process that uses the server until its standard input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def version_from(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a folder with spaces" / "postgresql"


def test_it_serves_until_the_last_user_ends_however_they_end(home: Path) -> None:
    first, second = use(home), use(home)
    assert version_from(first) >= 180_000
    assert version_from(second) >= 180_000
    server = EmbeddedServer(home)

    first.kill()
    first.communicate()
    assert server.is_running()
    second.communicate("")

    assert not server.is_running()


def test_it_comes_up_again_after_its_processes_were_killed(home: Path) -> None:
    user = use(home)
    version_from(user)
    postmaster = int((home / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, 9)
    user.communicate("")

    successor = use(home)

    assert version_from(successor) >= 180_000
    successor.communicate("")
