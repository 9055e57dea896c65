"""Rebases of large courses: jobs that lose no edit, whatever happens while they run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from materials.models import MaterialEntry
from materials.tree.services import delete_node
from project.jobs import sweeper
from project.jobs.models import Job, JobStatus
from project.jobs.services import cancel_job
from structures.models import EditRecord, StructureSnapshot
from structures.working_copies import rebase_jobs
from structures.working_copies.rebasing import compute_rebase
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.structures.generation.test_generation import generate
from tests.structures.working_copies.desk import COURSE, Desk, add_text, create_copy

ICE = b"# Ice\n\n**Ice** is water that has become solid."


@pytest.fixture
def newest(api: Api, acme: Tenant, lecture: MaterialEntry, desk: Desk) -> StructureSnapshot:
    """Return a later snapshot than that of the desk, with a lesson more."""
    add_text(lecture.node, "2 ice.md", ICE)
    return generate(api, acme, lecture.node)


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every course be a large one."""
    monkeypatch.setattr(rebase_jobs, "MAX_NODES_AT_ONCE", 1)


def submit(desk: Desk, below: str = "rebase", etag: str | None = None, body: Any = None) -> Job:
    accepted = desk.post(below, body, status=202, etag=etag)
    assert desk.client.get(f"/api/v1/jobs/{accepted['id']}").json()["status"] == "queued"
    return Job.objects.get(pk=accepted["id"])


def finish(job: Job) -> Any:
    """Do the job as a worker would, and return what it says of its work."""
    drain()
    job.refresh_from_db()
    return job.result


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[int]:
    """Let something happen while the next rebase is computed; return how many nodes each computation had."""
    counts: list[int] = []

    def compute(*arguments: Any, **options: Any) -> Any:
        result = compute_rebase(*arguments, **options)
        counts.append(len(result.tree.nodes))
        if len(counts) == 1:
            act()
        return result

    monkeypatch.setattr(rebase_jobs, "compute_rebase", compute)
    return counts


@pytest.mark.usefixtures("_large")
def test_a_job_does_what_is_done_at_once(
    api: Api, acme: Tenant, snapshot: StructureSnapshot, desk: Desk, newest: StructureSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    other = create_copy(api(acme), snapshot.pk, "other")
    for each in (desk, other):
        each.edit("change_field", key=COURSE, field="title", value="Mine")

    job = submit(desk, body={"reason": "New file."})
    assert desk.read()["base"] == str(snapshot.pk)
    result = finish(job)
    monkeypatch.setattr(rebase_jobs, "MAX_NODES_AT_ONCE", 1_000)
    at_once = other.post("rebase")

    assert (job.status, job.kind, job.queue) == (JobStatus.COMPLETE, "rebase_working_copy", "light")
    assert result == {
        "working_copy": desk.path.rpartition("/")[2], "revision": 3, "dry_run": False, "onto": str(newest.pk),
        "base_known": True, "counts": at_once["counts"], "conflict_counts": at_once["conflict_counts"],
    }  # fmt: skip
    assert result["counts"]["added"] > 0
    shown = desk.read()
    assert (desk.etag, shown["tree"]) == ('"3"', other.read()["tree"])
    assert shown["base"] == str(newest.pk)
    step = desk.get("history/3")
    assert (step["kind"], step["reason"], step["by"]["kind"]) == ("rebase", "New file.", "key")
    desk.post("undo")
    assert desk.read()["base"] == str(snapshot.pk)


@pytest.mark.usefixtures("_large")
def test_a_job_that_finds_nothing_to_change_makes_no_step(desk: Desk, snapshot: StructureSnapshot) -> None:
    job = submit(desk, f"rebase?onto={snapshot.pk}")
    result = finish(job)

    assert (job.status, result["revision"]) == (JobStatus.COMPLETE, 1)
    assert not EditRecord.objects.exists()


@pytest.mark.usefixtures("_large")
def test_a_preview_of_a_large_course_is_a_job_that_changes_nothing(
    desk: Desk, lecture: MaterialEntry, newest: StructureSnapshot
) -> None:
    exercise = next(node for node in desk.list_nodes() if node["node_type"] == "exercise")
    desk.edit("change_field", key=exercise["key"], field="description", value="Mine.")
    newest.nodes.filter(key=exercise["key"]).delete()
    before = desk.read()

    preview = submit(desk, "rebase?dry_run=true", etag="")
    rebase = submit(desk)
    cancel_job(job=rebase)
    result = finish(preview)

    assert (preview.kind, preview.status) == ("preview_rebase", JobStatus.COMPLETE)
    assert (result["dry_run"], result["onto"]) == (True, str(newest.pk))
    assert result["conflict_counts"] == {"dropped": 1}
    title = exercise["fields"]["title"]
    assert result["conflicts"] == [{"kind": "dropped", "key": exercise["key"], "title": title, "field": ""}]
    assert desk.read() == before


@pytest.mark.usefixtures("newest")
def test_only_large_courses_are_left_to_workers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = desk.read()["node_count"]

    monkeypatch.setattr(rebase_jobs, "MAX_NODES_AT_ONCE", nodes)
    # The snapshot has more nodes than the working copy.
    job = submit(desk, "rebase?dry_run=true")
    cancel_job(job=job)
    monkeypatch.setattr(rebase_jobs, "MAX_NODES_AT_ONCE", nodes + 10)

    assert desk.post("rebase?dry_run=true")["dry_run"] is True
    assert desk.post("rebase")["record"]["kind"] == "rebase"
    assert not Job.objects.open().exists()


@pytest.mark.usefixtures("_large", "newest")
@pytest.mark.parametrize("is_running", [False, True], ids=["queued", "running"])
def test_an_edit_of_the_named_version_ends_the_rebase_and_is_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_running: bool
) -> None:
    def edit() -> None:
        desk.edit("change_field", key=COURSE, field="title", value="Edited meanwhile")

    job = submit(desk)
    if is_running:
        meanwhile(monkeypatch, edit)
    else:
        edit()
    finish(job)

    assert (job.status, job.error_code, job.result) == (JobStatus.FAILED, "version_changed", None)
    assert '"1"' in job.error_message
    assert '"2"' in job.error_message
    assert "If-Match" in job.next_step
    assert [row["kind"] for row in desk.get("history")["data"]] == ["change_field"]
    assert desk.find("Edited meanwhile")["key"] == COURSE
    # The next step works.
    monkeypatch.undo()
    desk.read()
    monkeypatch.setattr(rebase_jobs, "MAX_NODES_AT_ONCE", 1)
    assert finish(submit(desk))["revision"] == 3
    assert desk.find("Edited meanwhile")["key"] == COURSE


