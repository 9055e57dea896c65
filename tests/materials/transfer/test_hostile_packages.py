"""Course packages of every form that were made to do harm: they are refused or bounded."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from materials.readers.base.errors import UnreadableDocument
from materials.readers.packages.package import MAX_ITEMS
from materials.readers.quizzes import reader as quizzes
from materials.transfer.archive import check_archive, open_archive
from materials.transfer.archive_rules import ArchiveLimits, ArchiveRefused
from materials.transfer.plan import ImportPlan
from materials.transfer.planning import build_import_plan
from tests.materials.transfer.course_packages import CANVAS, EPUB_3, OLX, SCORM_12
from tests.materials.transfer.test_import import packed
from tests.materials.transfer.test_tar_archive import member, tarred

Files = Mapping[str, str | bytes]

LIMITS = ArchiveLimits(max_members=1_000, max_unpacked_bytes=50_000_000)
QUESTION = json.dumps({"question": "Where?", "answers": [{"text": "Here", "correct": True}]})
H5P: Files = {
    "h5p.json": json.dumps({"title": "Rivers", "mainLibrary": "H5P.MultiChoice"}),
    "content/content.json": QUESTION,
}
# Each with what describes it.
PACKAGES: Mapping[str, tuple[Files, str]] = {
    "Common Cartridge": (CANVAS, "imsmanifest.xml"),
    "SCORM": (SCORM_12, "imsmanifest.xml"),
    "EPUB": (EPUB_3, "OEBPS/content.opf"),
    "OLX": (OLX, "course/course.xml"),
    "H5P": (H5P, "h5p.json"),
}
every_package = pytest.mark.parametrize("kind", PACKAGES)
every_description_in_xml = pytest.mark.parametrize("kind", [kind for kind in PACKAGES if kind not in {"H5P", "OLX"}])


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., ImportPlan]:
    def plan_archive(data: bytes, limits: ArchiveLimits = LIMITS) -> ImportPlan:
        path = tmp_path / "package"
        path.write_bytes(data)
        with path.open("rb") as file:
            check_archive(file, limits)
        with open_archive(path, limits) as source:
            return build_import_plan(source, takes_packages=True)

    return plan_archive


Plan = Callable[..., ImportPlan]


def list_skipped(plan: ImportPlan) -> dict[str, str]:
    return {each.display_path: each.skip.code for each in plan.skipped}


def add_link(kind: str, files: Files) -> bytes:
    """Return the package with a link to a file outside of it: OLX comes as a tar."""
    if kind == "OLX":
        return tarred(files, member("course/html/link.html", tarfile.SYMTYPE, "/etc/passwd"))
    archive = io.BytesIO(packed(files))
    with zipfile.ZipFile(archive, "a") as made:
        link = zipfile.ZipInfo("link.html")
        link.create_system, link.external_attr = 3, 0o120777 << 16  # a symbolic link as Unix writes it
        made.writestr(link, "/etc/passwd")
    return archive.getvalue()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE x [<!ENTITY l0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{LAUGHS}]><x>&l9;&f;</x>'


@every_package
def test_a_path_that_leads_out_is_taken_nowhere(kind: str, plan: Plan) -> None:
    files = {**PACKAGES[kind][0], "../../evil.html": "<p>Evil</p>", "/evil.html": "<p>Evil</p>"}

    found = plan(packed(files))

    assert found.files
    assert all(part not in {"..", ".", ""} and "/" not in part for file in found.files for part in file.path)
    assert kind == "H5P" or list(list_skipped(found).values()).count("path_unsafe") == 2


@every_package
def test_a_link_is_not_followed(kind: str, plan: Plan) -> None:
    found = plan(add_link(kind, PACKAGES[kind][0]))

    assert not [file for file in found.files if "link" in file.name]
    assert kind == "H5P" or "link" in list_skipped(found).values()


@every_description_in_xml
def test_entities_are_neither_expanded_nor_read(kind: str, plan: Plan) -> None:
    files, description = PACKAGES[kind]
    found = plan(packed({**files, description: BOMB}))

    assert found.package == ""
    assert "declares entities" in found.warnings[0]


def test_entities_in_a_part_of_a_course_of_open_edx_are_neither_expanded_nor_read(plan: Plan) -> None:
    found = plan(packed({**OLX, "course/chapter/aa1.xml": BOMB}))

    assert "package_file_damaged" in list_skipped(found).values()
    assert not [file for file in found.files if b"haha" in (file.item.data or b"")]
    # Not known as a course at all: other programs have files of that name, too.
    assert plan(packed({**OLX, "course/course.xml": BOMB})).package == ""


@every_package
def test_a_member_that_unpacks_to_far_more_is_left_out(kind: str, plan: Plan) -> None:
    files, _ = PACKAGES[kind]
    with pytest.raises(ArchiveRefused) as refused:
        plan(packed({**files, "big.html": bytes(LIMITS.max_unpacked_bytes)}))
    assert refused.value.code == "archive_unpacks_too_large"

    # Within the limit of all, and packed to a thousandth.
    found = plan(packed({**files, "bomb.html": b"<p>" + bytes(10**7)}))

    assert "bomb.html" not in {file.name for file in found.files}
    assert kind == "H5P" or list_skipped(found)["bomb.html"] == "file_unpacks_too_large"


@every_package
def test_more_files_than_are_taken_are_refused_before_they_are_looked_at(kind: str, plan: Plan) -> None:
    files = {**PACKAGES[kind][0], **{f"more/{number}.html": b"x" for number in range(LIMITS.max_members)}}

    with pytest.raises(ArchiveRefused) as refused:
        plan(packed(files))

    assert refused.value.code == "archive_too_many_files"


ITEM_COUNT = 100_000


def build_long_manifest() -> Files:
    lines = "<item identifierref='r'><title>T</title></item>" * ITEM_COUNT
    resource = "<resource identifier='r' type='webcontent' href='b.html'/>"
    organization = f"<organization><item><title>All</title>{lines}</item></organization>"
    return {
        "imsmanifest.xml": f"<manifest><organizations>{organization}</organizations>"
        f"<resources>{resource}</resources></manifest>"
    }


def build_long_outline() -> Files:
    chapters = '<chapter display_name="T"><html url_name="a"><p>Text.</p></html></chapter>' * ITEM_COUNT
    return {"course.xml": f"<course display_name='Water'>{chapters}</course>"}


def build_long_book() -> Files:
    lines = "<li><a href='text/c1.xhtml'>T</a></li>" * ITEM_COUNT
    names = "xmlns='http://www.w3.org/1999/xhtml' xmlns:epub='http://www.idpf.org/2007/ops'"
    page = f"<html {names}><body><nav epub:type='toc'><ol>{lines}</ol></nav></body></html>"
    return {**EPUB_3, "OEBPS/nav.xhtml": page}


@pytest.mark.parametrize("build", [build_long_manifest, build_long_outline, build_long_book])
@pytest.mark.slow  # seconds
def test_a_hundred_thousand_items_are_bounded(build: Callable[[], Files], plan: Plan) -> None:
    # Not deflated: a list of the same lines would be left out as a bomb.
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for path, content in {**build(), "b.html": "<p>Text.</p>"}.items():
            made.writestr(path, content)

    found = plan(archive.getvalue())

    lines = (found.files[0].item.data or b"").count(b"\n")
    assert found.package
    assert len(found.files) <= MAX_ITEMS + 10
    assert lines <= MAX_ITEMS + 10


def test_the_content_of_an_h5p_package_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rivers.h5p"
    path.write_bytes(packed({**H5P, "content/content.json": "[" * ITEM_COUNT}))
    with pytest.raises(UnreadableDocument, match="damaged"):
        quizzes.read(path)
    monkeypatch.setattr("materials.readers.quizzes.h5p.ZIP_MAX_XML_BYTES", 1_000)
    path.write_bytes(packed({**H5P, "content/content.json": json.dumps({"questions": [QUESTION] * 100})}))

    with pytest.raises(UnreadableDocument) as refused:
        quizzes.read(path)

    assert refused.value.code == "file_unpacks_too_large"
