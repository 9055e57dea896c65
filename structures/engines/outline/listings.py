"""Titles that an overview lists for the lessons of its module, in lists and tables without links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.catalog import Catalog, CourseFile
from structures.engines.outline.name_parts import are_compatible, build_words_key, parse_name
from structures.engines.outline.readings.contents import iter_items
from structures.engines.outline.tree import TreeNode

_ITEM = re.compile(r"^\s*(?:-|\d+\.)\s+(.*)$")
# `W07 · Variables`, `Week 3: Loops`, `2.1 Lists`: what stands before the title.
_LABEL = re.compile(r"^(?P<label>[^\W\d_]{0,12}\s?\d{1,3}(?:\.\d{1,3})*)\s*(?:[·.:—–|)\-]+\s*|\s+)(?P<title>\S.*)$")
# A longer item is a sentence about a lesson rather than its title.
_MAX_TITLE_WORDS = 12
# The words of a link stand in one of the first chunks that lead to its file: a page may link to one file in every line.
_MAX_CHUNKS_A_TARGET = 20

Listed = tuple[str, Citation]


def find_listed_titles(about: Iterable[CourseFile], lessons: Sequence[TreeNode], catalog: Catalog) -> dict[int, Listed]:
    """Return the titles that overviews list, with a citation of each, by the `id()` of the lesson.

    A link with words leads to the lesson whose title they are. An item is of the lesson whose label it begins with.
    Without labels, a list with as many items as there are lessons gives the titles in order when most of them have
    words in common with names or titles of their lessons.
    """
    found: dict[int, Listed] = {}
    about = list(about)
    found |= find_linked_titles(about, lessons, catalog)
    by_label = {names.build_title_key(label): lesson for lesson in lessons if (label := _get_label(lesson))}
    for file in about:
        for items in _iter_lists(file):
            labelled = _match_labels(items, by_label)
            for lesson, listed in (labelled or _match_order(items, lessons)).items():
                found.setdefault(lesson, listed)
    return found


def find_linked_titles(pages: Iterable[CourseFile], lessons: Sequence[TreeNode], catalog: Catalog) -> dict[int, Listed]:
    """Return the words of the links that lead from pages to the main files of lessons, by the `id()` of the lesson."""
    found: dict[int, Listed] = {}
    owners = {id(main): lesson for lesson in lessons if (main := lesson.main) is not None}
    for page in pages:
        for lesson, listed in _match_links(page, owners, catalog):
            found.setdefault(lesson, listed)
    return found


def _match_links(file: CourseFile, owners: Mapping[int, TreeNode], catalog: Catalog) -> Iterator[tuple[int, Listed]]:
    """Yield the lessons to whose main files the links of an overview lead, with the words of the links.

    `owners` are the lessons by the `id()` of their main files.
    """
    contents = file.entry.contents
    if contents is None:
        return
    linking = _group_by_target(file, catalog)
    for item in iter_items(contents.items):
        target = catalog.find_target(item.target, file.path[:-1]) if item.target else None
        lesson = owners.get(id(target)) if target is not None else None
        if lesson is None or not any(step.words for step in parse_name(item.title).steps):
            continue
        chunk = next((chunk for chunk in linking.get(id(target), ()) if item.title in chunk.text), None)
        if chunk is not None:
            yield id(lesson), (item.title, Citation(chunk_id=chunk.id, quote=item.title))


def _group_by_target(file: CourseFile, catalog: Catalog) -> dict[int, list[SourceChunk]]:
    """Return the first chunks of a file that link to each other file, by the `id()` of that file."""
    found: dict[int, list[SourceChunk]] = {}
    for chunk in file.entry.chunks:
        targets = (catalog.find_target(link, file.path[:-1]) for link in chunk.links)
        for key in {id(target) for target in targets if target is not None}:
            if len(chunks := found.setdefault(key, [])) < _MAX_CHUNKS_A_TARGET:
                chunks.append(chunk)
    return found


def _iter_lists(file: CourseFile) -> Iterator[list[tuple[str, str, Citation]]]:
    """Yield each list of a file as labels (blank without), titles and citations; several lists in a row are one."""
    items: list[tuple[str, str, Citation]] = []
    for chunk in file.entry.chunks:
        if chunk.kind is ChunkKind.LIST:
            items += _read_items(chunk)
        elif chunk.kind is ChunkKind.TABLE:
            yield list(_read_rows(chunk))
    yield items


def _read_items(chunk: SourceChunk) -> Iterator[tuple[str, str, Citation]]:
    for line in chunk.text.split("\n"):
        if (found := _ITEM.match(line)) is not None:
            yield from _read_title(found[1], chunk)


def _read_rows(chunk: SourceChunk) -> Iterator[tuple[str, str, Citation]]:
    for line in chunk.text.split("\n")[2:]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) > 1 and cells[0] and cells[1] and any(c.isdigit() for c in cells[0]):
            yield cells[0], cells[1], Citation(chunk_id=chunk.id, quote=cells[1])


def _read_title(text: str, chunk: SourceChunk) -> Iterator[tuple[str, str, Citation]]:
    found = _LABEL.match(text.strip())
    label, title = (found["label"], found["title"]) if found is not None else ("", text.strip())
    if 0 < len(title.split()) <= _MAX_TITLE_WORDS:
        yield label, title, Citation(chunk_id=chunk.id, quote=text.strip())


def _match_labels(items: Sequence[tuple[str, str, Citation]], by_label: Mapping[str, TreeNode]) -> dict[int, Listed]:
    found: dict[int, Listed] = {}
    for label, title, citation in items:
        lesson = by_label.get(names.build_title_key(label)) if label else None
        if lesson is not None and any(c.isalpha() for c in label):
            found.setdefault(id(lesson), (title, citation))
    return found


def _get_label(lesson: TreeNode) -> str:
    return lesson.label.replace(" ", "") if not lesson.words else ""


def _match_order(items: Sequence[tuple[str, str, Citation]], lessons: Sequence[TreeNode]) -> dict[int, Listed]:
    if len(items) != len(lessons) or len(items) < 2:
        return {}
    agreeing = sum(_is_named_alike(title, lesson) for (_, title, _), lesson in zip(items, lessons, strict=True))
    if 2 * agreeing < len(items):
        return {}
    return {id(lesson): (title, citation) for (_, title, citation), lesson in zip(items, lessons, strict=True)}


def _is_named_alike(title: str, lesson: TreeNode) -> bool:
    key = build_words_key(title)
    own = [lesson.key, *(build_words_key(file.title) for file in lesson.iter_files())]
    return bool(key) and any(each and are_compatible(key, each) for each in own)
