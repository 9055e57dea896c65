"""Videos of platforms: real yt-dlp in a real child, against a platform that this machine plays."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from llm.video.errors import MediaUnreadable, TranscriberMissing
from llm.video.platforms import (
    PLATFORMS,
    Platform,
    PlatformAccess,
    PlatformFailed,
    PlatformVideo,
    fetch_video,
    find_platform_name,
    list_missing_parts,
)
from project.errors import DomainError
from project.processes import runner
from project.settings import BASE_DIR
from tests.fakes.site import Page, Site, answer, drips, head, redirect
from tests.llm.video import stage_nursery

STAGE = Platform(name="Stage", hosts=frozenset({"stage.test"}), extractors=("stage",))
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nWater boils.\n"
MEDIA = b"media" * 1000
forked = pytest.mark.usefixtures("forked")
# What the solver looks for in YouTube's player: a function with these words, whose result has one more method, which
# changes the challenge `n`.
PLAYER = b"""
var _yt_player = {};
(function(g) {
  "removed by the solver";
  class Address {
    constructor() { this.values = {}; }
    set(name, value) { this.values[name] = value; }
    get(name) { return this.values[name]; }
    scramble() { this.values.n = this.values.n.split("").reverse().join(""); }
  }
  var build = function(url, name, signature) {
    var address = new Address();
    address.set("alr", "yes");
    address.set(name, signature);
    return address;
  };
})(_yt_player);
"""
LIST_MISSING = (
    "import json; from llm.video.platforms import list_missing_parts; print(json.dumps(list_missing_parts()))"
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", stage_nursery.__name__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=BASE_DIR,
        env={"PATH": os.defpath, "YTDLP_NO_PLUGINS": "1"},
    ) as process:  # fmt: skip
        yield process


@pytest.fixture(name="forked")
def _forked(nursery: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the children from one that has loaded yt-dlp, where how they start and end is not the point."""

    def told(module: str, request: Mapping[str, Any], **_: Any) -> Iterator[dict[str, Any]]:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        nursery.stdin.write(json.dumps(request) + "\n")
        nursery.stdin.flush()
        while "told" in (line := json.loads(nursery.stdout.readline())):
            yield line["told"]
        assert line == {"ended": 0}

    monkeypatch.setattr(runner, "read_messages", told)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site({"/a.vtt": answer(VTT), "/b.vtt": answer(VTT), "/v.mp4": answer(MEDIA)}) as site:
        yield site


def plays(site: Site, **info: Any) -> None:
    """Let the platform describe its video; a name that begins with a slash is one of its files."""
    given = {"title": "Water", "duration": 60, "formats": [video(site, "/v.mp4")], **info}
    site.pages["/lecture.json"] = answer(json.dumps(given).encode(), content_type="application/json")


def video(site: Site, path: str, **more: Any) -> dict[str, Any]:
    return {"url": site.url(path), "ext": "mp4", "height": 360, "vcodec": "h264", "acodec": "aac", **more}


def fetch(
    site: Site,
    folder: Path,
    *,
    captions: bool = True,
    max_bytes: int = 1_000_000,
    seconds: float = 60,
    checkpoint: Callable[[], None] = lambda: None,
    name: str = "lecture",
) -> PlatformVideo:
    return fetch_video(
        f"https://stage.test/watch/{site.port}/{name}",
        folder,
        max_bytes=max_bytes,
        max_ms=3_600_000,
        captions=captions,
        language="uk",
        checkpoint=checkpoint,
        seconds=seconds,
        access=PlatformAccess(
            platforms=(STAGE,), allowed=(f"127.0.0.1:{site.port}",), child="tests.llm.video.stage_child"
        ),
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "YouTube"),
        ("http://YOUTU.BE/dQw4w9WgXcQ?t=5", "YouTube"),
        ("https://www.youtube.com/playlist?list=PL1", "YouTube"),
        ("https://vimeo.com/76979871", "Vimeo"),
        ("https://www.dailymotion.com/video/x5kesuj", "Dailymotion"),
        ("https://www.ted.com/talks/candace_parker", "TED"),
        ("https://www.ted.com/about", ""),
        ("https://www.khanacademy.org/science/chemistry/a/b/v/water", "Khan Academy"),
        ("https://www.khanacademy.org/science/chemistry", ""),
        ("https://www.loom.com/share/43d05f362f734614a2e81b4694a3a523", "Loom"),
        ("https://youtube.com.example.org/watch?v=x", ""),
        ("https://www.youtube.com@example.org/watch?v=x", ""),
        ("https://example.org/https://www.youtube.com/watch?v=x", ""),
        ("ftp://youtube.com/watch?v=x", ""),
        ("https://[youtube.com/", ""),
        ("ytsearch:water", ""),
        ("", ""),
    ],
)
def test_it_knows_the_platform_of_an_address(url: str, name: str) -> None:
    assert find_platform_name(url) == name


