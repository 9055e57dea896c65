"""A worker that is killed while it rebases a large course: another one does it again, and it is done once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from materials.models import MaterialNode
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from structures.models import EditRecord, WorkingCopy
from structures.working_copies.rows import load_tree
from tenants.models import Tenant
from tests.conftest import Api
from tests.process_table import eventually, start
from tests.structures.course_page.stored import store_snapshot
from tests.structures.differences.large_courses import build_course
from tests.structures.working_copies.desk import COURSE, create_copy

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def worker_log(tmp_path: Path) -> Iterator[Path]:
    """Start a real worker and return its log."""
    log = tmp_path / "worker.log"
    process = start("manage.py", "worker", "--queue", "light", log=log, WORKER_PATIENCE_SECONDS="5")
    try:
        eventually(
            lambda: ClusterHeartbeat.objects.filter(answered_at__isnull=False).exists(),
            seconds=120,
            what="no canary was answered",
            log=log,
        )
        yield log
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.parametrize("stage", ["merging", "storing"])
def test_a_killed_rebase_is_done_once(api: Api, acme: Tenant, worker_log: Path, stage: str) -> None:
    course = api(acme).post("/api/v1/nodes", {"title": "Water"}, format="json").json()
    before, after = (
        store_snapshot(acme, MaterialNode.objects.get(pk=course["id"]), build_course(300, share)) for share in (0, 1)
    )
    desk = create_copy(api(acme), before.pk)
    desk.edit("change_field", key=COURSE, field="title", value="Mine")

    accepted = desk.post(f"rebase?onto={after.pk}", status=202)
    holder = eventually(
        lambda: Job.objects.filter(pk=accepted["id"], stage=stage, status=JobStatus.ACTIVE).first(),
        seconds=120,
        what=f"the rebase did not come to {stage}",
        log=worker_log,
    )
    os.kill(int(holder.worker.rpartition(":")[2]), signal.SIGKILL)
    job = eventually(
        lambda: Job.objects.exclude(status__in=Job.OPEN).filter(pk=accepted["id"]).first(),
        seconds=300,
        what="the rebase did not end",
        log=worker_log,
    )

    assert (job.status, job.attempt) == (JobStatus.COMPLETE, 2)
    assert list(EditRecord.objects.order_by("number").values_list("kind", flat=True)) == ["change_field", "rebase"]
    copy = WorkingCopy.objects.get()
    tree = load_tree(copy)
    assert (copy.revision, copy.base_id, copy.node_count) == (3, after.pk, len(tree.nodes))
    assert desk.read()["tree"]["nodes"][0]["fields"]["title"] == "Mine"
