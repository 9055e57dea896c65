"""The installed command against the product's own processes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from mcp import Client as AssistantClient
from mcp import StdioServerParameters, stdio_client

from project.client.coursewright_client import AsyncClient, Client
from tests.client.installed import install_client
from tests.process_table import eventually, start

BASE = Path(settings.BASE_DIR)
LARGE_BYTES = 300 * 2**20
pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class InstalledCommand:
    """The command in an environment of its own, logged in."""

    folder: Path
    url: str
    key: str
    environment: dict[str, str]

    def run(self, *words: str, code: int = 0) -> Any:
        """Type a command with `--json` and return what it printed; fails unless it ends with the code."""
        done = subprocess.run(
            ["coursewright", *words, "--json"],  # noqa: S607  # found on the PATH below, as people find it
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert self.key not in done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_client(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def command(binaries: Path, tmp_path: Path, transactional_db: None) -> Iterator[InstalledCommand]:
    """Start web server and workers, and log in with a key of a new tenant."""
    log, var = tmp_path / "up.log", str(tmp_path / "var")
    process = start("manage.py", "up", "--port", "0", log=log, VAR_DIR=var)
    eventually(lambda: "Ctrl-C" in log.read_text(), seconds=240, what="it did not come up", log=log)
    found = re.search(r"(http://127\.0\.0\.1:\d+)/api/docs", log.read_text())
    assert found is not None
    printed = tmp_path / "key.txt"
    # The limits are those of every key: 80 files at once are more than a minute's worth.
    start("manage.py", *shlex.split("issue_api_key demo --label cli --scope admin"), log=printed, VAR_DIR=var).wait()
    key = re.search(r"cw_live_\w{30,}", printed.read_text())
    assert key is not None, printed.read_text()
    environment = {
        "PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8",
    }  # fmt: skip
    login = ["coursewright", "login", "--url", found[1]]
    done = subprocess.run(login, env=environment, input=key[0], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert key[0] not in done.stdout + done.stderr
    yield InstalledCommand(folder=tmp_path, url=found[1], key=key[0], environment=environment)
    process.terminate()
    process.wait()


def write_course(folder: Path) -> None:
    """Write 80 files in eight folders."""
    for number in range(80):
        file = folder / f"{number // 10 + 1} part" / f"{number % 10 + 1} lesson.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Lesson {number}\n\n**Term {number}** is a word that lesson {number} explains.\n")


def test_eighty_files_go_the_whole_way(command: InstalledCommand) -> None:
    write_course(command.folder / "water")

    report = command.run("upload", "./water", "--title", "Water", "--wait")
    assert (report["sent"], report["left_out"], report["failed"]) == (80, [], [])
    assert command.run("status", "Water")["entries"]["ready"] == 80
    snapshot = command.run("generate", "Water", "--engine", "outline")
    assert snapshot["counts"]["lessons"] == 80
    seen = command.run("edit", "Water")
    changed = command.run("edit", "Water", "Term 7", "description=Shorter.", "--if-match", seen["etag"])
    outdated = ["coursewright", "edit", "Water", "Term 8", "description=Shorter.", "--if-match", seen["etag"]]
    done = subprocess.run(outdated, env=command.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, changed["etag"] in done.stderr) == (6, True)
    command.run("edit", "Water", "--approve")
    exports = command.run("export", "Water", "--format", "json", "--format", "docx", "--into", "exported")
    assert [export["validation"]["exit"] for export in exports] == [0, 0]
    assert "Shorter." in Path(command.folder, exports[0]["path"]).read_text()
    assert command.run("costs")["rows"] == []

    asyncio.run(ask_as_assistant(command, report["course"], snapshot["id"], allow_writing=False))
    asyncio.run(ask_as_assistant(command, report["course"], snapshot["id"], allow_writing=True))
    assert asyncio.run(count_courses(command)) == 1


async def count_courses(command: InstalledCommand) -> int:
    async with AsyncClient(command.url, command.key, use_proxies=False) as client:
        return len([course async for course in client.iterate_nodes()])


async def ask_as_assistant(command: InstalledCommand, course: str, made: str, *, allow_writing: bool) -> None:
    """Ask the MCP server in a process of its own, with the client of the SDK."""
    words = ["mcp", *(["--allow-writing"] if allow_writing else [])]
    executable = str(Path(command.environment["PATH"].split(":")[0]) / "coursewright")
    server = StdioServerParameters(command=executable, args=words, env=command.environment)
    async with AssistantClient(stdio_client(server)) as assistant:
        tools = {tool.name: tool for tool in (await assistant.list_tools()).tools}
        reading = {name for name, tool in tools.items() if tool.annotations and tool.annotations.read_only_hint}
        assert reading == {"list_courses", "search_materials", "read_structure", "read_evidence", "read_job"}
        assert set(tools) - reading == ({"start_generation"} if allow_writing else set())

        async def ask(name: str, **arguments: Any) -> Any:
            answer = await assistant.call_tool(name, arguments)
            assert not answer.is_error, answer.content
            found: Any = answer.structured_content
            return found.get("result", found)

        assert [found["id"] for found in await ask("list_courses")] == [course]
        (passage, *_) = await ask("search_materials", course=course, text="term 42", limit=3)
        assert "42" in passage["text"]
        assert passage["place"] == "Lesson 42"
        structure = await ask("read_structure", course=course)
        assert structure["left_out"] == 0
        term = next(node for node in structure["nodes"] if node["title"] == "Term 42")
        (evidence, *_) = await ask("read_evidence", course=course, key=term["key"])
        assert "lesson 42 explains" in evidence["quote"] + evidence["passage"]
        assert evidence["file"].endswith("3 lesson.md")
        refused = await assistant.call_tool("read_structure", {"course": "00000000-0000-7000-8000-000000000000"})
        assert refused.is_error
        assert "Check the id" in str(refused.content)
        if allow_writing:
            assert await ask("start_generation", course=course, engine="outline") == {"job": None, "snapshot": made}


def test_a_killed_upload_goes_on_and_memory_does_not_grow_with_the_file(command: InstalledCommand) -> None:
    folder = command.folder / "talks"
    folder.mkdir()
    lecture = folder / "lecture.mp4"
    # A box that players skip makes it large; the zeros take no space on the disk.
    recording = (BASE / "tests" / "data" / "media" / "lecture.mp4").read_bytes()
    lecture.write_bytes(recording + LARGE_BYTES.to_bytes(4, "big") + b"free")
    with lecture.open("r+b") as file:
        file.truncate(len(recording) + LARGE_BYTES)
    write_course(folder)
    words = ["coursewright", "upload", str(folder)]

    first = subprocess.Popen(words, env=command.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Client(command.url, command.key, use_proxies=False) as client:

        def find_begun() -> Any:
            begun = list(client.iterate_items("/uploads", status="open"))
            return begun if begun and client.get_upload(begun[0]["id"])["arrived"] else None

        (upload,) = eventually(find_begun, seconds=120, what="no part arrived")
        first.send_signal(signal.SIGKILL)
        first.wait()
        arrived = client.get_upload(upload["id"])["arrived"]
        assert 0 < len(arrived) < 31
        entries_before = client.get_usage()["entries"]

        second = subprocess.Popen(words, env=command.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        used = 0
        while second.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                used = max(used, psutil.Process(second.pid).memory_info().rss)
            time.sleep(0.05)

        assert second.returncode == 0
        assert 0 < used < LARGE_BYTES / 2
        assert client.get_upload(upload["id"])["state"] == "complete"
        assert list(client.iterate_items("/uploads", status="open")) == []
        (course,) = client.iterate_nodes()
        tree = client.read_tree(course["id"])
        names = [entry["name"] for child in tree["children"] for entry in child["entries"]]
        assert (len(names), len(tree["children"])) == (80, 8)
        assert entries_before <= 81
        (entry,) = tree["entries"]
        with lecture.open("rb") as sent:
            assert entry["sha256"] == hashlib.file_digest(sent, "sha256").hexdigest()


def test_ctrl_c_leaves_what_the_same_command_goes_on_with(command: InstalledCommand) -> None:
    write_course(command.folder / "water")
    words = ["coursewright", "upload", str(command.folder / "water")]
    first = subprocess.Popen(words, env=command.environment, stderr=subprocess.PIPE, text=True)
    with Client(command.url, command.key, use_proxies=False) as client:
        eventually(lambda: client.get_usage()["entries"] > 3, seconds=120, what="nothing was sent")

        first.send_signal(signal.SIGINT)
        _, said = first.communicate()
        report = command.run(*words[1:])

        assert first.returncode == 130
        assert "the same command goes on from here" in said
        assert report["sent"] + report["already_there"] == 80
        assert report["already_there"] > 0
        assert client.get_usage()["entries"] == 80
