"""`manage.py import_folder`: the same rules and the same report as for an archive."""

from __future__ import annotations

import errno
import io
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from materials.models import ImportItem, MaterialEntry, MaterialImport, MaterialNode
from materials.tree.services import MAX_DEPTH
from tenants.models import Tenant
from tests.conftest import Api
from tests.materials.transfer.test_import import outline


def run(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command("import_folder", *map(str, arguments), stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "My course"
    for path, content in {
        "2 Lists/b.md": "# B",
        "2 Lists/10.md": "# Ten",
        "01 Intro/a.md": "# A",
        "photo.png": "x",
        "empty.md": "",
        ".git/config": "x",
    }.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(content)
    return top


def test_a_folder_becomes_a_course(api: Api, acme: Tenant, folder: Path) -> None:
    shown = run("acme", folder, course="Water")

    (course,) = MaterialNode.objects.filter(parent=None)
    assert course.title == "Water"
    assert outline(api(acme), course.pk) == [("01 Intro", ["a.md"]), ("2 Lists", ["10.md", "b.md"])]
    assert "2 nodes made. 3 files taken, 0 were there, 2 left out, 1 hidden." in shown
    assert "photo.png" in shown
    assert "The file is a picture, which cannot be read." in shown
    report = api(acme).get(f"/api/v1/imports/{MaterialImport.objects.get().pk}").json()
    assert (report["job"], report["name"], report["files"]["taken"]) == (None, "My course", 3)


def test_done_again_it_takes_only_what_is_new(api: Api, acme: Tenant, course: MaterialNode, folder: Path) -> None:
    run("acme", folder, node=course.pk)
    (folder / "01 Intro" / "new.md").write_text("# New")

    shown = run("acme", folder, node=course.pk)

    assert "0 nodes made. 1 files taken, 3 were there" in shown
    assert outline(api(acme), course.pk) == [("01 Intro", ["a.md", "new.md"]), ("2 Lists", ["10.md", "b.md"])]


def test_links_pipes_and_what_cannot_be_opened_are_left_out(acme: Tenant, course: MaterialNode, folder: Path) -> None:
    secret = folder.parent / "secret.md"
    secret.write_text("# Secret")
    (folder / "link.md").symlink_to(secret)
    (folder / "around").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.md")
    (folder / "back\\slash.md").write_text("# Odd")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.md")).write_text("# Odd")

    run("acme", folder, node=course.pk)

    codes = ImportItem.objects.filter(outcome="skipped").exclude(code="hidden").values_list("path", "code")
    assert dict(codes) == {
        "link.md": "link", "around": "link", "pipe.md": "special_file", "back\\slash.md": "name_unusable",
        ".md": "name_unusable", "photo.png": "type_unsupported", "empty.md": "file_empty",
    }  # fmt: skip
    assert not MaterialEntry.objects.filter(name="link.md").exists()


class Shut:
    """An entry of a folder that may be listed, but not entered."""

    name, path = "shut.md", "/nowhere/shut.md"

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class Broken(io.FileIO):
    """A file on a disk that fails."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_what_cannot_be_looked_at_or_breaks_while_it_is_read_is_left_out(
    acme: Tenant, course: MaterialNode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, opened = os.scandir, Path.open

    def list_with_shut(top: Path) -> list[Any]:
        return [*listed(top), *([Shut()] if top == folder else [])]

    def open_or_break(path: Path, *arguments: Any) -> Any:
        return Broken(path) if path.name == "b.md" else opened(path, *arguments)

    monkeypatch.setattr(os, "scandir", list_with_shut)
    monkeypatch.setattr(Path, "open", open_or_break)

    shown = run("acme", folder, node=course.pk)

    codes = ImportItem.objects.filter(code="file_unreadable").values_list("path", "reason")
    assert dict(codes) == {
        "2 Lists/b.md": "It cannot be read: Input/output error.",
        "shut.md": "It cannot be read: Permission denied.",
    }
    assert "2 files taken" in shown


def test_any_number_of_folders_in_folders_is_looked_through(acme: Tenant, course: MaterialNode, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A")
    path = tmp_path
    for _ in range(1_500):
        path /= "d"
        path.mkdir()

    try:
        run("acme", tmp_path, node=course.pk)
    finally:
        while path != tmp_path:  # who clears up after us would do it by recursion
            path.rmdir()
            path = path.parent

    assert ImportItem.objects.filter(kind="folder", outcome="taken").count() == MAX_DEPTH - 1
    assert ImportItem.objects.get(outcome="skipped").code == "too_deep"


def test_it_fails_when_nothing_was_taken_or_strictly_when_anything_was_not(
    acme: Tenant, course: MaterialNode, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_text("x")

    for arguments, options, why in (
        (("acme", tmp_path / "pictures"), {"node": course.pk}, "No file was taken"),
        (("acme", folder), {"node": course.pk, "strict": True}, "2 files were left out"),
        (("acme", tmp_path / "nothing"), {"node": course.pk}, "not a folder"),
        (("nobody", folder), {"node": course.pk}, "nobody"),
        (("acme", folder), {"node": Tenant.objects.get().pk}, "There is no node"),
        (("acme", folder), {"course": " "}, "1 to 500 characters"),
        (("acme", folder), {"course": "x" * 501}, "1 to 500 characters"),
        (("acme", folder), {"node": course.pk, "language": "English, of course, as everybody"}, "BCP 47"),
    ):
        with pytest.raises(CommandError, match=why):
            run(*arguments, **options)
