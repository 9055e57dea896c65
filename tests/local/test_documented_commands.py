"""What the documentation tells people to type, typed as it stands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction

from llm.models import ExternalCall
from materials.models import MaterialNode
from materials.tree.services import create_node
from project.db.fields import new_id
from structures.models import EditRecord, SharedLink, StructureSnapshot, TreeChange
from tenants.models import ApiKey, Tenant
from tenants.services import create_tenant
from tests.client.installed import install_client
from tests.process_table import environment, eventually, start
from tests.structures.course_page.stored import store_snapshot

BASE = Path(settings.BASE_DIR)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND_START = ".venv/bin/python manage.py "


def list_shell_blocks(page: str) -> list[str]:
    """Return the shell blocks of a page in order, but for those with the commands that go on until they are stopped."""
    blocks = BLOCK.findall((BASE / page).read_text())
    return [block for block in blocks if not re.search(r"^make (?:up|demo|test)\b|build_course", block, re.MULTILINE)]


@pytest.fixture
def type_blocks(tmp_path: Path, transactional_db: None) -> Iterator[Callable[..., str]]:
    """Start `make up`'s command, and type the shell blocks of pages in a folder that looks like a clone."""
    log = tmp_path / "up.log"
    process = start("manage.py", "up", "--port", "0", log=log, VAR_DIR=str(tmp_path / "var"))
    eventually(lambda: "Ctrl-C" in log.read_text(), seconds=120, what="it did not come up", log=log)
    found = re.search(r"(http://127\.0\.0\.1:\d+)/api/docs", log.read_text())
    assert found is not None
    clone = tmp_path / "clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (clone / ".venv" / "bin" / "python").chmod(0o755)
    for name in ("manage.py", "project"):
        (clone / name).symlink_to(BASE / name)

    def type_pages(*pages: str) -> str:
        script = "\n".join(block for page in pages for block in list_shell_blocks(page)).replace(
            "http://127.0.0.1:8000", found[1]
        )
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=clone,
            env=environment(VAR_DIR=str(tmp_path / "var")),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield type_pages
    process.terminate()
    process.wait()


@pytest.mark.slow
def test_a_course_is_shared_and_compared_as_documented(type_blocks: Callable[..., str]) -> None:
    shown = type_blocks("docs/how-to/share-a-course-page.md")

    assert re.search(r"^http://127\.0\.0\.1:\d+/shared/[\w-]{32}$", shown, re.MULTILINE)
    assert '<h1 dir="auto">Water</h1>' in shown
    assert re.search(r"410$", shown, re.MULTILINE)
    assert "<h1>What changed in <bdi>Water</bdi></h1>" in shown
    assert SharedLink.objects.get(snapshot__isnull=False).revoked_at is not None


@pytest.mark.slow
def test_a_structure_is_edited_and_approved_as_documented(type_blocks: Callable[..., str]) -> None:
    shown = type_blocks("docs/how-to/edit-and-approve.md", "docs/how-to/arrange-materials.md")

    approved, outline = StructureSnapshot.objects.filter(engine="edited").order_by("created_at")
    concept = approved.nodes.get(title="Boiling point")
    assert concept.description == "The temperature at which a liquid boils."
    assert approved.nodes.filter(title="Kettle").count() == 1
    assert approved.nodes.filter(title="Ice", node_type="concept").count() == 1
    assert "version_changed" in shown
    assert EditRecord.objects.filter(kind="rebase").count() == 1
    whole = StructureSnapshot.objects.get(options={"outline": str(outline.pk)})
    assert outline.counts["concepts"] == 0
    kept = whole.nodes.get(title="How water boils").key
    assert kept == outline.nodes.get(title="How water boils").key
    assert "How water boils" in shown
    assert TreeChange.objects.get().undone_at is not None


@pytest.mark.slow
def test_a_structure_is_exported_as_documented(type_blocks: Callable[..., str], tmp_path: Path) -> None:
    shown = type_blocks("docs/how-to/export.md")

    assert "'validator': 'jsonschema'" in shown
    assert "\nWater\n204\n" in shown
    assert "Boiling" in (tmp_path / "clone" / "course-site" / "site" / "index.html").read_text()


