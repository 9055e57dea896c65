"""The child that brings videos, with one more extractor: for a platform that the test itself serves on 127.0.0.1.

All else is what runs in production: yt-dlp's own downloaders, its choice of formats, our guard and our rules. The
address `https://stage.test/watch/PORT/NAME` is described by `http://127.0.0.1:PORT/NAME.json`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from yt_dlp.extractor import import_extractors  # type: ignore[import-untyped]
from yt_dlp.extractor.common import InfoExtractor  # type: ignore[import-untyped]
from yt_dlp.extractor.youtube import YoutubeIE  # type: ignore[import-untyped]
from yt_dlp.extractor.youtube.jsc._director import initialize_jsc_director  # type: ignore[import-untyped]
from yt_dlp.extractor.youtube.jsc.provider import (  # type: ignore[import-untyped]
    JsChallengeRequest,
    JsChallengeType,
    NChallengeInput,
)
from yt_dlp.globals import extractors  # type: ignore[import-untyped]
from yt_dlp.utils import ExtractorError  # type: ignore[import-untyped]

from llm.video.children import platforms
from llm.video.children.platforms import SendMessage


class StageIE(InfoExtractor):  # type: ignore[misc]
    IE_NAME = "stage"
    _VALID_URL = r"https://stage\.test/watch/(?P<port>\d+)/(?P<id>\w+)(?:\?index=2)?$"

    def _real_extract(self, url: str) -> dict[str, Any]:
        port, name = self._match_valid_url(url).group("port", "id")
        info = self._download_json(f"http://127.0.0.1:{port}/{name}.json", name)
        if said := info.pop("says", ""):
            raise ExtractorError(said, expected=True)
        if info.pop("starts_a_program", False):
            subprocess.run([sys.executable, "-c", "pass"], check=True)
        if player := info.pop("player", ""):
            info["title"] = self._solve_challenge(f"http://127.0.0.1:{port}{player}")
        return {"id": name, **info}

    def _solve_challenge(self, player_url: str) -> str:
        """Return the solution of the challenge `abcdef`, found by what yt-dlp's extractor of YouTube uses."""
        director = initialize_jsc_director(YoutubeIE(self._downloader))
        challenge = JsChallengeRequest(JsChallengeType.N, NChallengeInput(player_url, ["abcdef"]))
        return ", ".join(response.output.results["abcdef"] for _, response in director.bulk_solve([challenge]))


def run_child(request: Mapping[str, Any], tell: SendMessage) -> None:
    import_extractors()
    extractors.value = {"StageIE": StageIE, **extractors.value}
    platforms.run_child(request, tell)
