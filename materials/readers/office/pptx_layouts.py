"""What a slide's placeholders inherit from its layout and master: where they stand, and which bullets they have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.errors import UnreadableDocument
from materials.readers.office.ooxml import A, P, Package

TITLE_TYPES = {"title", "ctrTitle"}
FURNITURE_TYPES = {"dt", "ftr", "sldNum", "hdr"}
BODY_TYPES = {"body", "obj"}
_XFRM = f"{A}xfrm"
_LEVEL_TAGS = tuple(f"{A}lvl{depth}pPr" for depth in range(1, 10))


@dataclass(frozen=True, kw_only=True)
class ShapeBox:
    """Where a shape stands on its slide, in English Metric Units."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Bullet:
    """What stands before a paragraph: nothing, a bullet, or a number (its scheme, and where it starts)."""

    is_item: bool
    scheme: str = ""
    start: int = 1


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """Which placeholder a shape is."""

    type: str
    index: str

    @property
    def is_title(self) -> bool:
        return self.type in TITLE_TYPES


@dataclass(frozen=True, kw_only=True)
class _LayoutPart:
    """A layout or master: its placeholders' shapes by index and by type, and its text styles by type."""

    by_index: dict[str, Any] = field(default_factory=dict)
    by_type: dict[str, Any] = field(default_factory=dict)
    styles: dict[str, Any] = field(default_factory=dict)


@dataclass
class Layouts:
    """The layouts of a presentation, each read once."""

    package: Package
    _layout_parts: dict[str, _LayoutPart] = field(default_factory=dict)
    _bullets: dict[tuple[tuple[str, ...], Placeholder, int], Bullet | None] = field(default_factory=dict)

    def list_layout_names(self, slide: str) -> tuple[str, ...]:
        """Return the names of a slide's layout and master."""
        layout = next(self.package.iter_related_parts(slide, "slideLayout"), None)
        master = next(self.package.iter_related_parts(layout, "slideMaster"), None) if layout else None
        return tuple(filter(None, (layout, master)))

    def find_box(self, shape: Any, placeholder: Placeholder | None, layout_names: tuple[str, ...]) -> ShapeBox | None:
        """Return where a shape stands, by its own word or that of its layout or master."""
        found = parse_box(shape)
        if found is None and placeholder is not None:
            for holder in self._find_base_placeholders(placeholder, layout_names):
                if (found := parse_box(holder)) is not None:
                    break
        return found

    def find_bullet(
        self, shape: Any, placeholder: Placeholder | None, layout_names: tuple[str, ...], depth: int
    ) -> Bullet | None:
        """Return which bullets a shape has at a depth; None when nobody says."""
        own = _parse_bullet_style(shape.find(f"{P}txBody/{A}lstStyle"), depth)
        if own is not None or placeholder is None:
            return own
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
        """Return the placeholders that one inherits from: by index in the layout, by type in the master."""
        kind = "title" if placeholder.is_title else placeholder.type
        found = []
        for at, name in enumerate(layout_names):
            sheet = self._get_layout_part(name)
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
        for kind in ("title", "body"):
            style = root.find(f"{P}txStyles/{P}{kind}Style")
            if style is not None:
                sheet.styles[kind] = style
        return sheet


def parse_placeholder(shape: Any) -> Placeholder | None:
    """Return which placeholder a shape is, None for a shape of its own."""
    for properties in shape[:1]:  # nvSpPr, nvPicPr, nvGraphicFramePr: always the first
        mark = properties.find(f"{P}nvPr/{P}ph")
        if mark is not None:
            return Placeholder(type=mark.get("type") or "obj", index=mark.get("idx") or "0")
    return None


def parse_box(shape: Any) -> ShapeBox | None:
    """Return where a shape itself says that it stands."""
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
    """Return the bullet that a paragraph's properties set, None when they set none."""
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
    return int(text) if text and text.removeprefix("-").isdecimal() and len(text) < 15 else 0
