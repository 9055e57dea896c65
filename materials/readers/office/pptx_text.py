"""Read the paragraphs of a shape (DrawingML text, ECMA-376 Part 1, 21.1.2) and make pieces of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from materials.documents import ChunkKind, Locator
from materials.readers.base.code_lines import is_prose_line
from materials.readers.base.encodings import clean_text
from materials.readers.base.pieces import PieceCollector, format_list_item, tidy_lines
from materials.readers.office.docx_styles import CODE_FONT
from materials.readers.office.equations import format_equation
from materials.readers.office.numerals import format_letters, format_roman
from materials.readers.office.ooxml import MC, A, R, select_alternate
from materials.readers.office.pptx_layouts import Bullet, parse_bullet
from materials.readers.office.scripts import RunCollector
from materials.readers.office.symbols import replace_symbols

_R, _T, _RPR, _PPR, _BR, _FLD = f"{A}r", f"{A}t", f"{A}rPr", f"{A}pPr", f"{A}br", f"{A}fld"
_LATIN, _LINK = f"{A}latin", f"{A}hlinkClick"
# PowerPoint 2010 and later wrap OMML in this element.
_EQUATION = "{http://schemas.microsoft.com/office/drawing/2010/main}m"
_TRUE_VALUES = {"1", "true"}
# Bullets that the author typed. A space must follow, or negative numbers and dialogues would be lists.
_TYPED_BULLET = re.compile(r"\s*[-–—•·▪◦]\s+")
# Fields whose text is the same on every slide, or its number.
_FURNITURE_FIELDS = ("slidenum", "datetime")


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One paragraph of a shape.

    `depth` is 0 to 8. `bullet` is None when neither the paragraph nor what it inherits from sets one. `size` is the
    largest font size set in it, in hundredths of a point, 0 without one. `links` are the ids of relationships.
    """

    text: str
    depth: int
    bullet: Bullet | None
    is_code: bool
    emphasised: tuple[str, ...]
    size: int
    links: tuple[str, ...] = ()


def parse_paragraphs(body: Any, bullet_at: Callable[[int], Bullet | None] = lambda _: None) -> list[Paragraph]:
    """Return the paragraphs of a text body that have text; `bullet_at` returns the inherited bullet of a depth."""
    style = body.find(f"{A}lstStyle")
    default = style.find(f"{A}lvl1pPr/{A}defRPr") if style is not None and len(style) else None
    found = []
    for element in body.iterchildren(f"{A}p"):
        paragraph = _parse_paragraph(element, default, bullet_at)
        if paragraph.text.strip():
            found.append(paragraph)
    return found


def _parse_paragraph(element: Any, default: Any, bullet_at: Callable[[int], Bullet | None]) -> Paragraph:
    words = RunCollector()
    links: list[str] = []
    sizes = [0]
    fonts: list[bool] = []
    depth, bullet = 0, None
    default_font, default_size = _get_font_name(default), int(_get_digits(default, "sz"))
    for child in element:
        tag = child.tag
        if tag in {_R, _FLD}:
            text = child.findtext(_T) or ""
            if not text or (tag == _FLD and (child.get("type") or "").startswith(_FURNITURE_FIELDS)):
                continue
            properties = child.find(_RPR)
            is_emphasised = properties is not None and (
                properties.get("b") in _TRUE_VALUES or properties.get("i") in _TRUE_VALUES
            )
            words.add(text, is_emphasised=is_emphasised, script=_get_script(properties))
            if text.strip():
                font = _get_font_name(properties) or default_font
                fonts.append(CODE_FONT.search(font) is not None)
                sizes.append(int(_get_digits(properties, "sz")) or default_size)
                link = properties.find(_LINK) if properties is not None else None
                links.extend([link.get(f"{R}id") or ""] if link is not None else [])
        elif tag == _BR:
            words.add("\n")
        elif tag == _PPR:
            level = child.get("lvl") or "0"
            depth = min(int(level), 8) if level.isdecimal() and len(level) < 4 else 0
            bullet = parse_bullet(child)
        elif tag == f"{MC}AlternateContent":
            form = select_alternate(child)
            for equation in _iter_equations(form) if form is not None else []:
                words.add(equation)
        elif tag == _EQUATION:
            for equation in _iter_equations(element=child):
                words.add(equation)
    words.close_script()
    return Paragraph(
        text=replace_symbols(clean_text("".join(words.parts).replace("\v", "\n"))),
        depth=depth,
        bullet=bullet if bullet is not None else bullet_at(depth),
        is_code=bool(fonts) and all(fonts),
        emphasised=tuple(words.emphasised),
        size=max(sizes),
        links=tuple(links),
    )


def _iter_equations(element: Any) -> Iterable[str]:
    for part in element.iter():
        if part.tag.endswith("}oMathPara") or (
            part.tag.endswith("}oMath") and not part.getparent().tag.endswith("}oMathPara")
        ):
            yield format_equation(part)


def _get_script(properties: Any) -> str:
    """Return `superscript`, `subscript` or blank: text is raised or lowered by a share of its size (`baseline`)."""
    share = ((properties.get("baseline") or "") if properties is not None else "").rstrip("%")
    if not share.strip("0.-") or not share.removeprefix("-").replace(".", "", 1).isdecimal():
        return ""
    return "subscript" if share.startswith("-") else "superscript"


