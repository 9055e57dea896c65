"""What a server that cannot wait answers."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from materials.models import MaterialNode
from project.http.event_streams import RETRY_MILLISECONDS
from project.jobs.models import Job, JobStatus
from project.jobs.services import submit_job
from tenants.models import Tenant
from tests.conftest import Api


@pytest.fixture
def job(acme: Tenant, course: MaterialNode) -> Job:
    with transaction.atomic():
        return submit_job(tenant=acme, kind="embed_node", subject_id=course.pk)


def end(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(status=JobStatus.COMPLETE, finished_at=timezone.now())
    job.refresh_from_db()


def test_an_open_job_is_shown_with_when_to_come_again(api: Api, acme: Tenant, job: Job) -> None:
    answer = api(acme).get(f"/api/v1/jobs/{job.pk}?wait=60")

    assert answer.json()["status"] == "queued"
    assert answer["Retry-After"] == "1"


def test_an_ended_job_is_shown_without(api: Api, acme: Tenant, job: Job) -> None:
    end(job)

    assert "Retry-After" not in api(acme).get(f"/api/v1/jobs/{job.pk}?wait=60")


@pytest.mark.parametrize("wait", ["61", "-1", "long"])
def test_nobody_waits_longer_than_a_minute(api: Api, acme: Tenant, job: Job, wait: str) -> None:
    assert api(acme).get(f"/api/v1/jobs/{job.pk}?wait={wait}").status_code == 422


def test_a_stream_has_the_present_state_and_ends(api: Api, acme: Tenant, job: Job) -> None:
    answer = api(acme).get(f"/api/v1/jobs/{job.pk}/events")

    start, event, rest = answer.content.decode().split("\n\n")
    assert answer["Content-Type"] == "text/event-stream"
    assert start == f"retry: {RETRY_MILLISECONDS}"
    assert event.startswith(f"id: {job.changed_in}\nevent: state\ndata: {{")
    assert rest == ""


def test_who_has_seen_the_present_state_is_told_nothing(api: Api, acme: Tenant, job: Job) -> None:
    client, seen = api(acme), {"Last-Event-ID": str(job.changed_in)}
    path = f"/api/v1/jobs/{job.pk}/events"
    open_ = client.get(path, headers=seen)
    end(job)
    ended = client.get(path, headers={"Last-Event-ID": str(job.changed_in)})

    assert b"event:" not in open_.content
    assert ended.status_code == 204


@pytest.mark.parametrize("seen", ["", "none", "-1", "9" * 19, "9" * 40])
def test_an_id_that_is_none_of_ours_counts_as_none(api: Api, acme: Tenant, job: Job, seen: str) -> None:
    client, headers = api(acme), {"Last-Event-ID": seen}

    assert b"event: state" in client.get(f"/api/v1/jobs/{job.pk}/events", headers=headers).content
    course = client.get(f"/api/v1/nodes/{job.subject_id}/events", headers=headers).content.decode()
    assert "event: progress" in course
    assert "event: state" not in course


def test_a_course_tells_how_far_all_is_and_what_has_changed_since(api: Api, acme: Tenant, job: Job) -> None:
    client, path = api(acme), f"/api/v1/nodes/{job.subject_id}/events"
    first = client.get(path).content.decode()
    seen = first.split("id: ")[1].split("\n")[0]
    again = client.get(path, headers={"Last-Event-ID": seen}).content.decode()

    assert '"is_settled":false' in first
    assert "event: state" not in first
    assert f'"id":"{job.pk}"' in again


def test_heartbeats_are_no_change(job: Job) -> None:
    found = Job.objects.filter(pk=job.pk)
    found.update(changed_in=0)
    found.update(heartbeat_at=timezone.now(), worker="here")
    after_heartbeat = found.get().changed_in
    found.update(stage="reading")

    assert after_heartbeat == 0
    assert found.get().changed_in > 0
