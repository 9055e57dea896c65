"""An import whose worker is killed in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from materials.models import ImportItem, MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.jobs import runner, sweeper
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import Api, Stored
from tests.materials.transfer.test_import import bring, packed
from tests.process_table import eventually, start

FILES = 60
WORK = "import django; django.setup(); from project.jobs.runner import run_next_job; run_next_job()"


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_and_makes_nothing_twice(api: Api, tmp_path: Path, stored: Stored) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    node = create_node(tenant=tenant, title="Course")
    archive = packed({f"part {n % 7}/{n:03}.md": f"# Lesson {n}" for n in range(FILES)})
    answer = bring(api(tenant), node.pk, archive)
    taken = ImportItem.objects.filter(kind="file", outcome="taken")

    process = start("-c", WORK, log=tmp_path / "log")
    eventually(lambda: taken.count() > 5, seconds=40, what="nothing was imported", log=tmp_path / "log")
    process.kill()
    process.wait()
    before = taken.count()
    Job.objects.filter(kind="ingest_entry").update(priority=-1)
    sweeper.release_worker_jobs(f"none:{process.pid}", now=timezone.now())
    assert runner.run_next_job()

    job = Job.objects.get(pk=answer.json()["id"])
    assert 5 < before < FILES
    assert (job.status, job.token) == ("complete", 2)
    assert job.attempt == 1  # renewed with each file: it may lose any number of workers
    assert job.result is not None
    assert job.result["files"] == {"taken": FILES, "same": 0, "skipped": 0, "waiting": 0}
    assert MaterialEntry.objects.count() == FILES
    assert Job.objects.filter(kind="ingest_entry").count() == FILES
    assert MaterialNode.objects.filter(parent=node).count() == 7
    assert len([path for path in stored() if "incoming" not in path.parts]) == FILES
    for part in MaterialNode.objects.filter(parent=node):
        entries = list(MaterialEntry.objects.filter(node=part).order_by("position"))
        assert [entry.position for entry in entries] == list(range(len(entries)))
        assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
