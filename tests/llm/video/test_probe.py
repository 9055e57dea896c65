from __future__ import annotations

import json
import subprocess
import sys
import wave
from dataclasses import asdict
from pathlib import Path

import av
import pytest
from django.conf import settings

from llm.video.errors import MediaUnreadable
from llm.video.probe import probe_file
from llm.video.transcript import AudioTrack, Chapter, MediaInfo, SubtitleTrack, UnreadableTrack, parse_media_info
from tests.llm.video.containers import Captions, Film, Sound, chaptered_file, media_file, slide
from tests.llm.video.recordings import LECTURE

HOUR = 3_600_000
SHOTS = [(0, slide("one")), (1000, slide("two", paper="navy", ink="white"))]
FILM = Film(shots=SHOTS)
VP8 = Film(shots=SHOTS, codec="libvpx")
MPEG4 = Film(shots=SHOTS, codec="mpeg4")
childless = pytest.mark.usefixtures("childless")
COVER = Film(shots=[(0, slide("cover"))], codec="mjpeg", times_ms=[0], is_cover=True)


def refusal(path: Path, *, max_ms: int = HOUR) -> MediaUnreadable:
    with pytest.raises(MediaUnreadable) as caught:
        probe_file(path, max_ms=max_ms)
    return caught.value


def test_it_tells_what_the_lecture_holds() -> None:
    found = probe_file(LECTURE, max_ms=HOUR)

    assert found == MediaInfo(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration_ms=94_400,
        has_video=True,
        audio=(AudioTrack(index=1, is_default=True),),
        title="Python basics (whisper-nano test lecture)",
        encoder="Lavf62.12.102",
    )


@childless
@pytest.mark.parametrize(
    ("name", "tracks", "has_video"),
    [
        ("talk.mp4", [FILM, Sound()], True),
        ("talk.m4v", [FILM, Sound()], True),
        ("talk.mov", [FILM, Sound(codec="pcm_s16le")], True),
        ("talk.mkv", [FILM, Sound(codec="flac")], True),
        ("talk.webm", [VP8, Sound(codec="libopus")], True),
        ("talk.avi", [MPEG4, Sound(codec="libmp3lame")], True),
        ("talk.mp3", [Sound(codec="libmp3lame")], False),
        ("talk.m4a", [Sound()], False),
        ("talk.wav", [Sound(codec="pcm_s16le")], False),
        ("talk.ogg", [Sound(codec="libopus")], False),
        ("talk.opus", [Sound(codec="libopus")], False),
        ("talk.flac", [Sound(codec="flac")], False),
        ("talk.aac", [Sound()], False),
    ],
)
def test_it_knows_the_usual_containers(tmp_path: Path, name: str, tracks: list[Film | Sound], has_video: bool) -> None:
    found = probe_file(media_file(tmp_path / name, *tracks), max_ms=HOUR)

    assert found.has_video is has_video
    assert found.speech_track is not None
    assert 1990 <= found.duration_ms <= 2050


@childless
def test_it_tells_tracks_apart(tmp_path: Path) -> None:
    path = media_file(
        tmp_path / "talk.mkv",
        Sound(tags={"language": "eng", "title": "Interpreter"}),
        Sound(tags={"language": "ukr"}, is_default=True),
        Captions(cues=[(0, 900, "Hello")], tags={"language": "eng"}, is_default=True),
        Captions(cues=[(0, 900, "[a sign]")], codec="webvtt", is_forced=True),
    )

    found = probe_file(path, max_ms=HOUR)

    assert found.audio == (
        AudioTrack(index=0, language="eng", title="Interpreter"),
        AudioTrack(index=1, language="ukr", is_default=True),
    )
    assert found.speech_track == found.audio[1]
    assert found.subtitles == (
        SubtitleTrack(index=2, language="eng", is_default=True),
        SubtitleTrack(index=3, is_forced=True),
    )


@childless
def test_it_takes_a_video_without_sound(tmp_path: Path) -> None:
    found = probe_file(media_file(tmp_path / "mute.mp4", FILM), max_ms=HOUR)

    assert (found.has_video, found.audio, found.speech_track) == (True, (), None)


@childless
@pytest.mark.parametrize(("name", "codec"), [("song.mp3", "libmp3lame"), ("song.flac", "flac")])
def test_it_does_not_take_cover_art_for_a_video(tmp_path: Path, name: str, codec: str) -> None:
    path = media_file(tmp_path / name, Sound(codec=codec), COVER)

    assert path.read_bytes().count(b"image/jpeg") == 1
    assert probe_file(path, max_ms=HOUR).has_video is False


