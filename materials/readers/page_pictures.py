"""Pictures of pages, slides and figures that no text stands for, drawn one at a time in a child process."""

from __future__ import annotations

import hashlib
import io
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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

MAX_PIXELS = 20_000_000
MIN_CONTRAST = 12
"""A picture whose lightest and darkest point differ by less shows nothing."""
LIMITS = ProcessLimits(memory_bytes=1536 * 2**20, seconds=180)


@dataclass(frozen=True, kw_only=True)
class PagePicture:
    """A picture as a JPEG: of which page or slide (1-based), which one of it, and the bytes' SHA-256."""

    number: int
    index: int
    jpeg: bytes
    sha256: str


@dataclass(frozen=True, kw_only=True)
class PagePictureBatch:
    """Some pictures, sentences on what could not be drawn, and the page to go on with; None after the last."""

    pictures: tuple[PagePicture, ...]
    warnings: tuple[str, ...]
    next_page: int | None
    is_broken: bool = False


def draw_pictures(
    path: Path, format_: Format, letters: Mapping[int, int], *, first: int, limit: int, checkpoint: Callable[[], None]
) -> PagePictureBatch:
    """Draw the next pictures of a PDF or a presentation from page `first` on: at most `limit`, but whole pages.

    `letters` says how much text each page has. A page that breaks the child is left out with a warning.
    """
    found: list[PagePicture] = []
    warnings: list[str] = []
    at = first
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
    """Return what a piece of the format is called where it is shown."""
    return "Slide" if format_ is Format.PPTX else "Page"


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Draw the pictures: the inside of the child."""
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
    picture.convert("RGB").save(stream, "JPEG", quality=85)
    return stream.getvalue()


# --- PDF --------------------------------------------------------------------------------------------------------------


def _build_pdf_source(path: str, letters: Mapping[int, int]) -> PageSource:
    import pypdfium2  # noqa: PLC0415  # only the child draws

    document = pypdfium2.PdfDocument(path)

    def iter_pages(first: int) -> Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]:
        for number in range(first, len(document) + 1):
            yield number, lambda number=number: _draw_pdf_page(document, number, letters.get(number, 0))  # type: ignore[misc]

    return iter_pages


def _draw_pdf_page(document: pypdfium2.PdfDocument, number: int, letters: int) -> Iterator[Image | str]:
    import pypdfium2  # noqa: PLC0415

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return  # which the reader has told already
    try:
        if letters == 0 or (letters < MIN_LETTERS and has_drawing(page)):
            yield _render_page(page, (0.0, 0.0, 0.0, 0.0))
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
    """Draw the page, less what is cropped from its left, bottom, right and top (points)."""
    width, height = page.get_size()
    wide, high = max(1.0, width - crop[0] - crop[2]), max(1.0, height - crop[1] - crop[3])
    scale = min(MAX_SIDE / max(wide, high), math.sqrt(MAX_PIXELS / (wide * high)), 4.0)
    bitmap = page.render(scale=scale, crop=crop)
    try:
        return cast("Image", bitmap.to_pil().copy())
    finally:
        bitmap.close()


# --- PPTX -------------------------------------------------------------------------------------------------------------


def _build_presentation_source(path: str) -> PageSource:
    def iter_pages(first: int) -> Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]:
        with open_package(Path(path), "presentation") as package:
            yield from iter_slide_pictures(package, first, min_share=MIN_SHARE, limit=MAX_FIGURES)

    return iter_pages
