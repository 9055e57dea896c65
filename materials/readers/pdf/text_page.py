"""The text layer of one page of a PDF: its characters, their boxes and fonts, in points of the upright page.

A page is read in about a third of a millisecond, which a few hundred slow calls of PDFium would double.
"""

from __future__ import annotations

import codecs
import ctypes
import math
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from materials.readers.pdf.calls import call_by_address
from materials.readers.pdf.fonts import NO_STYLE, FontStyle, read_font_style

# Characters. Buffers are multiples of this, because ctypes makes a class for each length of array, which costs more
# than to fill the array.
_BUFFER_STEP = 4096
_QUARTER_TURN = math.pi / 2
# Scanners and slanted labels are off by a few degrees; text that is further from a quarter turn is decoration.
_MAX_SKEW = math.radians(5)
# Characters whose angle is read: three suffice where they agree with the page, as on nearly every page; only where they
# differ are fifteen compared.
_FIRST_ROTATION_SAMPLE = 3
_ROTATION_SAMPLE = 15
# Of the sampled characters. At 0.5 the turned labels of a diagram on a sample slide turn the whole slide.
_ROTATED_SHARE = 0.85
# Of 255, for each of red, green and blue: lighter ink is not seen on paper.
MIN_WHITE = 250


_get_char_box = call_by_address(
    raw.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_count_rects = call_by_address(raw.FPDFText_CountRects, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
_get_text_object = call_by_address(raw.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_get_font = call_by_address(raw.FPDFTextObj_GetFont, ctypes.c_void_p, ctypes.c_void_p)
_get_fill_color = call_by_address(
    raw.FPDFText_GetFillColor, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, *[ctypes.c_void_p] * 4
)
_get_font_size = call_by_address(raw.FPDFText_GetFontSize, ctypes.c_double, ctypes.c_void_p, ctypes.c_int)
_get_char_angle = call_by_address(raw.FPDFText_GetCharAngle, ctypes.c_float, ctypes.c_void_p, ctypes.c_int)
# What PDFium writes a box and a color to, for all pages: its calls are never at once, as it is made for one thread.
_box = raw.FS_RECTF()
_box_address = ctypes.addressof(_box)
_unpack_sides = struct.Struct("4f").unpack  # left, top, right, bottom: half the time of reading the fields
_color = (ctypes.c_uint * 4)()  # red, green, blue, alpha
_color_addresses = [ctypes.addressof(_color) + 4 * number for number in range(4)]


class TextPage:
    """The characters of a page whose text runs in one of four directions.

    `rotation` is the clockwise rotation of the page, in degrees, under which nearly all of its text is upright,
    `sheet_rotation` that which the page asks for; `width` and `height` are those of the page turned to its text, in
    points. `text` has one character for each UTF-16 unit, so that its indexes are those of PDFium. With `rotation` the
    page is turned so whatever its text is like. To be closed before the page.
    """

    def __init__(self, page: raw.FPDF_PAGE, rotation: int | None = None) -> None:
        self.sheet_rotation: int = raw.FPDFPage_GetRotation(page) * 90
        self.rotation: int = self.sheet_rotation
        # Rotations that make other parts of the text upright.
        self.other_rotations: list[int] = []
        self._styles: dict[int, FontStyle] = {}  # by the address of a font, which is one as long as the page is open
        self._load(page)
        wanted = self._find_text_rotation() if rotation is None else rotation
        if wanted != self.rotation:
            # PDFium puts only upright text into lines, so the page is turned and its text is extracted again.
            self.close()
            raw.FPDFPage_SetRotation(page, wanted // 90)
            self.rotation = wanted
            self._load(page)
        raw.FPDF_GetPageBoundingBox(page, _box)
        self._x0, self._y1, self._x1, self._y0 = _unpack_sides(_box)
        wide, high = self._x1 - self._x0, self._y1 - self._y0
        self.width, self.height = (high, wide) if self.rotation in {90, 270} else (wide, high)
        last = len(self.text) - 1
        # Where PDFium leaves characters of the page out of the text, the indexes of text and characters differ.
        self._is_shifted = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, last) != last
        # Returns left, right, top and bottom of the character at an index, in points from the left and the top of the
        # upright page. The box is that of the font's ascent and descent, about the same for all characters of a font.
        self.get_char_box = self._build_box_reader()

    def _load(self, page: raw.FPDF_PAGE) -> None:
        self.handle = raw.FPDFText_LoadPage(page)
        if not self.handle:
            raise pdfium.PdfiumError("The text of a page could not be loaded.")
        self._address = ctypes.addressof(self.handle.contents)
        self.text = _extract_text(self.handle)

    def close(self) -> None:
        """Release the memory that PDFium holds for the text."""
        raw.FPDFText_ClosePage(self.handle)

    def _build_box_reader(self) -> Callable[[int], tuple[float, float, float, float]]:
        """Return the function behind `get_char_box`: the most frequent call of all, without a look-up in between."""
        address, x0, y1 = self._address, self._x0, self._y1
        # Local names are found in half the time of global ones.
        read, unpack, box, box_address = _get_char_box, _unpack_sides, _box, _box_address

        def get_upright_box(index: int) -> tuple[float, float, float, float]:
            read(address, index, box_address)
            left, top, right, bottom = unpack(box)
            return left - x0, right - x0, y1 - top, y1 - bottom

        return get_upright_box if self.rotation == 0 and not self._is_shifted else self._get_turned_box

    def _get_turned_box(self, index: int) -> tuple[float, float, float, float]:
        if self._is_shifted:
            index = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, index)
        _get_char_box(self._address, index, _box_address)
        return self.convert_box(*_unpack_sides(_box))

    def convert_box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom of a box of PDFium's, from the left and the top of the upright page.

        The origin of PDFium's boxes is the lower left corner of the unrotated page (PDF 32000-1, 8.3.2.3).
        """
        if self.rotation == 0:
            return left - self._x0, right - self._x0, self._y1 - top, self._y1 - bottom
        if self.rotation == 90:
            return bottom - self._y0, top - self._y0, left - self._x0, right - self._x0
        if self.rotation == 180:
            return self._x1 - right, self._x1 - left, bottom - self._y0, top - self._y0
        return self._y1 - top, self._y1 - bottom, self._x1 - right, self._x1 - left

    def convert_to_shown(
        self, left: float, right: float, top: float, bottom: float, *, shown_rotation: int
    ) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of a box of `get_char_box` on the page as viewers show it.

        `shown_rotation` is the clockwise rotation that the page asked for when it was opened.
        """
        match (shown_rotation - self.rotation) % 360:
            case 90:
                return self.height - bottom, left, self.height - top, right
            case 180:
                return self.width - right, self.height - bottom, self.width - left, self.height - top
            case 270:
                return top, self.width - right, bottom, self.width - left
        return left, top, right, bottom

    def get_char_edges(self, indexes: Iterable[int]) -> list[tuple[float, float]]:
        """Return top and bottom of characters, as `get_char_box` does."""
        if self.rotation or self._is_shifted:
            return [self.get_char_box(index)[2:] for index in indexes]
        address, y1 = self._address, self._y1
        edges = []
        for index in indexes:
            _get_char_box(address, index, _box_address)
            _, top, _, bottom = _unpack_sides(_box)
            edges.append((y1 - top, y1 - bottom))
        return edges

    def get_font_size(self, index: int) -> float:
        """Return the type size that the font of a character was set in; programs that scale all text write 1."""
        if self._is_shifted:
            index = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, index)
        size: float = _get_font_size(self._address, index)
        return size

    def get_font_style(self, index: int) -> FontStyle:
        """Return what the font of a character is like."""
        if self._is_shifted:
            index = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, index)
        drawn = _get_text_object(self._address, index)
        font = drawn and _get_font(drawn)
        if not font:  # a character that PDFium added, such as a space
            return NO_STYLE
        return self._styles.get(font) or self._styles.setdefault(font, read_font_style(self._address, index))

    def find_white(self, indexes: Sequence[int]) -> list[int]:
        """Return the places in `indexes` of the characters that are drawn in white, or fully transparent."""
        if self._is_shifted:
            indexes = [raw.FPDFText_GetCharIndexFromTextIndex(self.handle, index) for index in indexes]
        address, read, color = self._address, _get_fill_color, _color
        red, green, blue, alpha = _color_addresses
        found = []
        for place, index in enumerate(indexes):
            if read(address, index, red, green, blue, alpha) and (
                color[3] == 0 or (color[0] >= MIN_WHITE and color[1] >= MIN_WHITE and color[2] >= MIN_WHITE)
            ):
                found.append(place)
        return found

    def get_text_scale(self, index: int) -> float:
        """Return by how much the size of a character's font is enlarged on the page, as where browsers print."""
        if self._is_shifted:
            index = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, index)
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self.handle, index, ctypes.byref(matrix))
        return math.hypot(matrix.c, matrix.d)

    def count_rects(self, start: int, end: int) -> int:
        """Return in how many pieces the characters from `start` to `end` were drawn."""
        if self._is_shifted:
            start = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, start)
            end = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, end - 1) + 1
        return int(_count_rects(self._address, start, end - start))

    def is_upright(self, index: int) -> bool:
        """Tell whether a character is upright on the page as it is turned now; a slanted one is."""
        if self._is_shifted:
            index = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, index)
        return self._find_rotation(index) in {None, self.rotation}

    def is_turned_upright(self, index: int) -> bool:
        """Tell whether a character is upright on the page as it is turned now, and not slanted."""
        if self._is_shifted:
            index = raw.FPDFText_GetCharIndexFromTextIndex(self.handle, index)
        return self._find_rotation(index) == self.rotation

    def _find_text_rotation(self) -> int:
        """Return the clockwise rotation of the page, in degrees, under which most of its text is upright."""
        if set(self._sample_rotations(_FIRST_ROTATION_SAMPLE)) <= {self.rotation}:
            return self.rotation
        turns = Counter(self._sample_rotations(_ROTATION_SAMPLE))
        turn, count = turns.most_common(1)[0] if turns else (self.rotation, 0)
        wanted = turn if count >= _ROTATED_SHARE * turns.total() else self.rotation
        self.other_rotations = sorted(turns.keys() - {wanted})
        return wanted

    def _sample_rotations(self, count: int) -> list[int]:
        """Return the rotations that make `count` evenly spread characters upright, without slanted ones."""
        text, turns = self.text, []
        for number in range(count):
            at = len(text) * (2 * number + 1) // (2 * count)
            while at < len(text) and text[at].isspace():
                at += 1
            if at < len(text):
                turn = self._find_rotation(at)
                if turn is not None:
                    turns.append(turn)
        return turns

    def _find_rotation(self, char: int) -> int | None:
        """Return the rotation that makes a character upright, None for a slanted one."""
        angle = _get_char_angle(self._address, char)
        if angle == 0:
            return 0
        quarters = round(angle / _QUARTER_TURN)
        # PDFium's angles are clockwise, as is /Rotate (PDF 32000-1, table 30): the page is turned back by them.
        return -90 * quarters % 360 if abs(angle - quarters * _QUARTER_TURN) < _MAX_SKEW else None


def _extract_text(text_page: raw.FPDF_TEXTPAGE) -> str:
    """Return the text of a page with one character for each UTF-16 unit, so that indexes are those of PDFium."""
    count = raw.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (_BUFFER_STEP * (count // _BUFFER_STEP + 1)))()
    units = max(0, raw.FPDFText_GetText(text_page, 0, count, buffer) - 1)  # the terminating zero is counted
    text, _ = codecs.utf_16_le_decode(memoryview(buffer)[:units], "replace", True)
    # A character beyond U+FFFF decodes two units to one: only then are the halves kept apart, which takes longer.
    return text if len(text) == units else "".join(map(chr, buffer[:units]))
