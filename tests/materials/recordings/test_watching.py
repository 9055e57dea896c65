"""What a video shows: key frames, their descriptions, and the slides that are found in them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from llm.models import ExternalCall
from materials.models import KeyFrame, MaterialNode, SlideVideoMapping
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Fail, Step
from tests.llm.world import World, use
from tests.materials.processors.pdfs import pdf
from tests.materials.recordings.lecture import CAPTIONS, LECTURE, sent

pytestmark = pytest.mark.django_db(transaction=True)

DECK = pdf(
    [
        [(24, "Variables"), (12, "A variable is a name that points to a value; choose clear names.")],
        [
            (24, "Loops"),
            (12, "A loop repeats the same lines of code; a while loop runs as long as a condition is true."),
        ],
        [(24, "Functions"), (12, "A function is a block of code with a name, parameters and a return statement.")],
    ]
)


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def world(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with World(path=tmp_path / "models.yaml") as world:
        world.file["actions"]["describe_slides"] = {
            "description": "Look.", "needs": ["vision", "structured_output"], "seconds": 30
        }  # fmt: skip
        world.file["chains"]["describe_slides"] = {name: ["gpt"] for name in ("quality", "default", "budget")}
        world.write()
        use(settings, monkeypatch, world)
        yield world


def filmed(client: APIClient, week: MaterialNode) -> str:
    """Upload the lecture with its captions, which costs no listening, and do all that follows."""
    sent(client, week.pk, "lecture.vtt", CAPTIONS)
    entry: str = sent(client, week.pk, "lecture.mp4", LECTURE.read_bytes())["id"]
    drain()
    return entry


def test_each_scene_has_a_picture_and_its_times(client: APIClient, week: MaterialNode) -> None:
    entry = filmed(client, week)

    frames = client.get(f"/api/v1/entries/{entry}/frames").json()["data"]
    assert [round(frame["start_ms"], -3) for frame in frames] == [0, 1000, 31_000, 63_000]
    assert all(before["end_ms"] == after["start_ms"] for before, after in pairwise(frames))
    picture = client.get(f"/api/v1/frames/{frames[2]['id']}/picture")
    assert picture["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(picture.content)).size == (640, 360)


def test_slides_are_proposed_where_their_words_are_spoken(client: APIClient, week: MaterialNode) -> None:
    deck = sent(client, week.pk, "slides.pdf", DECK)["id"]
    entry = filmed(client, week)

    found = client.get(f"/api/v1/nodes/{week.pk}/mappings").json()["data"]
    assert {mapping["state"] for mapping in found} == {"proposed"}
    assert {(mapping["presentation"], mapping["video"]) for mapping in found} == {(deck, entry)}
    shown = {mapping["slide"]: round(mapping["start_ms"] / 1000) for mapping in found}
    assert shown == {1: 1, 2: 31, 3: 63}
    assert all(0 < mapping["confidence"] <= 1 for mapping in found)


def test_a_deck_that_comes_later_is_looked_for_too_and_decisions_stay(client: APIClient, week: MaterialNode) -> None:
    filmed(client, week)
    deck = sent(client, week.pk, "slides.pdf", DECK)["id"]
    drain()
    first, second, third = client.get(f"/api/v1/nodes/{week.pk}/mappings").json()["data"]

    accepted = client.post(f"/api/v1/mappings/{first['id']}/accept").json()
    client.post(f"/api/v1/mappings/{second['id']}/reject")
    client.post(f"/api/v1/entries/{deck}/ingest", {}, format="json")
    drain()

    assert accepted["state"] == "accepted"
    assert accepted["decided_at"]
    states = dict(SlideVideoMapping.objects.values_list("slide", "state"))
    assert states == {first["slide"]: "accepted", second["slide"]: "rejected", third["slide"]: "proposed"}
    assert Job.objects.filter(kind="watch_recording").count() == 3


def test_a_vision_model_describes_the_pictures_once(client: APIClient, week: MaterialNode, world: World) -> None:
    def look(asked: Asked) -> Step:
        assert len(asked.images) == 1
        return Answer(json.dumps({"text": "Lesson 2\nLoops", "shows": "A title on brown."}))

    world.openai.always(look)

    entry = filmed(client, week)
    client.post(f"/api/v1/entries/{entry}/ingest", {}, format="json")
    drain()

    frames = client.get(f"/api/v1/entries/{entry}/frames").json()["data"]
    assert {frame["description"] for frame in frames} == {"Lesson 2\nLoops\nA title on brown."}
    assert len(world.openai.asked) == len(frames) == ExternalCall.objects.filter(action="describe_slides").count()


def test_a_picture_that_no_model_describes_stays_without_words_and_is_told(
    client: APIClient, week: MaterialNode, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm.walk.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("llm.walk.ROUND_SECONDS", 0)
    world.openai.always(Fail(400, message="no"))

    filmed(client, week)

    job = Job.objects.get(kind="watch_recording")
    assert job.status == Job.Status.COMPLETE
    assert job.result is not None
    assert len(job.result["warnings"]) == job.result["frames"] == 4
    assert not KeyFrame.objects.exclude(description="").exists()
