"""Switch off the content of a page of a PDF that stands in layers which are not shown (PDF 32000-1, 8.11).

PDFium knows which layers are shown only while it draws. So the page is drawn without the content of each layer: where
that changes nothing, and nothing appears where that content is drawn alone, it is not shown. Whole documents without
layers, nearly all, are known by their bytes.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pypdfium2.raw as raw

# Bytes of one compressed stream of objects, and of the streams that are looked into: a catalog is in the first or last.
_MAX_STREAM, _MAX_STREAMS = 2**22, 500
# Objects of a page, and groups of them that are drawn: one costs up to three pictures.
_MAX_OBJECTS, _MAX_GROUPS = 20_000, 20
# Pixels of the longer side of the picture of a page: a line of text is a pixel or two high, which differs already.
_PICTURE_SIZE = 500
_MAX_NAME = 256
# Begins what stands for the name of a group that has none. No layer's name begins with it: it ends names in PDFium.
_NAMELESS = "\0"
# Bytes at the end of a file that hold its trailer, and at either end in which the catalog is looked for; of a catalog.
_TRAILER_SIZE, _END_SIZE, _MAX_CATALOG = 2_048, 2**17, 2**20
_ROOT = re.compile(rb"/Root\s+(\d{1,9})\s+(\d{1,5})\s+R")
_STREAM = re.compile(rb"/ObjStm\b")
_LAYERS = b"/OCProperties"


def has_layers(source: bytes | Path) -> bool:
    """Tell whether the catalog of a PDF names layers, also in a compressed stream; True where it cannot be read.

    `source` is the content of the file, or its path.
    """
    if isinstance(source, bytes):
        return _names_layers(source)
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return _names_layers(content)


def _names_layers(content: bytes | mmap.mmap) -> bool:
    if catalog := _find_catalog(content):
        return _LAYERS in catalog
    if content.find(_LAYERS) >= 0:
        return True
    return any(stream is None or _LAYERS in stream for stream in _iter_object_streams(content))


def _find_catalog(content: bytes | mmap.mmap) -> bytes | None:
    """Return the bytes of the catalog, where it is a plain object at either end of the file, as in nearly all.

    It is looked for near the ends first: to search all of the samples takes as long as to read a tenth of their pages.
    """
    roots = _ROOT.findall(content, max(0, len(content) - _TRAILER_SIZE))
    if not roots:
        return None
    for line_end in (b"\n", b"\r"):
        name = line_end + b"%b %b obj" % roots[-1]  # the last one counts
        begin = content.rfind(name, max(0, len(content) - _END_SIZE))
        if begin < 0:
            begin = content.find(name, 0, _END_SIZE)
        end = content.find(b"endobj", begin, begin + _MAX_CATALOG) if begin >= 0 else -1
        if end >= 0:
            return content[begin:end]
    return None


def _iter_object_streams(content: bytes | mmap.mmap) -> Iterator[bytes | None]:
    """Yield the streams that hold objects, unpacked; None for one that is packed otherwise or encrypted."""
    for number, found in enumerate(_STREAM.finditer(content)):
        begin = content.find(b"stream", found.end())
        if begin < 0 or number == _MAX_STREAMS:
            return
        begin += len(b"stream")
        begin += 2 if content[begin : begin + 2] == b"\r\n" else 1
        unpacker = zlib.decompressobj()
        try:
            yield unpacker.decompress(content[begin : begin + _MAX_STREAM], _MAX_STREAM)
        except zlib.error:
            yield None


class LayerSwitch:
    """Makes PDFium forget what stands in layers that are not shown, page by page.

    It remembers the names of layers that are shown. That one is not shown must be found out on each page anew: on one
    that has only blanks in it, a layer that is shown looks the same.
    """

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def hide_content(self, page: raw.FPDF_PAGE) -> list[str]:
        """Take the content of hidden layers from an open page and return its texts."""
        groups: dict[str, list[raw.FPDF_PAGEOBJECT]] = {}
        for number in range(min(_MAX_OBJECTS, raw.FPDFPage_CountObjects(page))):
            drawn = raw.FPDFPage_GetObject(page, number)
            name = _find_layer(drawn)
            # A set of layers has no name, and the dictionary of a form may name a layer, which PDFium does not say.
            if name == "" or (name is None and raw.FPDFPageObj_GetType(drawn) == raw.FPDF_PAGEOBJ_FORM):
                name = f"{_NAMELESS}{number}"
            if name is not None and name not in self._shown:
                groups.setdefault(name, []).append(drawn)
        hidden = list(self._iter_hidden(page, groups))
        if not hidden:
            return []
        texts = list(filter(str.strip, _iter_texts(page, hidden)))
        for drawn in hidden:
            raw.FPDFPageObj_SetIsActive(drawn, False)
        return texts

    def _iter_hidden(
        self, page: raw.FPDF_PAGE, groups: dict[str, list[raw.FPDF_PAGEOBJECT]]
    ) -> Iterator[raw.FPDF_PAGEOBJECT]:
        """Yield the objects of the groups without which the page looks the same."""
        before = _draw(page) if groups else b""
        # Those with names first: there are few, while each part of a drawing may stand in a set of layers.
        for name in sorted(groups, key=lambda name: name.startswith(_NAMELESS))[:_MAX_GROUPS]:
            group = groups[name]
            with _switched_off(group):
                is_shown = _draw(page) != before
            if not is_shown and not _is_drawn_alone(page, group):
                yield from group
            elif not name.startswith(_NAMELESS):
                self._shown.add(name)


def _is_drawn_alone(page: raw.FPDF_PAGE, group: list[raw.FPDF_PAGEOBJECT]) -> bool:
    """Tell whether objects are drawn where nothing covers them and no text is without ink.

    Both is how text recognition puts the text of a scanned page into it.
    """
    objects = [raw.FPDFPage_GetObject(page, number) for number in range(raw.FPDFPage_CountObjects(page))]
    texts = [drawn for drawn in group if raw.FPDFTextObj_GetTextRenderMode(drawn) == raw.FPDF_TEXTRENDERMODE_INVISIBLE]
    with _switched_off(objects):
        blank = _draw(page)
        for drawn in group:
            raw.FPDFPageObj_SetIsActive(drawn, True)
        for drawn in texts:
            raw.FPDFTextObj_SetTextRenderMode(drawn, raw.FPDF_TEXTRENDERMODE_FILL)
        try:
            return _draw(page) != blank
        finally:
            for drawn in texts:
                raw.FPDFTextObj_SetTextRenderMode(drawn, raw.FPDF_TEXTRENDERMODE_INVISIBLE)


@contextlib.contextmanager
def _switched_off(objects: list[raw.FPDF_PAGEOBJECT]) -> Iterator[None]:
    for drawn in objects:
        raw.FPDFPageObj_SetIsActive(drawn, False)
    try:
        yield
    finally:
        for drawn in objects:
            raw.FPDFPageObj_SetIsActive(drawn, True)


def _find_layer(drawn: raw.FPDF_PAGEOBJECT) -> str | None:
    """Return the name of the layer that an object is marked with, blank where the layer has none, or None."""
    for number in range(max(0, raw.FPDFPageObj_CountMarks(drawn))):
        mark = raw.FPDFPageObj_GetMark(drawn, number)
        buffer, length = (ctypes.c_ushort * _MAX_NAME)(), ctypes.c_ulong()
        raw.FPDFPageObjMark_GetName(mark, buffer, ctypes.sizeof(buffer), length)
        if _decode(buffer, length.value) == "OC":
            length.value = 0
            raw.FPDFPageObjMark_GetParamStringValue(mark, b"Name", buffer, ctypes.sizeof(buffer), length)
            return _decode(buffer, length.value)
    return None


def _iter_texts(page: raw.FPDF_PAGE, objects: list[raw.FPDF_PAGEOBJECT]) -> Iterator[str]:
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        return
    try:
        for drawn in objects:
            yield from _iter_object_texts(text_page, drawn)
    finally:
        raw.FPDFText_ClosePage(text_page)


def _iter_object_texts(text_page: raw.FPDF_TEXTPAGE, drawn: raw.FPDF_PAGEOBJECT, depth: int = 0) -> Iterator[str]:
    kind = raw.FPDFPageObj_GetType(drawn)
    if kind == raw.FPDF_PAGEOBJ_TEXT:
        length = raw.FPDFTextObj_GetText(drawn, text_page, None, 0)
        if length > 2:
            buffer = (ctypes.c_ushort * (length // 2))()
            raw.FPDFTextObj_GetText(drawn, text_page, buffer, length)
            yield _decode(buffer, length)
    elif kind == raw.FPDF_PAGEOBJ_FORM and depth < 2:
        for number in range(min(_MAX_OBJECTS, max(0, raw.FPDFFormObj_CountObjects(drawn)))):
            yield from _iter_object_texts(text_page, raw.FPDFFormObj_GetObject(drawn, number), depth + 1)


def _decode(buffer: ctypes.Array[ctypes.c_ushort], length: int) -> str:
    """Return the text of a buffer of UTF-16; `length` counts bytes and the terminating zero."""
    return bytes(memoryview(buffer).cast("B"))[: max(0, length - 2)].decode("utf-16-le", "replace")


def _draw(page: raw.FPDF_PAGE) -> bytes:
    """Return the pixels of a small gray picture of a page."""
    wide, high = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
    scale = _PICTURE_SIZE / max(wide, high, 1.0)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    bitmap = raw.FPDFBitmap_CreateEx(*size, raw.FPDFBitmap_Gray, None, 0)
    try:
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, *size, 0xFFFFFFFF)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *size, 0, 0)
        return ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), raw.FPDFBitmap_GetStride(bitmap) * size[1])
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
