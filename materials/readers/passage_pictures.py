"""Draw one page of a PDF with a passage marked on it, in a child process.

`draw_passage` runs in the parent, `run_child` and the functions below it in the child.
"""

from __future__ import annotations

import io
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from materials.contents import decode_words_place, encode_words_place
from materials.documents import WordsPlace
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

if TYPE_CHECKING:
    import pypdfium2
    from PIL.Image import Image

# Pixels of the longer side: a page of A4 is then read without effort on a screen.
MAX_SIDE = 1400
# As `page_pictures`: a common choice between size and sharpness of text.
JPEG_QUALITY = 85
# As `page_pictures` for memory. Somebody waits for the page, and most take a third of a second.
LIMITS = ProcessLimits(memory_bytes=1536 * 2**20, cpu_seconds=20, seconds=30)
# The marking pen, which keeps black letters black: the page is multiplied by it.
_PEN = (255, 226, 110)
# Points around a line, so that the mark does not cut its letters.
_MARGIN = 1.5

Box = tuple[float, float, float, float]
PixelBox = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class PassagePicture:
    """A page as a JPEG. `is_marked` tells whether the passage was found on it."""

    jpeg: bytes
    is_marked: bool


def draw_passage(
    path: Path,
    *,
    page: int,
    passage: str,
    place: WordsPlace | None = None,
    checkpoint: Callable[[], None] = lambda: None,
) -> PassagePicture | None:
    """Return a page (1-based) of a PDF with the passage marked. None when it cannot be drawn.

    `place` says where the passage stands; without it the first one of these words on the page is marked.
    """
    known = encode_words_place(place) if place is not None and place.rectangles else None
    request = {"path": str(path.absolute()), "page": page, "passage": passage, "place": known}
    try:
        for message in read_messages(__name__, request, limits=LIMITS, checkpoint=checkpoint):
            return PassagePicture(jpeg=b64decode(message["jpeg"]), is_marked=message["is_marked"])
    except ChildFailed:
        return None
    return None


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Draw the page and send it; called in the child process by `project.processes`."""
    import pypdfium2  # noqa: PLC0415  # only the child draws

    document = pypdfium2.PdfDocument(request["path"])
    if not 1 <= request["page"] <= len(document):
        return
    page = document[request["page"] - 1]
    width, height = page.get_size()
    scale = MAX_SIDE / max(width, height, 1.0)
    picture = page.render(scale=scale).to_pil().convert("RGB")
    place = request["place"]
    if place is not None:
        boxes = list(_scale_rectangles(decode_words_place(place), picture.size))
    else:
        boxes = [_convert_box(page, box, picture.size) for box in _find_boxes(page, request["passage"])]
    for box in boxes:
        _mark_box(picture, box)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=JPEG_QUALITY)
    send_message({"jpeg": b64encode(stream.getvalue()).decode(), "is_marked": bool(boxes)})


def _scale_rectangles(place: WordsPlace, size: tuple[int, int]) -> Iterator[PixelBox]:
    """Yield rectangles in points of the shown page in pixels of its picture."""
    wide, high = size[0] / (place.page_width or 1), size[1] / (place.page_height or 1)
    for left, top, right, bottom in place.rectangles:
        yield round(left * wide), round(top * high), round(right * wide), round(bottom * high)


def _find_boxes(page: pypdfium2.PdfPage, passage: str) -> Iterator[Box]:
    """Yield a box (left, bottom, right, top, in points) for each line of the passage; none when it is not found."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415

    text_page = page.get_textpage()
    letters: list[str] = []
    owners: list[int] = []
    for index in range(text_page.count_chars()):
        for letter in _squeeze(chr(pdfium.FPDFText_GetUnicode(text_page, index))):
            letters.append(letter)
            owners.append(index)
    wanted = "".join(_squeeze(passage))
    start = "".join(letters).find(wanted) if wanted else -1
    if start < 0:
        return
    line: Box | None = None
    for index in dict.fromkeys(owners[start : start + len(wanted)]):
        box = cast(Box, text_page.get_charbox(index))
        if line is not None and _is_same_line(line, box):
            line = (min(line[0], box[0]), min(line[1], box[1]), max(line[2], box[2]), max(line[3], box[3]))
        else:
            if line is not None:
                yield line
            line = box
    if line is not None:
        yield line


def _squeeze(text: str) -> Iterator[str]:
    """Yield the letters and digits of a text, small: hyphens, spaces and ligatures differ between text and page."""
    return (letter for letter in unicodedata.normalize("NFKD", text).casefold() if letter.isalnum())


def _is_same_line(line: Box, box: Box) -> bool:
    middle = (box[1] + box[3]) / 2
    return line[1] <= middle <= line[3] or box[1] <= (line[1] + line[3]) / 2 <= box[3]


def _convert_box(page: pypdfium2.PdfPage, box: Box, size: tuple[int, int]) -> PixelBox:
    """Return a box in pixels of the picture: left, top, right, bottom. PDFium knows rotation and crop of the page."""
    import ctypes  # noqa: PLC0415

    import pypdfium2.raw as pdfium  # noqa: PLC0415

    corners = []
    for x, y in ((box[0] - _MARGIN, box[1] - _MARGIN), (box[2] + _MARGIN, box[3] + _MARGIN)):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
        corners.append((across.value, down.value))
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _mark_box(picture: Image, box: PixelBox) -> None:
    from PIL import Image, ImageChops  # noqa: PLC0415

    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(picture.width, box[2]), min(picture.height, box[3])
    if left < right and top < bottom:
        part = picture.crop((left, top, right, bottom))
        picture.paste(ImageChops.multiply(part, Image.new("RGB", part.size, _PEN)), (left, top))
