"""The newcomer's commands, run as a newcomer runs them: real web server, real worker, HTTP."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from materials.models import MaterialEntry
from project.jobs.models import ClusterHeartbeat
from tenants.models import ApiKey
from tests.process_table import environment, eventually, lives, start

pytestmark = pytest.mark.django_db(transaction=True)

COURSE = Path(settings.BASE_DIR) / "project" / "local" / "course" / "Maps and how they lie"


def run(*arguments: str, var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(VAR_DIR=str(var)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow  # `make demo` runs the same command
def test_the_sample_course_becomes_a_grounded_structure(tmp_path: Path) -> None:
    var = tmp_path / "a folder with spaces"
    done = run("demo", var=var)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "make up" in done.stdout
    snapshot = json.loads((var / "demo" / "structure.json").read_text())
    assert snapshot["grounding"]["dropped"] == 0
    assert [module["title"] for module in snapshot["children"]] == [
        "Flat pictures of a round world", "Maps that argue", "Maps that you compute",
    ]  # fmt: skip
    lessons = [lesson for module in snapshot["children"] for lesson in module["children"]]
    leaves = {node["title"]: node for lesson in lessons for node in lesson["children"]}
    lab = leaves["Two maps from one table"]
    assert lab["node_type"] == "exercise"
    assert sorted(reference["entry_name"] for reference in lab["references"]) == [
        "02-reading-a-map.md", "03-worksheet.docx", "04-handout.pdf",
    ]  # fmt: skip
    heard = [r for node in leaves.values() for r in node["references"] if r["entry_name"].endswith(".mp4")]
    assert {r["entry_path"] for r in heard} == {"03-Maps that you compute/01-first-steps-in-python.mp4"}
    assert all("start_ms" in reference["locator"] for reference in heard)
    locators = [reference["locator"] for node in leaves.values() for reference in node["references"]]
    for place in ("page", "slide", "start_ms", "heading_path", "fragment"):
        assert any(place in locator for locator in locators), place
    assert (var / "demo" / "structure.md").read_text().startswith("# Maps and how they lie")
    page = (var / "demo" / "structure.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "first-steps-in-python.mp4, 00:" in page
    assert f"Open it in your browser: {var / 'demo' / 'structure.html'}" in done.stdout
    assert not ClusterHeartbeat.objects.exists()
    assert all(key.revoked_at is not None for key in ApiKey.objects.all())


@pytest.mark.usefixtures("system_in_this_process")
def test_files_that_cannot_be_taken_are_listed_and_not_fatal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "course"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "text.md").write_text("# Steam\n\n**Steam** is water that has become a gas by heat.")
    (folder / "lab.ipynb").write_text("{}")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing\n%%EOF")

    exports = ["--export", "cc, csv,chapters,transcripts", "--export-dir", str(tmp_path / "exported")]
    call_command("build_course", str(folder), "--json", str(tmp_path / "out.json"), *exports)

    shown = capsys.readouterr().out
    assert "Not taken: lab.ipynb: " in shown
    assert "Could not be read: broken.pdf: The PDF is damaged." in shown
    assert "export it again, and upload that." in " ".join(shown.split())
    assert json.loads((tmp_path / "out.json").read_text())["counts"]["concepts"] == 1
    assert MaterialEntry.objects.count() == 2
    written = {path.name: path for path in (tmp_path / "exported").iterdir()}
    assert sorted(written) == ["course.chapters.zip", "course.csv", "course.imscc", "course.transcripts.zip"]
    for path in written.values():
        assert re.search(rf"Written: {re.escape(str(path))} \(.+\), .+: no fault, \d+ losses\n", shown)
    assert zipfile.ZipFile(written["course.imscc"]).testzip() is None


def test_a_format_that_does_not_exist_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"there is no format 'pdf'; there are: markdown, .*cc"):
        call_command("build_course", str(tmp_path), "--export", "cc,pdf")

    assert not ApiKey.objects.exists()


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_built(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("A file.")

    with pytest.raises(CommandError, match=r"taken cannot be made: .+ Name another folder: --export-dir"):
        call_command("build_course", str(tmp_path), "--export", "cc", "--export-dir", str(tmp_path / "taken"))

    assert not ApiKey.objects.exists()


@pytest.mark.slow
def test_nothing_outlives_a_command_that_is_killed(tmp_path: Path) -> None:
    process = start("manage.py", "demo", log=tmp_path / "demo.log", VAR_DIR=str(tmp_path / "var"))
    family = psutil.Process(process.pid)
    eventually(
        lambda: len(family.children(recursive=True)) > 6, seconds=60, what="the demo did not start its processes"
    )
    started = family.children(recursive=True)

    process.kill()
    process.wait()

    eventually(lambda: not any(lives(child) for child in started), seconds=60, what="processes stayed")


@pytest.mark.slow
def test_it_runs_until_it_is_stopped_and_says_when_it_cannot(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    log = tmp_path / "up.log"
    process = start("manage.py", "up", "--port", port, log=log, VAR_DIR=str(tmp_path / "var"))
    eventually(lambda: "Ctrl-C" in log.read_text(), seconds=60, what="it did not come up", log=log)
    password = User.objects.get(username="operator").password
    shown = re.search(r"user operator, password (\S+)", log.read_text())
    assert shown is not None
    assert User.objects.get(username="operator").check_password(shown[1])

    second = run("up", "--port", port, var=tmp_path / "other")

    assert (second.returncode, f"Port {port} cannot be used" in second.stderr) == (1, True)
    assert User.objects.get(username="operator").password == password
    worker = next(child for child in psutil.Process(process.pid).children() if "worker" in child.cmdline())
    worker.kill()
    assert process.wait(timeout=30) == 1
    assert "A process ended by itself" in log.read_text()

    again = tmp_path / "again.log"
    process = start("manage.py", "up", "--port", port, log=again, VAR_DIR=str(tmp_path / "var"))
    eventually(lambda: "Ctrl-C" in again.read_text(), seconds=60, what="it did not come up again", log=again)
    process.terminate()
    process.wait()
    assert f"user operator, password {shown[1]}" in again.read_text()


@pytest.mark.slow
def test_it_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(CommandError, match="is not there"):
        call_command("build_course", str(tmp_path / "nothing-here"))
    done = run("build_course", str(tmp_path / "empty"), var=tmp_path / "var")

    assert done.returncode == 1
    assert "no files" in done.stderr
    assert "Traceback" not in done.stderr