def _get_font_name(properties: Any) -> str:
    latin = properties.find(_LATIN) if properties is not None else None
    return (latin.get("typeface") or "") if latin is not None else ""


def _get_digits(properties: Any, name: str) -> str:
    # Font sizes are 100 to 400,000 (20.1.10, ST_TextFontSize); anything longer is damage.
    text = (properties.get(name) or "") if properties is not None else ""
    return text if text.isdecimal() and len(text) < 8 else "0"


def add_paragraphs(
    paragraphs: Sequence[Paragraph],
    locator: Locator,
    pieces: PieceCollector,
    *,
    is_body: bool,
    find_target: Callable[[str], str] = lambda relation_id: "",
    shape_links: Sequence[str] = (),
) -> None:
    """Add the paragraphs of one shape as lists, code and text; adjacent paragraphs of a kind make one piece.

    In a body placeholder (`is_body`), paragraphs without a known bullet are items of a list: that is PowerPoint's
    default. `find_target` returns the target of a link by the id of its relationship; `shape_links` are the targets of
    links that the shape as a whole has.
    """
    kinds = _classify_paragraphs(paragraphs, is_body=is_body)
    at = 0
    for kind, group in groupby(kinds):
        members = paragraphs[at : at + len(list(group))]
        at += len(members)
        emphasised = [words for paragraph in members for words in paragraph.emphasised]
        links = [find_target(link) for paragraph in members for link in paragraph.links] + list(shape_links)
        if kind is ChunkKind.LIST:
            pieces.add(kind, "\n".join(_format_items(members)), locator, emphasised=emphasised, links=links)
        elif kind is ChunkKind.CODE:
            pieces.add(kind, "\n".join(paragraph.text.rstrip() for paragraph in members), locator, links=links)
        else:
            text = tidy_lines("\n".join(paragraph.text for paragraph in members))
            pieces.add(kind, text, locator, emphasised=emphasised, links=links)


def _classify_paragraphs(paragraphs: Sequence[Paragraph], *, is_body: bool) -> list[ChunkKind]:
    """Return the kind of each paragraph. After an item, an indented paragraph is an item, too."""
    is_prose = all(is_prose_line(paragraph.text) for paragraph in paragraphs if paragraph.is_code)
    kinds: list[ChunkKind] = []
    for paragraph in paragraphs:
        after_item = bool(kinds) and kinds[-1] is ChunkKind.LIST
        if paragraph.is_code and not is_prose:
            kind = ChunkKind.CODE
        elif len(paragraphs) == 1:  # a list of one item is a sentence in a box
            kind = ChunkKind.PARAGRAPH
        elif (
            (is_body if paragraph.bullet is None else paragraph.bullet.is_item)
            or _TYPED_BULLET.match(paragraph.text)
            or (after_item and paragraph.depth > 0)
        ):
            kind = ChunkKind.LIST
        else:
            kind = ChunkKind.PARAGRAPH
        kinds.append(kind)
    for at in range(1, len(kinds) - 1):
        if kinds[at - 1] is kinds[at + 1] is ChunkKind.CODE and kinds[at] is ChunkKind.PARAGRAPH:
            kinds[at] = ChunkKind.CODE  # a line of the code whose font was forgotten
    return kinds


def _format_items(paragraphs: Sequence[Paragraph]) -> Iterable[str]:
    """Yield the lines of a list; depths that are skipped in the source are closed up."""
    above: list[int] = []
    counts: dict[int, tuple[str, int]] = {}
    has_bullets = any(paragraph.bullet is None or paragraph.bullet.is_item for paragraph in paragraphs)
    for paragraph in paragraphs:
        bullet = paragraph.bullet
        typed = _TYPED_BULLET.match(paragraph.text) if bullet is not None and not bullet.is_item else None
        # A dash typed between real bullets is the author's way to a deeper level.
        depth = paragraph.depth + 1 if typed and has_bullets else paragraph.depth
        while above and above[-1] >= depth:
            above.pop()
        above.append(depth)
        for deeper in [one for one in counts if one > depth]:
            del counts[deeper]
        number, label = None, ""
        if bullet is not None and bullet.scheme:
            scheme, count = counts.get(depth, ("", 0))
            # As PowerPoint counts: another scheme or a paragraph without a number at this depth begins anew.
            count = count + 1 if scheme == bullet.scheme else bullet.start
            counts[depth] = bullet.scheme, count
            number, label = _format_label(bullet.scheme, count)
        else:
            counts.pop(depth, None)
        text = paragraph.text[typed.end() :] if typed else paragraph.text
        yield format_list_item(label + text, depth=len(above) - 1, number=number)


def _format_label(scheme: str, count: int) -> tuple[int | None, str]:
    """Return the plain number of an item, or None and its label, by its scheme (20.1.10, ST_TextAutonumberScheme)."""
    if scheme.startswith("arabic") and not scheme.endswith("Both"):
        return count, ""
    text = (
        format_letters(count)
        if scheme.startswith("alpha")
        else format_roman(count)
        if scheme.startswith("roman")
        else str(count)
    )
    text = text.upper() if "Uc" in scheme else text
    if scheme.endswith("ParenBoth"):
        return None, f"({text}) "
    return None, f"{text}{')' if scheme.endswith('ParenR') else '.' if scheme.endswith('Period') else ''} "
