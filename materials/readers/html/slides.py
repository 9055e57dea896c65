"""Read slides and texts that a page holds as Markdown for its scripts: reveal.js, remark, zero-md, Strapdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from materials.documents import LeftOutKind
from materials.readers.base.html_elements import NOTES, format_directive_end, format_directive_start, format_left_out
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.html.tree import build_html_tree
from materials.readers.markdown.renderer import MarkdownRenderer

_SOURCES_XPATH = " | ".join(
    ("//*[@data-markdown]", "//textarea[@id='source']", "//script[contains(@type, 'markdown')]", "//xmp[@style]")
)
_HOLDER_TAGS = {"script", "textarea", "template", "xmp"}
# Between slides; `--` is between those below one another in reveal.js and between the steps of one in remark.
_SLIDE_END = re.compile(r"[ \t]*-{2,3}[ \t]*$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
# Where the notes of a slide begin, which go on to its end: reveal.js and remark.
_NOTES_START = re.compile(r"[ \t]*(?:notes?:|\?\?\?)[ \t]*(.*)$", re.IGNORECASE)
# Settings of a slide of remark, on its first lines.
_SETTING = re.compile(
    r"(?:name|class|template|layout|count|exclude|continued|background-(?:image|color|size|position))[ \t]*:.*$"
)
# `.left-column[words]` of remark gives words a class; other brackets are those of links.
_BRACKET = re.compile(r"(?<![\w\])])\.[a-z][\w-]*(?:\.[a-z][\w-]*)*\[|\[|\]")


_DECK_XPATH = (
    "boolean(//*[contains(concat(' ', @class, ' '), ' slides ')]/section or //svg[@data-marpit-svg]"
    " or //section[@data-markdown] or //textarea[@id='source'])"
)


def is_slide_deck(root: Any) -> bool:
    """Tell whether a page is a presentation of reveal.js, remark or Marp, which has no menus around its text."""
    return bool(root.xpath(_DECK_XPATH))


def render_markdown_sources(root: Any, left_out: LeftOutCollector) -> tuple[str, ...]:
    """Replace Markdown in elements of a page by what it says, in place; return warnings about slides in other files."""
    renderer = None
    warnings: list[str] = []
    for element in root.xpath(_SOURCES_XPATH):
        if element.tag in _HOLDER_TAGS and element.getparent().get("data-markdown") is not None:
            continue  # read with the element around it
        file = element.get("data-markdown") or ""
        source = _find_source(element)
        if file.strip() and not source.strip():
            left_out.add(LeftOutKind.EMBEDDED_OBJECT, file)
            warnings.append(f"The page takes slides from another file, {file[:100]}: upload that, too.")
        elif source.strip():
            renderer = renderer or MarkdownRenderer()
            slides = _split_slides(source, is_remark=element.tag == "textarea")
            html = "".join(_render_slide(renderer, *slide) for slide in slides)
            _replace_content(element, build_html_tree(f"<html><body>{html}</body></html>", left_out))
    for frame in list(root.iter("foreignobject")):
        if frame.find("section") is not None:  # Marp draws its slides
            for around in [frame, *frame.iterancestors("svg")]:
                around.tag = "div"
    return tuple(dict.fromkeys(warnings))


def _find_source(element: Any) -> str:
    holders = [element] if element.tag in _HOLDER_TAGS else element.xpath("./script | ./textarea | ./template | ./xmp")
    if holders:
        return "\n".join(_get_text(holder) for holder in holders)
    has_blocks = any(child.tag not in {"br", "a", "em", "strong", "code", "b", "i", "span"} for child in element)
    return "" if has_blocks else str(element.text_content())


def _get_text(holder: Any) -> str:
    return "".join(holder.itertext())


def _split_slides(source: str, *, is_remark: bool) -> Iterator[tuple[str, str, str]]:
    """Yield the text of each slide, the notes of its speaker and its settings."""
    parts: dict[str, list[str]] = {"text": [], "notes": [], "settings": []}
    kind, fence = "text", ""
    for line in [*dedent(source.replace("\t", "    ").strip("\n")).split("\n"), "---"]:
        if (found := _FENCE.match(line)) is not None and (not fence or found.group(1).startswith(fence)):
            fence = "" if fence else found.group(1)
        if fence or found is not None:
            parts[kind].append(line)
        elif _SLIDE_END.match(line):
            yield tuple("\n".join(parts[name]) for name in parts)  # type: ignore[misc]
            parts, kind = {"text": [], "notes": [], "settings": []}, "text"
        elif (found := _NOTES_START.match(line)) is not None:
            kind = "notes"
            parts[kind].append(found.group(1))
        elif is_remark and kind == "text" and _SETTING.match(line) and not any(map(str.strip, parts["text"])):
            parts["settings"].append(line)
        else:
            parts[kind].append(line)


def _render_slide(renderer: MarkdownRenderer, text: str, notes: str, settings: str) -> str:
    html = f"<section>{renderer.render(_unwrap_classes(text))}</section>"
    if notes.strip():
        html += f"{format_directive_start(NOTES)}{renderer.render(notes)}{format_directive_end()}"
    return html + (format_left_out(LeftOutKind.METADATA, settings) if settings else "")


def _unwrap_classes(text: str) -> str:
    """Return the text of a slide of remark without its classes: of `.red[hot]` the word stays.

    What goes over several lines becomes paragraphs of its own.
    """
    edits: list[tuple[int, int, str]] = []
    opened: list[tuple[int, int] | None] = []  # where each open bracket with a class begins and where its content does
    for found in _BRACKET.finditer(text):
        if found.group() == "]":
            if opened and (start := opened.pop()) is not None:
                apart = "\n\n" if "\n" in text[start[1] : found.start()].strip() else ""
                edits += [(start[0], start[1], apart), (found.start(), found.end(), apart)]
        else:
            opened.append((found.start(), found.end()) if len(found.group()) > 1 else None)
    parts: list[str] = []
    done = 0
    for begin, end, apart in sorted(edits):
        parts += [text[done:begin], apart]
        done = end
    return "".join([*parts, text[done:]])


def _replace_content(element: Any, tree: Any) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None
    for name in ("hidden", "style"):
        element.attrib.pop(name, None)
    if element.tag in _HOLDER_TAGS:
        element.tag = "div"
    if tree is not None and tree.body is not None:
        element.extend(list(tree.body))
