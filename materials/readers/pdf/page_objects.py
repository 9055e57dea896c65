"""What is drawn on a page of a PDF, object by object, by functions of addresses.

A call takes a third of the time that it takes with pointer objects, and some are made for every object of a page.
"""

from __future__ import annotations

import ctypes

import pypdfium2.raw as raw

from materials.readers.pdf.calls import call_by_address

_ADDRESS = ctypes.c_void_p

get_object = call_by_address(raw.FPDFPage_GetObject, _ADDRESS, _ADDRESS, ctypes.c_int)
get_form_object = call_by_address(raw.FPDFFormObj_GetObject, _ADDRESS, _ADDRESS, ctypes.c_int)
get_type = call_by_address(raw.FPDFPageObj_GetType, ctypes.c_int, _ADDRESS)
count_segments = call_by_address(raw.FPDFPath_CountSegments, ctypes.c_int, _ADDRESS)
get_segment = call_by_address(raw.FPDFPath_GetPathSegment, _ADDRESS, _ADDRESS, ctypes.c_int)
get_segment_type = call_by_address(raw.FPDFPathSegment_GetType, ctypes.c_int, _ADDRESS)
is_closing = call_by_address(raw.FPDFPathSegment_GetClose, ctypes.c_int, _ADDRESS)
_get_bounds = call_by_address(raw.FPDFPageObj_GetBounds, ctypes.c_int, *[_ADDRESS] * 5)
_get_fill_color = call_by_address(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *[_ADDRESS] * 5)
_get_draw_mode = call_by_address(raw.FPDFPath_GetDrawMode, ctypes.c_int, *[_ADDRESS] * 3)
_get_point = call_by_address(raw.FPDFPathSegment_GetPoint, ctypes.c_int, *[_ADDRESS] * 3)

Bounds = tuple[float, float, float, float]  # left, bottom, right, top, as PDFium gives them


class ObjectReader:
    """Reads properties of objects into buffers of its own."""

    def __init__(self) -> None:
        self._sides = (ctypes.c_float * 4)()
        self._numbers = (ctypes.c_uint * 4)()
        self._side_places = [ctypes.addressof(self._sides) + 4 * number for number in range(4)]
        self._number_places = [ctypes.addressof(self._numbers) + 4 * number for number in range(4)]

    def find_bounds(self, drawn: int) -> Bounds | None:
        """Return the bounds of an object in the units of its page or form."""
        if not _get_bounds(drawn, *self._side_places):
            return None
        left, bottom, right, top = self._sides
        return left, bottom, right, top

    def is_inked(self, path: int, white: int) -> bool:
        """Tell whether a path is stroked, or filled with a color one part of which is below `white` of 255.

        The color of a pattern is unknown, and taken for one.
        """
        return self.is_stroked(path) or self.is_filled(path, white)

    def is_stroked(self, path: int) -> bool:
        """Tell whether the outline of a path is drawn."""
        _get_draw_mode(path, self._number_places[0], self._number_places[1])
        return bool(self._numbers[1])

    def is_filled(self, path: int, white: int) -> bool:
        """Tell whether a path is filled with a color one part of which is below `white` of 255, or with a pattern."""
        numbers, places = self._numbers, self._number_places
        _get_draw_mode(path, places[0], places[1])
        if not numbers[0]:
            return False
        return not _get_fill_color(path, *places) or min(numbers[0], numbers[1], numbers[2]) < white

    def find_point(self, segment: int) -> tuple[float, float]:
        """Return where a segment of a path ends, in the units of the path."""
        _get_point(segment, self._side_places[0], self._side_places[1])
        return self._sides[0], self._sides[1]
