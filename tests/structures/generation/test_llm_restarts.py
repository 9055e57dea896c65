"""A worker that dies between the vendor's answer and our commit: its job runs again, and nothing counts twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from llm.models import ExternalCall
from materials.models import MaterialNode
from materials.tree.services import create_node
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from structures.engines.llm.groups import GROUP_TOKENS
from structures.models import Reference, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.asked import Asked
from tests.fakes.steps import Step
from tests.llm.world import World
from tests.process_table import eventually, start
from tests.structures.generation.llm_courses import honest, is_about_course
from tests.structures.working_copies.desk import add_text

pytestmark = pytest.mark.django_db(transaction=True)

LESSONS, CONCURRENCY = 6, 3


@pytest.fixture
def worker_log(world: World, tmp_path: Path) -> Iterator[Path]:
    """Start a real worker that asks the world's vendors, and return its log."""
    log = tmp_path / "worker.log"
    process = start(
        "manage.py",
        "worker",
        "--queue",
        "light",
        log=log,
        MODELS_FILE=str(world.path),
        WORKER_PATIENCE_SECONDS="5",
        GENERATION_CONCURRENCY=str(CONCURRENCY),
    )
    try:
        eventually(
            lambda: ClusterHeartbeat.objects.filter(answered_at__isnull=False).exists(),
            seconds=60,
            what="no canary was answered",
            log=log,
        )
        yield log
    finally:
        process.terminate()
        process.wait(timeout=30)


class Murderer:
    """Kills the worker that holds the generation as soon as the vendor has sent certain answers.

    These are the second one, and the first one about the whole course, after which only the commit is left.
    """

    def __init__(self) -> None:
        self.victims: list[int] = []
        self._holder = 0
        self._answers = 0

    def answer(self, asked: Asked) -> Step:
        """Answer honestly, and look beforehand who asks, so that no time is lost afterwards."""
        with closing(connection):
            self._holder = int(Job.objects.get(kind="generate_structure").worker.rpartition(":")[2])
        return honest(asked)

    def strike(self, asked: Asked) -> None:
        self._answers += 1
        is_last = is_about_course(asked)
        if (self._answers == 2 and not self.victims) or (is_last and len(self.victims) == 1):
            os.kill(self._holder, signal.SIGKILL)
            self.victims.append(self._holder)


@pytest.mark.slow
def test_a_worker_killed_after_the_vendors_answer_is_replaced_and_nothing_counts_twice(
    world: World, api: Api, acme: Tenant, course: MaterialNode, worker_log: Path
) -> None:
    for n in range(LESSONS):
        lesson = create_node(tenant=acme, title=f"Lesson {n}", parent_id=course.pk)
        # So long that no two lessons are asked about together.
        text = f"Lesson {n} says that water is wet.\n\nIt says so {n + 2} times: {'water is wet, ' * GROUP_TOKENS}"
        add_text(lesson, "a.md", text.encode())
    murderer = Murderer()
    world.google.always(murderer.answer)
    world.google.after_sending = murderer.strike

    accepted = api(acme).post(f"/api/v1/nodes/{course.pk}/generate", {"mode": "guided"}, format="json").json()

    def ended() -> Job | None:
        job = Job.objects.get(pk=accepted["id"])
        return None if job.is_open else job

    job = eventually(ended, seconds=60, what="the generation did not end", log=worker_log)
    # The plan of the last worker: what was answered before is reused.
    calls, rows = job.plan["calls"] + job.plan["reused"], list(ExternalCall.objects.filter(job=job))
    # Each answer that is stored gives the job all its attempts again.
    assert (job.status, job.attempt, len(set(murderer.victims))) == (JobStatus.COMPLETE, 1, 2)
    # Nothing is paid for again but the answers that were under way when the two workers died.
    assert calls == LESSONS + 1 <= len(world.google.billed) <= calls + 2 * CONCURRENCY
    # Every call that the vendor has served has its row, those that were under way, too.
    assert len(rows) >= len(world.google.billed)
    answered = [row for row in rows if row.outcome == "answered"]
    assert len({row.request_id for row in answered}) == len(answered) >= calls
    assert {row.outcome for row in rows} <= {"answered", "in_flight"}
    snapshot = StructureSnapshot.objects.get()
    assert str(snapshot.pk) == job.result["snapshot"]
    assert snapshot.provenance["calls"] == len(rows)
    # Lessons cite where they were found, too.
    assert snapshot.counts["concepts"] == 2 * LESSONS
    assert snapshot.grounding["verified"] == Reference.objects.count() == 3 * LESSONS
