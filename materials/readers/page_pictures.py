"""Draw the pages, slides and figures that have no text as pictures for a vision model, in a child process.

`draw_pictures` runs in the parent, `run_child` and the functions below it in the child.
"""

from __future__ import annotations

import hashlib
import io
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from materials.documents import Format
from materials.readers.office.ooxml import open_package
from materials.readers.office.slide_pictures import MAX_SIDE, iter_slide_pictures
from materials.readers.pdf.figures import MAX_FIGURES, MIN_LETTERS, MIN_SHARE, PageBox, find_figures, has_drawing
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

if TYPE_CHECKING:
    import pypdfium2
    from PIL.Image import Image

# Already implied by MAX_SIDE (1600 x 1600 is 2.6 million); this bound holds should MAX_SIDE be raised.
MAX_PIXELS = 20_000_000
# PDF user space has 72 units per inch, so this is 288 dpi: more would only enlarge small figures.
MAX_SCALE = 4.0
# A picture whose lightest and darkest pixel (0 to 255) differ by less is blank. Of 206 pages and pictures of the sample
# courses the palest, a light pattern, has 53. A scan of an empty sheet is never quite even, hence more than 1.
MIN_CONTRAST = 12
# Sample pages take 97 KiB on average at quality 70, 126 at 85 and 188 at 95. A common choice between size and
# sharpness; what models read at other values was not measured.
JPEG_QUALITY = 85
# One PDF page drawn large took 1.4 GB (docs/decisions/0006). The time is for a few pictures, not for a file.
LIMITS = ProcessLimits(memory_bytes=1536 * 2**20, seconds=180)


@dataclass(frozen=True, kw_only=True)
class PagePicture:
    """A picture as a JPEG.

    `number` is its page or slide (1-based), `index` its place among the pictures of that page (0-based), and `sha256`
    the hash of the JPEG in hexadecimal digits.
    """

    number: int
    index: int
    jpeg: bytes
    sha256: str


@dataclass(frozen=True, kw_only=True)
class PagePictureBatch:
    """The pictures of some consecutive pages, with warnings for the teacher about those that could not be drawn.

    `next_page` is the page to continue with, None after the last one. `is_broken` says that the child failed on the
    page before `next_page`.
    """

    pictures: tuple[PagePicture, ...]
    warnings: tuple[str, ...]
    next_page: int | None
    is_broken: bool = False


def draw_pictures(
    path: Path, format_: Format, letters: Mapping[int, int], *, first: int, limit: int, checkpoint: Callable[[], None]
) -> PagePictureBatch:
    """Draw pictures of a PDF or a presentation from page `first` (1-based) on, in a child process.

    Stops before the first page that would begin after `limit` pictures; the pictures of a page are never split.
    `letters` maps pages to their number of letters. A page on which the child fails is left out with a warning. Raises
    what `checkpoint`, which is called often, raises.
    """
    found: list[PagePicture] = []
    warnings: list[str] = []
    at = first  # the page being drawn, for the case that the child fails
    request = {
        "path": str(path),
        "format": format_.value,
        "first": first,
        "most": limit,
        "letters": {str(page): count for page, count in letters.items()},
    }
    try:
        for each in read_messages(__name__, request, limits=LIMITS, checkpoint=checkpoint):
            if "jpeg" in each:
                jpeg = b64decode(each["jpeg"])
                digest = hashlib.sha256(jpeg).hexdigest()
                found.append(PagePicture(number=each["number"], index=each["index"], jpeg=jpeg, sha256=digest))
            elif "warning" in each:
                warnings.append(each["warning"])
            elif "at" in each:
                at = each["at"]
            else:
                return PagePictureBatch(pictures=tuple(found), warnings=tuple(warnings), next_page=each["next"])
    except ChildFailed as exc:
        why = {"timed_out": "takes too long", "out_of_memory": "takes too much memory"}.get(exc.code, "is broken")
        warnings.append(f"{get_page_noun(format_)} {at} could not be drawn: it {why}.")
    return PagePictureBatch(pictures=tuple(found), warnings=tuple(warnings), next_page=at + 1, is_broken=True)


