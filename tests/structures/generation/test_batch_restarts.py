"""A worker that is killed between the vendor's taking a batch and our noting it: another one finds the batch."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from llm.models import ExternalCall, ModelBatch
from materials.models import MaterialNode
from materials.tree.services import create_node
from project.db.clock import get_database_time
from project.jobs.models import Job, JobStatus
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.asked import Asked
from tests.llm.world import PRICES, World
from tests.process_table import eventually
from tests.structures.generation.llm_courses import honest, let_write
from tests.structures.generation.test_llm_restarts import worker_log as worker_log
from tests.structures.working_copies.desk import add_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LESSONS = 3


class Murderer:
    """Kills the worker that has sent a batch before the vendor answers, once."""

    def __init__(self) -> None:
        self.victims: list[int] = []

    def strike(self, asked: Asked) -> None:
        if not self.victims and asked.path == "/v1/batches" and asked.method == "POST":
            with closing(connection):
                holder = int(Job.objects.get(kind="generate_structure").worker.rpartition(":")[2])
            os.kill(holder, signal.SIGKILL)
            self.victims.append(holder)


def test_a_batch_of_a_killed_worker_is_found_and_paid_once(
    world: World, api: Api, acme: Tenant, course: MaterialNode, worker_log: Path
) -> None:
    for number in range(LESSONS):
        lesson = create_node(tenant=acme, title=f"Lesson {number}", parent_id=course.pk)
        add_text(lesson, "a.md", f"Lesson {number} says that water is wet.\n\nIt says so {number + 2} times.".encode())
    let_write(world, chain=["gpt"])
    world.file["models"]["gpt"]["batch_prices"] = {name: price / 2 for name, price in PRICES.items()}
    world.write()
    world.openai.always(honest)
    murderer = Murderer()
    world.openai.before_answering = murderer.strike

    wanted = {"mode": "guided", "economy": "batch"}
    accepted = api(acme).post(f"/api/v1/nodes/{course.pk}/generate", wanted, format="json").json()

    def ended() -> Job | None:
        job = Job.objects.get(pk=accepted["id"])
        if job.waits_for:
            Job.objects.filter(pk=job.pk, status="queued").update(queued_at=get_database_time())
        return None if job.is_open else job

    job = eventually(ended, seconds=90, what="the generation did not end", log=worker_log)

    assert (job.status, job.error_code, len(murderer.victims)) == (JobStatus.COMPLETE, "", 1)
    assert len(world.openai.batches.taken) == ModelBatch.objects.count() == 1
    assert len(world.openai.billed) == LESSONS + 1
    assert {call.outcome for call in ExternalCall.objects.all()} == {"answered"}
