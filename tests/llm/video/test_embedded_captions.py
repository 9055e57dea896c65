from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llm.video.embedded_captions import get_language_tag, rank_tracks, read_embedded_captions
from llm.video.probe import probe_file
from llm.video.rolling_captions import remove_rolled_words
from llm.video.transcript import Segment, SubtitleTrack, Transcript
from tests.llm.video.containers import Captions, Film, Sound, Track, media_file, slide

HOUR = 3_600_000
FILM = Film(shots=[(0, slide("one"))])
VP8 = Film(shots=[(0, slide("one"))], codec="libvpx")
childless = pytest.mark.usefixtures("childless")
pytestmark = pytest.mark.usefixtures("probed_here")
EVENT = "{order},0,Default,{name},0,0,0,,{text}"


def read(path: Path, *, language: str = "") -> Transcript | None:
    return read_embedded_captions(path, probe_file(path, max_ms=HOUR), language=language)


def cues(path: Path) -> list[tuple[int, int, str, str]]:
    found = read(path)
    assert found is not None
    return [(each.start_ms, each.end_ms, each.speaker, each.text) for each in found.segments]


def seg(start_ms: int, end_ms: int, text: str) -> Segment:
    return Segment(start_ms=start_ms, end_ms=end_ms, text=text)


@childless
@pytest.mark.parametrize(
    ("name", "film", "codec"),
    [
        ("talk.mp4", FILM, "mov_text"),
        ("talk.mov", FILM, "mov_text"),
        ("talk.mkv", FILM, "subrip"),
        ("talk.mkv", FILM, "webvtt"),
        ("talk.webm", VP8, "webvtt"),
    ],
)
def test_it_reads_captions_with_their_times(tmp_path: Path, name: str, film: Film, codec: str) -> None:
    said = [(250, 900, "Maps &amp; <i>how they lie</i>"), (1000, 1800, "Every map\nis chosen.")]

    path = media_file(tmp_path / name, film, Captions(cues=said, codec=codec))

    assert cues(path) == [(250, 900, "", "Maps & how they lie"), (1000, 1800, "", "Every map is chosen.")]


def test_it_keeps_the_voices_of_web_vtt(tmp_path: Path) -> None:
    said = [
        (0, 900, "<v Ann O&apos;Hara>Why <c.loud>maps</c>?</v>\n<v.first Bob>Because <00:00:00.500>they lie.</v>"),
        (1000, 1800, "{\\an8}So &lt;be&gt; careful."),
    ]

    path = media_file(tmp_path / "talk.mkv", FILM, Captions(cues=said, codec="webvtt"))

    assert cues(path) == [
        (0, 900, "Ann O'Hara", "Why maps?"),
        (0, 900, "Bob", "Because they lie."),
        (1000, 1800, "", "So <be> careful."),
    ]


@childless
def test_it_strips_what_ass_adds_to_words(tmp_path: Path) -> None:
    said = [
        (0, 900, EVENT.format(order=0, name="Ann", text="{\\i1}Maps{\\i0}, charts,\\Nand {a note}globes")),
        (900, 1000, EVENT.format(order=1, name="", text="{\\p1}m 0 0 l 100 0 100 100{\\p0}")),
        (1000, 1800, EVENT.format(order=2, name="", text="lie.")),
    ]

    path = media_file(tmp_path / "talk.mkv", FILM, Captions(cues=said, codec="ass"))

    assert cues(path) == [(0, 900, "Ann", "Maps, charts, and globes"), (1000, 1800, "", "lie.")]


@childless
def test_it_says_once_what_rolling_captions_repeat(tmp_path: Path) -> None:
    said = [
        (0, 900, "a map is always"),
        (900, 1400, "a map is always smaller than the"),
        (1400, 1900, "smaller than the land it shows"),
    ]

    path = media_file(tmp_path / "talk.mkv", FILM, Captions(cues=said))

    assert [text for *_, text in cues(path)] == ["a map is always", "smaller than the", "land it shows"]


def test_it_keeps_what_is_said_twice_on_purpose() -> None:
    said = [seg(0, 900, "No maps. No."), seg(900, 1800, "No. Maps lie."), seg(5000, 6000, "No. Maps lie. They do.")]

    assert list(remove_rolled_words(said)) == said


