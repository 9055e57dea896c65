"""Pages and figures without text, looked at by a vision model: real files, real children, vendors over real HTTP."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pptx
import pytest
from django.db import connections
from django.utils import timezone
from PIL import Image, ImageDraw
from pptx.util import Inches
from pytest_django import Settings
from rest_framework.test import APIClient

from llm.models import ExternalCall
from llm.services import set_budget
from materials.models import MaterialEntry, MaterialNode, PictureDescription
from materials.tree.services import create_node
from project.jobs import runner
from project.jobs.models import Job, JobStatus
from project.jobs.queues import JobQueue
from project.jobs.services import cancel_job
from project.jobs.sweeper import sweep_jobs
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Fail, Refusal, Step
from tests.llm.world import World, use
from tests.materials.readers.pdfs import pdf
from tests.materials.recordings.lecture import sent
from tests.process_table import eventually, start

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "Steam engines turn heat into work, and the first of them pumped water out of mines."


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def week(acme: Tenant) -> MaterialNode:
    return create_node(tenant=acme, title="Steam", language="en")


@pytest.fixture
def world(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with World(path=tmp_path / "models.yaml") as world:
        world.file["actions"]["describe_slides"] = {
            "description": "Look.", "needs": ["vision", "structured_output"], "seconds": 30
        }  # fmt: skip
        world.file["chains"]["describe_slides"] = {name: ["gpt"] for name in ("quality", "default", "budget")}
        world.write()
        use(settings, monkeypatch, world)
        monkeypatch.setattr("llm.router.fallback.FIRST_PAUSE", 0.01)
        monkeypatch.setattr("llm.router.fallback.ROUND_SECONDS", 0)
        settings.DESCRIBE_AT_ONCE = 2
        yield world


def picture(text: str, *, size: tuple[int, int] = (640, 480)) -> Image.Image:
    made = Image.new("RGB", size, "white")
    ImageDraw.Draw(made).text((20, 20), text, fill="black", font_size=40)
    return made


def scan(*pages: str) -> bytes:
    """Return a PDF whose pages are pictures."""
    first, *rest = [picture(page) for page in pages]
    stream = io.BytesIO()
    first.save(stream, "PDF", save_all=True, append_images=rest)
    return stream.getvalue()


def deck(*slides: tuple[str, Image.Image | None]) -> bytes:
    made = pptx.Presentation()
    for title, shown in slides:
        slide = made.slides.add_slide(made.slide_layouts[5])
        slide.shapes.title.text = title
        if shown is not None:
            stream = io.BytesIO()
            shown.save(stream, "PNG")
            stream.seek(0)
            slide.shapes.add_picture(stream, Inches(1), Inches(2), Inches(6), Inches(4))
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def says(text: str, *, shows: str = "") -> Answer:
    return Answer(json.dumps({"text": text, "shows": shows}))


def chunks(client: APIClient, entry: str) -> list[tuple[str, str]]:
    rows = client.get(f"/api/v1/entries/{entry}/chunks").json()["data"]
    return [(row["kind"], row["text"]) for row in rows]


def shown(client: APIClient, entry: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/v1/entries/{entry}").json()
    return answer


def ingest_again(client: APIClient, entry: str) -> None:
    assert client.post(f"/api/v1/entries/{entry}/ingest", {}, format="json").status_code == 202
    drain()


def test_a_scan_is_read_by_the_model_page_by_page(client: APIClient, week: MaterialNode, world: World) -> None:
    def look(asked: Asked) -> Step:
        (image,) = asked.images
        assert max(Image.open(io.BytesIO(image)).size) <= 1600
        return says(f"Words of a page of {len(image)} bytes", shows="A scan.")

    world.openai.always(look)

    entry = sent(client, week.pk, "scan.pdf", scan("One", "Two and three"))["id"]
    drain()

    found = shown(client, entry)
    assert (found["state"], found["page_count"]) == ("ready", 2)
    assert [kind for kind, _ in chunks(client, entry)] == ["reading", "description"] * 2
    rows = client.get(f"/api/v1/entries/{entry}/chunks").json()["data"]
    assert [row["locator"]["page"] for row in rows] == [1, 1, 2, 2]
    assert any("read by a model" in warning for warning in found["warnings"])
    assert ExternalCall.objects.filter(action="describe_slides", job__kind="describe_entry").count() == 2
    assert sum(call.cost or 0 for call in ExternalCall.objects.all()) > 0


def test_a_scan_is_pending_until_it_has_been_read_and_what_waits_for_it_waits(
    client: APIClient, week: MaterialNode, world: World
) -> None:
    world.openai.always(says("Steam engines turn heat into work."))
    entry = sent(client, week.pk, "scan.pdf", scan("One"))["id"]
    client.post(f"/api/v1/nodes/{week.pk}/generate", {"engine": "outline"}, format="json")

    assert runner.run_next_job(JobQueue.LIGHT)

    assert shown(client, entry)["state"] == "pending"
    assert not runner.run_next_job(JobQueue.LIGHT), "the generation waits"
    assert runner.run_next_job(JobQueue.HEAVY)
    assert shown(client, entry)["state"] == "ready"
    drain()
    assert Job.objects.get(kind="generate_structure").status == JobStatus.COMPLETE


def test_the_second_time_costs_nothing(client: APIClient, week: MaterialNode, acme: Tenant, world: World) -> None:
    world.openai.always(says("Words", shows="A scan."))
    content = scan("One", "Two", "Three")
    entry = sent(client, week.pk, "scan.pdf", content)["id"]
    drain()
    before = client.get(f"/api/v1/entries/{entry}/chunks").json()["data"]
    assert len(world.openai.asked) == 3
    fingerprint = MaterialEntry.objects.get(pk=entry).fingerprint

    ingest_again(client, entry)
    other = create_node(tenant=acme, title="Copy", language="en")
    copy = sent(client, other.pk, "copy.pdf", content)["id"]
    drain()

    assert len(world.openai.asked) == 3
    assert client.get(f"/api/v1/entries/{entry}/chunks").json()["data"] == before
    assert MaterialEntry.objects.get(pk=entry).fingerprint == fingerprint
    assert MaterialEntry.objects.get(pk=copy).fingerprint == fingerprint


def test_another_tenant_pays_for_itself(
    client: APIClient, week: MaterialNode, api: Api, rival: Tenant, world: World
) -> None:
    world.openai.always(says("Words"))
    sent(client, week.pk, "scan.pdf", scan("One"))
    drain()

    sent(api(rival), create_node(tenant=rival, title="Steam", language="en").pk, "scan.pdf", scan("One"))
    drain()

    assert len(world.openai.asked) == 2
    assert PictureDescription.objects.count() == 2


def test_figures_of_slides_stand_among_the_chunks_of_their_slide(
    client: APIClient, week: MaterialNode, world: World
) -> None:
    world.openai.always(says("boiler -> piston", shows="A diagram of an engine."))
    logo = picture("engine")

    entry = sent(client, week.pk, "deck.pptx", deck(("Engines", logo), ("Words only", None), ("Again", logo)))["id"]
    drain()

    assert chunks(client, entry) == [
        ("heading", "Engines"), ("reading", "boiler -> piston"), ("description", "A diagram of an engine."),
        ("heading", "Words only"), ("heading", "Again"),
    ]  # fmt: skip
    rows = client.get(f"/api/v1/entries/{entry}/chunks").json()["data"]
    assert rows[1]["locator"] == {"slide": 1, "heading_path": ["Engines"]}
    assert len(world.openai.asked) == 1


def test_the_chunks_that_were_there_keep_their_ids_and_the_fingerprint_changes(
    client: APIClient, week: MaterialNode, world: World
) -> None:
    world.openai.always(says("", shows="A diagram."))
    entry = sent(client, week.pk, "deck.pptx", deck(("Engines", picture("a")), ("Pumps", None)))["id"]
    assert runner.run_next_job(JobQueue.LIGHT)
    before = client.get(f"/api/v1/entries/{entry}/chunks").json()["data"]
    fingerprint = MaterialEntry.objects.get(pk=entry).fingerprint
    assert shown(client, entry)["state"] == "ready"

    assert runner.run_next_job(JobQueue.HEAVY)

    after = client.get(f"/api/v1/entries/{entry}/chunks").json()["data"]
    assert [row["id"] for row in after if row["kind"] == "heading"] == [row["id"] for row in before]
    assert MaterialEntry.objects.get(pk=entry).fingerprint != fingerprint


def test_what_a_person_corrected_stays_corrected(client: APIClient, week: MaterialNode, world: World) -> None:
    world.openai.always(says("Wat invented it", shows="A page."))
    entry = sent(client, week.pk, "scan.pdf", scan("One"))["id"]
    drain()
    read = client.get(f"/api/v1/entries/{entry}/chunks").json()["data"][0]
    answer = client.patch(f"/api/v1/chunks/{read['id']}", {"text": "Watt invented it"}, format="json")
    assert answer.status_code == 200, answer.content

    ingest_again(client, entry)

    assert chunks(client, entry) == [("reading", "Watt invented it"), ("description", "A page.")]


def test_a_picture_that_no_model_describes_is_named_and_nothing_is_invented(
    client: APIClient, week: MaterialNode, world: World, settings: Settings
) -> None:
    settings.DESCRIBE_AT_ONCE = 1
    world.openai.script(says("First page"), Refusal(), says("Third page"))

    entry = sent(client, week.pk, "scan.pdf", scan("One", "Two", "Three"))["id"]
    drain()

    assert chunks(client, entry) == [("reading", "First page"), ("reading", "Third page")]
    assert any(
        warning.startswith("Pictures: Page 2 was not described: ") for warning in shown(client, entry)["warnings"]
    )

    world.openai.script(says("Second page"))
    ingest_again(client, entry)

    assert [text for _, text in chunks(client, entry)] == ["First page", "Second page", "Third page"]
    assert len(world.openai.asked) == 4
    assert not any("not described" in warning for warning in shown(client, entry)["warnings"])


def test_after_three_failures_in_a_row_nobody_is_asked_any_more(
    client: APIClient, week: MaterialNode, world: World, settings: Settings
) -> None:
    settings.DESCRIBE_AT_ONCE = 1
    world.openai.script(says("First page"), *[Fail(400, message="no")] * 3)

    entry = sent(client, week.pk, "scan.pdf", scan(*"123456"))["id"]
    drain()

    assert len(world.openai.asked) == 4
    assert shown(client, entry)["state"] == "ready"
    assert "From page 5 on, nothing was looked at: no model answered." in " ".join(shown(client, entry)["warnings"])


def test_a_scan_of_which_nothing_can_be_read_fails_and_says_why(
    client: APIClient, week: MaterialNode, world: World
) -> None:
    world.openai.always(Fail(400, message="no"))

    entry = sent(client, week.pk, "scan.pdf", scan("One"))["id"]
    drain()

    found = shown(client, entry)
    assert found["state"] == "error"
    job = client.get(f"/api/v1/jobs/{found['job']}").json()
    assert job["error"]["code"] == "no_text_found"
    assert "Page 1 was not described" in job["error"]["message"]


def test_a_budget_that_is_used_up_stops_the_looking(
    client: APIClient, week: MaterialNode, acme: Tenant, world: World, settings: Settings
) -> None:
    settings.DESCRIBE_AT_ONCE = 1
    world.openai.always(says("Words"))
    set_budget(tenant=acme, soft_limit=None, hard_limit=Decimal("0.01"))
    time.sleep(1.1)  # from then on the budget holds

    entry = sent(client, week.pk, "deck.pptx", deck(("Engines", picture("a")), ("Pumps", picture("b"))))["id"]
    drain()

    assert world.openai.asked == []
    assert shown(client, entry)["state"] == "ready"
    assert any("Slide 1 and what follows was not described" in each for each in shown(client, entry)["warnings"])


def test_without_a_model_the_entry_says_which_pages_are_pictures_and_what_would_read_them(
    client: APIClient, week: MaterialNode
) -> None:
    entry = sent(client, week.pk, "mixed.pdf", pdf([[(11, WORDS)], [], [(11, WORDS)], [], []]))["id"]
    drain()

    first, second = shown(client, entry)["warnings"]
    assert first == "Pages without text, probably pictures or scans: 2, 4–5 of 5."
    assert second.startswith("Pictures: No model that sees pictures is configured.")
    assert "GEMINI_API_KEY" in second
    assert not Job.objects.filter(kind="describe_entry").exists()


def test_blank_pages_and_pages_with_text_are_not_sent(client: APIClient, week: MaterialNode, world: World) -> None:
    entry = sent(client, week.pk, "mixed.pdf", pdf([[(11, WORDS)], [], [(11, WORDS)]]))["id"]
    drain()

    assert world.openai.asked == []
    assert [kind for kind, _ in chunks(client, entry)] == ["paragraph", "paragraph"]
    assert Job.objects.get(kind="describe_entry").status == JobStatus.COMPLETE


def test_a_picture_that_says_nothing_is_remembered_too(client: APIClient, week: MaterialNode, world: World) -> None:
    world.openai.always(says(""))
    entry = sent(client, week.pk, "deck.pptx", deck(("Engines", picture("a"))))["id"]
    drain()

    ingest_again(client, entry)

    assert chunks(client, entry) == [("heading", "Engines")]
    assert len(world.openai.asked) == 1


def test_cancelling_in_the_middle_keeps_what_was_paid_for(
    client: APIClient, week: MaterialNode, world: World, settings: Settings
) -> None:
    settings.DESCRIBE_AT_ONCE = 1

    def look(_asked: Asked) -> Step:
        if len(world.openai.asked) == 2:
            cancel_job(job=Job.objects.get(kind="describe_entry"))
            connections.close_all()  # this is the vendor's thread
            return Answer(json.dumps({"text": "Page 2", "shows": ""}), after=2.5)
        return says(f"Page {len(world.openai.asked)}")

    world.openai.always(look)
    entry = sent(client, week.pk, "scan.pdf", scan(*"12345"))["id"]
    drain()

    assert Job.objects.get(kind="describe_entry").status == JobStatus.CANCELLED
    assert len(world.openai.asked) == 2
    kept = PictureDescription.objects.count()
    assert kept >= 1
    assert chunks(client, entry) == []

    world.openai.always(says("Later"))
    ingest_again(client, entry)

    assert len(world.openai.asked) == 2 + 5 - kept
    assert [text for _, text in chunks(client, entry)][:1] == ["Page 1"]


def test_a_worker_that_is_killed_in_the_middle_leaves_what_was_paid_for(
    client: APIClient, week: MaterialNode, world: World, tmp_path: Path
) -> None:
    entry = sent(client, week.pk, "scan.pdf", scan(*"1234"))["id"]
    runner.run_next_job(JobQueue.LIGHT)
    world.openai.script(says("Page 1"))
    world.openai.always(Answer(json.dumps({"text": "Later", "shows": ""}), after=60))
    work = "import django; django.setup(); from project.jobs import runner; runner.run_next_job('heavy')"
    log = tmp_path / "worker.log"
    worker = start("-c", work, log=log, MODELS_FILE=str(world.path), DESCRIBE_AT_ONCE="1")
    eventually(lambda: len(world.openai.asked) == 2, seconds=60, what="nobody asked twice", log=log)

    worker.kill()
    worker.wait()
    Job.objects.filter(kind="describe_entry").update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep_jobs(now=timezone.now())
    world.openai.always(says("Later"))
    drain()

    assert [text for _, text in chunks(client, entry)] == ["Page 1", "Later", "Later", "Later"]
    assert len(world.openai.asked) == 5


def test_many_are_looked_at_at_once_but_no_more_than_the_setting_says(
    client: APIClient, week: MaterialNode, world: World, settings: Settings
) -> None:
    settings.DESCRIBE_AT_ONCE = 3
    world.openai.always(Answer(json.dumps({"text": "Words", "shows": ""}), after=0.3))

    sent(client, week.pk, "scan.pdf", scan(*"123456"))
    drain()

    times = sorted(asked.at for asked in world.openai.asked)
    assert len(times) == 6
    assert times[2] - times[0] < 0.3, "three begin together"
    assert times[3] - times[0] >= 0.3, "the fourth waits"


def test_no_more_pictures_are_looked_at_than_the_setting_says(
    client: APIClient, week: MaterialNode, world: World, settings: Settings
) -> None:
    settings.DESCRIBE_MOST_PICTURES = 3
    world.openai.always(says("Words"))

    entry = sent(client, week.pk, "scan.pdf", scan(*"12345"))["id"]
    drain()

    assert len(world.openai.asked) == 3
    assert "Pictures: From page 4 on, nothing was looked at" in " ".join(shown(client, entry)["warnings"])
