"""From the material tree to modules and lessons: who belongs to whom, in which order, under which title."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.base.text import normalised
from structures.engines.outline import names
from structures.engines.outline.exercises import is_exercise_heading
from structures.engines.outline.sections import Section, is_on_slide, sections_of

_SHARED_NUMBERS = 2
MOST_SECTIONS = 20
"""A file with more sections than this on one level is one lesson: its sections are too small to be lessons."""

_ITEM = re.compile(r"^\s*(?:-|\d+\.)\s+(.*)$")
_AFTER_LABEL = re.compile(r"^[\s·.:—–|\-]+")


@dataclass(kw_only=True)
class LessonPlan:
    """A lesson in the making: whole entries, or sections of one."""

    title: str
    found_in: tuple[Citation, ...] = ()
    entries: list[SourceEntry] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


@dataclass(kw_only=True)
class ModulePlan:
    """A module in the making. `about` are the entries that describe it."""

    title: str
    found_in: tuple[Citation, ...] = ()
    about: list[SourceEntry] = field(default_factory=list)
    lessons: list[LessonPlan] = field(default_factory=list)


@dataclass(kw_only=True)
class _Unit:
    """An entry or a child node, with its name read."""

    name: names.Name
    label: str
    entries: list[SourceEntry]
    node: SourceNode | None = None


def arrange(root: SourceNode) -> list[ModulePlan]:
    """Return the modules of a course.

    When the top folders are kinds of media (slides, captions) that number the same chapters, each number is a module.
    Otherwise each top folder is a module and what is in it are its lessons. Files without a folder are modules
    themselves, with their sections as lessons.
    """
    branches = [child for child in root.children if any(node.entries for node in child.walk())]
    modules = _by_number(branches)
    if modules is None:
        modules = [_module_of(node) for node in _in_order(branches)]
    loose = [entry for entry in root.entries if not (names.is_aside(entry.name) or names.is_solution(entry.name))]
    about = [entry for entry in loose if names.is_index(entry.name)] if len(loose) > 1 or branches else []
    standing = _grouped([_unit_of(entry) for entry in loose if entry not in about])
    modules.extend(_module_of_files(unit) for unit in standing)
    return modules


# --- by chapter number ------------------------------------------------------------------------------------------------


def _by_number(branches: Sequence[SourceNode]) -> list[ModulePlan] | None:
    """Regroup folders that are kinds of media by the chapter numbers they share; None when they are not."""
    tracks = [(node, _units_of(node)) for node in branches]
    if not any(_number_the_same(mine, theirs) for at, mine in enumerate(tracks) for theirs in tracks[at + 1 :]) or any(
        names.read(node.title).number is not None for node, _ in tracks
    ):
        return None
    chapters: dict[int, list[_Unit]] = defaultdict(list)
    rest: list[ModulePlan] = []
    for node, units in tracks:
        numbered = [unit for unit in units if unit.name.number is not None]
        for unit in numbered:
            assert unit.name.number is not None
            chapters[unit.name.number].append(unit)
        if len(numbered) < len(units):
            others = [unit for unit in units if unit.name.number is None]
            rest.append(_titled_module(names.clean_title(node.title), (), [], others))
    return [_chapter(chapters[number]) for number in sorted(chapters)] + rest


def _number_the_same(mine: tuple[SourceNode, list[_Unit]], theirs: tuple[SourceNode, list[_Unit]]) -> bool:
    """Tell whether two folders number the same chapters: with the same words, or as two kinds of media."""
    numbers = _words_by_number(mine[1]), _words_by_number(theirs[1])
    shared = numbers[0].keys() & numbers[1].keys()
    if len(shared) < _SHARED_NUMBERS:
        return False
    if names.is_medium(mine[0].title) and names.is_medium(theirs[0].title):
        return True
    return sum(bool(numbers[0][number] & numbers[1][number]) for number in shared) * 2 > len(shared)


def _words_by_number(units: Sequence[_Unit]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for unit in units:
        if unit.name.number is not None:
            found[unit.name.number].update(names.key(unit.name.words).split())
    return found


def _chapter(units: Sequence[_Unit]) -> ModulePlan:
    whole = [entry for unit in units if unit.node is None and not unit.name.part for entry in unit.entries]
    title, found_in = _title_from(whole)
    said = [unit.name.words for unit in units if unit.name.words]
    title = title or next((unit.name.words for unit in units if unit.node is not None and unit.name.words), "")
    title = title or (said[0] if said else units[0].label)
    parts: list[_Unit] = []
    for unit in units:
        parts.extend(_units_of(unit.node) if unit.node is not None else [unit])
    parts.sort(key=lambda unit: unit.name.part)
    return _titled_module(title, found_in, [], parts)


# --- by folder --------------------------------------------------------------------------------------------------------


def _module_of(node: SourceNode) -> ModulePlan:
    about = [entry for entry in node.entries if names.is_index(entry.name)]
    units = [unit for unit in _units_of(node) if not any(entry in about for entry in unit.entries)]
    if not units and about:
        units, about = [_unit_of(entry) for entry in about], []
    title, found_in = _title_from(about)
    said = names.read(node.title)
    return _titled_module(title or said.words or names.clean_title(node.title), found_in, about, units)


def _module_of_files(unit: _Unit) -> ModulePlan:
    title, found_in = _title_from(unit.entries)
    return _titled_module(title or names.capitalised(unit.name.words or unit.label), found_in, [], [unit])


def _titled_module(
    title: str, found_in: tuple[Citation, ...], about: list[SourceEntry], units: Sequence[_Unit]
) -> ModulePlan:
    groups = _grouped(units)
    listed = _listed_titles(about)
    repeated = _repeated_titles(groups)
    if len(groups) == 1 and groups[0].node is None and len(groups[0].entries) == 1:
        lessons = _lessons_in(groups[0].entries[0], title)
    else:
        parts = _part_numbers(groups)
        lessons = [_lesson_of(unit, title, listed, repeated, parts) for unit in groups]
    return ModulePlan(title=title, found_in=found_in, about=about, lessons=lessons)


def _lesson_of(
    unit: _Unit,
    module: str,
    listed: dict[str, tuple[str, Citation]],
    repeated: set[str],
    parts: dict[tuple[str, ...], int],
) -> LessonPlan:
    """Name a lesson: as its module's index lists it, by its own title, by the words of its name, or by its part."""
    title, found_in = _title_from(unit.entries, repeated)
    if (named := listed.get(names.key(unit.label))) is not None:
        title, found_in = named[0], (named[1],)
    if not title:
        title = _said_title(unit, module, parts)
    return LessonPlan(title=title, found_in=found_in, entries=unit.entries)


