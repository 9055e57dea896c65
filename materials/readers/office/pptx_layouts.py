"""Resolve what the placeholders of slides inherit from layouts and masters: positions and bullets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.office.ooxml import A, P, Package

TITLE_TYPES = {"title", "ctrTitle"}
# Date, footer, slide number and header: the same on every slide, and no content.
FURNITURE_TYPES = {"dt", "ftr", "sldNum", "hdr"}
BODY_TYPES = {"body", "obj"}
_XFRM = f"{A}xfrm"
# 21.1.2.4: a list style has properties for nine levels. Deeper paragraphs do not exist (`lvl` is 0 to 8).
_LEVEL_TAGS = tuple(f"{A}lvl{depth}pPr" for depth in range(1, 10))


@dataclass(frozen=True, kw_only=True)
class ShapeBox:
    """The position and size of a shape on its slide in EMU (English Metric Units, 360,000 to the centimetre)."""

    left: int
    top: int
    width: int
    height: int

    def is_outside(self, width: int, height: int) -> bool:
        """Tell whether no part of the box is on a slide of this size."""
        return self.left >= width or self.top >= height or self.left + self.width <= 0 or self.top + self.height <= 0


@dataclass(frozen=True, kw_only=True)
class Bullet:
    """The marker of a paragraph: none (`is_item` is False), a bullet, or a number with its scheme and first value."""

    is_item: bool
    scheme: str = ""
    start: int = 1


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """The type (`ph/@type`) and index (`ph/@idx`) of a placeholder shape."""

    type: str
    index: str

    @property
    def is_title(self) -> bool:
        return self.type in TITLE_TYPES


@dataclass(frozen=True, kw_only=True)
class _LayoutPart:
    """The placeholder shapes of a layout or master by index and by type, and its text styles (`title`, `body`).

    `texts` are those of its other shapes, which stand on every slide.
    """

    by_index: dict[str, Any] = field(default_factory=dict)
    by_type: dict[str, Any] = field(default_factory=dict)
    styles: dict[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


@dataclass
class Layouts:
    """The layouts and masters of a presentation; each is parsed once, a damaged one counts as empty."""

    package: Package
    _layout_parts: dict[str, _LayoutPart] = field(default_factory=dict)
    _bullets: dict[tuple[tuple[str, ...], Placeholder, int], Bullet | None] = field(default_factory=dict)

    def list_layout_names(self, slide: str) -> tuple[str, ...]:
        """Return the part names of a slide's layout and master, in this order; missing ones are left out."""
        layout = next(self.package.iter_related_parts(slide, "slideLayout"), None)
        master = next(self.package.iter_related_parts(layout, "slideMaster"), None) if layout else None
        return tuple(filter(None, (layout, master)))

    def list_fixed_texts(self, layout_names: tuple[str, ...]) -> list[str]:
        """Return what stands on every slide with a layout and master and belongs to none of them."""
        return [text for name in layout_names for text in self._get_layout_part(name).texts]

    def find_box(self, shape: Any, placeholder: Placeholder | None, layout_names: tuple[str, ...]) -> ShapeBox | None:
        """Return the box of a shape: its own, or that of its placeholder in the layout or master; None without any."""
        found = parse_box(shape)
        if found is None and placeholder is not None:
            for holder in self._find_base_placeholders(placeholder, layout_names):
                if (found := parse_box(holder)) is not None:
                    break
        return found

    def find_bullet(
        self, shape: Any, placeholder: Placeholder | None, layout_names: tuple[str, ...], depth: int
    ) -> Bullet | None:
        """Return the bullet of a shape's paragraphs at a depth (0 to 8); None when nothing sets one.

        Looked for in the shape, its placeholders in layout and master, and the text styles of the master.
        """
        own = _parse_bullet_style(shape.find(f"{P}txBody/{A}lstStyle"), depth)
        if own is not None or placeholder is None:
            return own
        # Most slides of a deck share a few layouts, and a shape asks for each of its paragraphs.
        key = layout_names, placeholder, depth
        if key not in self._bullets:
            self._bullets[key] = self._find_inherited_bullet(placeholder, layout_names, depth)
        return self._bullets[key]

    def _find_inherited_bullet(
        self, placeholder: Placeholder, layout_names: tuple[str, ...], depth: int
    ) -> Bullet | None:
        for holder in self._find_base_placeholders(placeholder, layout_names):
            if (found := _parse_bullet_style(holder.find(f"{P}txBody/{A}lstStyle"), depth)) is not None:
                return found
        for name in layout_names:
            style = self._get_layout_part(name).styles.get("title" if placeholder.is_title else "body")
            if (found := _parse_bullet_style(style, depth)) is not None:
                return found
        return None

    def _find_base_placeholders(self, placeholder: Placeholder, layout_names: tuple[str, ...]) -> list[Any]:
        """Return the placeholders that one inherits from, nearest first."""
        # 19.3.1.36 (`ph`): the layout is matched by index, the master by type. A master has one body, which stands for
        # every other type (pictures, tables, charts), but not for titles and footers.
        kind = "title" if placeholder.is_title else placeholder.type
        found = []
        for at, name in enumerate(layout_names):
            sheet = self._get_layout_part(name)
            # Titles have no index of their own: 0 is the default, which another placeholder may have, too.
            holder = sheet.by_index.get(placeholder.index) if at == 0 and not placeholder.is_title else None
            if holder is None:
                holder = sheet.by_type.get(kind)
            if holder is None and kind not in {"title", *FURNITURE_TYPES}:
                holder = sheet.by_type.get("body")
            if holder is not None:
                found.append(holder)
        return found

    def _get_layout_part(self, name: str) -> _LayoutPart:
        if name not in self._layout_parts:
            self._layout_parts[name] = self._read_layout_part(name)
        return self._layout_parts[name]

    def _read_layout_part(self, name: str) -> _LayoutPart:
        sheet = _LayoutPart()
        try:
            root = self.package.parse_part(name)
        except (KeyError, UnreadableDocument):
            return sheet
        for shape in root.iterfind(f"{P}cSld/{P}spTree/{P}sp"):
            if (placeholder := parse_placeholder(shape)) is not None:
                sheet.by_index.setdefault(placeholder.index, shape)
                sheet.by_type.setdefault("title" if placeholder.is_title else placeholder.type, shape)
            elif text := collect_shape_text(shape):
                sheet.texts.append(text)
        for kind in ("title", "body"):
            style = root.find(f"{P}txStyles/{P}{kind}Style")
            if style is not None:
                sheet.styles[kind] = style
        return sheet