def test_every_extractor_of_the_table_is_one_of_yt_dlps() -> None:
    from yt_dlp.extractor import gen_extractor_classes  # type: ignore[import-untyped]  # noqa: PLC0415

    known = {extractor.IE_NAME.lower() for extractor in gen_extractor_classes()}

    assert {name for platform in PLATFORMS for name in platform.extractors} <= known - {"generic"}


def test_it_brings_the_captions_and_not_the_recording(site: Site, tmp_path: Path) -> None:
    plays(
        site,
        language="en",
        subtitles={"en": [{"url": site.url("/a.vtt"), "ext": "vtt"}]},
        automatic_captions={"uk": [{"url": site.url("/b.vtt"), "ext": "vtt"}]},
    )

    found = fetch(site, tmp_path)

    assert found == PlatformVideo(
        title="Water",
        duration_ms=60_000,
        language="en",
        captions_path=tmp_path / "captions.vtt",
        media_path=None,
        webpage_url=f"https://stage.test/watch/{site.port}/lecture",
    )
    assert (tmp_path / "captions.vtt").read_bytes() == VTT
    assert [head.split()[1] for head in site.asked] == ["/lecture.json", "/a.vtt"]


@forked
def test_captions_of_a_machine_are_told_as_such(site: Site, tmp_path: Path) -> None:
    plays(site, automatic_captions={"en-orig": [{"data": VTT.decode(), "ext": "vtt"}]})

    found = fetch(site, tmp_path)

    assert (found.language, found.warnings) == ("en", ("The captions were made by the platform's machine.",))
    assert (tmp_path / "captions.vtt").read_bytes() == VTT


@forked
@pytest.mark.parametrize("captions", [True, False], ids=["no captions there", "captions not wanted"])
def test_it_brings_the_recording_without_captions(site: Site, tmp_path: Path, captions: bool) -> None:
    plays(site, subtitles={} if captions else {"uk": [{"url": site.url("/a.vtt"), "ext": "vtt"}]})

    found = fetch(site, tmp_path, captions=captions)

    assert (found.captions_path, found.media_path) == (None, tmp_path / "video.mp4")
    assert (tmp_path / "video.mp4").read_bytes() == MEDIA


@forked
def test_captions_that_are_not_delivered_do_not_keep_it_from_the_recording(site: Site, tmp_path: Path) -> None:
    plays(site, subtitles={"uk": [{"url": site.url("/gone.vtt"), "ext": "vtt"}]})

    found = fetch(site, tmp_path)

    assert found.media_path == tmp_path / "video.mp4"
    assert found.warnings == ("The video has captions, but the platform did not deliver them.",)


@forked
def test_captions_are_enough_where_there_is_no_recording(site: Site, tmp_path: Path) -> None:
    plays(site, formats=[], subtitles={"uk": [{"url": site.url("/a.vtt"), "ext": "vtt"}]})

    assert fetch(site, tmp_path).captions_path == tmp_path / "captions.vtt"


@forked
def test_it_takes_the_small_picture_and_the_sound_alone_if_it_must(site: Site, tmp_path: Path) -> None:
    site.pages["/hd.mp4"] = answer(b"large")
    plays(site, formats=[video(site, "/v.mp4", height=720), video(site, "/hd.mp4", height=1080)])
    fetch(site, tmp_path)
    small = (tmp_path / "video.mp4").read_bytes()
    plays(site, formats=[{"url": site.url("/v.mp4"), "ext": "m4a", "vcodec": "none", "acodec": "aac"}])

    alone = fetch(site, tmp_path)

    assert small == MEDIA
    assert alone.media_path == tmp_path / "video.m4a"
    assert alone.warnings == ("The platform delivered the sound without the picture.",)


