"""The pictures of a presentation's slides that are large enough to be looked at, unpacked when their turn comes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from materials.readers.archives import ZIP_MAX_PARTS
from materials.readers.base.errors import UnreadableDocument
from materials.readers.office.ooxml import MC, A, P, Package, R, select_alternate
from materials.readers.office.pptx_layouts import Layouts, parse_placeholder

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE = 1600
MAX_PIXELS = 80_000_000
MAX_SHAPES = 20_000
_READABLE_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "WMF")
"""Not EPS: its pictures are programs, for which Pillow starts Ghostscript."""
_PictureLoader = Callable[[], Iterator["Image | str"]]


def iter_slide_pictures(
    package: Package, first: int, *, min_share: float, limit: int
) -> Iterator[tuple[int, _PictureLoader]]:
    """Yield each slide from number `first` on with its pictures, the largest first; for one that is none, why.

    A picture that stands on several slides is the first one's. A slide that cannot be read has none. Raises
    UnreadableDocument.
    """
    main = package.find_main_part()
    deck = package.parse_part(main)
    size = deck.find(f"{P}sldSz")
    area = max(1, _get_int_attribute(size, "cx") * _get_int_attribute(size, "cy"))
    layouts = Layouts(package)
    seen: set[tuple[int, int]] = set()
    for number, one in enumerate(deck.iterfind(f"{P}sldIdLst/{P}sldId"), start=1):
        if number > ZIP_MAX_PARTS:
            return
        name = package.find_related_part(main, one.get(f"{R}id"), "slide")
        fresh = []
        for part in _find_large_pictures(package, layouts, name, min_share * area)[:limit] if name else ():
            if (mark := package.get_part_signature(part)) not in seen:
                seen.add(mark)
                fresh.append(part)
        if number >= first:
            yield number, lambda fresh=fresh: (_load_picture(package, part) for part in fresh)  # type: ignore[misc]


def _find_large_pictures(package: Package, layouts: Layouts, name: str, min_area: float) -> list[str]:
    """Return the parts that hold a slide's large pictures, those in groups too."""
    try:
        tree = package.parse_part(name).find(f"{P}cSld/{P}spTree")
    except UnreadableDocument:
        return []
    above = layouts.list_layout_names(name)
    found: list[tuple[float, str]] = []
    for picture in _iter_picture_elements(tree) if tree is not None else ():
        blip = picture.find(f"{P}blipFill/{A}blip")
        part = package.find_related_part(name, blip.get(f"{R}embed"), "image") if blip is not None else None
        box = layouts.find_box(picture, parse_placeholder(picture), above)
        if part is not None and box is not None and box.width * box.height >= min_area:
            found.append((box.width * box.height, part))
    return [part for _, part in sorted(found, key=lambda each: -each[0])]


def _iter_picture_elements(tree: Any) -> Iterator[Any]:
    waiting = list(tree)
    for _ in range(MAX_SHAPES):
        if not waiting:
            return
        element = waiting.pop(0)
        if element.tag == f"{MC}AlternateContent":
            form = select_alternate(element)
            waiting[:0] = form if form is not None else []
        elif element.tag == f"{P}grpSp":
            waiting[:0] = element
        elif element.tag == f"{P}pic":
            yield element


def _get_int_attribute(element: Any, name: str) -> int:
    text = element.get(name) or "" if element is not None else ""
    return int(text) if text.isdecimal() and len(text) < 15 else 0


def _load_picture(package: Package, part: str) -> Image | str:
    """Return a picture, made small; or why there is none."""
    from PIL import Image as Images  # noqa: PLC0415  # only the child draws

    try:
        picture: Image = Images.open(io.BytesIO(package.read_picture(part)), formats=_READABLE_FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            return "a picture on it is too large to be looked at."
        if picture.format == "WMF":
            return "a picture on it is a drawing of the type WMF or EMF, which is not looked at."
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        if picture.mode in {"RGBA", "LA", "P", "PA"}:
            layer = picture.convert("RGBA")
            ground = Images.new("RGBA", layer.size, "white")
            return Images.alpha_composite(ground, layer).convert("RGB")
        return picture.convert("RGB")
    except UnreadableDocument as exc:
        if exc.code == "file_unpacks_too_large":
            return "a picture on it is too large to be looked at."
        return "a picture on it is damaged."
    except (OSError, ValueError, SyntaxError, Images.DecompressionBombError):
        return "a picture on it is of a type that cannot be looked at."
