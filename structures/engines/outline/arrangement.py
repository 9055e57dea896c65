"""Arranging the material tree into modules and lessons: what belongs together, in which order, under which title."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.base.text import normalize_quote
from structures.engines.outline import names
from structures.engines.outline.exercises import is_exercise_heading
from structures.engines.outline.plans import LessonPart, LessonPlan, ModulePlan, Role
from structures.engines.outline.roles import decide_role
from structures.engines.outline.sections import Section, build_section_tree, is_on_slide

# One number in common is chance: every folder that is numbered has a 1. A choice: half and twice give the
# same modules on the sample courses.
_MIN_SHARED_NUMBERS = 2
# A document names its title near its beginning; further down the same words are a mention. A choice: a quarter and
# twice of it give the same titles on the sample courses.
_TITLE_CHUNKS = 20
# A file with more sections than this on one level is one lesson: a glossary or a list of questions, whose sections are
# too small to be lessons. On the sample courses half of it leaves whole chapters as one lesson; twice makes
# lessons of single steps of a walk-through.
MAX_SECTIONS = 20

_ITEM = re.compile(r"^\s*(?:-|\d+\.)\s+(.*)$")
_AFTER_LABEL = re.compile(r"^[\s·.:—–|\-]+")


@dataclass(kw_only=True)
class _Lesson:
    """A planned lesson: whole entries, or sections of one. `found_in` cites where its title stands."""

    title: str
    found_in: tuple[Citation, ...] = ()
    entries: list[SourceEntry] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


@dataclass(kw_only=True)
class _Module:
    """A planned module. `about` are the entries that describe it; `found_in` cites where its title stands."""

    title: str
    found_in: tuple[Citation, ...] = ()
    about: list[SourceEntry] = field(default_factory=list)
    lessons: list[_Lesson] = field(default_factory=list)


@dataclass(kw_only=True)
class _Unit:
    """An entry, or a child node with all entries below it, and its parsed name."""

    name: names.ParsedName
    label: str
    entries: list[SourceEntry]
    node: SourceNode | None = None


def build_module_plans(root: SourceNode) -> list[ModulePlan]:
    """Return the modules of a course, in order.

    When the top folders are kinds of media (slides, captions) that number the same chapters, each number is a module.
    Otherwise each top folder is a module and what is in it are its lessons. Files without a folder are modules
    themselves, with their sections as lessons.
    """
    branches = [child for child in root.children if any(node.entries for node in child.iter_nodes())]
    modules = _regroup_by_number(branches)
    if modules is None:
        modules = [_plan_folder_module(node) for node in _sort_nodes(branches)]
    loose = [
        entry
        for entry in root.entries
        if not (names.is_repository_file(entry.name) or names.is_solution_file(entry.name))
    ]
    # A lone README is the course, not its description.
    about = [entry for entry in loose if names.is_index_file(entry.name)] if len(loose) > 1 or branches else []
    file_units = _group_units([_build_unit(entry) for entry in loose if entry not in about])
    modules.extend(_plan_file_module(unit) for unit in file_units)
    return [_convert_module(module) for module in modules]


def _convert_module(module: _Module) -> ModulePlan:
    lessons: list[LessonPlan | ModulePlan] = [
        LessonPlan(
            title=lesson.title,
            found_in=lesson.found_in,
            parts=[
                LessonPart(
                    entry=entry,
                    role=decide_role(entry),
                    sections=lesson.sections or [build_section_tree(entry)],
                    is_whole=not lesson.sections,
                )
                for entry in lesson.entries
            ],
        )
        for lesson in module.lessons
    ]
    about = [LessonPart(entry=e, role=Role.READING, sections=[build_section_tree(e)]) for e in module.about]
    return ModulePlan(
        title=module.title, found_in=module.found_in, about=about, children=lessons, arranged_by="folders"
    )


# --- by chapter number ------------------------------------------------------------------------------------------------


def _regroup_by_number(branches: Sequence[SourceNode]) -> list[_Module] | None:
    """Regroup folders that are kinds of media by the chapter numbers they share.

    Returns None when no two of them do, or when a folder has a number itself and so is a chapter.
    """
    tracks = [(node, _list_units(node)) for node in branches]
    if not any(
        _share_chapter_numbers(mine, theirs) for at, mine in enumerate(tracks) for theirs in tracks[at + 1 :]
    ) or any(names.parse_name(node.title).number is not None for node, _ in tracks):
        return None
    chapters: dict[int, list[_Unit]] = defaultdict(list)
    rest: list[_Module] = []
    for node, units in tracks:
        numbered = [unit for unit in units if unit.name.number is not None]
        for unit in numbered:
            assert unit.name.number is not None
            chapters[unit.name.number].append(unit)
        if len(numbered) < len(units):
            others = [unit for unit in units if unit.name.number is None]
            rest.append(_plan_module(names.clean_title(node.title), (), [], others))
    return [_plan_chapter_module(chapters[number]) for number in sorted(chapters)] + rest


def _share_chapter_numbers(mine: tuple[SourceNode, list[_Unit]], theirs: tuple[SourceNode, list[_Unit]]) -> bool:
    """Tell whether two folders number the same chapters: with the same words, or as two kinds of media."""
    numbers = _collect_words_by_number(mine[1]), _collect_words_by_number(theirs[1])
    shared = numbers[0].keys() & numbers[1].keys()
    if len(shared) < _MIN_SHARED_NUMBERS:
        return False
    if names.is_media_folder(mine[0].title) and names.is_media_folder(theirs[0].title):
        return True
    # More than half, not all: titles of chapters are often shortened in one of the folders.
    return sum(bool(numbers[0][number] & numbers[1][number]) for number in shared) * 2 > len(shared)


def _collect_words_by_number(units: Sequence[_Unit]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for unit in units:
        if unit.name.number is not None:
            found[unit.name.number].update(names.build_title_key(unit.name.words).split())
    return found


def _plan_chapter_module(units: Sequence[_Unit]) -> _Module:
    whole = [entry for unit in units if unit.node is None and not unit.name.part for entry in unit.entries]
    title, found_in = _find_title(whole)
    unit_names = [unit.name.words for unit in units if unit.name.words]
    title = title or next((unit.name.words for unit in units if unit.node is not None and unit.name.words), "")
    title = title or (unit_names[0] if unit_names else units[0].label)
    parts: list[_Unit] = []
    for unit in units:
        parts.extend(_list_units(unit.node) if unit.node is not None else [unit])
    parts.sort(key=lambda unit: unit.name.part)
    return _plan_module(title, found_in, [], parts)


# --- by folder --------------------------------------------------------------------------------------------------------


def _plan_folder_module(node: SourceNode) -> _Module:
    about = [entry for entry in node.entries if names.is_index_file(entry.name)]
    units = [unit for unit in _list_units(node) if not any(entry in about for entry in unit.entries)]
    # A folder with nothing but an index: then the index is the lesson.
    if not units and about:
        units, about = [_build_unit(entry) for entry in about], []
    title, found_in = _find_title(about)
    parsed = names.parse_name(node.title)
    return _plan_module(title or parsed.words or names.clean_title(node.title), found_in, about, units)


def _plan_file_module(unit: _Unit) -> _Module:
    title, found_in = _find_title(unit.entries)
    return _plan_module(title or names.capitalize_title(unit.name.words or unit.label), found_in, [], [unit])


def _plan_module(
    title: str, found_in: tuple[Citation, ...], about: list[SourceEntry], units: Sequence[_Unit]
) -> _Module:
    groups = _group_units(units)
    listed = _parse_listed_titles(about)
    repeated = _find_repeated_titles(groups)
    if len(groups) == 1 and groups[0].node is None and len(groups[0].entries) == 1:
        lessons = _split_into_lessons(groups[0].entries[0], title)
    else:
        parts = _number_parts(groups)
        lessons = [_plan_lesson(unit, title, listed, repeated, parts) for unit in groups]
    return _Module(title=title, found_in=found_in, about=about, lessons=lessons)


def _plan_lesson(
    unit: _Unit,
    module: str,
    listed: dict[str, tuple[str, Citation]],
    repeated: set[str],
    parts: dict[tuple[str, ...], int],
) -> _Lesson:
    """Return the lesson of a unit.

    Its title comes, in this order, from the module's index, from its own document, from the words of its name, or from
    its part.
    """
    title, found_in = _find_title(unit.entries, repeated)
    if (listing := listed.get(names.build_title_key(unit.label))) is not None:
        title, found_in = listing[0], (listing[1],)
    if not title:
        title = _build_title_from_name(unit, module, parts)
    return _Lesson(title=title, found_in=found_in, entries=unit.entries)


def _build_title_from_name(unit: _Unit, module: str, parts: dict[tuple[str, ...], int]) -> str:
    name = unit.name
    if name.exercise is not None:
        digits = re.fullmatch(r"0*(\d+)[ .]0*(\d+)", name.exercise)
        return f"Exercise {digits.group(1)}.{digits.group(2)}" if digits else f"Exercise: {name.exercise or module}"
    if name.part:
        rest = " ".join(name.part[1:])
        return f"{rest}" if rest and not rest.isdecimal() else f"{module} – Part {parts[name.part]}"
    return names.capitalize_title(name.words or unit.label)


def _split_into_lessons(entry: SourceEntry, module: str) -> list[_Lesson]:
    """Cut one file into lessons: its sections of the highest level with several; exercises join what they follow."""
    root = build_section_tree(entry)
    level = root.subsections
    # A single top section is the title of the file.
    while len(level) == 1 and level[0].subsections:
        level = level[0].subsections
    groups: list[list[Section]] = []
    for section in level:
        if groups and is_exercise_heading(section.title):
            groups[-1].append(section)
        else:
            groups.append([section])
    # The sections of a deck are its slides.
    is_deck = any(is_on_slide(chunk) for chunk in entry.chunks)
    if is_deck or not 2 <= len(groups) <= MAX_SECTIONS:
        return [_Lesson(title=module, entries=[entry])]
    lessons = []
    for group in groups:
        first = group[0].heading
        assert first is not None
        found_in = (Citation(chunk_id=first.id, quote=first.text),)
        title = names.clean_title(first.text)
        lessons.append(_Lesson(title=title, found_in=found_in, entries=[entry], sections=group))
    return lessons


# --- units ------------------------------------------------------------------------------------------------------------


def _list_units(node: SourceNode) -> list[_Unit]:
    """Return what stands directly in a node, ordered by number where all have one, else as the owner ordered it."""
    folders = [
        _Unit(name=names.parse_name(child.title), label=child.title, entries=_list_entries_below(child), node=child)
        for child in node.children
    ]
    files = [_build_unit(entry) for entry in node.entries if not names.is_repository_file(entry.name)]
    return _sort_units([*(unit for unit in folders if unit.entries), *files])


def _build_unit(entry: SourceEntry) -> _Unit:
    return _Unit(
        name=names.parse_name(entry.name, is_file=True), label=names.get_file_stem(entry.name), entries=[entry]
    )


def _list_entries_below(node: SourceNode) -> list[SourceEntry]:
    return [entry for below in node.iter_nodes() for entry in below.entries if not names.is_repository_file(entry.name)]


def _sort_nodes(nodes: Sequence[SourceNode]) -> list[SourceNode]:
    numbers = [names.parse_name(node.title).number for node in nodes]
    # Two "Week 1" are numbers of two things; the owner's order is the better guess.
    if None in numbers or len(set(numbers)) < len(numbers):
        return list(nodes)
    return [node for _, node in sorted(zip(numbers, nodes, strict=True), key=lambda pair: pair[0] or 0)]


def _sort_units(units: list[_Unit]) -> list[_Unit]:
    numbered = [unit for unit in units if unit.name.number is not None]
    if len(numbered) < len(units):
        return units
    return sorted(units, key=lambda unit: (unit.name.number or 0, unit.name.part))


def _group_units(units: Iterable[_Unit]) -> list[_Unit]:
    """Join the files that are one thing in several formats: the same name but for the extension."""
    groups: dict[str, _Unit] = {}
    for unit in units:
        same = f"folder {len(groups)}" if unit.node is not None else f"file {names.build_title_key(unit.label)}"
        if same in groups:
            groups[same].entries = [*groups[same].entries, *unit.entries]
        else:
            groups[same] = unit
    return list(groups.values())


def _number_parts(units: Sequence[_Unit]) -> dict[tuple[str, ...], int]:
    """Return a number from 1 for each part of a chapter, in the order of their letters; exercises get none."""
    parts = sorted({unit.name.part for unit in units if unit.name.part and unit.name.exercise is None})
    return {part: number for number, part in enumerate(parts, start=1)}


# --- titles -----------------------------------------------------------------------------------------------------------


def _find_title(entries: Sequence[SourceEntry], repeated: Iterable[str] = ()) -> tuple[str, tuple[Citation, ...]]:
    """Return the first meaningful title of an entry's own document, with a citation where it stands in the text."""
    for entry in entries:
        title = names.clean_title(entry.title)
        if names.is_meaningful_title(entry.title) and names.build_title_key(title) not in repeated:
            chunk = _find_chunk_with(entry, entry.title)
            return title, (Citation(chunk_id=chunk.id, quote=entry.title),) if chunk is not None else ()
    return "", ()


