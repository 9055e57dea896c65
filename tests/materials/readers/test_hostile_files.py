"""A hostile file in the hands of the real worker, with good ones beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.models import MaterialEntry
from materials.tree.services import create_node
from project.jobs.models import Job, JobStatus
from tests.conftest import Api, upload
from tests.jobs.workers import running_worker
from tests.materials.readers.packages import shape, slides, word
from tests.process_table import eventually

pytestmark = pytest.mark.django_db(transaction=True)

PARAGRAPH = "<w:p><w:r><w:t>a</w:t></w:r></w:p>"


@pytest.mark.slow
def test_a_hostile_file_kills_neither_the_worker_nor_its_neighbours(tmp_path: Path, api: Api) -> None:
    endless = word(tmp_path / "endless.docx", PARAGRAPH * 200_001).read_bytes()
    deep = word(tmp_path / "deep.docx", "<w:p>" * 50_000 + "</w:p>" * 50_000).read_bytes()
    good = word(tmp_path / "good.docx", PARAGRAPH).read_bytes()
    deck = slides(tmp_path / "good.pptx", shape("One")).read_bytes()

    with running_worker(tmp_path, "--queue", "light") as worker:
        course = create_node(tenant=worker.tenant, title="Water")
        crew = {process.pid for process in worker.crew}
        client = api(worker.tenant)
        sent = {
            name: Job.objects.get(pk=upload(client, course.pk, name, content)["job"])
            for name, content in {
                "endless.docx": endless, "good.docx": good, "deep.docx": deep, "good.pptx": deck,
            }.items()
        }  # fmt: skip

        assert worker.wait_for(sent["good.docx"]).status == JobStatus.COMPLETE
        assert Job.objects.get(pk=sent["endless.docx"].pk).is_open
        assert worker.wait_for(sent["good.pptx"]).status == JobStatus.COMPLETE
        ended = {name: worker.wait_for(job) for name, job in sent.items()}
        eventually(lambda: {one.pid for one in worker.crew} == crew, seconds=60, what="a process was replaced")

    assert (ended["endless.docx"].error_code, ended["deep.docx"].error_code) == ("too_large", "damaged")
    assert {job.attempt for job in ended.values()} == {1}
    states = {entry.name: entry.state for entry in MaterialEntry.objects.with_job()}
    assert states == {
        "endless.docx": "error", "deep.docx": "error", "good.docx": "ready", "good.pptx": "ready",
    }  # fmt: skip