@pytest.mark.usefixtures("_large")
def test_an_edit_is_taken_in_when_any_version_is_meant(
    desk: Desk, newest: StructureSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit() -> None:
        module = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "module")
        desk.edit("add_node", node_type="lesson", parent=module, title="Added meanwhile")

    job = submit(desk, etag="*")
    counts = meanwhile(monkeypatch, edit)
    result = finish(job)

    assert (job.status, result["revision"]) == (JobStatus.COMPLETE, 3)
    assert counts == [counts[0], counts[0] + 1]
    shown = desk.read()
    assert (shown["base"], shown["node_count"]) == (str(newest.pk), counts[1])
    assert desk.find("Added meanwhile")["locks"] == {"added": True}
    assert [row["kind"] for row in desk.get("history")["data"]] == ["rebase", "add_node"]


@pytest.mark.usefixtures("_large", "newest")
@pytest.mark.parametrize("is_running", [False, True], ids=["queued", "running"])
def test_a_cancelled_rebase_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, is_running: bool) -> None:
    before = desk.read()
    job = submit(desk)

    def cancel() -> None:
        answer = desk.client.post(f"/api/v1/jobs/{job.pk}/cancel")
        assert answer.status_code in {200, 202}, answer.content

    if is_running:
        meanwhile(monkeypatch, cancel)
    else:
        cancel()
    finish(job)

    assert job.status == JobStatus.CANCELLED
    assert desk.read() == before
    assert not EditRecord.objects.exists()


@pytest.mark.usefixtures("_large", "newest")
@pytest.mark.parametrize("moment", ["compute_rebase", "store_rebase"])
def test_a_worker_that_dies_leaves_nothing_or_all(desk: Desk, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    class Killed(BaseException):
        """What ends a worker."""

    real, deaths = getattr(rebase_jobs, moment), list[str]()

    def die_once(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        if not deaths:
            deaths.append(moment)
            raise Killed
        return result

    monkeypatch.setattr(rebase_jobs, moment, die_once)
    # A process that is killed settles nothing.
    monkeypatch.setattr("project.jobs.runner.end_timed_out_job", lambda _job: None)
    before = desk.read()
    job = submit(desk)

    with pytest.raises(Killed):
        drain()
    job.refresh_from_db()
    assert (job.status, desk.read()) == (JobStatus.ACTIVE, before)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    sweeper.sweep_jobs(now=timezone.now())
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now())
    finish(job)

    assert (job.status, job.attempt) == (JobStatus.COMPLETE, 2)
    assert [row["kind"] for row in desk.get("history")["data"]] == ["rebase"]


@pytest.mark.usefixtures("_large", "newest")
def test_two_rebases_at_once_are_one(desk: Desk) -> None:
    job = submit(desk)

    problem = desk.post("rebase", status=409)

    assert (problem["code"], problem["job"]) == ("job_already_open", str(job.pk))
    assert problem["next_step"]


@pytest.mark.usefixtures("_large")
def test_what_is_gone_when_the_job_begins_is_said(
    acme: Tenant, lecture: MaterialEntry, desk: Desk, newest: StructureSnapshot
) -> None:
    job = submit(desk)
    newest.delete()
    finish(job)
    assert (job.status, job.error_code, bool(job.next_step)) == (JobStatus.FAILED, "not_found", True)

    job = submit(desk)
    desk.client.delete(desk.path)
    finish(job)
    assert (job.status, job.error_code, bool(job.next_step)) == (JobStatus.FAILED, "version_changed", True)

    Job.objects.filter(pk=job.pk).update(params={**job.params, "revision": None})
    desk.client.post(f"/api/v1/jobs/{job.pk}/retry")
    finish(job)
    assert (job.status, job.error_code, bool(job.next_step)) == (JobStatus.FAILED, "working_copy_closed", True)

    desk.client.post(f"/api/v1/jobs/{job.pk}/retry")
    delete_node(tenant=acme, node_id=lecture.node_id)
    finish(job)
    assert job.status == JobStatus.CANCELLED
