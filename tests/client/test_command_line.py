"""The command `coursewright` against the product, in this process."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from materials.models import MaterialEntry, MaterialNode, Upload
from materials.tree.services import create_node
from project.client.coursewright_client import Client, ServerUnreachable, uploads
from project.client.coursewright_client import client as client_module
from project.client.coursewright_client.cli import main as command
from project.client.coursewright_client.cli.credentials import find_credentials_file
from project.client.coursewright_client.cli.journal import Journal
from tenants.models import Tenant
from tests.conftest import drain
from tests.structures.course_page.stored import store_snapshot

Run = Callable[..., Any]
BOILING = "# Boiling\n\n**Boiling point** is the temperature at which a liquid becomes a gas.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a course of three files that can be sent, one that is refused, and what nobody misses."""
    course = tmp_path / "water-course"
    for name, text in {
        "10 ice.md": "# Ice\n", "2 boiling.md": BOILING, "part/steam.md": "# Steam\n", "part/fake.pdf": "No PDF.",
        ".hidden": "x", "__MACOSX/a.md": "x",
    }.items():  # fmt: skip
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(text)
    (course / "link.md").symlink_to(course / "2 boiling.md")
    return course


@pytest.fixture
def run(
    client: Client,
    live_server: LiveServer,
    key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Type a command with `--json`, and return its exit code and what it printed as JSON."""
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("COURSEWRIGHT_URL", live_server.url)
    monkeypatch.setenv("COURSEWRIGHT_KEY", key)

    def type_words(*words: str, as_json: bool = True) -> tuple[int, Any]:
        capsys.readouterr()
        code = command.main([*words, *(["--json"] if as_json else [])])
        printed, news = capsys.readouterr()
        assert key not in printed + news
        if not as_json:
            return code, printed + news
        return code, json.loads(printed) if printed else news

    return type_words


def test_a_folder_becomes_a_course_and_goes_on_where_it_stopped(run: Run, folder: Path) -> None:
    code, first = run("upload", str(folder), "--title", "Water", "--language", "en")

    assert (code, first["sent"], first["already_there"]) == (3, 3, 0)
    assert [left["path"] for left in first["left_out"]] == ["link.md", "part/fake.pdf"]
    assert "another" in first["left_out"][1]["reason"]
    course = MaterialNode.objects.get(parent=None)
    assert (course.title, course.language, str(course.pk)) == ("Water", "en", first["course"])
    assert [entry.name for entry in course.entries.order_by("position")] == ["2 boiling.md", "10 ice.md"]
    assert course.children.get().title == "part"

    (folder / "part" / "fake.pdf").rename(folder / "part" / "fake.md")
    (folder / "10 ice.md").write_text("# Ice and snow\n")
    code, second = run("upload", str(folder))

    assert (code, second["sent"], second["already_there"]) == (3, 2, 2)
    assert [changed["path"] for changed in second["changed"]] == ["10 ice.md"]
    assert second["course"] == first["course"]
    assert MaterialNode.objects.count() == 2
    assert MaterialEntry.objects.count() == 5

    (folder / "link.md").unlink()
    code, third = run("upload", str(folder), "--new")
    assert (code, third["sent"], third["course"] != first["course"]) == (0, 4, True)


def test_what_was_done_before_its_record_was_kept_is_not_done_again(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed between an effect and its record."""
    kept = Journal.record

    def lose(self: Journal, record: Any) -> None:
        if "run" not in record:
            raise OSError("The disk is full.")
        kept(self, record)

    monkeypatch.setattr(Journal, "record", lose)
    code, said = run("upload", str(folder))
    assert (code, MaterialNode.objects.count()) == (1, 1)
    assert "disk is full" in said

    monkeypatch.setattr(Journal, "record", kept)
    code, _ = run("upload", str(folder))

    assert (code, MaterialNode.objects.count(), MaterialEntry.objects.count()) == (3, 2, 3)


def test_a_large_file_goes_on_in_another_process(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "DIRECT_BYTES", 30)
    with monkeypatch.context() as broken:
        broken.setattr(uploads.UploadResources, "_send_parts", break_off)
        assert run("upload", str(folder))[0] == 4
    announced = Upload.objects.get()

    code, done = run("upload", str(folder))

    announced.refresh_from_db()
    assert (code, Upload.objects.count(), announced.state) == (3, 1, "complete")
    assert done["sent"] + done["already_there"] == 3


def break_off(*arguments: Any) -> Any:
    raise ServerUnreachable("The connection is gone.")


def test_a_record_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first = Journal.open(path, is_new=False)
    first.record({"path": "a.md", "entry": "1", "size": 1, "modified_ns": 2})
    first.close()
    path.write_bytes(path.read_bytes() + b'{"path": "b.md", "ent')

    second = Journal.open(path, is_new=False)
    second.record({"path": "c.md", "entry": "3", "size": 1, "modified_ns": 2})
    second.close()
    third = Journal.open(path, is_new=False)
    third.close()

    assert set(third.sent) == {"a.md", "c.md"}
    assert first.derive_key("node", "a") == third.derive_key("node", "a") != third.derive_key("node", "b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_uploads_of_one_folder_are_kept_apart(tmp_path: Path) -> None:
    held = Journal.open(tmp_path / "journal.jsonl", is_new=False)

    with pytest.raises(Exception, match="Another process"):
        Journal.open(tmp_path / "journal.jsonl", is_new=True)

    held.close()


def test_a_structure_is_edited_in_the_version_that_was_seen(run: Run) -> None:
    tenant = Tenant.objects.get()
    concepts = [{"node_type": "concept", "title": title} for title in ("Boiling point", "Steam")]
    lesson = {"node_type": "lesson", "title": "Boiling", "children": concepts}
    store_snapshot(tenant, create_node(tenant=tenant, title="Water"), [lesson])

    code, seen = run("edit", "Water")
    assert (code, [node["fields"]["title"] for node in seen["nodes"][1:]]) == (0, ["Boiling", "Boiling point", "Steam"])
    code, changed = run("edit", "Water", "Boiling point", "description=Hot.", "--if-match", seen["etag"])
    assert (code, changed["steps"], changed["etag"] != seen["etag"]) == (0, 1, True)
    code, said = run("edit", "Water", "Steam", "--operation", "delete_node", "--if-match", seen["etag"])
    assert (code, "Read it again" in said) == (6, True)
    code, said = run("edit", "Water", "Fog", "description=x")
    assert (code, "No nodes are called 'Fog'" in said) == (1, True)
    code, said = run("edit", "Water", "Steam", "description")
    assert (code, "FIELD=VALUE" in said) == (1, True)
    code, approved = run("edit", "Water", "Boiling", "estimated_minutes=12", "--approve", "--reason", "Measured.")
    assert code == 0
    code, text = run("status", "Water", as_json=False)
    assert approved["snapshot"] in text


def test_courses_are_found_by_title_and_never_guessed(run: Run, client: Client) -> None:
    first, second = client.create_node("Water")["id"], client.create_node("Water")["id"]

    assert run("status")[1][0]["title"] == "Water"
    code, said = run("status", "Water")
    assert (code, first in said, second in said) == (1, True, True)
    assert run("status", "Ice")[0] == 1
    code, status = run("status", first)
    assert (code, status["structure"], status["entries"]["total"]) == (0, None, 0)
    assert run("costs")[1]["spent_usd"].startswith("0")
    assert run("status", "00000000-0000-7000-8000-000000000000")[0] == 1


def test_the_key_is_kept_for_this_user_alone(
    run: Run, live_server: LiveServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSEWRIGHT_URL")
    assert run("status")[0] == 5
    monkeypatch.delenv("COURSEWRIGHT_KEY")
    code, said = run("status")
    assert (code, "coursewright login" in said) == (5, True)

    monkeypatch.setattr("sys.stdin", io.StringIO("cw_live_wrong\n"))
    assert run("login", "--url", live_server.url)[0] == 5
    assert not find_credentials_file().exists()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{key}\n"))
    code, me = run("login", "--url", f"{live_server.url}/api/v1/")
    assert (code, me["tenant"], me["url"]) == (0, "acme", live_server.url)
    assert run("status") == (0, [])
    file = find_credentials_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in file.parent.iterdir()] == [file.name]

    file.chmod(0o644)
    code, said = run("status")
    assert (code, "chmod 600" in said) == (5, True)
    assert run("logout")[1]["forgotten"] is True
    assert not file.exists()


def test_events_are_printed_and_followed(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("upload", str(folder))
    drain()
    code, text = run("events", as_json=False)
    lines = text.splitlines()
    assert code == 0
    assert sum("entry.ready" in line for line in lines) == 3
    last = lines[-1].split()[1]
    assert run("events", "--after", last, as_json=False) == (0, "")
    assert run("events", "--type", "bogus")[0] == 1

    def stop(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(client_module, "time", SimpleNamespace(sleep=stop))
    code, text = run("events", "--type", "entry.ready", "--follow", as_json=False)
    assert (code, text.count("entry.ready"), "Stopped." in text) == (130, 3, True)


def test_keys_are_made_replaced_and_revoked(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "uploads.key"
    code, made = run("keys", "--create", "uploads", "--scope", "prep", "--secret-file", str(file))
    assert (code, "secret" in made, made["scopes"]) == (0, False, ["prep"])
    assert file.read_text().startswith(made["prefix"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    code, said = run("keys", "--create", "more", "--scope", "prep", "--secret-file", str(file))
    assert (code, "File exists" in said) == (1, True)
    code, said = run("keys", "--create", "more", "--scope", "everything", "--secret-file", str(tmp_path / "none.key"))
    assert (code, "prep" in said, (tmp_path / "none.key").exists()) == (1, True, False)
    assert run("keys", "--create", "more")[0] == 1

    code, rotated = run("keys", "--rotate", made["prefix"])
    assert (code, rotated["secret"].startswith(rotated["prefix"])) == (0, True)
    assert run("keys", "--revoke", rotated["id"])[0] == 0
    assert run("keys", "--revoke", "cw_live_nobody")[0] == 1
    code, keys = run("keys")
    assert {key["id"]: key["state"] for key in keys}[rotated["id"]] == "revoked"
    assert [key["label"] for key in keys].count("uploads") == 2
    assert "revoked" in run("keys", as_json=False)[1]


def test_a_server_that_is_not_there_has_an_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEWRIGHT_URL", "http://127.0.0.1:9")

    code, said = run("status")

    assert (code, "http://127.0.0.1:9/api/v1/nodes cannot be reached" in said) == (4, True)


@pytest.mark.parametrize("name", command.SUBCOMMANDS)
def test_help_shows_examples_that_can_be_typed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"])

    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"coursewright {name}" in shown.partition("examples:")[2]
    assert "exit codes:" in shown
