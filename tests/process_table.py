"""Running the product's own processes against the test database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection


def database_url() -> str:
    """Return the test database as other processes reach it."""
    parameters = connection.get_connection_params()
    host = quote(str(parameters.get("host") or ""), safe="")
    user = quote(str(parameters.get("user") or ""), safe="")
    password = quote(str(parameters.get("password") or ""), safe="")
    port = f"&port={parameters['port']}" if parameters.get("port") else ""
    return f"postgresql://{user}:{password}@/{connection.settings_dict['NAME']}?host={host}{port}"


def environment(**more: str) -> dict[str, str]:
    """Return the environment for a process of the product."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "OBJECTS_DIR": str(default_storage.path("")),
        "LOG_LEVEL": "WARNING",
        **more,
    }


def start(*arguments: str, log: Path, **more: str) -> subprocess.Popen[bytes]:
    """Start `python ...` in the project's folder, in a session of its own."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def eventually(condition: Callable[[], Any], *, seconds: float, what: str, log: Path | None = None) -> Any:
    """Wait until the condition holds and return its value; fail with `what` and the log after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    tail = log.read_text()[-3000:] if log is not None else ""
    raise AssertionError(f"After {seconds:.0f} s: {what}\n{tail}")


def lives(process: psutil.Process) -> bool:
    """Tell whether a process is there and not merely waiting to be buried."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
