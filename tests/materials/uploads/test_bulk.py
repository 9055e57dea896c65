"""Archives in and out of both kinds of store."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

from django.utils import timezone
from pytest_django import Settings

from materials.models import MaterialEntry, MaterialImport, MaterialNode
from materials.objects.quotas import set_quota
from materials.tasks import release_old_archives
from materials.transfer.services import ARCHIVE_RETENTION
from materials.tree.services import MAX_DEPTH, create_node, move_node
from project.jobs.models import Job
from project.storage.objects import get_object_storage
from tenants.models import Tenant
from tests.conftest import LECTURE, Api
from tests.materials.transfer.test_import import bring, imported, outline, packed, work


def test_a_course_comes_and_goes(api: Api, acme: Tenant, course: MaterialNode, store: Any) -> None:
    big = b"".join(b"%d\n" % (number * 7919) for number in range(500_000))
    other = create_node(tenant=acme, title="Other")

    imported(api(acme), course.pk, packed({"1/a.md": LECTURE, "2/b.md": LECTURE, "big.txt": big, "x.pdf": b"%PDF-1"}))
    answer: Any = api(acme).get(f"/api/v1/nodes/{course.pk}/materials.zip")
    data = b"".join(answer.streaming_content)
    imported(api(acme), other.pk, data)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("big.txt") == big
    assert outline(api(acme), other.pk) == ["big.txt", ("1", ["a.md"]), ("2", ["b.md"])]
    keys = {entry.object_key for entry in MaterialEntry.objects.all()}
    assert len(keys) == 2
    assert {found.key for found in get_object_storage().list_objects()} == keys
    assert store.list_leftovers() == []


def test_a_quota_stops_an_import_which_goes_on_when_there_is_room(
    api: Api, acme: Tenant, course: MaterialNode, store: Any
) -> None:
    archive = packed({f"{n}.txt": f"{n} " * 5000 for n in range(4)})
    set_quota(tenant=acme, soft_limit=None, hard_limit=25_000)
    job = bring(api(acme), course.pk, archive)
    work(job.json()["id"])

    stopped = api(acme).get(job["Location"]).json()
    assert (stopped["status"], stopped["error"]["code"]) == ("failed", "quota_exceeded")
    assert outline(api(acme), course.pk) == ["0.txt", "1.txt"]
    set_quota(tenant=acme, soft_limit=None, hard_limit=None)
    api(acme).post(f"{job['Location']}/retry")
    work(job.json()["id"])

    assert api(acme).get(job["Location"]).json()["result"]["files"]["taken"] == 4
    assert outline(api(acme), course.pk) == ["0.txt", "1.txt", "2.txt", "3.txt"]


def test_an_import_goes_on_when_its_node_was_moved_to_where_there_is_more_room_below_it(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    deep = course
    for level in range(MAX_DEPTH - 3):
        deep = create_node(tenant=acme, title=f"{level}", parent_id=deep.pk)
    captions = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nWater boils.\n"
    archive = packed({"a/b/c.vtt": captions, "a/b/c/too/deep.md": "# Deep", "z.txt": "z" * 9000})
    set_quota(tenant=acme, soft_limit=None, hard_limit=5_000)
    job = bring(api(acme), deep.pk, archive, "?unwrap=false")
    work(job.json()["id"])

    set_quota(tenant=acme, soft_limit=None, hard_limit=None)
    move_node(tenant=acme, node_id=deep.pk, parent_id=None)
    api(acme).post(f"{job['Location']}/retry")
    work(job.json()["id"])

    ended = api(acme).get(job["Location"]).json()
    assert ended["status"] == "complete"
    assert ended["result"]["files"] == {"taken": 2, "same": 0, "skipped": 1, "waiting": 0}


def test_a_file_that_is_too_large_to_be_taken_needs_no_space(
    api: Api, acme: Tenant, course: MaterialNode, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 5_000
    set_quota(tenant=acme, soft_limit=None, hard_limit=4_500)

    report = imported(api(acme), course.pk, packed({"a.txt": "too large " * 600, "b.txt": "fits"}))

    assert (report["files"]["taken"], report["reasons"]) == (1, {"upload_too_large": 1})


def test_an_archive_that_nobody_retries_is_let_go(api: Api, acme: Tenant, course: MaterialNode, store: Any) -> None:
    answer = bring(api(acme), course.pk, packed({"a.md": "# A"}))
    api(acme).post(f"{answer['Location']}/cancel")

    release_old_archives()
    assert MaterialImport.objects.get().object_key
    Job.objects.update(finished_at=timezone.now() - ARCHIVE_RETENTION - timedelta(minutes=1))
    release_old_archives()

    assert not MaterialImport.objects.get().object_key