@childless
def test_it_reads_times_from_the_beginning_of_the_recording(tmp_path: Path) -> None:
    path = media_file(
        tmp_path / "late.mkv", Sound(codec="flac", ms=3000, start_ms=5000), Captions(cues=[(6000, 6500, "Maps lie.")])
    )

    assert cues(path) == [(1000, 1500, "", "Maps lie.")]


@childless
def test_it_leaves_out_what_comes_after_the_end(tmp_path: Path) -> None:
    path = media_file(tmp_path / "talk.mkv", FILM, Captions(cues=[(0, 900, "Maps lie."), (9000, 9900, "Subscribe!")]))
    media = replace(probe_file(path, max_ms=HOUR), duration_ms=2000)

    found = read_embedded_captions(path, media)

    assert found is not None
    assert [each.text for each in found.segments] == ["Maps lie."]


@childless
@pytest.mark.parametrize(
    ("language", "text", "tag"),
    [
        ("uk", "Карти брешуть.", "uk"),
        ("de-AT", "Karten lügen.", "de"),
        ("", "Maps lie.", "en"),
        ("fr", "Maps lie.", "en"),
    ],
)
def test_it_takes_the_language_that_is_wanted_or_else_the_default(
    tmp_path: Path, language: str, text: str, tag: str
) -> None:
    path = media_file(
        tmp_path / "talk.mkv",
        FILM,
        Captions(cues=[(0, 900, "Karten lügen.")], tags={"language": "ger"}),
        Captions(cues=[(0, 900, "Maps lie.")], tags={"language": "eng"}, is_default=True),
        Captions(cues=[(0, 900, "Карти брешуть.")], tags={"language": "ukr"}),
    )

    found = read(path, language=language)

    assert found is not None
    assert ([each.text for each in found.segments], found.language) == ([text], tag)
    (warning,) = found.warnings
    assert warning.startswith(f"The recording has 3 tracks of captions; the one in the language “{tag}” was read")
    assert all(other in warning.partition("not those in")[2] for other in {"de", "en", "uk"} - {tag})


@childless
def test_it_passes_over_a_track_without_words(tmp_path: Path) -> None:
    path = media_file(
        tmp_path / "talk.mkv",
        FILM,
        Captions(cues=[(0, 900, "♪ … ♪")], is_default=True),
        Captions(cues=[(0, 900, "Maps lie.")]),
    )

    assert [text for *_, text in cues(path)] == ["Maps lie."]


@childless
@pytest.mark.parametrize(
    "track",
    [
        Sound(codec="flac"),
        Captions(cues=[(0, 900, "[a sign]")], is_forced=True),
        Captions(cues=[(0, 900, "<i> </i>")]),
    ],
)
def test_it_returns_none_where_there_are_no_words(tmp_path: Path, track: Track) -> None:
    assert read(media_file(tmp_path / "talk.mkv", FILM, track)) is None


def test_it_returns_none_when_the_track_is_gone(tmp_path: Path) -> None:
    path = media_file(tmp_path / "talk.mkv", FILM, Captions(cues=[(0, 900, "Maps lie.")]))
    media = probe_file(path, max_ms=HOUR)
    path.write_bytes(b"other bytes")

    assert read_embedded_captions(path, media) is None


def test_it_stops_when_the_checkpoint_says_so(tmp_path: Path) -> None:
    path = media_file(tmp_path / "talk.mkv", FILM, Captions(cues=[(0, 900, "Maps lie.")]))
    media = probe_file(path, max_ms=HOUR)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_embedded_captions(path, media, checkpoint=stop)


def test_it_ranks_tracks() -> None:
    first, default, wanted, forced = (
        SubtitleTrack(index=2),
        SubtitleTrack(index=3, language="eng", is_default=True),
        SubtitleTrack(index=4, language="pt-BR"),
        SubtitleTrack(index=5, language="por", is_forced=True),
    )
    tracks = [first, default, wanted, forced]

    assert rank_tracks(tracks, "pt") == [wanted, default, first]
    assert rank_tracks(tracks, "") == [default, first, wanted]


@pytest.mark.parametrize(
    ("code", "tag"), [("eng", "en"), ("CHI", "zh"), ("pt-BR", "pt-BR"), ("fil", "fil"), ("english", ""), ("", "")]
)
def test_it_makes_tags_of_a_containers_codes(code: str, tag: str) -> None:
    assert get_language_tag(code) == tag
