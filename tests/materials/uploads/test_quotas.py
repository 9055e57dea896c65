"""How much a tenant may store: counted from rows, promised before it comes, refused before it is read."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from materials.errors import QuotaExceeded
from materials.models import KeyFrame, MaterialEntry, MaterialNode, Quota, StorageReservation, Upload
from materials.objects.quotas import QuotaReservation, set_quota
from materials.tree.services import copy_node
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, Stored, drain, post_raw, upload
from tests.fakes.site import Site, answer, head
from tests.materials.recordings.lecture import LECTURE as RECORDING
from tests.materials.uploads.conftest import Store, announce, announcement, complete, send_all, text_of


def usage(client: APIClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/usage").json()
    return found


def post_file(client: APIClient, node: MaterialNode, content: bytes, name: str = "a.md") -> Any:
    return client.post(f"/api/v1/nodes/{node.pk}/entries", {"file": SimpleUploadedFile(name, content)})


def test_usage_counts_every_stored_file_once(api: Api, acme: Tenant, rival: Tenant, lecture: MaterialEntry) -> None:
    client = api(acme)
    KeyFrame.objects.create(
        tenant=acme, entry=lecture, start_ms=0, end_ms=1, object_key="tenants/x/frames/1.jpg", size_bytes=1000, width=1,
        height=1,
    )  # fmt: skip
    client.post(f"/api/v1/nodes/{lecture.node_id}/entries", {"url": "https://example.org/"}, format="json")
    before = usage(client)

    copy_node(tenant=acme, node_id=lecture.node_id, parent_id=None)

    assert (before["entries"], before["objects"], before["stored_bytes"]) == (2, 2, len(LECTURE) + 1000)
    assert usage(client) == {**before, "entries": 4}
    assert before["left_bytes"] is before["hard_limit_bytes"] is None
    assert usage(api(rival))["stored_bytes"] == 0


def test_usage_takes_the_same_statements_for_any_number_of_files(
    api: Api, acme: Tenant, course: MaterialNode, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(acme)
    for number in range(5):
        upload(client, course.pk, f"{number}.md", text_of(500, seed=str(number)))

    with django_assert_max_num_queries(9):
        usage(client)


def test_a_file_beyond_the_hard_limit_is_refused_before_it_is_read(
    api: Api, acme: Tenant, lecture: MaterialEntry, stored: Stored
) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=len(LECTURE) + 100)
    client, before = api(acme), stored()

    response = post_raw(
        client, f"/api/v1/nodes/{lecture.node_id}/entries", b"", content_type="text/markdown", CONTENT_LENGTH="101"
    )

    problem = response.json()
    assert (problem["status"], problem["code"]) == (413, "quota_exceeded")  # and not upload_incomplete
    assert "operator" in problem["next_step"]
    assert (problem["left_bytes"], problem["stored_bytes"]) == (100, len(LECTURE))
    assert stored() == before
    assert not StorageReservation.objects.exists()


def test_what_still_fits_is_taken(api: Api, acme: Tenant, course: MaterialNode) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=1000)
    client = api(acme)

    response = post_raw(client, f"/api/v1/nodes/{course.pk}/entries", text_of(1000), content_type="text/markdown")

    assert response.status_code == 201
    assert usage(client)["left_bytes"] == 0
    assert not StorageReservation.objects.exists()
    assert post_file(client, course, LECTURE).json()["code"] == "quota_exceeded"
    client.delete(f"/api/v1/entries/{response.json()['id']}")
    assert usage(client)["left_bytes"] == 1000


def test_beyond_the_soft_limit_senders_and_operators_are_warned(
    api: Api, acme: Tenant, course: MaterialNode, caplog: pytest.LogCaptureFixture
) -> None:
    set_quota(tenant=acme, soft_limit=1000, hard_limit=None)
    client = api(acme)

    below = post_file(client, course, text_of(100, seed="a"))
    beyond = post_file(client, course, text_of(1000, seed="b"))
    opened = client.post(f"/api/v1/nodes/{course.pk}/uploads", announcement(LECTURE), format="json")

    assert "X-Storage-Warning" not in below
    assert "from 1000 on" in beyond["X-Storage-Warning"]
    assert "X-Storage-Warning" in opened
    assert usage(client)["is_beyond_soft_limit"] is True
    warned = [record for record in caplog.records if "soft limit" in record.getMessage()]
    assert len(warned) == 1


def test_open_uploads_cannot_go_beyond_together(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=1500)
    client, content = api(acme), text_of(1000)
    opened = announce(client, course.pk, content)

    second = client.post(f"/api/v1/nodes/{course.pk}/uploads", announcement(content, name="b.md"), format="json")
    assert (second.status_code, second.json()["code"]) == (413, "quota_exceeded")
    assert post_file(client, course, text_of(600, seed="c")).status_code == 413
    assert (usage(client)["promised_bytes"], usage(client)["left_bytes"]) == (1000, 500)

    send_all(store, opened, content)
    assert complete(client, opened).status_code == 201
    assert (usage(client)["promised_bytes"], usage(client)["left_bytes"]) == (0, 500)


def test_an_aborted_upload_gives_its_space_back(api: Api, acme: Tenant, course: MaterialNode) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=len(LECTURE))
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)

    client.delete(f"/api/v1/uploads/{opened['id']}")

    assert announce(client, course.pk, LECTURE)["state"] == "open"


def test_files_that_come_at_the_same_time_count(acme: Tenant) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=1000)

    with QuotaReservation(acme) as first, QuotaReservation(acme) as second:
        first.reserve_bytes(600)
        with pytest.raises(QuotaExceeded, match="400 are left"):
            second.reserve_bytes(600)
        assert second.reserve_bytes(None) == 400

    assert not StorageReservation.objects.exists()


def test_a_reservation_that_nobody_gave_back_counts_until_it_expires(acme: Tenant) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=1000)
    StorageReservation.objects.create(tenant=acme, size_bytes=1000, expires_at=timezone.now())

    with QuotaReservation(acme) as space:
        space.reserve_bytes(1000)
        assert StorageReservation.objects.count() == 1


@pytest.mark.django_db(transaction=True)  # the job's heartbeats have a connection of their own
@pytest.mark.parametrize("announced", [True, False])
def test_a_fetched_recording_counts(
    api: Api, acme: Tenant, course: MaterialNode, settings: Settings, stored: Stored, announced: bool
) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=1000)
    client, content = api(acme), RECORDING.read_bytes()
    page = answer(content, content_type="video/mp4") if announced else head(content_type="video/mp4") + content
    with Site({"/talk.mp4": page}) as site:
        settings.FETCH_ALLOWED_HOSTS = ["127.0.0.1"]
        entry = client.post(f"/api/v1/nodes/{course.pk}/entries", {"url": site.url("/talk.mp4")}, format="json").json()
        drain()

    shown = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert (shown["state"], shown["error"]["code"]) == ("error", "quota_exceeded")
    assert stored() == []
    assert not StorageReservation.objects.exists()


def test_a_page_of_unknown_length_claims_no_more_than_a_page_may_have(acme: Tenant) -> None:
    set_quota(tenant=acme, soft_limit=None, hard_limit=2000)

    with QuotaReservation(acme) as page, QuotaReservation(acme) as other:
        assert page.reserve_bytes(None, max_bytes=500) == 500
        assert other.reserve_bytes(1500) == 1500


def test_without_a_quota_nothing_is_counted(
    api: Api, acme: Tenant, course: MaterialNode, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(acme)

    with django_assert_max_num_queries(25) as asked:
        post_file(client, course, LECTURE)

    assert not [query for query in asked.captured_queries if "SUM(" in query["sql"]]
    assert not StorageReservation.objects.exists()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("set_quota", *arguments, stdout=out)
    return out.getvalue()


def test_operators_set_quotas_on_the_command_line(lecture: MaterialEntry) -> None:
    told = run("acme", "--soft", "10GB", "--hard", "20 GiB")

    assert told.strip() == (
        f"acme: soft limit 10,000,000,000 bytes, hard limit 21,474,836,480 bytes; {len(LECTURE)} bytes are stored"
    )
    quota = Quota.objects.get()
    assert (quota.soft_limit, quota.hard_limit) == (10**10, 20 * 2**30)

    run("acme", "--soft", "1")
    quota.refresh_from_db()
    assert (quota.soft_limit, quota.hard_limit) == (1, 20 * 2**30)

    assert "soft limit 1 bytes, hard limit 21,474,836,480 bytes" in run("acme")

    assert "hard limit none" in run("acme", "--hard", "none")
    quota.refresh_from_db()
    assert (quota.soft_limit, quota.hard_limit) == (1, None)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["acme", "--soft", "2GB", "--hard", "1GB"], "larger than the hard one"),
        (["acme", "--hard", "much"], "not a size"),
        (["acme", "--hard", "9" * 30], "not a size"),
        (["nobody"], "no tenant"),
    ],
)
def test_a_quota_that_makes_no_sense_is_refused(acme: Tenant, arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run(*arguments)
    assert not Quota.objects.exists()


def test_operators_set_quotas_in_the_admin(acme: Tenant) -> None:
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator"))
    form = {"tenant": str(acme.pk), "soft_limit": "10 GB", "hard_limit": ""}

    operator.post(reverse("admin:materials_quota_add"), form)
    refused = operator.post(reverse("admin:materials_quota_add"), {**form, "soft_limit": "some"})

    quota = Quota.objects.get()
    assert (quota.soft_limit, quota.hard_limit) == (10**10, None)
    assert refused.context["adminform"].errors
    assert operator.post(reverse("admin:materials_upload_add"), {}).status_code == 403
    assert not Upload.objects.exists()