@childless
def test_it_counts_how_long_a_stream_without_a_duration_is(tmp_path: Path) -> None:
    path = media_file(tmp_path / "live.webm", VP8, Sound(codec="libopus"), live="1")

    assert probe_file(path, max_ms=HOUR).duration_ms == pytest.approx(2000, abs=30)


@childless
def test_it_begins_with_the_earliest_time_stamp(tmp_path: Path) -> None:
    path = media_file(tmp_path / "late.mkv", Sound(codec="flac", ms=2000, start_ms=1500))

    assert probe_file(path, max_ms=HOUR).duration_ms == pytest.approx(2000, abs=30)


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "empty"), ("Dear diary, " * 500, "something else"), ("\0" * 5000, "something else")],
)
def test_it_refuses_what_is_no_recording(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "talk.mp4"
    path.write_text(text)

    refused = refusal(path)

    assert refused.code == "damaged"
    assert why in str(refused)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("talk.mp4", "ffconcat version 1.0\nfile secret.aac\n"),
        ("talk.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.aac\n#EXT-X-ENDLIST\n"),
        ("talk.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:{secret}\n#EXT-X-ENDLIST\n"),
    ],
)
def test_it_opens_nothing_that_a_list_names(tmp_path: Path, name: str, text: str) -> None:
    secret = media_file(tmp_path / "secret.aac", Sound())
    path = tmp_path / name
    path.write_text(text.format(secret=secret))
    with av.open(str(path)) as container:
        assert container.streams.audio, "FFmpeg itself follows the list"

    refused = refusal(path)

    assert refused.code == "damaged"
    assert "something else" in str(refused)


@childless
def test_it_refuses_a_container_whose_index_was_cut_off(tmp_path: Path) -> None:
    whole = media_file(tmp_path / "talk.mp4", FILM, Sound()).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: whole.index(b"moov")])

    assert refusal(cut).code == "damaged"


@childless
def test_it_refuses_a_container_whose_sound_was_cut_off(tmp_path: Path) -> None:
    whole = media_file(tmp_path / "talk.mp4", FILM, Sound(), movflags="faststart").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: whole.index(b"mdat") + 100])

    refused = refusal(cut)

    assert refused.code == "damaged"
    assert "sound" in str(refused)


@childless
def test_it_refuses_a_recording_without_sound_in_it(tmp_path: Path) -> None:
    path = tmp_path / "nothing.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))

    assert refusal(path).code == "damaged"


@childless
def test_it_refuses_a_recording_of_no_length(tmp_path: Path) -> None:
    path = media_file(tmp_path / "nothing.mkv", Captions(cues=[(0, 0, "Hello")]))

    assert refusal(path).code == "no_duration"


@childless
@pytest.mark.parametrize(("letters", "named"), [(b"ac-4", "ac4"), (b"zzzz", "zzzz")])
def test_it_names_the_codec_that_it_cannot_decode(tmp_path: Path, letters: bytes, named: str) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(
        media_file(tmp_path / "alac.mp4", FILM, Sound(codec="alac")).read_bytes().replace(b"alac", letters)
    )

    refused = refusal(path)

    assert refused.code == "codec_unsupported"
    assert f"(codec: {named})" in str(refused)


@childless
def test_it_does_without_sound_where_there_are_captions(tmp_path: Path) -> None:
    whole = media_file(tmp_path / "opus.mkv", Sound(codec="libopus"), Captions(cues=[(0, 900, "Hello")]))
    path = tmp_path / "talk.mkv"
    path.write_bytes(whole.read_bytes().replace(b"A_OPUS", b"A_XXXX"))

    found = probe_file(path, max_ms=HOUR)

    assert found.audio == ()
    assert len(found.subtitles) == 1
    assert found.unreadable == (UnreadableTrack(index=0, is_sound=True),)


@childless
def test_it_names_captions_that_are_pictures_apart(tmp_path: Path) -> None:
    pictures = Captions(codec="dvd_subtitle", cues=[(0, 900, "bits")], tags={"language": "ger", "title": "Signs"})

    found = probe_file(media_file(tmp_path / "talk.mkv", Sound(codec="flac"), pictures), max_ms=HOUR)

    assert found.subtitles == ()
    assert found.unreadable == (UnreadableTrack(index=1, is_sound=False, language="ger", title="Signs"),)


