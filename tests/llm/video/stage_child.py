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
        return {"id": name, **info}


def run_child(request: Mapping[str, Any], tell: SendMessage) -> None:
    import_extractors()
    extractors.value = {"StageIE": StageIE, **extractors.value}
    platforms.run_child(request, tell)
