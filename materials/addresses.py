"""What an address says of itself before it is fetched."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from llm.video.platforms import platform_of
from materials.documents import Format
from materials.formats import FORMATS

_RECORDINGS = {*FORMATS[Format.VIDEO].extensions, *FORMATS[Format.AUDIO].extensions}


def is_recording(url: str) -> bool:
    """Tell whether an address names a media file, or a video of a platform that we know."""
    return bool(platform_of(url)) or PurePosixPath(unquote(urlsplit(url).path)).suffix.lower() in _RECORDINGS
