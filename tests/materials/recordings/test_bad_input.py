"""What cannot become text is refused with the reason, and leaves nothing behind."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from pytest_django import Settings

from materials.models import MaterialEntry, MaterialNode
from project.jobs.models import Job, JobStatus
from tenants.models import Tenant
from tests.conftest import Api, Stored, drain
from tests.llm.video.containers import Captions, Film, Sound, Track, media_file, slide
from tests.materials.recordings.lecture import CAPTIONS, LECTURE, send, sent

pytestmark = pytest.mark.django_db(transaction=True)

MP4 = LECTURE.read_bytes()


def tone(seconds: float) -> bytes:
    """Return a WAV file in which nobody speaks."""
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x00\x00" * round(seconds * 16_000))
    return packed.getvalue()


REFUSED = [
    ("nothing.mp4", bytes(8), 422, "file_empty"),
    ("cut.mp4", MP4[:200_000], 422, "file_truncated"),
    ("text.mp4", b"This is no recording at all.", 422, "file_mislabelled"),
    ("lecture.pdf", MP4, 422, "file_mislabelled"),
    ("lecture.webm", MP4, 422, "file_mislabelled"),
    ("noise.mkv", b"\x1aE\xdf\xa3" + bytes(range(256)) * 40, 422, "damaged"),
    ("empty.wav", tone(0), 422, "damaged"),
]


@pytest.mark.parametrize(("name", "content", "status", "code"), REFUSED, ids=[row[0] for row in REFUSED])
def test_it_is_refused_with_the_reason(
    api: Api, acme: Tenant, week: MaterialNode, stored: Stored, name: str, content: bytes, status: int, code: str
) -> None:
    answer = send(api(acme), week.pk, name, content)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer.json()["next_step"]
    assert stored() == []
    assert not MaterialEntry.objects.exists()
    assert not Job.objects.exists()


def test_a_recording_over_the_cap_is_refused(
    api: Api, acme: Tenant, week: MaterialNode, stored: Stored, settings: Settings
) -> None:
    settings.MEDIA_MAX_MINUTES = 1

    answer = send(api(acme), week.pk, "lecture.mp4", MP4)

    assert (answer.status_code, answer.json()["code"]) == (422, "too_long")
    assert "0:01:34" in answer.json()["detail"]
    assert "MEDIA_MAX_MINUTES" in answer.json()["next_step"]
    assert stored() == []


def test_a_document_has_a_limit_of_its_own(
    api: Api, acme: Tenant, week: MaterialNode, stored: Stored, settings: Settings
) -> None:
    settings.DOCUMENT_MAX_BYTES = 100

    answer = send(api(acme), week.pk, "notes.md", b"# Notes\n" * 50)

    assert (answer.status_code, answer.json()["max_bytes"]) == (413, 100)
    assert stored() == []


@pytest.mark.parametrize("letters", ["ac-4", "zzzz"])
def test_sound_that_cannot_be_decoded_is_refused_with_its_codec(
    api: Api, acme: Tenant, week: MaterialNode, stored: Stored, tmp_path: Path, letters: str
) -> None:
    whole = media_file(tmp_path / "talk.m4a", Sound(codec="alac", ms=200)).read_bytes()

    answer = send(api(acme), week.pk, "talk.m4a", whole.replace(b"alac", letters.encode()))

    assert (answer.status_code, answer.json()["code"]) == (422, "codec_unsupported")
    assert f"(codec: {letters.replace('-', '')})" in answer.json()["detail"]
    assert answer.json()["next_step"] == "Export the recording with AAC, MP3, Opus or FLAC sound."
    assert stored() == []
    assert not MaterialEntry.objects.exists()
    assert not Job.objects.exists()


UNEVEN = Film(
    shots=[(0, slide("one")), (4800, slide("two", paper="navy", ink="white"))],
    times_ms=[0, 40, 80, 1500, 1533, 4800, 5900],
)
SAID = [(0, 600, "Maps lie."), (4800, 5600, "Globes, too.")]
ODD_TIMES: list[tuple[str, list[Track], dict[str, str], int]] = [
    ("uneven.mp4", [UNEVEN, Sound(ms=6000), Captions(cues=SAID, codec="mov_text")], {}, 0),
    (
        "early.mkv",
        [UNEVEN, Sound(codec="flac", ms=6500, start_ms=-500), Captions(cues=SAID)],
        {"avoid_negative_ts": "disabled"},
        500,
    ),
]


@pytest.mark.parametrize(("name", "tracks", "options", "later"), ODD_TIMES, ids=[row[0] for row in ODD_TIMES])
def test_odd_times_become_times_of_the_recording(
    api: Api,
    acme: Tenant,
    week: MaterialNode,
    stored: Stored,
    tmp_path: Path,
    name: str,
    tracks: list[Track],
    options: dict[str, str],
    later: int,
) -> None:
    client = api(acme)
    content = media_file(tmp_path / name, *tracks, **options).read_bytes()
    address = f"/api/v1/entries/{sent(client, week.pk, name, content)['id']}"

    drain()

    read = client.get(address).json()
    assert (read["state"], read["transcription"]["by"]) == ("ready", "captions_inside"), read["error"]
    said = client.get(f"{address}/chunks").json()["data"]
    assert [chunk["locator"] for chunk in said] == [
        {"start_ms": start + later, "end_ms": end + later} for start, end, _ in SAID
    ]
    shown = client.get(f"{address}/frames").json()["data"]
    assert [frame["start_ms"] for frame in shown] == [later, 4800 + later]
    assert shown[-1]["end_ms"] == read["duration_ms"] == pytest.approx(6000 + later, abs=200)
    assert set(Job.objects.values_list("status", flat=True)) == {JobStatus.COMPLETE}
    client.delete(address)
    assert stored() == []


def test_silence_is_an_error_that_says_so(api: Api, acme: Tenant, week: MaterialNode) -> None:
    client = api(acme)
    entry = sent(client, week.pk, "silence.wav", tone(3))
    assert entry["format"] == "audio"

    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert (read["state"], read["error"]["code"]) == ("error", "no_text_found")


def test_captions_that_come_after_a_failure_heal_it(api: Api, acme: Tenant, week: MaterialNode) -> None:
    client = api(acme)
    entry = sent(client, week.pk, "silence.wav", tone(95))
    drain()

    sent(client, week.pk, "silence.vtt", CAPTIONS)
    drain()

    read = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert (read["state"], read["transcription"]["by"]) == ("ready", "captions_beside")


@pytest.mark.parametrize("query", ["?language=klingon!", "?use_captions=perhaps", "?priority=soon", "?captions=no"])
def test_a_wish_that_is_not_understood_is_refused_before_the_file_is_taken(
    api: Api, acme: Tenant, week: MaterialNode, stored: Stored, query: str
) -> None:
    answer = send(api(acme), week.pk, "lecture.mp4", MP4, query=query)

    assert answer.status_code == 422
    assert stored() == []


def test_immediate_needs_its_scope(api: Api, acme: Tenant, week: MaterialNode, stored: Stored) -> None:
    answer = send(api(acme), week.pk, "lecture.mp4", MP4, query="?priority=immediate")

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert stored() == []
