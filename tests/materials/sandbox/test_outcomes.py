"""File names that force outcomes: what an integrator must handle, each through the API, and in sandboxes alone."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from materials.forced_outcomes import FORCED_OUTCOMES, OutcomeEffect, OutcomeStage, find_outcome
from materials.ingestion.forced import PARTIAL_WARNING
from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job, JobStatus
from project.jobs.queues import JobQueue
from project.jobs.runner import run_next_job
from project.settings import BASE_DIR
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload

pytestmark = pytest.mark.django_db

BY_STAGE: Callable[[OutcomeStage, OutcomeEffect], list[Any]] = lambda stage, effect: [  # noqa: E731
    pytest.param(one, id=one.name) for one in FORCED_OUTCOMES if one.stage is stage and one.effect is effect
]
STATUSES = {
    "over-quota": 413, "too-large": 413, "wrong-type": 415, "too-many-requests": 429, "storage-away": 503,
}  # fmt: skip


def send(client: APIClient, node: MaterialNode, name: str, content: bytes = LECTURE) -> Any:
    return client.post(f"/api/v1/nodes/{node.pk}/entries", {"file": SimpleUploadedFile(name, content)})


def read(client: APIClient, entry: dict[str, Any]) -> Any:
    return client.get(f"/api/v1/entries/{entry['id']}").json()


@pytest.mark.parametrize("outcome", BY_STAGE(OutcomeStage.UPLOAD, OutcomeEffect.REFUSED))
def test_an_upload_is_refused(api: Api, sandbox: Tenant, sandbox_course: MaterialNode, outcome: Any) -> None:
    client = api(sandbox)
    announced = {"name": outcome.example, "size_bytes": 100, "sha256": "0" * 64}

    for answer in (
        send(client, sandbox_course, outcome.example),
        client.post(f"/api/v1/nodes/{sandbox_course.pk}/uploads", announced, format="json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (STATUSES[outcome.name], outcome.code)
        assert answer.json()["next_step"]
        assert ("Retry-After" in answer) is (answer.status_code in {429, 503})
    assert not MaterialEntry.objects.exists()


@pytest.mark.parametrize("outcome", BY_STAGE(OutcomeStage.INGESTION, OutcomeEffect.FAILED))
def test_an_ingestion_fails_whatever_the_file_holds(
    api: Api, sandbox: Tenant, sandbox_course: MaterialNode, outcome: Any
) -> None:
    client = api(sandbox)
    entry = upload(client, sandbox_course.pk, outcome.example, b"Not even of this type.")

    for _attempt in range(3):
        drain()
        Job.objects.filter(status=JobStatus.QUEUED).update(queued_at=timezone.now() - timedelta(seconds=1))

    failed = read(client, entry)
    assert failed["state"] == ("integrity_broken" if outcome.code == "integrity_broken" else "error")
    assert failed["error"]["code"] == outcome.code
    assert failed["error"]["next_step"]
    job = client.get(f"/api/v1/jobs/{entry['job']}").json()
    assert job["status"] == "failed"
    assert len(job["attempts"]) == (3 if outcome.code == "stored_file_missing" else 1)


def test_a_retried_job_completes_where_the_name_says_once(
    api: Api, sandbox: Tenant, sandbox_course: MaterialNode
) -> None:
    client = api(sandbox)
    entry = upload(client, sandbox_course.pk, "fail-once.md", LECTURE)
    drain()
    assert read(client, entry)["error"]["code"] == "reader_failed"

    assert client.post(f"/api/v1/jobs/{entry['job']}/retry").status_code in {200, 202}
    drain()

    assert read(client, entry)["state"] == "ready"


def test_a_partial_result_has_warnings_and_what_was_left_out(
    api: Api, sandbox: Tenant, sandbox_course: MaterialNode
) -> None:
    client = api(sandbox)
    entry = upload(client, sandbox_course.pk, "partial.md", LECTURE)

    drain()

    partial = read(client, entry)
    assert partial["state"] == "ready"
    assert PARTIAL_WARNING in partial["warnings"]
    assert [group["kind"] for group in partial["left_out"]] == ["hidden_text"]
    passages = client.get(f"/api/v1/entries/{entry['id']}/left-out").json()
    assert len(passages["data"]) == 1


def test_a_slow_job_waits_in_the_queue_and_holds_no_worker(
    api: Api, sandbox: Tenant, sandbox_course: MaterialNode
) -> None:
    client = api(sandbox)
    slow = upload(client, sandbox_course.pk, "slow-60s.md", LECTURE)
    quick = upload(client, sandbox_course.pk, "quick.md", LECTURE + b"\n")

    drain()

    waiting = client.get(f"/api/v1/jobs/{slow['job']}").json()
    assert (waiting["status"], waiting["progress"]["stage"], waiting["progress"]["total"]) == ("queued", "sandbox", 60)
    assert read(client, quick)["state"] == "ready"
    # A minute later.
    Job.objects.filter(pk=slow["job"]).update(
        created_at=timezone.now() - timedelta(seconds=61), queued_at=timezone.now() - timedelta(seconds=1)
    )
    drain()
    assert read(client, slow)["state"] == "ready"


def test_a_slow_job_is_cancelled(api: Api, sandbox: Tenant, sandbox_course: MaterialNode) -> None:
    client = api(sandbox)
    slow = upload(client, sandbox_course.pk, "slow-60s.md", LECTURE)
    run_next_job(JobQueue.LIGHT)

    client.post(f"/api/v1/jobs/{slow['job']}/cancel")

    assert client.get(f"/api/v1/jobs/{slow['job']}").json()["status"] == "cancelled"


@pytest.mark.slow
def test_names_mean_nothing_to_a_live_tenant(api: Api, acme: Tenant, sandbox: Tenant) -> None:
    course, client = create_node(tenant=acme, title="Live"), api(acme)
    stems = [outcome.example.rpartition(".")[0] for outcome in FORCED_OUTCOMES]

    for number, stem in enumerate(stems):
        upload(client, course.pk, f"{stem}.md", LECTURE + b"\n" * number)
    drain()

    entries = MaterialEntry.objects.for_tenant(acme)
    assert entries.count() == len(FORCED_OUTCOMES)
    assert entries.filter_ready().count() == len(FORCED_OUTCOMES)
    assert not entries.exclude(warnings=[]).exists()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Fail-Unreadable.PDF", "fail-unreadable"),
        ("fail-unreadable", "fail-unreadable"),
        ("fail-unreadable-12.md", "fail-unreadable"),
        ("https://example.org/files/fail-unreadable.pdf", "fail-unreadable"),
        ("slow-5s.mp4", "slow"),
        ("partial-differential-equations.pdf", None),
        ("my-partial.pptx", None),
        ("slow.pdf", None),
        ("partial.tar.gz", None),
        ("over-quota.pdf", None),  # of another stage
        ("", None),
    ],
)
def test_only_whole_names_force_something(name: str, found: str | None) -> None:
    outcome = find_outcome(name, OutcomeStage.INGESTION)

    assert (outcome.name if outcome else None) == found


def test_the_api_and_the_guide_list_every_name(api: Api, acme: Tenant, sandbox: Tenant) -> None:
    live, test = (api(tenant).get("/api/v1/sandbox").json() for tenant in (acme, sandbox))
    guide = (BASE_DIR / "docs" / "how-to" / "try-in-the-sandbox.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| (?:`(\w+)`)? ?\|", guide, re.MULTILINE)

    assert (live["mode"], test["mode"], live["keeps_days"]) == ("live", "test", 30)
    assert live["outcomes"] == test["outcomes"]
    listed = [(one["example"], one["stage"], one["code"]) for one in test["outcomes"]]
    assert listed == [(one.example, one.stage.value, one.code) for one in FORCED_OUTCOMES]
    assert rows == listed
    assert all(one.matches(one.example) for one in FORCED_OUTCOMES)


def test_a_transcript_is_made_of_the_length_alone(api: Api, sandbox: Tenant, sandbox_course: MaterialNode) -> None:
    client = api(sandbox)
    entries = [upload(client, sandbox_course.pk, f"talk{n}.wav", sound(25, value=n)) for n in (1, 2)]

    drain()

    texts = [client.get(f"/api/v1/entries/{entry['id']}/chunks").json()["data"] for entry in entries]
    first, second = ([(c["text"], c["locator"]) for c in chunks] for chunks in texts)
    assert first == second
    assert "projection" in " ".join(text for text, _ in first)
    told = read(client, entries[0])
    assert (told["state"], told["transcription"]["by"]) == ("ready", "whisper")
    assert any("Nobody said this" in warning for warning in told["warnings"])
    assert set(Job.objects.values_list("status", flat=True)) == {JobStatus.COMPLETE}


def sound(seconds: int, *, value: int) -> bytes:
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes([value, 0]) * seconds * 8_000)
    return packed.getvalue()