def _said_title(unit: _Unit, module: str, parts: dict[tuple[str, ...], int]) -> str:
    name = unit.name
    if name.exercise is not None:
        digits = re.fullmatch(r"0*(\d+)[ .]0*(\d+)", name.exercise)
        return f"Exercise {digits.group(1)}.{digits.group(2)}" if digits else f"Exercise: {name.exercise or module}"
    if name.part:
        rest = " ".join(name.part[1:])
        return f"{rest}" if rest and not rest.isdecimal() else f"{module} – Part {parts[name.part]}"
    return names.capitalised(name.words or unit.label)


def _lessons_in(entry: SourceEntry, module: str) -> list[LessonPlan]:
    """Cut one file into lessons: its sections of the highest level with several; exercises join what they follow."""
    root = sections_of(entry)
    level = root.inside
    while len(level) == 1 and level[0].inside:
        level = level[0].inside
    groups: list[list[Section]] = []
    for section in level:
        if groups and is_exercise_heading(section.title):
            groups[-1].append(section)
        else:
            groups.append([section])
    is_deck = any(is_on_slide(chunk) for chunk in entry.chunks)
    if is_deck or not 2 <= len(groups) <= MOST_SECTIONS:
        return [LessonPlan(title=module, entries=[entry])]
    lessons = []
    for group in groups:
        first = group[0].heading
        assert first is not None
        found_in = (Citation(chunk_id=first.id, quote=first.text),)
        title = names.clean_title(first.text)
        lessons.append(LessonPlan(title=title, found_in=found_in, entries=[entry], sections=group))
    return lessons


