"""What a video shows: key frames, their descriptions, and the slides that are found in them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from pptx import Presentation
from pytest_django import Settings
from rest_framework.test import APIClient

from llm.models import ExternalCall
from materials.mappings.checks import check_office
from materials.mappings.slide_drawing import find_office
from materials.models import MaterialNode, SlideVideoMapping
from project.jobs.models import Job, JobStatus
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Fail, Refusal, Step
from tests.llm.video.containers import Film, media_file, slide
from tests.llm.world import World, use
from tests.materials.readers.pdfs import pdf
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_what_somebody_stated_is_not_contradicted(client: APIClient, week: MaterialNode) -> None:
    deck = sent(client, week.pk, "slides.pdf", DECK)["id"]
    entry = filmed(client, week)
    found = {row["slide"]: row for row in client.get(f"/api/v1/nodes/{week.pk}/mappings").json()["data"]}
    assert {row["validation"] for row in found.values()} == {"validated"}

    client.patch(f"/api/v1/mappings/{found[2]['id']}", {"slide": 3}, format="json")
    client.delete(f"/api/v1/mappings/{found[3]['id']}")
    stated = {"presentation": deck, "slide": 2, "video": entry, "start_ms": 62_000, "end_ms": 90_000}
    client.post(f"/api/v1/nodes/{week.pk}/mappings", {"items": [stated]}, format="json")
    client.post(f"/api/v1/entries/{deck}/ingest", {}, format="json")
    drain()

    rows = client.get(f"/api/v1/nodes/{week.pk}/mappings").json()["data"]
    said = sorted((round(row["start_ms"] / 1000), row["slide"], row["state"]) for row in rows)
    assert said == [(1, 1, "proposed"), (31, 3, "accepted"), (62, 2, "accepted")]


def test_slides_are_found_by_their_pictures_where_nothing_is_said_of_them(
    client: APIClient, week: MaterialNode, tmp_path: Path
) -> None:
    pages = [[(60, "Heat")], [(60, "Work"), (30, "along a path")], [(60, "Power")]]
    deck = pdf([[*lines] for lines in pages])
    (tmp_path / "deck.pdf").write_bytes(deck)
    drawn = pypdfium2.PdfDocument(tmp_path / "deck.pdf")
    shots = [(number * 5000, drawn[page].render().to_pil()) for number, page in enumerate((0, 1, 2, 1))]
    film = Film(shots=[(at, shot.resize((420, 594))) for at, shot in shots], ms=20_000, fps=5)
    sent(client, week.pk, "deck.pdf", deck)
    sent(client, week.pk, "talk.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\nMaps lie.\n")
    sent(client, week.pk, "talk.mp4", media_file(tmp_path / "talk.mp4", film).read_bytes())
    drain()

    found = client.get(f"/api/v1/nodes/{week.pk}/mappings").json()["data"]

    shown = sorted((round(row["start_ms"] / 1000), row["slide"]) for row in found)
    assert shown == [(0, 1), (5, 2), (10, 3), (15, 2)]
    assert all(row["confidence"] > 0.9 for row in found)


@pytest.mark.parametrize("has_office", [True, False], ids=["LibreOffice", "without LibreOffice"])
def test_slides_of_powerpoint_are_drawn_or_it_is_said_that_they_are_not(
    client: APIClient, week: MaterialNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_office: bool
) -> None:
    if has_office and not find_office():
        pytest.skip("LibreOffice is not installed")
    if not has_office:
        monkeypatch.setenv("PATH", str(tmp_path))
    made = Presentation()
    for title in ("Heat", "Work", "Power"):
        made.slides.add_slide(made.slide_layouts[0]).shapes.title.text = title
    made.save(str(tmp_path / "deck.pptx"))
    sent(client, week.pk, "deck.pptx", (tmp_path / "deck.pptx").read_bytes())
    filmed(client, week)

    result = watched()

    assert result["warnings"] == (
        []
        if has_office
        else [
            "deck.pptx was searched for in the video by its words alone, because LibreOffice, which draws slides, is "
            "not installed on the worker."
        ]
    )
    assert [message.id for message in check_office()] == ([] if has_office else ["materials.I001"])


def test_a_vision_model_describes_the_pictures_once(client: APIClient, week: MaterialNode, world: World) -> None:
    def look(asked: Asked) -> Step:
        assert len(asked.images) == 1
        return says(f"Lesson 2\nPicture {len(world.openai.asked)}", shows="A title on brown.")

    world.openai.always(look)

    entry = filmed(client, week)
    client.post(f"/api/v1/entries/{entry}/ingest", {}, format="json")
    drain()

    frames = client.get(f"/api/v1/entries/{entry}/frames").json()["data"]
    assert [frame["description"] for frame in frames] == [
        f"Lesson 2\nPicture {number}\nA title on brown." for number in (1, 2, 3, 4)
    ]
    pictures = [client.get(f"/api/v1/frames/{frame['id']}/picture").content for frame in frames]
    assert [asked.images for asked in world.openai.asked] == [[picture] for picture in pictures]
    assert ExternalCall.objects.filter(action="describe_slides").count() == len(frames)


def test_a_picture_that_no_model_describes_stays_without_words_and_is_told(
    client: APIClient, week: MaterialNode, world: World
) -> None:
    world.openai.script(says("Variables"), Fail(400, message="no"), says("Loops"), says("Functions"))

    entry = filmed(client, week)

    result = watched()
    assert (result["frames"], result["described"]) == (4, 3)
    assert result["warnings"] == [
        "The picture at 0 s was not described: No model answered. "
        "openai/gpt: the request was refused as malformed (HTTP 400 invalid_request_error)."
    ]
    assert described(client, entry) == ["Variables", "", "Loops", "Functions"]


def test_a_provider_that_is_down_is_not_asked_for_every_picture(
    client: APIClient, week: MaterialNode, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm.router.fallback.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("llm.router.fallback.ROUND_SECONDS", 0)
    world.openai.always(Fail(503))

    entry = filmed(client, week)

    *each, last = watched()["warnings"]
    assert len(each) == 3
    assert last == (
        "After 3 failures in a row, 1 more picture was not described. "
        "Ingest the recording again when the models answer."
    )
    assert len(world.openai.asked) == 3, "twice for the first picture, once for the second, then it has to cool down"
    assert described(client, entry) == ["", "", "", ""]


def test_after_three_failures_in_a_row_the_rest_wait_until_it_is_ingested_again(
    client: APIClient, week: MaterialNode, world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.KEY_FRAMES_PER_MINUTE = 60
    no = Fail(400, message="no")
    world.openai.script(says("one"), no, no, says("four"), no, no, no)

    entry = shown(client, week, pictures=9, folder=tmp_path)

    assert len(world.openai.asked) == 7
    *each, last = watched()["warnings"]
    assert [warning[: warning.index(":")] for warning in each] == [
        f"The picture at {second} s was not described" for second in (4, 8, 16, 20, 24)
    ]
    assert last == (
        "After 3 failures in a row, 2 more pictures were not described. "
        "Ingest the recording again when the models answer."
    )
    assert described(client, entry) == ["one", "", "", "four", "", "", "", "", ""]

    world.openai.always(says("then"))
    client.post(f"/api/v1/entries/{entry}/ingest", {}, format="json")
    drain()

    assert described(client, entry) == ["one", "then", "then", "four", "then", "then", "then", "then", "then"]
    assert watched()["warnings"] == []


def test_pictures_that_are_refused_for_what_they_show_do_not_stop_the_rest(
    client: APIClient, week: MaterialNode, world: World
) -> None:
    world.openai.script(Refusal(), Refusal(), Refusal(), says("Functions"))

    entry = filmed(client, week)

    assert described(client, entry) == ["", "", "", "Functions"]
    assert len(watched()["warnings"]) == 3


def says(text: str, *, shows: str = "") -> Answer:
    return Answer(json.dumps({"text": text, "shows": shows}))


def watched() -> dict[str, Any]:
    """Return what came of the last job that watched a video."""
    job = Job.objects.filter(kind="watch_recording").latest("finished_at")
    assert job.status == JobStatus.COMPLETE
    assert job.result is not None
    result: dict[str, Any] = job.result
    return result


def described(client: APIClient, entry: str) -> list[str]:
    """Return what the pictures show, in order of time."""
    return [frame["description"] for frame in client.get(f"/api/v1/entries/{entry}/frames").json()["data"]]


def shown(client: APIClient, week: MaterialNode, *, pictures: int, folder: Path) -> str:
    """Upload a video that shows another picture every four seconds, and do all that follows."""
    colours = [("white", "black"), ("navy", "white"), ("olive", "white")]
    film = Film(
        shots=[
            (number * 4000, slide(f"Slide {number}", paper=paper, ink=ink))
            for number, (paper, ink) in zip(range(pictures), cycle(colours), strict=False)
        ],
        ms=pictures * 4000,
        fps=5,
    )
    sent(client, week.pk, "slides.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\nMaps lie.\n")
    entry: str = sent(client, week.pk, "slides.mp4", media_file(folder / "slides.mp4", film).read_bytes())["id"]
    drain()
    return entry
