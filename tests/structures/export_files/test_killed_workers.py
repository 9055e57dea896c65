"""Exports with real workers and at the same moment: made once, and again by another worker when one is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections

from materials.models import MaterialNode, ObjectRemoval
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from structures.export_files.services import request_export
from structures.exports.registry import EXPORT_FORMATS
from structures.models import Export, StructureSnapshot
from tenants.models import Tenant
from tests.process_table import eventually, start
from tests.structures.course_page.stored import store_snapshot
from tests.structures.differences.large_courses import build_course

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    return store_snapshot(acme, course, build_course(150, 0))


@pytest.fixture
def worker_log(tmp_path: Path) -> Iterator[Path]:
    """Start a real worker and return its log."""
    log = tmp_path / "worker.log"
    objects = str(tmp_path / "objects")
    process = start(
        "manage.py", "worker", "--queue", "light", log=log, WORKER_PATIENCE_SECONDS="5", OBJECTS_DIR=objects
    )
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


def ask(snapshot: StructureSnapshot) -> Export:
    """Ask for the snapshot as Markdown, which takes seconds to validate."""
    return request_export(
        tenant=snapshot.tenant, snapshot_id=snapshot.pk, export_format=EXPORT_FORMATS["markdown"], options={}
    )


def test_requests_at_the_same_moment_get_one_export_and_one_job(snapshot: StructureSnapshot) -> None:
    def ask_in_a_thread(_number: int) -> Export:
        try:
            return ask(snapshot)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        exports = list(pool.map(ask_in_a_thread, range(8)))

    assert {export.pk for export in exports} == {Export.objects.get().pk}
    assert {export.job_id for export in exports} == {Job.objects.get().pk}


@pytest.mark.parametrize("stage", ["writing", "validating"])
def test_an_export_whose_worker_is_killed_is_made_by_another(
    snapshot: StructureSnapshot, worker_log: Path, tmp_path: Path, stage: str
) -> None:
    export = ask(snapshot)
    rows = Job.objects.filter(subject_id=export.pk)
    holder = eventually(
        lambda: rows.filter(stage=stage, status=JobStatus.ACTIVE).first(),
        seconds=120,
        what=f"the export did not come to {stage}",
        log=worker_log,
    )
    os.kill(int(holder.worker.rpartition(":")[2]), signal.SIGKILL)

    job = eventually(
        lambda: rows.exclude(status__in=Job.OPEN).first(),
        seconds=300,
        what="the export did not end",
        log=worker_log,
    )

    assert (job.status, job.attempt) == (JobStatus.COMPLETE, 2)
    export.refresh_from_db()
    files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert [path.stat().st_size for path in files] == [export.size_bytes]
    assert not ObjectRemoval.objects.exists()