@pytest.mark.slow
def test_the_client_is_used_as_documented(
    type_blocks: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{install_client(tmp_path / 'installed')}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    shown = type_blocks("docs/how-to/use-the-client.md")

    assert StructureSnapshot.objects.get(engine="edited").nodes.get(title="Boiling point").description == (
        "When a liquid becomes a gas."
    )
    assert EditRecord.objects.filter(kind="add_note").count() == 1
    assert {file.suffix for file in (tmp_path / "clone" / "exported").iterdir()} == {".docx", ".md"}
    assert json.loads((tmp_path / "clone" / "report.json").read_text())["already_there"] == 2
    assert "['Boiling']\nnot_found Check the id." in shown
    # Prefixes, of eight characters, are shown; secrets never.
    assert re.search(r"cw_live_\w{8}\b", shown)
    assert not re.search(r"cw_live_\w{9}", shown)


def test_the_readme_runs_as_it_stands(type_blocks: Callable[..., str]) -> None:
    shown = type_blocks("README.md")

    assert StructureSnapshot.objects.latest("created_at").title == "Maps"
    assert "# Maps" in shown


@pytest.mark.slow
def test_the_tutorial_runs_as_it_stands(type_blocks: Callable[..., str], tmp_path: Path) -> None:
    shown = type_blocks("docs/tutorial.md")

    assert StructureSnapshot.objects.latest("created_at").title == "Water"
    assert "# Water" in shown
    # The tutorial shows a problem, and says that the log names its request.
    (request_id,) = re.findall(r'"request_id": ?"([^"]+)"', shown)
    assert request_id in (tmp_path / "var" / "log" / "web.log").read_text()


@pytest.mark.django_db
def test_every_documented_command_runs(tmp_path: Path) -> None:
    folder = tmp_path / "water"
    folder.mkdir()
    (folder / "steam.md").write_text("# Steam\n\nWater boils.")
    gold = {"modules": [{"title": "Water", "lessons": [{"title": "Steam", "files": ["steam.md"]}]}]}
    (tmp_path / "gold.json").write_text(json.dumps(gold))
    pages = [
        "docs/how-to/build-a-course.md",
        "docs/quality.md",
        "docs/how-to/manage-keys.md",
        "docs/how-to/bring-a-whole-course.md",
        "docs/operations/storage.md",
    ]
    lines = [
        line.removeprefix(COMMAND_START)
        for page in [*pages, "docs/operations/models.md"]
        for block in list_shell_blocks(page)
        for line in block.splitlines()
        if line.startswith(COMMAND_START)
    ]

    refused = []
    for line in lines:
        arguments = shlex.split(line, comments=True)
        examples: dict[str, Callable[[], str]] = {
            "cw_live_WlToEJaX": lambda: ApiKey.objects.earliest("created_at").prefix,
            "/srv/courses/water": lambda: str(folder),
            "path/to/course": lambda: str(folder),
            **{
                name: partial(str, tmp_path / name)
                for name in ("gold.json", "structure.html", "structure.json", "structure.md")
            },
            "0192f0c1-7d3e-7a3b-9d57-3b1f0a3f7c11": lambda: str(
                create_node(tenant=Tenant.objects.get(slug="acme"), title="One course").pk
            ),
            "0198c0de-...": lambda: str(MaterialNode.objects.filter(parent=None).earliest("pk").pk),
        }
        if arguments[0] == "evaluate" and "--tenant" in arguments:
            evaluate_stored(arguments, str(tmp_path / "gold.json"))
            continue
        if arguments[0] == "settle_calls":
            examples["0198c0de-..."] = create_call_of_unknown_cost
        arguments = [examples[each]() if each in examples else each for each in arguments]
        try:
            call_command(*arguments, stdout=StringIO(), stderr=StringIO())
        except CommandError as exc:
            # Without a provider's key no model can be asked; the command says so.
            refused.append((arguments[0], "GEMINI_API_KEY" in str(exc)))

    assert refused == [("ask", True)]
    assert len(lines) > 15


def evaluate_stored(arguments: list[str], gold: str) -> None:
    """Run a command that evaluates a stored snapshot on one that is there for this command alone."""
    with transaction.atomic():
        tenant = create_tenant(name="Evaluated", slug="evaluated")
        node = create_node(tenant=tenant, title="Water")
        lesson = {"node_type": "lesson", "title": "Steam"}
        module = {"node_type": "module", "title": "Water", "children": [lesson]}
        snapshot = store_snapshot(tenant, node, [module], engine="llm")
        examples = {
            "gold.json": gold, "acme": tenant.slug, "$SNAPSHOT": str(snapshot.pk), "$COURSE": str(node.pk),
        }  # fmt: skip
        call_command(*[examples.get(each, each) for each in arguments], stdout=StringIO(), stderr=StringIO())
        transaction.set_rollback(True)


def create_call_of_unknown_cost() -> str:
    call = ExternalCall.objects.create(
        tenant=Tenant.objects.earliest("created_at"), call_id=new_id(), attempt=1, action="ask", strategy="default",
        path="default", provider="google", model="gemini", registry="0", outcome="lost",
    )  # fmt: skip
    return str(call.pk)


def test_no_page_names_a_command_without_its_interpreter() -> None:
    blocks = [block for page in BASE.glob("docs/**/*.md") for block in BLOCK.findall(page.read_text())]

    assert not [block for block in blocks if re.search(r"^manage\.py", block, re.MULTILINE)]
    assert os.access(BASE / "manage.py", os.R_OK)
