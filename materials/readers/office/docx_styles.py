"""Resolve the styles of a Word document with their inheritance, as far as they matter for its structure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from materials.readers.office.ooxml import W

CODE_FONT = re.compile(r"courier|consol|mono|menlo|fira ?code|source code", re.IGNORECASE)
_CODE_NAME = re.compile(r"code|source|verbatim|preformatted|listing|console", re.IGNORECASE)
# Word stores "heading 1" in every language; other programs and old converters store the name that they show.
_HEADING_NAME = re.compile(
    r"^(?:heading|заголовок|überschrift|titre|título|titolo|título|nagłówek|rubrik|kop|标题|見出し) ?(\d)$",
    re.IGNORECASE,
)
_CONTENTS_NAME = re.compile(r"^(?:toc(?: heading| \d)?|table of figures|index \d)$", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
# Short lines, often bold, that are no headings.
_AUXILIARY_NAME = re.compile(r"caption|quote|note|table|header|footer|label", re.IGNORECASE)
# Word's built-in styles for lists, which mark items even where the numbering definition is missing.
_LIST_NAMES = ("list bullet", "list number")
_VAL = f"{W}val"
_MAX_LEVEL = 6  # Word has nine outline levels, pieces have six as HTML does
_LAST_OUTLINE_LEVEL = 8  # 17.3.1, `outlineLvl`: 0 to 8 are headings, 9 is body text


@dataclass(frozen=True, kw_only=True)
class Style:
    """A resolved paragraph or character style.

    `level` is the heading level, 0 for text. `is_contents` marks lines of a table of contents, `is_auxiliary_text`
    captions, quotes and the like, which may look like headings. `size` is in half points (0: not set), `indent` in
    twentieths of a point, `script` is `superscript`, `subscript` or blank. None means that the style does not set a
    property.
    """

    level: int = 0
    is_code: bool = False
    is_contents: bool = False
    is_auxiliary_text: bool = False
    list_id: str = ""
    list_depth: int | None = None
    is_list: bool = False
    indent: int | None = None
    bold: bool | None = None
    italic: bool | None = None
    hidden: bool | None = None
    size: int = 0
    is_monospaced: bool = False
    script: str = ""


PLAIN_STYLE = Style()


@dataclass(kw_only=True)
class Styles:
    """The styles of a document by id, each resolved on first use, and the default paragraph style.

    `has_monospaced_text` says that ordinary text is in a monospaced font, which then does not mark code.
    """

    default: Style = PLAIN_STYLE
    has_monospaced_text: bool = False
    _raw: dict[str, Any] = field(default_factory=dict)
    _resolved: dict[str, Style] = field(default_factory=dict)

    def get_paragraph_style(self, style_id: str | None) -> Style:
        """Return a paragraph style, the default style for an unknown id."""
        return self._get_style(style_id, self.default)

    def get_character_style(self, style_id: str | None) -> Style:
        """Return a character style, one that sets nothing for an unknown id."""
        return self._get_style(style_id, PLAIN_STYLE)

    def _get_style(self, style_id: str | None, default: Style) -> Style:
        if not style_id or style_id not in self._raw:
            return default
        if style_id not in self._resolved:
            self._resolved[style_id] = _resolve_style(style_id, self._raw)
        return self._resolved[style_id]


def get_property_value(properties: Any, name: str) -> str:
    """Return the `w:val` of a child element of some properties, blank when either is missing."""
    found = properties.find(W + name) if properties is not None else None
    return (found.get(_VAL) or "") if found is not None else ""


def get_toggle_value(properties: Any, name: str) -> bool | None:
    """Return whether an on/off property is on, None when it is not set."""
    # An element without `val` is on (CT_OnOff, 17.17.4).
    found = properties.find(W + name) if properties is not None else None
    return None if found is None else found.get(_VAL) not in {"0", "false", "none", "off"}


def parse_bounded_int(text: str | None, limit: int = 100_000) -> int | None:
    """Return a number truncated to an integer and clamped to ±`limit`, None for anything else."""
    # Some programs write fractions. Longer texts are refused before `float`, whose result could be infinite. The limit
    # is above every real value: 100,000 twentieths of a point are 1.7 metres.
    if text and len(text) < 20 and _NUMBER.fullmatch(text):
        return max(-limit, min(int(float(text)), limit))
    return None


def parse_script(value: str | None) -> str:
    """Return `superscript`, `subscript` or blank for a value of `vertAlign` (17.18.96)."""
    return value if value in {"superscript", "subscript"} else ""


def get_indent(properties: Any) -> int | None:
    """Return the left indent of paragraph properties in twentieths of a point, None when it is not set."""
    # `start` is the name of the attribute in strict files, `left` in all others.
    found = properties.find(f"{W}ind") if properties is not None else None
    return parse_bounded_int(found.get(f"{W}left") or found.get(f"{W}start")) if found is not None else None


@dataclass(kw_only=True, slots=True)
class ParagraphProperties:
    """The properties that a paragraph sets itself; None where its style decides.

    `has_deleted_end` says that the end of the paragraph was deleted as a tracked change: its text continues in the
    next.
    """

    style_id: str = ""
    list_id: str | None = None
    depth: int | None = None
    level: int | None = None
    indent: int | None = None
    has_deleted_end: bool = False


_NO_PROPERTIES = ParagraphProperties()
_PPR, _PSTYLE, _NUMPR, _OUTLINE, _IND, _RPR = (
    W + name for name in ("pPr", "pStyle", "numPr", "outlineLvl", "ind", "rPr")
)


def parse_paragraph_properties(paragraph: Any) -> ParagraphProperties:
    """Return the properties that a paragraph sets itself."""
    # One pass over the children instead of a search for each property: this runs for every paragraph of a document.
    if not len(paragraph) or (properties := paragraph[0]).tag != _PPR:
        return _NO_PROPERTIES
    marks = ParagraphProperties()
    for mark in properties:
        name = mark.tag
        if name == _PSTYLE:
            marks.style_id = mark.get(_VAL) or ""
        elif name == _NUMPR:
            marks.list_id, marks.depth = (
                get_property_value(mark, "numId") or None,
                parse_bounded_int(get_property_value(mark, "ilvl")),
            )
        elif name == _OUTLINE:
            marks.level = parse_outline_level(properties)
        elif name == _IND:
            marks.indent = get_indent(properties)
        elif name == _RPR:
            marks.has_deleted_end = mark.find(f"{W}del") is not None
    return marks


def parse_styles(root: Any) -> Styles:
    """Return the styles that the styles part defines; `root` is None for a document without that part."""
    if root is None:
        return Styles()
    base = _parse_formatting(root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr"))
    raw = {style.get(f"{W}styleId") or "": style for style in root.iterchildren(f"{W}style")}
    default_id = next(
        (
            style_id
            for style_id, style in raw.items()
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in {"1", "true", "on"}
        ),
        "",
    )
    default = _resolve_style(default_id, raw)
    return Styles(
        default=replace(default, size=default.size or base["size"]),
        has_monospaced_text=default.is_monospaced or base["is_monospaced"],
        _raw=raw,
    )


def _parse_formatting(properties: Any) -> dict[str, Any]:
    fonts = properties.find(f"{W}rFonts") if properties is not None else None
    return {
        "bold": get_toggle_value(properties, "b"),
        "italic": get_toggle_value(properties, "i"),
        "hidden": get_toggle_value(properties, "vanish"),
        "size": parse_bounded_int(get_property_value(properties, "sz")) or 0,
        "script": parse_script(get_property_value(properties, "vertAlign")),
        "is_monospaced": fonts is not None and CODE_FONT.search(fonts.get(f"{W}ascii") or "") is not None,
    }


def _resolve_style(style_id: str, raw: dict[str, Any]) -> Style:
    """Return a style with the properties that it inherits through `basedOn`; the nearest style that sets one wins."""
    level: int | None = None
    fields: dict[str, Any] = {}
    current, seen = style_id, set[str]()  # in damaged files styles may be based on each other in a circle
    while current in raw and current not in seen:
        seen.add(current)
        style = raw[current]
        name = get_property_value(style, "name")
        properties = style.find(f"{W}pPr")
        if level is None:
            level = _find_heading_level(name, properties)
        if _CODE_NAME.search(name):
            fields["is_code"] = True
        if _CONTENTS_NAME.match(name):
            fields["is_contents"] = True
        if _AUXILIARY_NAME.search(name):
            fields["is_auxiliary_text"] = True
        if name.lower().startswith(_LIST_NAMES):
            fields["is_list"] = True
        numbering = properties.find(f"{W}numPr") if properties is not None else None
        if numbering is not None:
            if get_property_value(numbering, "numId"):
                fields.setdefault("list_id", get_property_value(numbering, "numId"))
            if (depth := parse_bounded_int(get_property_value(numbering, "ilvl"))) is not None:
                fields.setdefault("list_depth", depth)
        if (indent := get_indent(properties)) is not None:
            fields.setdefault("indent", indent)
        for look, found in _parse_formatting(style.find(f"{W}rPr")).items():
            if found not in {None, 0, ""}:
                fields.setdefault(look, found)
            elif found is False:
                fields.setdefault(look, False)
        current = get_property_value(style, "basedOn")
    if fields.get("list_id") == "0":  # the style removes the numbering that it inherits
        fields["list_id"] = ""
    return Style(**fields, level=min(level or 0, _MAX_LEVEL))


def _find_heading_level(name: str, properties: Any) -> int | None:
    """Return the heading level that a style sets itself; None when it inherits the level."""
    # By name first: a built-in heading style is one even where a program left out its outline level.
    if heading := _HEADING_NAME.match(name):
        return int(heading.group(1))
    if name.lower() == "title":
        return 1
    return parse_outline_level(properties)


def parse_outline_level(properties: Any) -> int | None:
    """Return the heading level (1 to 6) of the outline level in some properties: 0 for body text, None when not set."""
    outline = parse_bounded_int(get_property_value(properties, "outlineLvl"))
    if outline is None or outline < 0:
        return None
    return 0 if outline > _LAST_OUTLINE_LEVEL else min(outline + 1, _MAX_LEVEL)