# --- units ------------------------------------------------------------------------------------------------------------


def _units_of(node: SourceNode) -> list[_Unit]:
    """Return what stands directly in a node, ordered by number where all have one, else as the owner ordered it."""
    folders = [
        _Unit(name=names.read(child.title), label=child.title, entries=_entries_below(child), node=child)
        for child in node.children
    ]
    files = [_unit_of(entry) for entry in node.entries if not names.is_aside(entry.name)]
    return _sorted([*(unit for unit in folders if unit.entries), *files])


def _unit_of(entry: SourceEntry) -> _Unit:
    return _Unit(name=names.read(entry.name, is_file=True), label=names.stem_of(entry.name), entries=[entry])


def _entries_below(node: SourceNode) -> list[SourceEntry]:
    return [entry for below in node.walk() for entry in below.entries if not names.is_aside(entry.name)]


def _in_order(nodes: Sequence[SourceNode]) -> list[SourceNode]:
    numbers = [names.read(node.title).number for node in nodes]
    if None in numbers or len(set(numbers)) < len(numbers):
        return list(nodes)
    return [node for _, node in sorted(zip(numbers, nodes, strict=True), key=lambda pair: pair[0] or 0)]


def _sorted(units: list[_Unit]) -> list[_Unit]:
    numbered = [unit for unit in units if unit.name.number is not None]
    if len(numbered) < len(units):
        return units
    return sorted(units, key=lambda unit: (unit.name.number or 0, unit.name.part))


def _grouped(units: Iterable[_Unit]) -> list[_Unit]:
    """Join the files that are one thing in several formats: the same name but for the extension."""
    groups: dict[str, _Unit] = {}
    for unit in units:
        same = f"folder {len(groups)}" if unit.node is not None else f"file {names.key(unit.label)}"
        if same in groups:
            groups[same].entries = [*groups[same].entries, *unit.entries]
        else:
            groups[same] = unit
    return list(groups.values())


def _part_numbers(units: Sequence[_Unit]) -> dict[tuple[str, ...], int]:
    """Number the parts of a chapter 1, 2, 3 in the order of their letters; exercises among them do not count."""
    parts = sorted({unit.name.part for unit in units if unit.name.part and unit.name.exercise is None})
    return {part: number for number, part in enumerate(parts, start=1)}


# --- titles -----------------------------------------------------------------------------------------------------------


def _title_from(entries: Sequence[SourceEntry], repeated: Iterable[str] = ()) -> tuple[str, tuple[Citation, ...]]:
    """Return the first title that an entry gives itself and that says something, with its evidence."""
    for entry in entries:
        title = names.clean_title(entry.title)
        if names.says_something(entry.title) and names.key(title) not in repeated:
            chunk = _chunk_with(entry, entry.title)
            return title, (Citation(chunk_id=chunk.id, quote=entry.title),) if chunk is not None else ()
    return "", ()


def _chunk_with(entry: SourceEntry, text: str) -> SourceChunk | None:
    wanted = normalised(text)
    return next((chunk for chunk in entry.chunks[:20] if wanted in normalised(chunk.text)), None)


def _repeated_titles(units: Sequence[_Unit]) -> set[str]:
    """Return the titles that several units share: a running title tells none of them apart."""
    counts = Counter(key for unit in units for key in {names.key(names.clean_title(e.title)) for e in unit.entries})
    return {title for title, times in counts.items() if times > 1}


def _listed_titles(about: Sequence[SourceEntry]) -> dict[str, tuple[str, Citation]]:
    """Read a table of contents: list items that begin with a label, such as `W07 · Variables`, by that label."""
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
                        names.key(words[0]), (title, Citation(chunk_id=chunk.id, quote=found.group(1).strip()))
                    )
    return listed
