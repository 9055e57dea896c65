"""Find the large pictures on the slides of a presentation and load them one at a time for a vision model."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from materials.readers.archives import ZIP_MAX_PARTS
from materials.readers.base.errors import UnreadableDocument
from materials.readers.office.ooxml import MC, A, P, Package, R, select_alternate
from materials.readers.office.pptx_layouts import Layouts, parse_placeholder, parse_slide_size

if TYPE_CHECKING:
    from PIL.Image import Image

# Vision models scale larger pictures down themselves, Anthropic's to 1,568 pixels; the bytes would be sent in vain.
MAX_SIDE = 1600
# 240 MB as RGB; with transparency there are a few copies at once in the child's 1.5 GiB.
MAX_PIXELS = 80_000_000
# Shapes of one slide that are searched for pictures. Far more than people draw; a hostile slide must end.
MAX_SHAPES = 20_000
# No EPS: such pictures are programs, for which Pillow starts Ghostscript. WMF is opened only to name it in a warning.
_READABLE_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "WMF")
_PictureLoader = Callable[[], Iterator["Image | str"]]


def iter_slide_pictures(
    package: Package, first: int, *, min_share: float, limit: int
) -> Iterator[tuple[int, _PictureLoader]]:
    """Yield each slide's number from `first` (1-based) on, with a function that loads its pictures, the largest first.

    A picture counts when it covers `min_share` of the slide; at most `limit` per slide. The function yields a sentence
    for the teacher in place of a picture that cannot be loaded. A picture on several slides belongs to the first of
    them, and a damaged slide has none. Raises UnreadableDocument when the presentation itself cannot be read.
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
        # Slides before `first` are searched, too, or a background would be new again in each batch.
        fresh = []
        found = _find_large_pictures(package, layouts, name, min_share * area, parse_slide_size(deck)) if name else []
        for part in found[:limit]:
            if (mark := package.get_part_signature(part)) not in seen:
                seen.add(mark)
                fresh.append(part)
        if number >= first:
            yield number, partial(_load_pictures, package, fresh)


def _find_large_pictures(
    package: Package, layouts: Layouts, name: str, min_area: float, slide_size: tuple[int, int] | None
) -> list[str]:
    """Return the part names of a slide's large pictures, also of those in groups, the largest first.

    Those outside of the slide are left out where its size is known.
    """
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
        if part is None or box is None or box.width * box.height < min_area:
            continue
        # In a group, boxes are measured in the group's own units.
        if slide_size is None or picture.getparent() is not tree or not box.is_outside(*slide_size):
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


def _load_pictures(package: Package, parts: Sequence[str]) -> Iterator[Image | str]:
    """Load one picture at a time, when it is asked for: all of a slide's need not be in memory together."""
    for part in parts:
        yield _load_picture(package, part)


def _load_picture(package: Package, part: str) -> Image | str:
    """Return a picture of at most `MAX_SIDE` pixels a side without transparency, or a sentence why there is none."""
    from PIL import Image as Images  # noqa: PLC0415  # only the child draws

    try:
        picture: Image = Images.open(io.BytesIO(package.read_picture(part)), formats=_READABLE_FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            return "a picture on it is too large to be looked at."
        if picture.format == "WMF":
            return "a picture on it is a drawing of the type WMF or EMF, which is not looked at."
        # A JPEG is decoded at a half, quarter or eighth of its size: a photo of 48 megapixels never is in memory whole.
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        if picture.mode in {"RGBA", "LA", "P", "PA"}:
            # On white, as on most slides: as JPEG, transparent pixels would become black.
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
