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
from materials.readers.office.ooxml import opened
from materials.readers.office.slide_pictures import SIDE, slides_from
from materials.readers.pdf.figures import LEAST_LETTERS, LEAST_SHARE, MOST_FIGURES, Box, figures, has_drawing
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

if TYPE_CHECKING:
    import pypdfium2
    from PIL.Image import Image

MOST_PIXELS = 20_000_000
PLAIN = 12
"""A picture whose lightest and darkest point differ by less shows nothing."""
LIMITS = ProcessLimits(memory_bytes=1536 * 2**20, seconds=180)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A picture as a JPEG: of which page or slide (1-based), which one of it, and the bytes' SHA-256."""

    number: int
    index: int
    jpeg: bytes
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some pictures, sentences on what could not be drawn, and the page to go on with; None after the last."""

    pictures: tuple[Drawn, ...]
    warnings: tuple[str, ...]
    next: int | None
    is_broken: bool = False


def draw(
    path: Path, format_: Format, letters: Mapping[int, int], *, first: int, most: int, checkpoint: Callable[[], None]
) -> Batch:
    """Draw the next pictures of a PDF or a presentation from page `first` on: at most `most`, but whole pages.

    `letters` says how much text each page has. A page that breaks the child is left out with a warning.
    """
    found: list[Drawn] = []
    warnings: list[str] = []
    at = first
    request = {
        "path": str(path),
        "format": format_.value,
        "first": first,
        "most": most,
        "letters": {str(page): count for page, count in letters.items()},
    }
    try:
        for each in read_messages(__name__, request, limits=LIMITS, checkpoint=checkpoint):
            if "jpeg" in each:
                jpeg = b64decode(each["jpeg"])
                digest = hashlib.sha256(jpeg).hexdigest()
                found.append(Drawn(number=each["number"], index=each["index"], jpeg=jpeg, sha256=digest))
            elif "warning" in each:
                warnings.append(each["warning"])
            elif "at" in each:
                at = each["at"]
            else:
                return Batch(pictures=tuple(found), warnings=tuple(warnings), next=each["next"])
    except ChildFailed as exc:
        why = {"timed_out": "takes too long", "out_of_memory": "takes too much memory"}.get(exc.code, "is broken")
        warnings.append(f"{noun_of(format_)} {at} could not be drawn: it {why}.")
    return Batch(pictures=tuple(found), warnings=tuple(warnings), next=at + 1, is_broken=True)


def noun_of(format_: Format) -> str:
    """Return what a piece of the format is called where it is shown."""
    return "Slide" if format_ is Format.PPTX else "Page"


def run_child(request: Mapping[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Draw the pictures: the inside of the child."""
    format_ = Format(request["format"])
    letters = {int(page): count for page, count in request["letters"].items()}
    pages = _slides(request["path"]) if format_ is Format.PPTX else _pages(request["path"], letters)
    made = 0
    for number, pictures in pages(request["first"]):
        if made >= request["most"]:
            tell({"next": number})
            return
        tell({"at": number})
        for index, picture in enumerate(pictures()):
            if isinstance(picture, str):
                tell({"warning": f"{noun_of(format_)} {number}: {picture}"})
            elif not _is_plain(picture):
                tell({"number": number, "index": index, "jpeg": b64encode(_jpeg(picture)).decode()})
                made += 1
    tell({"next": None})


Pages = Callable[[int], "Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]"]


def _is_plain(picture: Image) -> bool:
    low, high = picture.convert("L").getextrema()
    return bool(high - low < PLAIN)  # type: ignore[operator]


def _jpeg(picture: Image) -> bytes:
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=85)
    return stream.getvalue()


# --- PDF --------------------------------------------------------------------------------------------------------------


def _pages(path: str, letters: Mapping[int, int]) -> Pages:
    import pypdfium2  # noqa: PLC0415  # only the child draws

    document = pypdfium2.PdfDocument(path)

    def pages(first: int) -> Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]:
        for number in range(first, len(document) + 1):
            yield number, lambda number=number: _page(document, number, letters.get(number, 0))  # type: ignore[misc]

    return pages


def _page(document: pypdfium2.PdfDocument, number: int, letters: int) -> Iterator[Image | str]:
    import pypdfium2  # noqa: PLC0415

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return  # which the reader has told already
    try:
        if letters == 0 or (letters < LEAST_LETTERS and has_drawing(page)):
            yield _rendered(page, (0.0, 0.0, 0.0, 0.0))
        elif letters >= LEAST_LETTERS and page.get_rotation() == 0:
            whole = Box(*page.get_bbox())
            for box in figures(page):
                yield _rendered(
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


def _rendered(page: pypdfium2.PdfPage, crop: tuple[float, float, float, float]) -> Image:
    """Draw the page, less what is cropped from its left, bottom, right and top (points)."""
    width, height = page.get_size()
    wide, high = max(1.0, width - crop[0] - crop[2]), max(1.0, height - crop[1] - crop[3])
    scale = min(SIDE / max(wide, high), math.sqrt(MOST_PIXELS / (wide * high)), 4.0)
    bitmap = page.render(scale=scale, crop=crop)
    try:
        return cast("Image", bitmap.to_pil().copy())
    finally:
        bitmap.close()


# --- PPTX -------------------------------------------------------------------------------------------------------------


def _slides(path: str) -> Pages:
    def pages(first: int) -> Iterator[tuple[int, Callable[[], Iterator[Image | str]]]]:
        with opened(Path(path), "presentation") as package:
            yield from slides_from(package, first, least_share=LEAST_SHARE, most=MOST_FIGURES)

    return pages
