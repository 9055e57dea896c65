"""Read OLX, the XML of Open edX: a course, chapter, sequential or vertical, in one file or in one file each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from materials.documents import Contents, ContentsItem
from materials.readers.base.outlines import build_item, is_web_address
from materials.readers.contents.errors import NotContents
from materials.readers.contents.xml_trees import get_attribute, get_name, list_children, parse_xml

LABEL = "OLX"
_CONTAINERS = {
    "course", "chapter", "sequential", "vertical", "videosequence", "problemset", "wrapper", "split_test",
    "conditional", "library_content",
}  # fmt: skip
_ROOTS = _CONTAINERS | {"html", "video"}
# Settings of the course and notes of the editor, which are no parts of it.
_NO_PARTS = {"wiki_slug", "grading_policy", "textbook", "pdf_textbooks", "html_textbooks", "metadata", "xblock-family"}
_YOUTUBE = "https://www.youtube.com/watch?v="


def read(text: str, name: str) -> Contents:
    """Return the parts of an element: those in files of their own as targets, those inside with their own parts.

    Raises NotContents.
    """
    root = parse_xml(text)
    kind = get_name(root)
    if kind not in _ROOTS:
        raise NotContents(f"its root is `{kind}`, no part of a course.")
    above = _find_top(root, kind)
    if kind == "html":
        items: tuple[ContentsItem, ...] = tuple(_list_html_files(root, above))
    elif kind == "video":
        items = tuple(_iter_video_files(root, above))
    elif get_attribute(root, "url_name") and not len(root):
        items = (build_item(address=f"{above}{kind}/{get_attribute(root, 'url_name')}.xml"),)
    else:
        items = tuple(_iter_parts(root, above))
    title = get_attribute(root, "display_name")
    if not items and not title:
        raise NotContents("it names no parts.")
    # The course's own file is at the top or in a folder, which its name does not tell.
    return Contents(dialect=LABEL, items=items, title=title, folders=() if above else ("..",))


def list_warnings(text: str) -> list[str]:
    """Return a warning when texts or problems stand in the file itself, where they are not read."""
    count = sum(
        1
        for element in parse_xml(text).iter()
        if (get_name(element) == "html" and len("".join(element.itertext()).strip()) > 0)
        or (get_name(element) == "problem" and len(element))
    )
    if not count:
        return []
    said = "1 text or problem stands" if count == 1 else f"{count} texts and problems stand"
    return [f"{said} in this file and cannot be read from it: a course that Studio exports has a file for each."]


def _find_top(root: Any, kind: str) -> str:
    """Return the path from the folder of the file to that of the whole course: files of the parts lie in folders."""
    if kind != "course":
        return "../"
    return "" if get_attribute(root, "org") or not len(root) else "../"


def _iter_parts(element: Any, above: str) -> Iterator[ContentsItem]:
    for child in element:
        kind, title = get_name(child), get_attribute(child, "display_name")
        if not kind or kind in _NO_PARTS:
            continue
        file_name = get_attribute(child, "url_name")
        is_inside = bool(len(child)) or bool((child.text or "").strip())
        if kind in _CONTAINERS and is_inside:
            yield build_item(title, children=_iter_parts(child, above))
        elif kind == "html" and (files := list(_list_html_files(child, above))):
            yield build_item(title, files[0].target)
        elif kind == "video" and (files := list(_iter_video_files(child, above))):
            yield build_item(title, children=files)
        elif file_name and _is_pointer(child, kind, is_inside=is_inside):
            yield build_item(title, f"{above}{kind}/{_quote(file_name)}.xml")
        elif title:
            yield build_item(title)


def _is_pointer(element: Any, kind: str, *, is_inside: bool) -> bool:
    """Tell whether an element only names the file of a part: one that stands here has settings besides."""
    settings = set(element.attrib) - {"url_name", "slug", "org", "course", "run"}
    return not is_inside and (not settings or kind in _CONTAINERS)


def _list_html_files(element: Any, above: str) -> Iterator[ContentsItem]:
    if name := get_attribute(element, "filename"):
        yield build_item(address=f"{above}html/{_quote(name.removesuffix('.html'))}.html")


def _iter_video_files(element: Any, above: str) -> Iterator[ContentsItem]:
    """Yield the recording, then its transcripts, each of them once."""
    addresses = [get_attribute(source, "src") for source in list_children(element, "source")]
    for mark in ("youtube_id_1_0", "youtube"):
        if video := get_attribute(element, mark).rpartition(":")[2].rpartition(",")[2]:
            addresses.append(_YOUTUBE + video)
            break
    for kind in ("transcript", "track"):
        addresses += [get_attribute(child, "src") for child in list_children(element, kind)]
    for address in dict.fromkeys(filter(None, addresses)):
        # Transcripts are named without a folder: they lie in that of all files for students.
        path = address if is_web_address(address) else f"{above}static/{address.removeprefix('/static/').lstrip('/')}"
        yield build_item(address=path)


def _quote(name: str) -> str:
    # Old courses write `:` for the folders in a name, and names are no addresses: a percent sign is itself.
    return name.replace(":", "/").replace("%", "%25").replace("#", "%23").replace("?", "%3F")
