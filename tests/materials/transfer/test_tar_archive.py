"""Tar archives, which are untrusted: what is read of them, and what is refused."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from materials.models import MaterialNode
from materials.transfer.archive import check_archive, open_archive
from materials.transfer.archive_rules import ArchiveLimits, ArchiveRefused
from materials.transfer.plan import ImportPlan, read_at_most
from materials.transfer.planning import build_import_plan
from materials.transfer.sources import open_item
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import Api, Stored
from tests.materials.transfer.course_packages import OLX
from tests.materials.transfer.test_import import bring, imported, outline
from tests.materials.transfer.test_packages import TREES

LIMITS = ArchiveLimits(max_members=100, max_unpacked_bytes=10**8)


def tarred(files: Mapping[str, bytes | str], *others: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar.gz of these files, and of members without bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=form) as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for other in others:
            archive.addfile(other)
    return packed.getvalue()


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[ImportPlan, dict[str, bytes]]]:
    """Return what plans an archive and reads its files."""

    def read_archive(data: bytes, limits: ArchiveLimits = LIMITS) -> tuple[ImportPlan, dict[str, bytes]]:
        path = tmp_path / "course.tar.gz"
        path.write_bytes(data)
        with path.open("rb") as file:
            check_archive(file, limits)
        with open_archive(path, limits) as source:
            plan = build_import_plan(source)
            texts = {}
            for each in plan.files:
                with open_item(source, each.item) as reader:
                    texts["/".join(each.path)] = read_at_most(reader, limit=10**6)
            return plan, texts

    return read_archive


Read = Callable[..., tuple[ImportPlan, dict[str, bytes]]]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_files_have_their_names_and_bytes_in_every_form(read: Read, form: int) -> None:
    long = "a long name of a folder, as people write them" * 2 + "/" + "and one of a file" * 4 + ".md"
    files = {"top/Лекція 1.md": "# Перша", long: "# Long", "top/b.txt": "x" * 1500}

    _, texts = read(tarred(files, form=form))

    assert texts == {path: text.encode() for path, text in files.items()}


def test_links_devices_and_unsafe_paths_are_skipped(read: Read) -> None:
    plan, texts = read(
        tarred(
            {"a.md": "# A", "../up.md": "# Up", "/etc/x.md": "# Root"},
            member("link.md", tarfile.SYMTYPE, "/etc/passwd"),
            member("hard.md", tarfile.LNKTYPE, "a.md"),
            member("null.md", tarfile.CHRTYPE),
            member("pipe.md", tarfile.FIFOTYPE),
        )
    )

    assert set(texts) == {"a.md"}
    assert {each.display_path: each.skip.code for each in plan.skipped} == {
        "../up.md": "path_unsafe",
        "/etc/x.md": "path_unsafe",
        "link.md": "link",
        "hard.md": "link",
        "null.md": "special_file",
        "pipe.md": "special_file",
    }


def test_folders_of_a_tar_become_nodes_and_its_own_top_is_none(read: Read) -> None:
    plan, _ = read(tarred({"./a/b.md": "# B"}, member("./", tarfile.DIRTYPE), member("./c", tarfile.DIRTYPE)))

    assert [folder.path for folder in plan.folders] == [("a",), ("c",)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (tarred({"a.md": "x" * 30_000_000}), "archive_unpacks_too_large"),
        (tarred({f"{n}.md": "x" for n in range(101)}), "archive_too_many_files"),
        (gzip.compress(b"# Only a text, packed"), "not_a_tar"),
        (tarred({"a.md": bytes(range(256)) * 100})[:-400], "archive_damaged"),
        (gzip.compress(gzip.decompress(tarred({"a.md": "x" * 5000}))[:1024]), "archive_damaged"),
        (tarred({"n" * 70_000 + ".md": "x"}), "archive_damaged"),
        (b"\x1f\x8b\x08\x00 no gzip", "archive_damaged"),
        (b"no archive", "not_a_zip"),
    ],
    ids=["bomb", "many", "gzip", "cut", "short", "name", "noise", "text"],
)
def test_archives_that_are_refused(read: Read, data: bytes, code: str) -> None:
    with pytest.raises(ArchiveRefused) as refused:
        read(data)
    assert refused.value.code == code


def test_a_size_that_is_announced_is_bounded(read: Read) -> None:
    block = bytearray(gzip.decompress(tarred({"a.md": "x"}))[:512])
    block[124:136] = b"\x80" + (2**80).to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()

    with pytest.raises(ArchiveRefused):
        read(gzip.compress(bytes(block) + b"x" * 512))


def test_a_course_of_open_edx_is_imported_from_a_tar(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    imported(api(acme), course.pk, tarred(OLX))

    assert outline(api(acme), course.pk) == TREES["OLX"][1]


def test_what_is_no_archive_is_refused_at_once(api: Api, acme: Tenant, course: MaterialNode, stored: Stored) -> None:
    answer = bring(api(acme), course.pk, gzip.compress(b"text"))

    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_tar")
    assert not Job.objects.exists()