@forked
def test_it_puts_a_stream_of_parts_together(site: Site, tmp_path: Path) -> None:
    parts = "".join(f"#EXTINF:2,\n/{number}.ts\n" for number in range(3))
    site.pages["/v.m3u8"] = answer(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{parts}#EXT-X-ENDLIST\n".encode())
    site.pages |= {f"/{number}.ts": answer(str(number).encode() * 188) for number in range(3)}
    plays(site, formats=[video(site, "/v.m3u8", protocol="m3u8_native")])

    found = fetch(site, tmp_path)

    assert found.media_path is not None
    assert found.media_path.read_bytes() == b"0" * 188 + b"1" * 188 + b"2" * 188


@forked
def test_it_takes_the_video_and_not_the_list_around_it(site: Site, tmp_path: Path) -> None:
    plays(site)

    found = fetch(site, tmp_path, name="lecture?list=PL1&index=2#t=5")

    assert found.webpage_url == f"https://stage.test/watch/{site.port}/lecture?index=2"


def code_of(site: Site, folder: Path, kind: type[DomainError] = MediaUnreadable, **more: Any) -> str:
    with pytest.raises(kind) as raised:
        fetch(site, folder, **more)
    assert raised.value.next_step
    assert list(folder.glob("video.*")) + list(folder.glob("captions.*")) == []
    return raised.value.code


@forked
@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"is_live": True}, "live"),
        ({"live_status": "is_upcoming", "formats": []}, "not_yet"),
        ({"availability": "private"}, "private"),
        ({"age_limit": 18}, "age_restricted"),
        ({"duration": 3601}, "too_long"),
        ({"_type": "playlist", "entries": [{"_type": "url", "url": "https://stage.test/watch/1/a"}]}, "playlist"),
        ({"_type": "url", "url": "https://stage.test/elsewhere"}, "playlist"),
        ({"says": "This video has been removed by the uploader"}, "removed"),
    ],
)
def test_it_refuses_what_is_no_public_single_video(site: Site, tmp_path: Path, info: dict[str, Any], code: str) -> None:
    plays(site, **info)

    assert code_of(site, tmp_path) == code
    assert [head.split()[1] for head in site.asked] == ["/lecture.json"]


@forked
def test_a_video_that_is_not_there_was_removed(site: Site, tmp_path: Path) -> None:
    assert code_of(site, tmp_path, name="gone") == "removed"


@forked
@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/playlist?list=PLabc",
        "https://www.youtube.com/@somebody/videos",
        "https://vimeo.com/ours",
    ],
)
def test_it_refuses_a_list_of_videos_without_asking(tmp_path: Path, url: str) -> None:
    with pytest.raises(MediaUnreadable) as raised:
        fetch_video(
            url, tmp_path, max_bytes=1, max_ms=1, captions=True, language="", checkpoint=lambda: None, seconds=60
        )

    assert raised.value.code == "playlist"


ENDLESS = drips(head(content_type="video/mp4"), b"x" * 65536, every=0.001, times=10_000)


@forked
@pytest.mark.parametrize(
    "page",
    [answer(b"x" * 200_001), ENDLESS, redirect("/large")],
    ids=["a length", "without a length", "after a redirect"],
)
def test_it_refuses_a_recording_that_is_too_large(site: Site, tmp_path: Path, page: Page) -> None:
    site.pages |= {"/v.mp4": page, "/large": answer(b"x" * 200_001)}
    plays(site)

    with pytest.raises(MediaUnreadable) as raised:
        fetch(site, tmp_path, max_bytes=200_000)

    assert raised.value.code == "too_large"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 400_000


def test_no_file_grows_larger_than_is_allowed(site: Site, tmp_path: Path) -> None:
    plays(site, subtitles={"uk": [{"data": VTT.decode() * 500_000, "ext": "vtt"}]})

    with pytest.raises(MediaUnreadable) as raised:
        fetch(site, tmp_path)

    assert raised.value.code == "too_large"
    assert (tmp_path / "captions.vtt").stat().st_size < 21 * 2**20


@forked
def test_it_refuses_an_announced_size_without_asking_for_it(site: Site, tmp_path: Path) -> None:
    plays(site, formats=[video(site, "/v.mp4", filesize=1_000_001)])

    assert code_of(site, tmp_path) == "too_large"
    assert len(site.asked) == 1