def _find_chunk_with(entry: SourceEntry, text: str) -> SourceChunk | None:
    wanted = normalize_quote(text)
    return next((chunk for chunk in entry.chunks[:_TITLE_CHUNKS] if wanted in normalize_quote(chunk.text)), None)


def _find_repeated_titles(units: Sequence[_Unit]) -> set[str]:
    """Return the titles that several units share, such as the course's name on every deck: they name no lesson."""
    counts = Counter(
        key for unit in units for key in {names.build_title_key(names.clean_title(e.title)) for e in unit.entries}
    )
    return {title for title, times in counts.items() if times > 1}


def _parse_listed_titles(about: Sequence[SourceEntry]) -> dict[str, tuple[str, Citation]]:
    """Return the titles of a table of contents with a citation for each, by the label that the list item begins with.

    `- W07 · Variables` gives the title `Variables` under the key of `W07`. The first item with a label counts.
    """
    listed: dict[str, tuple[str, Citation]] = {}
    for entry in about:
        for chunk in entry.chunks:
            if chunk.kind is not ChunkKind.LIST:
                continue
            for line in chunk.text.split("\n"):
                found = _ITEM.match(line)
                words = found.group(1).split(maxsplit=1) if found else []
                if len(words) == 2 and (title := _AFTER_LABEL.sub("", words[1]).strip()):
                    assert found is not None
                    listed.setdefault(
                        names.build_title_key(words[0]),
                        (title, Citation(chunk_id=chunk.id, quote=found.group(1).strip())),
                    )
    return listed
