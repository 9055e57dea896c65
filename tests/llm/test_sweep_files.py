"""`manage.py sweep_files`: what killed workers left at the providers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from llm.checks import check_platform_videos, check_recording_actions
from tests.fakes.google_files import GoogleFilesServer
from tests.llm.world import World


@pytest.fixture
def server(world: World) -> Iterator[GoogleFilesServer]:
    """Return the Files API of the world's Gemini, with an old file of ours, a young one and somebody else's."""
    with GoogleFilesServer(world.google) as server:
        world.file["providers"]["google"]["base_url"] = server.url
        world.write()
        server.store("files/cw-old", age=timedelta(hours=7))
        server.store("files/cw-young", age=timedelta(hours=5))
        server.store("files/holiday", age=timedelta(hours=40))
        yield server


def sweep(*arguments: str) -> str:
    out = StringIO()
    call_command("sweep_files", *arguments, stdout=out)
    return out.getvalue()


def test_it_deletes_our_old_files_and_says_how_many(server: GoogleFilesServer) -> None:
    said = sweep()

    assert said == "google       deleted 1\n"
    assert sorted(server.files) == ["files/cw-young", "files/holiday"]


def test_it_deletes_younger_ones_when_it_is_told_to(server: GoogleFilesServer) -> None:
    said = sweep("--hours", "4.5")

    assert said == "google       deleted 2\n"
    assert list(server.files) == ["files/holiday"]


def test_it_passes_over_absent_providers(server: GoogleFilesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_GOOGLE_KEY")

    assert sweep() == "google       absent: TEST_GOOGLE_KEY not set\n"
    assert len(server.files) == 3


def test_it_fails_when_a_provider_cannot_be_asked(server: GoogleFilesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_GOOGLE_KEY", "another-key")

    with pytest.raises(CommandError, match="1 of the providers could not be swept"):
        sweep()

    assert len(server.files) == 3


def test_it_refuses_an_age_that_makes_no_sense(server: GoogleFilesServer) -> None:
    with pytest.raises(CommandError, match="at least 0"):
        sweep("--hours=-1")

    assert len(server.files) == 3


def test_it_says_what_is_wrong_with_the_registry(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_FILE = tmp_path / "never-worked-for-files.yaml"
    settings.MODELS_FILE.write_text("providers: {}")

    with pytest.raises(CommandError, match=r"never-worked-for-files\.yaml line 1"):
        sweep()


def test_a_check_finds_what_recordings_lack(world: World, settings: Settings, tmp_path: Path) -> None:
    shipped = check_recording_actions()
    settings.PROMPTS_DIR = tmp_path

    found = {message.id: message.msg for message in check_recording_actions()}

    assert [message.id for message in shipped] == ["llm.W002", "llm.W002"]
    assert set(found) == {"llm.E005", "llm.W002"}
    assert "describe_slides" in found["llm.W002"]


def test_a_check_says_what_videos_of_platforms_lack(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PLATFORM_VIDEOS = True
    complete = check_platform_videos()
    monkeypatch.setitem(sys.modules, "yt_dlp_ejs", None)

    (warning,) = check_platform_videos()
    settings.PLATFORM_VIDEOS = False

    assert complete == check_platform_videos() == []
    assert warning.id == "llm.W003"
    assert "yt-dlp-ejs cannot be found: no recording from YouTube" in warning.msg
