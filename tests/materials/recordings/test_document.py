"""From the marks, titles and tracks of real containers to headings, a title and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm.video.transcript import MediaInfo
from materials.models import Chunk, LeftOutPassage, MaterialEntry, MaterialNode
from materials.recordings.document import select_title
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.llm.video.containers import Captions, Sound, chaptered_file
from tests.materials.recordings.lecture import sent


def titled(title: str, *, encoder: str = "") -> MediaInfo:
    return MediaInfo(container="mp4", duration_ms=1, has_video=True, title=title, encoder=encoder)


@pytest.mark.django_db(transaction=True)
def test_chapters_and_title_of_a_container_are_read_and_its_other_tracks_counted(
    api: Api, acme: Tenant, week: MaterialNode, tmp_path: Path
) -> None:
    path = chaptered_file(
        tmp_path / "talk.mkv",
        Sound(codec="flac", ms=6000, is_default=True),
        Sound(codec="flac", ms=6000, tags={"language": "fre", "title": "Interprète"}),
        Captions(cues=[(0, 1500, "Maps lie."), (2500, 5500, "They are flat.")], tags={"language": "eng"}),
        Captions(cues=[(0, 1500, "Karten lügen.")], tags={"language": "ger", "title": "Für Schwerhörige"}),
        Captions(cues=[(0, 900, "[a sign]")], is_forced=True),
        title="How maps lie",
        chapters=[(0, "Lies"), (2000, "Flatness")],
    )
    client = api(acme)
    entry = sent(client, week.pk, "talk.mkv", path.read_bytes(), query="?language=en")

    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert (read["state"], read["title"]) == ("ready", "How maps lie")
    chunks = Chunk.objects.filter(entry=entry["id"]).order_by("position")
    assert [(one.kind, one.text, one.heading_path, one.start_ms, one.end_ms) for one in chunks] == [
        ("heading", "Lies", ["Lies"], 0, 2000),
        ("transcript", "Maps lie.", ["Lies"], 0, 1500),
        ("heading", "Flatness", ["Flatness"], 2000, 6000),
        ("transcript", "They are flat.", ["Flatness"], 2500, 5500),
    ]
    assert [(item["title"], item["locator"]) for item in read["contents"]["items"]] == [
        ("Lies", {"start_ms": 0, "end_ms": 2000}), ("Flatness", {"start_ms": 2000, "end_ms": 6000}),
    ]  # fmt: skip
    assert read["left_out"] == [{"kind": "track", "count": 3, "pages": ""}]
    assert list(LeftOutPassage.objects.order_by("position").values_list("text", flat=True)) == [
        "Captions (ger): Für Schwerhörige",
        "Captions (unknown language)",
        "Sound (fre): Interprète",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_single_chapter_is_no_heading_and_a_title_that_came_with_the_entry_stays(
    api: Api, acme: Tenant, week: MaterialNode, tmp_path: Path
) -> None:
    path = chaptered_file(
        tmp_path / "talk.mkv", Sound(codec="flac"), Captions(cues=[(0, 900, "Maps lie.")]), title="Master 3 final",
        chapters=[(0, "Start"), (1000, "")],
    )  # fmt: skip
    entry = sent(api(acme), week.pk, "talk.mkv", path.read_bytes())
    MaterialEntry.objects.update(title="How maps lie")

    drain()

    assert list(Chunk.objects.filter(entry=entry["id"]).values_list("text", flat=True)) == ["Maps lie."]
    assert MaterialEntry.objects.get().title == "How maps lie"


@pytest.mark.parametrize(
    "title",
    [
        "How maps lie",
        "Lecture 3.2 Vectors",
        "CS101",
        "Made in Japan",
        "Лекція 4",
        "第3回",
        "Video art since 1965",
        "HIST2201_week3",
        "L",
    ],
)
def test_a_title_is_taken(title: str) -> None:
    assert select_title(titled(title, encoder="Lavf62.12.102"), name="07.mp4") == title


@pytest.mark.parametrize(
    "title",
    [
        "", "07_maps final", "07_maps-final.mp4", "D:\\cut\\maps", "export.MOV", "Slides - week 3.pptx", "DSC_0123",
        "VID_20240131_101500",
        "2024-01-31 10:15", "Created with Clipmaker 4", "Lavf58.76.100", "Clipmaker 4.1", "Untitled",
        "Untitled project 2", "video1",
    ],
)  # fmt: skip
def test_names_of_files_and_remarks_of_programs_are_no_titles(title: str) -> None:
    assert select_title(titled(title, encoder="Clipmaker 4.1 (x64)"), name="07 maps final.mp4") == ""