def collect_shape_text(element: Any) -> str:
    """Return the bare text of a shape or group on one line, for what is not read properly."""
    paragraphs = ("".join(text.text or "" for text in one.iter(f"{A}t")) for one in element.iter(f"{A}p"))
    return clean_text(collapse_whitespace(" ".join(paragraphs)))


def parse_slide_size(deck: Any) -> tuple[int, int] | None:
    """Return the width and height of a presentation's slides in EMU, None when it does not say them."""
    size = deck.find(f"{P}sldSz")
    width, height = (_parse_emu(size.get(name)) for name in ("cx", "cy")) if size is not None else (0, 0)
    return (width, height) if width > 0 and height > 0 else None


def parse_placeholder(shape: Any) -> Placeholder | None:
    """Return the placeholder that a shape is; None for other shapes."""
    # The non-visual properties are the first child under any of their names: nvSpPr, nvPicPr, nvGraphicFramePr.
    for properties in shape[:1]:
        mark = properties.find(f"{P}nvPr/{P}ph")
        if mark is not None:
            return Placeholder(type=mark.get("type") or "obj", index=mark.get("idx") or "0")  # the defaults of `ph`
    return None


def parse_box(shape: Any) -> ShapeBox | None:
    """Return the box that a shape sets itself; None when it inherits one."""
    # Shapes and pictures, graphic frames, and groups keep it in different places.
    frame = shape.find(f"{P}spPr/{_XFRM}")
    if frame is None:
        frame = shape.find(f"{P}xfrm")
    if frame is None:
        frame = shape.find(f"{P}grpSpPr/{_XFRM}")
    offset, extent = (frame.find(f"{A}off"), frame.find(f"{A}ext")) if frame is not None else (None, None)
    if offset is None:
        return None
    size = extent if extent is not None else {}
    return ShapeBox(
        left=_parse_emu(offset.get("x")),
        top=_parse_emu(offset.get("y")),
        width=_parse_emu(size.get("cx")),
        height=_parse_emu(size.get("cy")),
    )


def parse_bullet(properties: Any) -> Bullet | None:
    """Return the bullet that paragraph properties set; None when they inherit it."""
    for mark in properties:
        name = mark.tag
        if name == f"{A}buNone":
            return Bullet(is_item=False)
        if name in {f"{A}buChar", f"{A}buBlip"}:
            return Bullet(is_item=True)
        if name == f"{A}buAutoNum":
            start = mark.get("startAt") or "1"
            return Bullet(
                is_item=True,
                scheme=mark.get("type") or "arabicPeriod",
                start=int(start) if start.isdecimal() and len(start) < 6 else 1,
            )
    return None


def _parse_bullet_style(style: Any, depth: int) -> Bullet | None:
    properties = style.find(_LEVEL_TAGS[min(depth, 8)]) if style is not None else None
    return parse_bullet(properties) if properties is not None else None


def _parse_emu(text: str | None) -> int:
    # Fourteen digits are thousands of kilometres; longer numbers are damage, and would slow down all that is computed.
    return int(text) if text and text.removeprefix("-").isdecimal() and len(text) < 15 else 0