@forked
@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{port}/v.mp4", "http://localhost:{port}/v.mp4", "http://169.254.169.254/"]
)
def test_it_reaches_no_address_that_is_not_public(site: Site, tmp_path: Path, to: str) -> None:
    with Site({"/v.mp4": answer(MEDIA)}) as inside:
        plays(site, formats=[{**video(site, "/v.mp4"), "url": to.format(port=inside.port)}])

        assert code_of(site, tmp_path) == "address_forbidden"

        assert inside.connections == 0


def test_it_is_not_led_to_an_address_that_is_not_public(site: Site, tmp_path: Path) -> None:
    with Site({"/v.mp4": answer(MEDIA)}) as inside:
        site.pages["/v.mp4"] = redirect(inside.url("/v.mp4"))
        plays(site)

        assert code_of(site, tmp_path) == "address_forbidden"

        assert inside.connections == 0


@forked
def test_it_reads_no_file_of_this_machine(site: Site, tmp_path: Path) -> None:
    secret = tmp_path.parent / "secret.mp4"
    secret.write_bytes(b"secret")
    plays(site, formats=[{**video(site, "/v.mp4"), "url": secret.as_uri()}])

    assert code_of(site, tmp_path, PlatformFailed) == "platform_failed"


def test_it_starts_no_program(site: Site, tmp_path: Path) -> None:
    plays(site, starts_a_program=True)

    with pytest.raises(PlatformFailed, match="is not run"):
        fetch(site, tmp_path)


def test_challenges_of_youtube_are_solved_within_the_restrictions(site: Site, tmp_path: Path) -> None:
    path = "/s/player/0123abcd/player_ias.vflset/en_US/base.js"
    site.pages[path] = answer(PLAYER, content_type="text/javascript")
    plays(site, player=path)

    assert fetch(site, tmp_path).title == "fedcba"


def test_what_videos_of_platforms_need_is_installed() -> None:
    assert list_missing_parts() == []


def test_a_missing_runtime_is_found_out_beforehand(tmp_path: Path) -> None:
    # An interpreter without the extra, and with nothing in PATH: a virtual environment of its own.
    venv.create(tmp_path, symlinks=True)
    said = subprocess.run(
        [tmp_path / "bin" / "python", "-c", LIST_MISSING],
        cwd=BASE_DIR,
        env={"PATH": ""},
        check=True,
        capture_output=True,
    )

    assert json.loads(said.stdout) == ["yt-dlp", "yt-dlp-ejs", "deno"]


def test_it_ends_when_its_time_is_over(site: Site, tmp_path: Path) -> None:
    site.pages["/lecture.json"] = drips(head(content_type="application/json"), b" ", every=0.1)

    with pytest.raises(PlatformFailed) as raised:
        fetch(site, tmp_path, seconds=2)

    assert raised.value.code == "timed_out"


def test_it_ends_when_it_is_told_to(site: Site, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def checkpoint() -> None:
        if len(site.asked) == 2:
            raise Stopped

    is_sent = threading.Event()

    def send(connection: socket.socket) -> None:
        drips(head(content_type="video/mp4"), b"x", every=0.1)(connection)
        is_sent.set()

    site.pages["/v.mp4"] = send
    plays(site)

    with pytest.raises(Stopped):
        fetch(site, tmp_path, checkpoint=checkpoint)

    assert not is_sent.is_set()


def test_without_yt_dlp_it_says_what_to_install(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)

    with pytest.raises(TranscriberMissing, match="not installed") as raised:
        fetch(site, tmp_path)

    assert "uv sync --extra media" in raised.value.next_step


def test_a_client_whose_connections_nobody_sees_is_not_used() -> None:
    from yt_dlp.networking.common import RequestHandler  # type: ignore[import-untyped]  # noqa: PLC0415  # only here

    from llm.video.children.platforms import GuardedDownloader  # noqa: PLC0415

    class UnseenRH(RequestHandler):  # type: ignore[misc]  # yt-dlp has no types
        RH_NAME = "curl_cffi"

        def _send(self, request: Any) -> Any:
            raise NotImplementedError

    with GuardedDownloader({"quiet": True}) as downloader:
        everyday = set(downloader._request_director.handlers)
        offered = downloader.build_request_director([UnseenRH])

    assert everyday == {"Urllib", "Requests", "Websockets"} & everyday
    assert "Urllib" in everyday
    assert offered.handlers == {}
