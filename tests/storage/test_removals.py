"""Files that no row needs any more: deleted after the commit, and tried again until they are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from materials import tasks
from materials.entries.services import delete_entry
from materials.models import MaterialEntry, MaterialNode, ObjectRemoval
from materials.objects.removal import discard_object, release_objects, schedule_removals
from materials.tree.services import copy_node, delete_node
from project.jobs import periodic_tasks
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, post_raw, upload
from tests.fakes.proxy import FaultyProxy, Refuse
from tests.fakes.s3 import Bucket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lecture(
    api: Api, acme: Tenant, course: MaterialNode, spoiled: Bucket, use: Callable[[Bucket], None]
) -> MaterialEntry:
    """Return an entry whose file lies in a bucket behind the proxy."""
    use(spoiled)
    return MaterialEntry.objects.get(pk=upload(api(acme), course.pk, "lecture.md", LECTURE)["id"])


def later() -> None:
    """Let the time of every promise come, and do the chore."""
    ObjectRemoval.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    tasks.remove_objects()


def test_a_file_goes_with_its_last_entry(acme: Tenant, lecture: MaterialEntry, bucket: Bucket) -> None:
    copy = copy_node(tenant=acme, node_id=lecture.node_id, parent_id=None)

    delete_node(tenant=acme, node_id=lecture.node_id)
    assert bucket.keys() == [lecture.object_key]

    delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(node=copy).pk)
    assert bucket.keys() == []
    assert not ObjectRemoval.objects.exists()


def test_a_transaction_that_is_rolled_back_keeps_the_file(acme: Tenant, lecture: MaterialEntry, bucket: Bucket) -> None:
    with transaction.atomic():
        delete_entry(tenant=acme, entry_id=lecture.pk)
        transaction.set_rollback(True)

    assert bucket.keys() == [lecture.object_key]
    assert not ObjectRemoval.objects.exists()


def test_a_store_that_is_away_is_tried_again_until_the_file_is_gone(
    api: Api, acme: Tenant, lecture: MaterialEntry, bucket: Bucket, proxy: FaultyProxy
) -> None:
    proxy.fault = lambda _method, _path: Refuse()

    assert api(acme).delete(f"/api/v1/entries/{lecture.pk}").status_code == 204

    removal = ObjectRemoval.objects.get()
    assert (removal.key, removal.attempts) == (lecture.object_key, 1)
    assert removal.next_try_at > timezone.now() + timedelta(seconds=10)
    tasks.remove_objects()  # not its time yet
    assert ObjectRemoval.objects.get().attempts == 1
    later()
    assert ObjectRemoval.objects.get().attempts == 2
    assert bucket.keys() == [lecture.object_key]

    proxy.fault = lambda _method, _path: None
    later()

    assert bucket.keys() == []
    assert not ObjectRemoval.objects.exists()


def test_a_process_that_dies_after_the_commit_leaves_a_promise(
    acme: Tenant, lecture: MaterialEntry, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("materials.objects.removal.remove_objects", lambda **_: None)
        delete_entry(tenant=acme, entry_id=lecture.pk)
    assert bucket.keys() == [lecture.object_key]

    periodic_tasks.run_periodic_tasks()

    assert bucket.keys() == []


def test_a_file_that_a_row_points_at_is_never_deleted(lecture: MaterialEntry, bucket: Bucket) -> None:
    schedule_removals([lecture.object_key])

    tasks.remove_objects()

    assert bucket.keys() == [lecture.object_key]
    assert not ObjectRemoval.objects.exists()


def test_many_files_are_let_go_in_few_statements(
    acme: Tenant, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("materials.objects.removal.remove_objects", lambda **_: None)
    keys = [f"tenants/{acme.pk}/entries/{number}/raw" for number in range(900)]

    with django_assert_max_num_queries(12), transaction.atomic():
        release_objects(tenant=acme, keys=keys)

    assert ObjectRemoval.objects.count() == 900


def test_an_upload_that_is_refused_while_the_store_is_away_is_cleared_away_later(
    api: Api, acme: Tenant, course: MaterialNode, lecture: MaterialEntry, bucket: Bucket, proxy: FaultyProxy
) -> None:
    proxy.fault = lambda method, _path: Refuse() if method == "DELETE" else None
    answer = post_raw(api(acme), f"/api/v1/nodes/{course.pk}/entries", bytes(range(256)), content_type="text/plain")
    assert answer.status_code == 415
    assert len(bucket.keys()) == 2

    proxy.fault = lambda _method, _path: None
    later()

    assert bucket.keys() == [lecture.object_key]


def test_a_job_is_tried_again_when_the_store_is_back(
    api: Api, acme: Tenant, lecture: MaterialEntry, proxy: FaultyProxy
) -> None:
    proxy.fault = lambda method, _path: Refuse() if method == "GET" else None
    drain()
    job = MaterialEntry.objects.with_job().get(pk=lecture.pk).job
    assert job is not None
    assert (job.status, job.attempt, job.error_code) == ("queued", 0, "storage_unavailable")

    proxy.fault = lambda _method, _path: None
    type(job).objects.update(queued_at=timezone.now() - timedelta(seconds=1))
    drain()

    assert api(acme).get(f"/api/v1/entries/{lecture.pk}").json()["state"] == "ready"


def test_a_file_is_not_thrown_away_when_its_row_is_there_after_all(lecture: MaterialEntry, bucket: Bucket) -> None:
    """A commit whose answer was lost has been done all the same."""
    discard_object(lecture.object_key)

    assert bucket.keys() == [lecture.object_key]


def test_a_file_stays_for_the_sweep_when_the_database_cannot_say_whose_it_is(
    lecture: MaterialEntry, bucket: Bucket
) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)  # no question is answered any more
        discard_object(lecture.object_key)

    assert bucket.keys() == [lecture.object_key]
