"""Compute difference hashes of the pages of a PDF, rendered at a small size in a child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from project.processes.runner import ChildFailed, ProcessLimits, read_messages

# The slides of a lecture and to spare. The slowest sample deck takes 12 ms of processor time a page.
MAX_PAGES = 300
# Pixels of the longer side: far more than the 9 x 8 that the hash compares, and smooth text at that size.
RENDER_WIDTH = 320
# The sample decks need 70 MB and 4 seconds. The limits are for scans in print quality, whose pictures PDFium holds
# uncompressed, and stop files that are made to take for ever.
LIMITS = ProcessLimits(memory_bytes=1536 * 2**20, seconds=120)


def compute_page_hashes(path: Path, *, checkpoint: Callable[[], None] = lambda: None) -> dict[int, int]:
    """Return the 64-bit difference hash of each of the first MAX_PAGES pages by 1-based page number.

    When the child process fails or runs into a limit, the pages that it rendered before are returned. `checkpoint` is
    called while waiting; what it raises ends the child.
    """
    found: dict[int, int] = {}
    try:
        for page in read_messages(__name__, {"path": str(path)}, limits=LIMITS, checkpoint=checkpoint):
            found[page["page"]] = int(page["dhash"], 16)
    except ChildFailed:
        return found
    return found


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Render and hash the pages: the body of the child process."""
    import pypdfium2  # noqa: PLC0415  # only the child draws

    from llm.video.key_frames import compute_dhash  # noqa: PLC0415

    document = pypdfium2.PdfDocument(request["path"])
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        scale = min(1.0, RENDER_WIDTH / max(1.0, *page.get_size()))
        picture = page.render(scale=scale).to_pil()
        send_message({"page": number + 1, "dhash": f"{compute_dhash(picture):016x}"})
        page.close()
