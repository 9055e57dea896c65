"""A bucket that is away under a job: the job waits, and goes on when the bucket is back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from materials.models import MaterialEntry, MaterialNode
from project.db.clock import get_database_time
from project.jobs.models import Job, JobStatus
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.proxy import Fault, FaultyProxy, NoAnswer, Refuse
from tests.fakes.s3 import Bucket


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", [Refuse(), NoAnswer()], ids=["refuses", "breaks off"])
def test_a_job_waits_for_a_bucket_that_is_away(
    api: Api, spoiled: Bucket, use: Callable[[Bucket], None], proxy: FaultyProxy, fault: Fault
) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    node = MaterialNode.objects.create(tenant=tenant, title="Water", position=0)
    use(spoiled)
    entry = upload(api(tenant), node.pk, "lecture.md", b"# Water\n\nIt boils.")
    proxy.fault = lambda _method, _path: fault

    for outages in (1, 2, 3, 4):
        Job.objects.update(queued_at=get_database_time())
        assert drain() == 1
        job = Job.objects.get()
        assert (job.status, job.attempt, job.outages) == (JobStatus.QUEUED, 0, outages)
        assert job.error_code == "storage_unavailable"
    proxy.fault = lambda _method, _path: None
    Job.objects.update(queued_at=get_database_time())
    drain()

    assert MaterialEntry.objects.with_job().get(pk=entry["id"]).state == "ready"
    assert Job.objects.get().attempt == 1