def get_page_noun(format_: Format) -> str:
    """Return the word for a page of the format in sentences for the teacher."""
    return "Slide" if format_ is Format.PPTX else "Page"


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Draw pictures and send each as a message; called in the child process by `project.processes`."""
    format_ = Format(request["format"])
    letters = {int(page): count for page, count in request["letters"].items()}
    pages = (
        _build_presentation_source(request["path"])
        if format_ is Format.PPTX
        else _build_pdf_source(request["path"], letters)
    )
    made = 0
    for number, pictures in pages(request["first"]):
        if made >= request["most"]:
            send_message({"next": number})
            return
        # Before the page is touched: if it breaks the child, the parent has to know which one to skip.
        send_message({"at": number})
        for index, picture in enumerate(pictures()):
            if isinstance(picture, str):
                send_message({"warning": f"{get_page_noun(format_)} {number}: {picture}"})
            elif not _is_blank(picture):
                send_message({"number": number, "index": index, "jpeg": b64encode(_encode_jpeg(picture)).decode()})
                made += 1
    send_message({"next": None})


PageSource = Callable[[int], "Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]"]


def _is_blank(picture: Image) -> bool:
    low, high = picture.convert("L").getextrema()
    return bool(high - low < MIN_CONTRAST)  # type: ignore[operator]


def _encode_jpeg(picture: Image) -> bytes:
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=JPEG_QUALITY)
    return stream.getvalue()


# --- PDF --------------------------------------------------------------------------------------------------------------


def _build_pdf_source(path: str, letters: Mapping[int, int]) -> PageSource:
    import pypdfium2  # noqa: PLC0415  # only the child draws

    document = pypdfium2.PdfDocument(path)

    def iter_pages(first: int) -> Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]:
        for number in range(first, len(document) + 1):
            yield number, partial(_draw_pdf_page, document, number, letters.get(number, 0))

    return iter_pages


def _draw_pdf_page(document: pypdfium2.PdfDocument, number: int, letters: int) -> Iterator[Image | str]:
    import pypdfium2  # noqa: PLC0415

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return  # the reader has already warned about this page
    try:
        if letters == 0 or (letters < MIN_LETTERS and has_drawing(page)):
            yield _render_page(page, (0.0, 0.0, 0.0, 0.0))
        # The boxes of figures are in the coordinates of an unrotated page; rotated pages with text are left alone.
        elif letters >= MIN_LETTERS and page.get_rotation() == 0:
            whole = PageBox(*page.get_bbox())
            for box in find_figures(page):
                yield _render_page(
                    page,
                    (
                        box.left - whole.left,
                        box.bottom - whole.bottom,
                        whole.right - box.right,
                        whole.top - box.top,
                    ),
                )
    finally:
        page.close()


def _render_page(page: pypdfium2.PdfPage, crop: tuple[float, float, float, float]) -> Image:
    """Draw a page without the margins `crop`: left, bottom, right and top, in points."""
    width, height = page.get_size()
    wide, high = max(1.0, width - crop[0] - crop[2]), max(1.0, height - crop[1] - crop[3])
    scale = min(MAX_SIDE / max(wide, high), math.sqrt(MAX_PIXELS / (wide * high)), MAX_SCALE)
    bitmap = page.render(scale=scale, crop=crop)
    try:
        return cast("Image", bitmap.to_pil().copy())  # to_pil shares the memory that close frees
    finally:
        bitmap.close()


# --- PPTX -------------------------------------------------------------------------------------------------------------


def _build_presentation_source(path: str) -> PageSource:
    def iter_pages(first: int) -> Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]:
        with open_package(Path(path), "presentation") as package:
            yield from iter_slide_pictures(package, first, min_share=MIN_SHARE, limit=MAX_FIGURES)

    return iter_pages
