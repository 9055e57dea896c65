"""Transcripts as WebVTT, SRT and plain text: pure, and through the API with our own reader reading them back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from materials.chunks.transcript_formats import CUE_LENGTH, TranscriptFormat, render_transcript
from materials.models import Chunk, MaterialNode
from materials.readers.text.captions import read
from tenants.models import Tenant
from tests.conftest import Api, drain, upload

pytestmark = pytest.mark.django_db(transaction=True)

VTT = (
    b"WEBVTT\n\n00:01.000 --> 00:04.000\n<v Ann>Is 3 < 4 & 5 > 2?\n\n"
    b"00:05.000 --> 00:09.500\n<v Bob>Yes.\n\n01:00:00.000 --> 01:00:02.000\n<v Bob>Much later.\n"
)


@dataclass(frozen=True, kw_only=True)
class Said:
    text: str
    speaker: str = ""
    start_ms: int | None = 0
    end_ms: int | None = 9_000
    word_starts_ms: list[int] = field(default_factory=list)


def rendered(*chunks: Said, written_as: TranscriptFormat) -> str:
    return "".join(render_transcript(chunks, written_as))


def test_speakers_times_and_signs_are_written_as_each_format_has_them(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    entry = upload(api(acme), course.pk, "talk.vtt", VTT)["id"]
    drain()
    url = f"/api/v1/entries/{entry}/transcript"

    vtt, srt, txt = (api(acme).get(f"{url}?format={name}") for name in ("vtt", "srt", "txt"))

    assert vtt["Content-Type"] == "text/vtt; charset=utf-8"
    assert vtt["Content-Disposition"] == 'attachment; filename="talk.vtt"'
    assert vtt.getvalue().decode() == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n<v Ann>Is 3 &lt; 4 &amp; 5 &gt; 2?\n\n"
        "00:00:05.000 --> 00:00:09.500\n<v Bob>Yes.\n\n01:00:00.000 --> 01:00:02.000\n<v Bob>Much later.\n"
    )
    assert srt.getvalue().decode().startswith("1\n00:00:01,000 --> 00:00:04,000\nAnn: Is 3 < 4 & 5 > 2?\n\n2\n")
    assert txt.getvalue().decode() == "Ann: Is 3 < 4 & 5 > 2?\n\nBob: Yes.\n\nMuch later.\n"


def test_what_is_written_is_read_back(api: Api, acme: Tenant, course: MaterialNode, tmp_path: Path) -> None:
    entry = upload(api(acme), course.pk, "talk.vtt", VTT)["id"]
    drain()
    written = tmp_path / "written.vtt"
    written.write_bytes(api(acme).get(f"/api/v1/entries/{entry}/transcript").getvalue())

    pieces = read(written).pieces

    chunks = Chunk.objects.filter(entry=entry).order_by("position")
    assert [(piece.text, piece.speaker, piece.locator.start_ms) for piece in pieces] == [
        (chunk.text, chunk.speaker, chunk.start_ms) for chunk in chunks
    ]


def test_a_format_that_is_not_known_and_an_entry_without_a_transcript_are_told(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    entry = upload(api(acme), course.pk, "notes.md", b"# Heat\n\nIt flows.")["id"]
    drain()

    unknown = api(acme).get(f"/api/v1/entries/{entry}/transcript?format=docx")
    without = api(acme).get(f"/api/v1/entries/{entry}/transcript?format=txt")

    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/format")
    assert (without.status_code, without.json()["code"]) == (422, "no_transcript")


def test_cues_are_lines_where_the_times_of_words_are_known() -> None:
    words = ["Heat", "flows.", *["word"] * 40]
    chunk = Said(
        text=" ".join(words), start_ms=1000, end_ms=43_000, word_starts_ms=[1000 * (1 + place) for place in range(42)]
    )

    cues = rendered(chunk, written_as=TranscriptFormat.VTT).split("\n\n")[1:]

    times, texts = zip(*(cue.strip().split("\n") for cue in cues), strict=True)
    assert texts[0] == "Heat flows."
    assert times[0] == "00:00:01.000 --> 00:00:03.000"
    assert times[-1].endswith("00:00:43.000")
    assert " ".join(texts) == chunk.text
    assert all(len(text) <= CUE_LENGTH for text in texts)


@pytest.mark.parametrize("written_as", [TranscriptFormat.VTT, TranscriptFormat.SRT])
def test_a_chunk_whose_words_have_other_times_is_one_cue(written_as: TranscriptFormat) -> None:
    corrected = Said(text="Heat flows to cold.", word_starts_ms=[0, 1000])

    assert rendered(corrected, written_as=written_as).count("-->") == 1


def test_a_cue_lasts_at_least_a_moment() -> None:
    assert "00:00:05.000 --> 00:00:05.001" in rendered(
        Said(text="Oh.", start_ms=5000, end_ms=5000), written_as=TranscriptFormat.VTT
    )
