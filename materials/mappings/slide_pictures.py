"""Compare the key frames of a video with the pages of a deck, drawn in a child process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project.processes.runner import ChildFailed, ProcessLimits, read_messages

if TYPE_CHECKING:
    from PIL.Image import Image

# The slides of a lecture and to spare. The slowest sample deck takes 30 ms of processor time a page.
MAX_PAGES = 300
# Pixels of a page's longer side, a little more than the largest size at which slides are compared.
DRAWN_WIDTH = 480
# Pictures in which places of slides are searched for: it takes a second for each.
MOST_SEARCHED_FRAMES = 32
# Likenesses below are as good as none, and a deck may have hundreds of slides.
LEAST_LIKENESS = 0.01
# Three hours of video and 300 slides take some minutes. The memory is for scans in print quality, whose pictures PDFium
# holds uncompressed, and for the slides and places of 32 pictures, some 300 MB.
LIMITS = ProcessLimits(memory_bytes=3 * 2**30, seconds=1800)
# The arrays are small, and other work shares the processors.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def compare_key_frames(
    deck: Path, frames: Sequence[Path], *, checkpoint: Callable[[], None] = lambda: None
) -> list[dict[int, float]] | None:
    """Return for each JPEG of a video how sure it is that it shows which pages (1-based) of a PDF, from 0 to 1.

    Pages beyond the first MAX_PAGES are not compared. None when the child process fails or runs into a limit.
    `checkpoint` is called while waiting; what it raises ends the child.
    """
    request = {"deck": str(deck.absolute()), "frames": [str(frame.absolute()) for frame in frames]}
    try:
        messages = list(read_messages(__name__, request, limits=LIMITS, checkpoint=checkpoint, environment=ENVIRONMENT))
    except ChildFailed:
        return None
    if not messages:  # there is no page to compare with
        return [{} for _ in frames]
    return [{int(page): likeness for page, likeness in message["pages"].items()} for message in messages]


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Draw the pages and compare them: the body of the child process."""
    from materials.mappings import picture_likeness  # noqa: PLC0415  # only the child loads NumPy

    frames = request["frames"]
    pages = list(_draw_pages(request["deck"]))
    searched = [_open_frame(frame) for frame in picture_likeness.choose_evenly(frames, MOST_SEARCHED_FRAMES)]
    if not pages or not searched:
        return
    comparison = picture_likeness.SlideComparison(pages, picture_aspect=searched[0].width / searched[0].height)
    comparison.find_places(searched)
    for likenesses in comparison.compute_likeness(map(_open_frame, frames)):
        numbered = enumerate(likenesses, start=1)
        send_message({"pages": {number: round(one, 3) for number, one in numbered if one >= LEAST_LIKENESS}})


def _open_frame(path: str) -> Image:
    from PIL import Image  # noqa: PLC0415

    with Image.open(path) as picture:
        return picture.convert("L")


def _draw_pages(path: str) -> Iterator[Image]:
    import pypdfium2  # noqa: PLC0415

    document = pypdfium2.PdfDocument(path)
    size: tuple[int, int] | None = None
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        scale = DRAWN_WIDTH / max(1.0, *page.get_size())
        picture = page.render(scale=scale).to_pil().convert("L")
        # Pages of one deck have one size; where one differs, players of slides scale it to the screen.
        size = size or picture.size
        yield picture if picture.size == size else picture.resize(size)
        page.close()
