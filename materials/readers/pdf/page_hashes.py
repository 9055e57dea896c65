"""The pages of a PDF as hashes of their pictures, drawn small and in a child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from project.processes.runner import ChildFailed, ProcessLimits, read_messages

MAX_PAGES = 300
RENDER_WIDTH = 320
"""Pixels: enough for a hash of 9 x 8."""
LIMITS = ProcessLimits(memory_bytes=1536 * 2**20, seconds=120)


def compute_page_hashes(path: Path, *, checkpoint: Callable[[], None] = lambda: None) -> dict[int, int]:
    """Return the difference hash of each page (1-based) that can be drawn, of at most MOST_PAGES.

    A file that breaks the child has as many as were drawn before.
    """
    found: dict[int, int] = {}
    try:
        for page in read_messages(__name__, {"path": str(path)}, limits=LIMITS, checkpoint=checkpoint):
            found[page["page"]] = int(page["dhash"], 16)
    except ChildFailed:
        return found
    return found


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Draw the pages: the inside of the child."""
    import pypdfium2  # noqa: PLC0415  # only the child draws

    from llm.video.key_frames import compute_dhash  # noqa: PLC0415

    document = pypdfium2.PdfDocument(request["path"])
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        scale = min(1.0, RENDER_WIDTH / max(1.0, *page.get_size()))
        picture = page.render(scale=scale).to_pil()
        send_message({"page": number + 1, "dhash": f"{compute_dhash(picture):016x}"})
        page.close()
