"""Archives through the API: what becomes of their folders and files, and the report."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from django.test import TestCase
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from materials.models import ImportItem, MaterialEntry, MaterialImport, MaterialNode
from materials.transfer.archive_rules import ArchiveLimits
from materials.transfer.importer import Importer
from materials.transfer.zip_archive import ZipSource
from materials.tree.services import create_node, delete_node
from project.jobs import runner
from project.jobs.models import Job
from project.jobs.queues import IMMEDIATE
from tenants.models import Tenant
from tenants.scopes import Scope
from tests.conftest import LECTURE, Api, Stored, drain, post_raw, upload


def packed(files: Mapping[str, bytes | str], **options: Any) -> bytes:
    """Return a zip of these files; a path that ends with a slash is a folder."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, **options) as made:
        for path, content in files.items():
            made.writestr(path, content)
    return archive.getvalue()


def bring(client: APIClient, node: UUID, archive: bytes, query: str = "") -> Any:
    return post_raw(
        client,
        f"/api/v1/nodes/{node}/import{query}",
        archive,
        content_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="course.zip"'},
    )


def work(job: str) -> None:
    """Do this job before all others, with what follows its commit."""
    Job.objects.exclude(pk=job).update(priority=-1)
    with TestCase.captureOnCommitCallbacks(execute=True):
        runner.run_next_job()


def imported(client: APIClient, node: UUID, archive: bytes, query: str = "") -> dict[str, Any]:
    """Import an archive and return the report. What it brought is not ingested yet."""
    answer = bring(client, node, archive, query)
    assert answer.status_code == 202, answer.content
    work(answer.json()["id"])
    job = client.get(answer["Location"]).json()
    assert job["status"] == "complete", job
    report: dict[str, Any] = client.get(f"/api/v1/imports/{job['subject']}").json()
    return report


