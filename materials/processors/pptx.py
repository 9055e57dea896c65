"""PPTX to pieces: each slide's title, its body in reading order, its tables, charts and notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pptx
from lxml import etree
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.exc import PackageNotFoundError, PythonPptxError

from materials.documents import ChunkKind, Document, Locator
from materials.processors.encodings import clean
from materials.processors.errors import UnreadableDocument
from materials.processors.pieces import Pieces, item, numbers, one_line, table, tidy

_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE}
_FURNITURE = {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER}
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM = "/diagramData"
_CODE_FONTS = ("courier", "consol", "mono", "menlo")


def read(path: Path) -> Document:
    """Read a presentation. Raises UnreadableDocument."""
    try:
        deck = pptx.Presentation(str(path))
        slides = list(deck.slides)
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError, etree.XMLSyntaxError, PythonPptxError) as exc:
        raise UnreadableDocument("The presentation is damaged.", code="damaged") from exc
    pieces = Pieces()
    warnings: list[str] = []
    silent: list[int] = []
    for number, slide in enumerate(slides, start=1):
        before = len(pieces.found)
        try:
            _slide(slide, number, pieces)
        except (KeyError, ValueError, AttributeError, PythonPptxError, etree.XMLSyntaxError) as exc:
            warnings.append(f"Slide {number} could not be read ({type(exc).__name__}).")
        if slide.element.get("show") == "0":
            warnings.append(f"Slide {number} is hidden in the presentation; its text was taken all the same.")
        if len(pieces.found) == before:
            silent.append(number)
    if silent:
        warnings.append(f"Slides without text: {numbers(silent)}.")
    found = tuple(pieces.found)
    title = next((p.text for p in found if p.kind is ChunkKind.HEADING), "") or one_line(
        deck.core_properties.title or ""
    )
    return Document(pieces=found, title=title, page_count=len(slides), warnings=tuple(warnings))


def _slide(slide: Any, number: int, pieces: Pieces) -> None:
    here = Locator(slide=number)
    pieces.start_over()
    shapes = [shape for shape in _flat(slide.shapes) if not _is_furniture(shape)]
    titles = [shape for shape in shapes if _is_title(shape) and shape.text_frame.text.strip()]
    for shape in titles[:1]:
        pieces.heading(clean(shape.text_frame.text.replace("\v", " ")), 1, here)
    for shape in sorted((s for s in shapes if s not in titles[:1]), key=_place):
        _shape(shape, here, pieces)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        pieces.add(ChunkKind.NOTES, tidy(clean(frame.text.replace("\v", "\n"))), here)


def _flat(shapes: Any) -> Iterator[Any]:
    for shape in shapes:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _flat(shape.shapes)
        else:
            yield shape


def _place(shape: Any) -> tuple[int, int, int]:
    """Reading order: body placeholders as the layout has them, then by rows of about 1 cm, then from the left."""
    return (0 if shape.is_placeholder else 1, (shape.top or 0) // 360_000, shape.left or 0)


def _is_title(shape: Any) -> bool:
    return bool(shape.is_placeholder and shape.has_text_frame and shape.placeholder_format.type in _TITLES)


def _is_furniture(shape: Any) -> bool:
    return bool(shape.is_placeholder and shape.placeholder_format.type in _FURNITURE)


def _shape(shape: Any, here: Locator, pieces: Pieces) -> None:
    if shape.has_text_frame:
        _text(shape, here, pieces)
    elif getattr(shape, "has_table", False) and shape.has_table:
        rows = [[clean(cell.text) for cell in row.cells] for row in shape.table.rows]
        pieces.add(ChunkKind.TABLE, table(rows), here)
    elif getattr(shape, "has_chart", False) and shape.has_chart:
        _chart(shape.chart, here, pieces)
    elif words := _diagram(shape):
        pieces.add(ChunkKind.LIST, "\n".join(item(word, depth=0) for word in words), here)


def _text(shape: Any, here: Locator, pieces: Pieces) -> None:
    paragraphs = []
    emphasised: list[str] = []
    for paragraph in shape.text_frame.paragraphs:
        words = clean("".join(run.text for run in paragraph.runs) or paragraph.text).replace("\v", "\n")
        if words.strip():
            paragraphs.append((words, paragraph.level))
        emphasised.extend(run.text for run in paragraph.runs if run.font.bold or run.font.italic)
    if not paragraphs:
        return
    if _is_code(shape):
        pieces.add(ChunkKind.CODE, "\n".join(words.rstrip() for words, _ in paragraphs), here)
        return
    body = shape.is_placeholder and shape.placeholder_format.type in {PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT}
    if body and len(paragraphs) > 1:
        lines = [item(words, depth=level) for words, level in paragraphs]
        pieces.add(ChunkKind.LIST, "\n".join(lines), here, emphasised=emphasised)
    else:
        text = "\n".join(words for words, _ in paragraphs)
        pieces.add(ChunkKind.PARAGRAPH, tidy(text), here, emphasised=emphasised)


def _is_code(shape: Any) -> bool:
    runs = [run for paragraph in shape.text_frame.paragraphs for run in paragraph.runs if run.text.strip()]
    fonts = [(run.font.name or "").lower() for run in runs]
    return bool(fonts) and all(any(mark in font for mark in _CODE_FONTS) for font in fonts)


def _chart(chart: Any, here: Locator, pieces: Pieces) -> None:
    title = chart.chart_title.text_frame.text if chart.has_title and chart.chart_title.has_text_frame else ""
    rows = [["", *(str(series.name) for series in chart.plots[0].series)]] if len(chart.plots) else []
    if rows:
        values = [list(series.values) for series in chart.plots[0].series]
        for index, category in enumerate(chart.plots[0].categories):
            cells = [str(column[index]) if index < len(column) else "" for column in values]
            rows.append([str(category), *cells])
    pieces.add(ChunkKind.PARAGRAPH, clean(one_line(title)), here)
    pieces.add(ChunkKind.TABLE, table(rows), here)


def _diagram(shape: Any) -> list[str]:
    """Return the words of a SmartArt diagram, which stand in a part of their own."""
    ids = [
        value
        for element in shape.element.iter("{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds")
        for name, value in element.attrib.items()
        if name.endswith("}dm")
    ]
    words: list[str] = []
    for relation_id in ids:
        relation = shape.part.rels.get(relation_id)
        if relation is None or relation.is_external or not relation.reltype.endswith(_DIAGRAM):
            continue
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(relation.target_part.blob, parser)
        for paragraph in root.iter(f"{_A}p"):
            text = one_line("".join(run.text or "" for run in paragraph.iter(f"{_A}t")))
            if text:
                words.append(clean(text))
    return words
