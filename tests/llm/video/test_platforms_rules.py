"""Which videos of platforms are taken, and which captions: judged on descriptions in yt-dlp's own terms."""

from __future__ import annotations

from typing import Any

import pytest

from llm.video.platforms_rules import choose_captions, classify_failure, find_refusal

LECTURE: dict[str, Any] = {
    "id": "x",
    "title": "Water",
    "duration": 1800.4,
    "live_status": "not_live",
    "availability": "public",
    "age_limit": 0,
    "formats": [{"url": "https://example.org/v.mp4"}],
}
HOUR = 3_600_000


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"availability": "unlisted"},
        {"availability": None, "age_limit": None, "duration": None, "live_status": None},
        {"live_status": "was_live"},
        {"filesize": 1_000_000},
        {"duration": 3600},
    ],
)
def test_a_public_single_video_is_taken(more: dict[str, Any]) -> None:
    assert find_refusal({**LECTURE, **more}, max_ms=HOUR, max_bytes=1_000_000) is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"_type": "playlist"}, "playlist"),
        ({"_type": "multi_video"}, "playlist"),
        ({"_type": "nothing"}, "playlist"),
        ({"live_status": "is_live"}, "live"),
        ({"live_status": "post_live"}, "live"),
        ({"live_status": "is_upcoming"}, "not_yet"),
        ({"availability": "private"}, "private"),
        ({"availability": "subscriber_only"}, "members_only"),
        ({"availability": "premium_only"}, "members_only"),
        ({"availability": "needs_auth"}, "login_required"),
        ({"availability": "needs_auth", "age_limit": 18}, "age_restricted"),
        ({"_has_drm": True}, "protected"),
        ({"duration": 3601}, "too_long"),
        ({"filesize": 1_000_001}, "too_large"),
    ],
)
def test_any_other_is_refused_with_its_reason(more: dict[str, Any], code: str) -> None:
    refusal = find_refusal({**LECTURE, **more}, max_ms=HOUR, max_bytes=1_000_000)

    assert refusal is not None
    assert refusal.code == code
    assert not refusal.is_failure


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("[youtube] x: Private video. Sign in if you've been granted access to this video.", "private"),
        ("Join this channel to get access to members-only content like this video.", "members_only"),
        ("This video is available to this channel's members on level: A", "members_only"),
        ("Sign in to confirm your age. This video may be inappropriate for some users.", "age_restricted"),
        ("Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies", "platform_blocks"),
        ("The current session has been rate-limited by YouTube for up to an hour.", "platform_blocks"),
        ("Unable to download API page: HTTP Error 429: Too Many Requests", "platform_blocks"),
        ("Premieres in 3 hours", "not_yet"),
        ("This live event will begin in 2 hours.", "not_yet"),
        ("Video unavailable. The uploader has not made this video available in your country", "geo_blocked"),
        ("This video is not available from your location due to geo restriction", "geo_blocked"),
        ("This video is DRM protected", "protected"),
        ("This video is only available for registered users. Use --cookies", "login_required"),
        ("This video is protected by a password, use the --video-password option", "login_required"),
        ("Unable to download JSON metadata: HTTP Error 403: Forbidden", "login_required"),
        ("Video unavailable. This video has been removed by the uploader", "removed"),
        ("Video unavailable. This video is no longer available because the account was terminated.", "removed"),
        ("Unable to download webpage: HTTP Error 404: Not Found", "removed"),
        ("No suitable extractor found for URL https://www.youtube.com/playlist?list=x", "playlist"),
        ("<urlopen error 10.0.0.1 is not a public address>", "address_forbidden"),
    ],
)
def test_what_yt_dlp_says_is_understood(said: str, code: str) -> None:
    assert classify_failure(f"ERROR: {said}").code == code


def test_words_that_are_not_known_are_told_without_addresses_and_appeals() -> None:
    refusal = classify_failure("ERROR: [x] Odd thing at https://a.b/c?token=1; please report this issue on  https://d")

    assert refusal.code == "platform_failed"
    assert refusal.is_failure
    assert refusal.message == "The platform did not deliver the video ([x] Odd thing at …)."


def captions(**languages: list[str]) -> dict[str, Any]:
    """Return captions as yt-dlp lists them: `de=["json3", "vtt"]`; `_` in a language stands for `-`."""
    return {
        language.replace("_", "-"): [{"ext": ext, "url": f"https://x/{language}.{ext}"} for ext in exts]
        for language, exts in languages.items()
    }


READABLE = ["json3", "srv1", "srt", "vtt"]


@pytest.mark.parametrize(
    ("wanted", "spoken", "written", "automatic", "expected"),
    [
        ("uk", "en", captions(en=READABLE, uk=READABLE), {}, ("uk", False)),
        ("uk", "en", captions(de=READABLE, en=READABLE), {}, ("en", False)),
        ("uk", "en", captions(en=READABLE), captions(en_orig=READABLE, uk=READABLE), ("en", False)),
        ("uk", "en", {}, captions(uk=READABLE, en_orig=READABLE, en=READABLE), ("en", True)),
        ("uk", "en", {}, captions(en=READABLE), ("en", True)),
        ("uk", "en", {}, captions(uk=READABLE), None),
        ("pt-BR", "", captions(pt=READABLE, pt_BR=READABLE), {}, ("pt-BR", False)),
        ("pt", "", captions(pt_BR=READABLE), {}, ("pt-BR", False)),
        ("", "", captions(fr=READABLE), {}, ("fr", False)),
        ("", "", captions(fr=READABLE, de=READABLE), {}, None),
        ("", "", {}, captions(fr=READABLE, de_orig=READABLE), ("de", True)),
        ("en", "en", captions(live_chat=["json"]), {}, None),
        ("", "", captions(live_chat=["json"]), {}, None),
        ("en", "en", captions(en=["json3", "ttml"]), captions(en=READABLE), ("en", True)),
        ("en", "en", {}, {}, None),
    ],
)
def test_captions_by_people_come_before_those_of_a_machine(
    wanted: str, spoken: str, written: dict[str, Any], automatic: dict[str, Any], expected: tuple[str, bool] | None
) -> None:
    info = {**LECTURE, "language": spoken or None, "subtitles": written, "automatic_captions": automatic}

    chosen = choose_captions(info, wanted)

    assert (chosen and (chosen.language, chosen.is_automatic)) == expected


@pytest.mark.parametrize(("exts", "expected"), [(["srt", "vtt"], "vtt"), (["ttml", "srt"], "srt")])
def test_captions_are_taken_in_a_form_that_we_read(exts: list[str], expected: str) -> None:
    chosen = choose_captions({**LECTURE, "subtitles": captions(en=exts)}, "en")

    assert chosen is not None
    assert chosen.source["ext"] == expected