def items(client: APIClient, report: dict[str, Any], **wanted: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/v1/imports/{report['id']}/items", wanted).json()["data"]
    return found


def outline(client: APIClient, node: UUID) -> list[Any]:
    """Return a node's tree as nested lists: names of entries, then pairs of a child's title and its own list."""

    def shape(branch: dict[str, Any]) -> list[Any]:
        return [entry["name"] for entry in branch["entries"]] + [
            (child["title"], shape(child)) for child in branch["children"]
        ]

    return shape(client.get(f"/api/v1/nodes/{node}/tree").json())


def test_folders_become_nodes_and_files_entries_in_the_order_of_people(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    archive = packed(
        {
            "Course/10_end/last.md": "# The end",
            "Course/2-Lists/b.md": "# B",
            "Course/2-Lists/10.md": "# Ten",
            "Course/2-Lists/9.md": "# Nine",
            "Course/01 Intro/": "",
            "Course/README.md": "# Welcome",
        }
    )

    report = imported(api(acme), course.pk, archive)

    assert outline(api(acme), course.pk) == [
        "README.md",
        ("01 Intro", []),
        ("2-Lists", ["9.md", "10.md", "b.md"]),
        ("10_end", ["last.md"]),
    ]
    assert report["files"] == {"taken": 5, "same": 0, "skipped": 0, "waiting": 0}
    assert (report["nodes"], report["name"], report["reasons"]) == (3, "course.zip", {})
    assert {entry.state for entry in MaterialEntry.objects.with_job()} == {"pending"}
    assert len(stored()) == 5


def test_a_single_top_folder_is_kept_when_asked_or_when_it_is_not_alone(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    other = create_node(tenant=acme, title="Other")

    imported(api(acme), course.pk, packed({"Top/a.md": "# A", "__MACOSX/Top/._a.md": "x"}), "?unwrap=false")
    imported(api(acme), other.pk, packed({"Top/a.md": "# A", "b.md": "# B"}))

    assert outline(api(acme), course.pk) == [("Top", ["a.md"])]
    assert outline(api(acme), other.pk) == ["b.md", ("Top", ["a.md"])]


def test_the_report_says_of_every_file_what_became_of_it_and_why(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    archive = packed(
        {
            "a/text.md": LECTURE,
            "a/twin.md": LECTURE,
            "a/empty.md": "",
            "a/photo.jpg": b"\xff\xd8\xff",
            "a/inner.zip": packed({"x.md": "x"}),
            "a/program": b"\x7fELF\x02" + bytes(100),
            "a/wrong.pdf": "This is a text.",
            "a/.DS_Store": b"\x00" * 10,
            "a/~$draft.docx": b"x",
            "__MACOSX/a/._text.md": "x",
            "__MACOSX/a/._photo.jpg": "x",
        }
    )

    report = imported(api(acme), course.pk, archive, "?unwrap=false")

    assert report["files"] == {"taken": 1, "same": 1, "skipped": 9, "waiting": 0}
    assert report["reasons"] == {"file_empty": 1, "file_mislabelled": 1, "hidden": 4, "type_unsupported": 3}
    skipped = {item["path"]: item for item in items(api(acme), report, outcome="skipped")}
    assert skipped["__MACOSX/"]["files"] == 2
    assert "The file is an archive, which cannot be read." in skipped["a/inner.zip"]["reason"]
    (same,) = items(api(acme), report, outcome="same")
    (taken,) = items(api(acme), report, outcome="taken", is_folder="false")
    assert same["path"] == "a/twin.md"
    assert same["entry"] == taken["entry"] == str(MaterialEntry.objects.get().pk)
    assert len(stored()) == 1
    assert Job.objects.get(kind="import_archive").result == {
        "import": report["id"],
        "nodes": 1,
        "files": report["files"],
        "reasons": report["reasons"],
    }


def test_the_same_archive_again_finds_what_is_there(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    archive = packed({"1 One/a.md": "# A", "1 One/2 Two/b.md": "# B", "c.md": "# C"})
    imported(api(acme), course.pk, archive)
    before = outline(api(acme), course.pk)

    report = imported(api(acme), course.pk, archive)
    grown = imported(api(acme), course.pk, packed({"1 One/a.md": "# A", "1 One/d.md": "# D", "c.md": "# C"}))

    assert before == ["c.md", ("1 One", ["a.md", ("2 Two", ["b.md"])])]
    assert report["files"] == {"taken": 0, "same": 3, "skipped": 0, "waiting": 0}
    assert (report["nodes"], grown["files"]["taken"]) == (0, 1)
    assert outline(api(acme), course.pk) == ["c.md", ("1 One", ["a.md", "d.md", ("2 Two", ["b.md"])])]
    assert len(stored()) == 4


def test_it_can_be_sent_as_a_form_and_its_wishes_hold_for_each_file(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    archive = io.BytesIO(packed({"a.md": "# A"}))
    archive.name = "Мій курс.zip"

    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/import?language=uk&use_captions=false", {"file": archive})
    work(answer.json()["id"])

    entry = MaterialEntry.objects.get()
    assert answer.status_code == 202
    assert (entry.language, entry.use_captions) == ("uk", False)
    assert MaterialImport.objects.get().name == "Мій курс.zip"


def test_a_shortcut_becomes_an_address(api: Api, acme: Tenant, course: MaterialNode) -> None:
    archive = packed(
        {
            "Python docs.url": "[InternetShortcut]\r\nURL=https://docs.python.org/3/\r\n",
            "local.url": "[InternetShortcut]\r\nURL=file:///etc/passwd\r\n",
            "none.url": "nothing",
        }
    )

    report = imported(api(acme), course.pk, archive)

    entry = MaterialEntry.objects.get()
    assert (entry.name, entry.source_url) == ("Python docs", "https://docs.python.org/3/")
    assert report["reasons"] == {"bad_address": 2}


def test_what_is_no_archive_is_refused_at_once(
    api: Api, acme: Tenant, course: MaterialNode, settings: Settings, stored: Stored
) -> None:
    whole = packed({f"{number}.md": "x" * 100 for number in range(30)})
    settings.IMPORT_MAX_FILES = 29
    many = bring(api(acme), course.pk, whole)
    settings.IMPORT_MAX_FILES = 30
    settings.IMPORT_MAX_BYTES = len(whole) - 1
    large = bring(api(acme), course.pk, whole)

    answers = [bring(api(acme), course.pk, body) for body in (b"x", b"PK\x03\x04 not really", whole[:-30])]

    assert [answer.json()["code"] for answer in answers] == ["not_a_zip"] * 3
    assert {answer.status_code for answer in answers} == {422}
    assert (many.status_code, many.json()["code"]) == (422, "archive_too_many_files")
    assert (large.status_code, large.json()["code"]) == (413, "upload_too_large")
    assert "IMPORT_MAX_BYTES" in large.json()["next_step"]
    assert stored() == []
    assert not Job.objects.exists()


def test_a_damaged_archive_fails_its_job_and_is_let_go(
    api: Api, acme: Tenant, course: MaterialNode, stored: Stored
) -> None:
    whole = packed({"a.md": "# A", "b.md": "# B"})
    at = whole.index(b"PK\x01\x02")
    answer = bring(api(acme), course.pk, whole[:at] + b"XX" + whole[at + 2 :])

    work(answer.json()["id"])

    job = api(acme).get(answer["Location"]).json()
    assert (job["status"], job["error"]["code"]) == ("failed", "archive_damaged")
    assert stored() == []
    assert api(acme).post(f"{answer['Location']}/retry").status_code == 202
    work(answer.json()["id"])
    assert api(acme).get(answer["Location"]).json()["error"]["code"] == "archive_gone"


def test_a_cancelled_import_goes_on_when_it_is_retried(api: Api, acme: Tenant, course: MaterialNode) -> None:
    answer = bring(api(acme), course.pk, packed({"a/a.md": "# A", "b.md": "# B"}))
    api(acme).post(f"{answer['Location']}/cancel")
    work(answer.json()["id"])
    assert not MaterialEntry.objects.exists()

    api(acme).post(f"{answer['Location']}/retry")
    work(answer.json()["id"])

    assert outline(api(acme), course.pk) == ["b.md", ("a", ["a.md"])]


def test_an_import_ends_with_its_node(api: Api, acme: Tenant, course: MaterialNode, stored: Stored) -> None:
    answer = bring(api(acme), course.pk, packed({"a.md": "# A"}))

    with TestCase.captureOnCommitCallbacks(execute=True):
        delete_node(tenant=acme, node_id=course.pk)
    drain()

    assert api(acme).get(answer["Location"]).json()["status"] == "cancelled"
    assert stored() == []


def test_captions_are_there_before_their_recording_and_the_order_is_kept(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    captions = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nWater boils.\n"
    upload(api(acme), course.pk, "before.md", b"# Before")

    imported(api(acme), course.pk, packed({"1.md": "# One", "2.vtt": captions, "3.md": "# Three"}))

    made = MaterialEntry.objects.exclude(name="before.md").order_by("created_at")
    assert [entry.name for entry in made] == ["2.vtt", "1.md", "3.md"]
    assert outline(api(acme), course.pk) == ["before.md", "1.md", "2.vtt", "3.md"]


def test_a_tree_that_is_too_deep_is_left_out(api: Api, acme: Tenant, course: MaterialNode) -> None:
    deep = "/".join(["d"] * 63)

    report = imported(api(acme), course.pk, packed({f"{deep}/ok.md": "# Ok", f"{deep}/d/no.md": "# No"}), "?unwrap=0")

    assert report["reasons"] == {"too_deep": 1}
    assert (report["nodes"], report["files"]["taken"]) == (63, 1)


def test_reports_take_the_same_few_statements_for_any_number_of_files(
    api: Api, acme: Tenant, course: MaterialNode, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    batch = MaterialImport.objects.create(tenant=acme, node=course)
    ImportItem.objects.bulk_create(
        ImportItem(
            tenant=acme, batch=batch, position=n, path=f"{n}.md", kind="file", outcome="skipped", code=f"why_{n % 3}"
        )
        for n in range(500)
    )  # fmt: skip
    client = api(acme)
    client.get("/api/v1/me")

    with django_assert_max_num_queries(5):
        report = client.get(f"/api/v1/imports/{batch.pk}").json()
    with django_assert_max_num_queries(5):
        page = client.get(f"/api/v1/imports/{batch.pk}/items?code=why_0&limit=200").json()

    assert report["reasons"] == {"why_0": 167, "why_1": 167, "why_2": 166}
    assert (len(page["data"]), page["has_more"]) == (167, False)


def test_it_makes_the_nodes_of_any_number_of_folders_in_few_statements(
    acme: Tenant, course: MaterialNode, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    archive = packed({f"part {n // 10}/lesson {n}/": "" for n in range(400)})
    batch = MaterialImport.objects.create(tenant=acme, node=course)
    source = ZipSource(io.BytesIO(archive), ArchiveLimits(max_members=500, max_unpacked_bytes=1))

    with django_assert_max_num_queries(16):
        Importer(batch=batch, source=source, progress=lambda *_: None).prepare_nodes()

    assert MaterialNode.objects.count() == 441


@pytest.mark.parametrize("query", ["?unwrap=maybe", "?language=english please", "?unknown=1"])
def test_a_wish_that_is_not_understood_is_refused(api: Api, acme: Tenant, course: MaterialNode, query: str) -> None:
    assert bring(api(acme), course.pk, packed({"a.md": "# A"}), query).status_code == 422


def test_what_comes_by_the_thousand_lets_single_files_go_first(
    api: Api, acme: Tenant, rival: Tenant, course: MaterialNode
) -> None:
    imported(api(acme), course.pk, packed({"a.md": LECTURE, "b.md": LECTURE + b"b"}))
    other = create_node(tenant=rival, parent_id=None, title="Other")
    single = upload(api(rival), other.pk, "c.md", LECTURE)

    runner.run_next_job()

    assert [str(job.subject_id) for job in Job.objects.filter(kind="ingest_entry", status="complete")] == [single["id"]]
    drain()
    assert MaterialEntry.objects.filter_ready().count() == 3


def test_an_import_that_is_immediate_is_so_file_by_file(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme, Scope.PREP, Scope.IMMEDIATE)
    imported(client, course.pk, packed({"a.md": LECTURE}), "?priority=immediate")

    assert Job.objects.get(kind="ingest_entry").priority == IMMEDIATE