@childless
def test_it_passes_over_pictures_that_it_cannot_decode(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(media_file(tmp_path / "whole.mp4", FILM, Sound()).read_bytes().replace(b"avc1", b"zzzz"))

    found = probe_file(path, max_ms=HOUR)

    assert found.has_video is False
    assert found.speech_track is not None


@childless
def test_it_names_the_setting_when_a_recording_is_too_long() -> None:
    refused = refusal(LECTURE, max_ms=60_000)

    assert refused.code == "too_long"
    assert "0:01:34" in str(refused)
    assert "0:01:00" in str(refused)
    assert "MEDIA_MAX_MINUTES" in refused.next_step


@childless
def test_it_finds_a_file_by_a_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(LECTURE.parent)

    assert probe_file(Path("lecture.mp4"), max_ms=HOUR).duration_ms == 94_400


def test_it_stops_when_the_checkpoint_says_so() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probe_file(LECTURE, max_ms=HOUR, checkpoint=stop)


def test_it_says_what_to_install_where_nothing_reads_media() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(settings.BASE_DIR)!r})\n"
        "from pathlib import Path\n"
        "from llm.video.errors import TranscriberMissing\n"
        "from llm.video.probe import probe_file\n"
        f"try: probe_file(Path({str(LECTURE)!r}), max_ms=1000)\n"
        "except TranscriberMissing as error: print(error.next_step)"
    )

    without_packages = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(without_packages, capture_output=True, text=True, check=False)

    assert "uv sync --extra media" in done.stdout, done.stderr


@childless
@pytest.mark.parametrize(
    ("name", "tracks"),
    [
        ("talk.m4a", [Sound()]),
        ("talk.mp4", [FILM, Sound()]),
        ("talk.mov", [FILM, Sound()]),
        ("talk.mkv", [FILM, Sound()]),
        ("talk.webm", [VP8, Sound(codec="libopus")]),
        ("talk.mp3", [Sound(codec="libmp3lame")]),
    ],
)
def test_it_reads_chapters_and_the_title(tmp_path: Path, name: str, tracks: list[Film | Sound]) -> None:
    path = chaptered_file(tmp_path / name, *tracks, title="How maps  lie", chapters=[(0, "Lies"), (800, "Пласкі мапи")])

    found = probe_file(path, max_ms=HOUR)

    assert found.title == "How maps lie"
    assert found.encoder.startswith("Lavf")
    assert [chapter.title for chapter in found.chapters] == ["Lies", "Пласкі мапи"]
    first, second = found.chapters
    assert (first.start_ms, first.end_ms) == (0, second.start_ms)
    # MP3 counts from before the first sound that is heard.
    assert second.start_ms == pytest.approx(800, abs=60)
    assert second.end_ms <= found.duration_ms


@childless
def test_chapters_count_from_the_beginning_of_the_recording_and_lie_within_it(tmp_path: Path) -> None:
    path = chaptered_file(
        tmp_path / "late.mkv", Sound(codec="flac", ms=3000, start_ms=5000),
        chapters=[(5000, "One"), (6000, ""), (7000, "Three"), (90_000, "Four")],
    )  # fmt: skip

    found = probe_file(path, max_ms=HOUR)

    assert found.chapters == (
        Chapter(start_ms=0, end_ms=1000, title="One"),
        Chapter(start_ms=1000, end_ms=2000),
        Chapter(start_ms=2000, end_ms=found.duration_ms, title="Three"),
        Chapter(start_ms=found.duration_ms, end_ms=found.duration_ms, title="Four"),
    )


@childless
def test_chapters_are_bounded_and_the_others_counted(tmp_path: Path) -> None:
    marks = [(place, "x" * 1000) for place in range(1500)]

    found = probe_file(chaptered_file(tmp_path / "talk.mkv", Sound(codec="flac"), chapters=marks), max_ms=HOUR)

    assert (len(found.chapters), found.excess_chapters) == (1000, 500)
    assert {len(chapter.title) for chapter in found.chapters} == {200}


def test_media_info_is_read_again_as_it_was_stored_and_from_before_it_had_chapters() -> None:
    whole = MediaInfo(
        container="mp4", duration_ms=9, has_video=False, audio=(AudioTrack(index=0),), title="How maps lie",
        subtitles=(SubtitleTrack(index=1, title="Signs"),), unreadable=(UnreadableTrack(index=2, is_sound=True),),
        chapters=(Chapter(start_ms=0, end_ms=9, title="Lies"),), excess_chapters=1, encoder="x",
    )  # fmt: skip
    before = {
        "container": "mp4", "duration_ms": 9, "has_video": False, "audio": [],
        "subtitles": [{"index": 1, "language": "eng", "is_default": False, "is_forced": False}],
    }  # fmt: skip

    assert parse_media_info(json.loads(json.dumps(asdict(whole)))) == whole
    assert parse_media_info(before).chapters == ()
    assert parse_media_info(before).subtitles == (SubtitleTrack(index=1, language="eng"),)
