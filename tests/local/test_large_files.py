"""The guide to large files, typed as it stands, and what happens to parts on a real connection."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as product
from pytest_django import Settings

from materials.models import MaterialEntry, Upload, UploadStatus
from project.jobs import runner
from project.jobs.queues import JobQueue
from tests.local.conftest import Server
from tests.materials.uploads.conftest import MIB, announcement, text_of

pytestmark = pytest.mark.django_db(transaction=True)

NAME = 'the "first" lecture.md'
GUIDE = product.BASE_DIR / "docs" / "how-to" / "upload-large-files.md"


@pytest.fixture
def _same_files(objects: Path, settings: Settings) -> None:
    """Let the jobs of this process see what the web server stores."""
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": str(objects)}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.mark.usefixtures("_same_files")
@pytest.mark.parametrize("size", [3 * MIB, 52 * MIB], ids=["one piece", "parts"])
def test_the_guide_works_as_it_is_written(server: Server, tmp_path: Path, size: int) -> None:
    if missing := [program for program in ("bash", "curl", "jq") if shutil.which(program) is None]:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {missing}.")
        pytest.skip(f"The guide needs {missing}")
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 7
    script = "\n".join(["set -euo pipefail", *blocks]).replace("FILE=lecture.mp4", f"FILE='{NAME}'")
    (tmp_path / NAME).write_bytes(text_of(size))
    node = server.path.split("/")[4]

    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(shutil.which("bash")), "-c", script], cwd=tmp_path, stdout=log, stderr=log,
            env={**os.environ, "API": f"http://127.0.0.1:{server.port}/api/v1", "KEY": server.key, "NODE": node},
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if Upload.objects.filter(status=UploadStatus.OPEN, job__isnull=False).exists():
                runner.run_next_job(JobQueue.LIGHT)
            time.sleep(0.1)
        process.kill()

    assert process.wait() == 0, (tmp_path / "log").read_text()
    entry = MaterialEntry.objects.get()
    assert (entry.name, entry.size_bytes) == (NAME, size)
    assert (tmp_path / "copy.bin").read_bytes() == (tmp_path / NAME).read_bytes()
    assert f'"stored_bytes":{size}' in (tmp_path / "log").read_text()
    assert [path.stat().st_size for path in server.stored()] == [size]


def ask(server: Server, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """Make one request and return its status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, url, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def address_of(server: Server, content: bytes) -> str:
    """Announce a file of one piece and return path and query of where it goes."""
    body = json.dumps(announcement(content))
    headers = {"X-API-Key": server.key, "Content-Type": "application/json"}
    status, opened = ask(server, "POST", server.path.replace("/entries", "/uploads"), body, **headers)
    assert status == 201, opened
    address = urlsplit(json.loads(opened)["urls"][0]["url"])
    return f"{address.path}?{address.query}"


def test_a_part_that_is_cut_off_leaves_nothing(server: Server) -> None:
    content = text_of(MIB)
    head = f"PUT {address_of(server, content)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MIB}\r\n\r\n"

    assert server.send([head.encode(), content[: MIB // 2]]) == 400

    assert server.stored() == []


def test_a_part_without_a_length_is_not_taken(server: Server) -> None:
    status, _ = ask(server, "PUT", address_of(server, text_of(MIB)), iter([b"chunk"]))

    assert status == 411
    assert server.stored() == []


@pytest.mark.slow
def test_signatures_are_not_logged(server: Server) -> None:
    url = address_of(server, text_of(100))

    assert ask(server, "PUT", url, text_of(100))[0] == 204
    assert ask(server, "PUT", f"{url}x", text_of(100))[0] == 403

    assert "signature=" not in server.logged()
