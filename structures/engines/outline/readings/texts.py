"""Reading the arrangement from what the files themselves say, for files whose names say nothing.

Numbers in titles, overviews that list others, links, and pages or decks that open a chapter; what none of these places
goes to the chapter whose words it shares (cosine similarity of tf-idf vectors; Salton and Buckley 1988).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from materials.documents import ChunkKind
from structures.engines.outline import titles
from structures.engines.outline.catalog import Catalog, CourseFile
from structures.engines.outline.course_words import Level
from structures.engines.outline.name_parts import Step, build_words_key, parse_name
from structures.engines.outline.plans import Role
from structures.engines.outline.readings.contents import iter_items
from structures.engines.outline.tree import TreeNode

BASIS = "texts"
# Names say nothing when fewer files than this share have words in them.
_MAX_NAMED = 0.2
# An overview lists at least two others, with few words for each: more is a text that mentions them. On the sample
# courses overviews have 25 to 90 words for each of theirs, lessons with links 200 and more.
_MIN_LISTED = 2
_MAX_WORDS_PER_ITEM = 100
# Pages open chapters when so many of the others do not look like them. A choice between half and all.
_MIN_OTHERS = 0.6
_MIN_CHAPTERS = 3
# Each text is compared with every chapter: a bound on the work, far above what a course has.
_MAX_CHAPTERS = 200
# Words are compared by their beginnings, which inflected forms share; shorter words are mostly articles and the like.
_STEM, _MIN_WORD = 6, 4
# Longer texts say what they are about in this many words.
_MAX_WORDS = 5_000
_ITEM = re.compile(r"^\s*(?:[-*]|\d{1,3}\.)\s+(.*)$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]+")
_LABEL = re.compile(r"^\W*(?P<word>[^\W\d_]{1,12})[ .]?(?P<number>\d{1,3})\b")


@dataclass(eq=False, kw_only=True)
class _Unit:
    """Files with the same content. `step` is the number that their title states, None without one."""

    files: list[CourseFile]
    title: str
    step: Step | None
    level: int | None
    satellites: list[_Unit] = field(default_factory=list)
    listed: list[_Unit] = field(default_factory=list)

    @property
    def main(self) -> CourseFile:
        return self.files[0]

    @property
    def number(self) -> int | None:
        return self.step.number if self.step is not None else None


def read_texts(catalog: Catalog) -> TreeNode | None:
    """Return the tree that the texts of a course give; None when names say something, or the texts no arrangement."""
    if not catalog.files or _share_named(catalog.files) > _MAX_NAMED:
        return None
    units = _join_twins(catalog.files)
    owners = {id(file): unit for unit in units for file in unit.files}
    overviews = _find_overviews(units, owners, catalog)
    listed = {id(unit) for overview in overviews for unit in overview.listed}
    satellites = _attach_linked(units, overviews, listed, owners)
    overview_ids = set(map(id, overviews))
    rest = [unit for unit in units if id(unit) not in satellites and id(unit) not in overview_ids]
    chapters = overviews if 2 * sum(id(u) in listed for u in rest) >= len(rest) and len(overviews) > 1 else []
    chapters = chapters or _find_chapters(rest)
    root = TreeNode(label=catalog.title, basis=BASIS)
    if not 1 < len(chapters) <= _MAX_CHAPTERS:
        root.children = [_build_lesson(unit) for unit in _sort_members(rest)]
        return root if satellites else None
    chapter_ids = set(map(id, chapters))
    loose = [unit for unit in rest if id(unit) not in chapter_ids and id(unit) not in listed]
    members: dict[int, list[_Unit]] = {id(chapter): list(chapter.listed) for chapter in chapters}
    for unit, chapter in _assign(loose, chapters, members):
        members[id(chapter)].append(unit)
    root.children = [_build_module(chapter, members[id(chapter)]) for chapter in _sort(chapters)]
    return root


def _share_named(files: Sequence[CourseFile]) -> float:
    named = sum(len(file.path) > 1 or any(_says_something(step.words) for step in file.name.steps) for file in files)
    return named / len(files)


def _says_something(words: str) -> bool:
    """Tell whether the words of a name are more than a hash or a word for files."""
    return any(len(word) > 2 and not re.fullmatch(r"[0-9a-f]{8,}", word) for word in _WORD.findall(words))


def _join_twins(files: Sequence[CourseFile]) -> list[_Unit]:
    """Return the files as units: those with the same words, and decks with the same title, are one."""
    units: dict[str, _Unit] = {}
    for file in files:
        digest = hashlib.sha256()
        for chunk in file.entry.chunks:
            for word in chunk.text.casefold().split():
                digest.update(word.encode())
        key = digest.hexdigest()
        if file.role is Role.SLIDES and file.title:
            key = f"slides {build_words_key(file.title)}"
        if key in units:
            units[key].files.append(file)
            continue
        units[key] = _Unit(files=[file], title=file.title, step=_find_step(file), level=_find_first_level(file))
    return list(units.values())


def _find_step(file: CourseFile) -> Step | None:
    """Return the numbered step that a title begins with, such as `Week 3`."""
    for title in titles.list_own_titles(file.entry):
        text = re.sub(r"^\W+", "", title)
        step = next(iter(parse_name(text).steps), None)
        if step is not None and step.number is not None and step.level is not None:
            return step
    return None


def _find_first_level(file: CourseFile) -> int | None:
    first = next((chunk for chunk in file.entry.chunks if chunk.kind is ChunkKind.HEADING), None)
    return first.level if first is not None else None


# --- overviews and links ----------------------------------------------------------------------------------------------


def _find_overviews(units: Sequence[_Unit], owners: Mapping[int, _Unit], catalog: Catalog) -> list[_Unit]:
    """Return the units that list others, each with what it lists; what several list is of the first."""
    by_number: defaultdict[tuple[str, int], list[_Unit]] = defaultdict(list)
    by_title: dict[str, _Unit] = {}
    for unit in units:
        if unit.step is not None and unit.step.number is not None:
            word = _LABEL.match(unit.step.label)
            by_number[word["word"].casefold()[:1] if word else "", unit.step.number].append(unit)
        if unit.title:
            by_title.setdefault(build_words_key(unit.title), unit)
    found: list[tuple[_Unit, list[_Unit]]] = []
    for unit in units:
        listed = [other for other in _list_items(unit.main, by_number, by_title, owners, catalog) if other is not unit]
        if len(listed) >= _MIN_LISTED and unit.main.word_count <= _MAX_WORDS_PER_ITEM * len(listed):
            found.append((unit, listed))
    # The one with the fewest items says most of each: a list of everything comes last.
    found.sort(key=lambda pair: len(pair[1]))
    overviews = {id(unit) for unit, _ in found}
    taken: set[int] = set()
    for unit, listed in found:
        unit.listed = [u for u in listed if id(u) not in taken and id(u) not in overviews]
        taken |= {id(other) for other in unit.listed}
    return [unit for unit, _ in found if len(unit.listed) >= _MIN_LISTED]


def _list_items(
    file: CourseFile,
    by_number: Mapping[tuple[str, int], list[_Unit]],
    by_title: Mapping[str, _Unit],
    owners: Mapping[int, _Unit],
    catalog: Catalog,
) -> list[_Unit]:
    """Return the units that the lists and links of a file name, each once."""
    found: dict[int, _Unit] = {}
    contents = file.entry.contents
    for item in iter_items(contents.items) if contents is not None else ():
        target = catalog.find_target(item.target, file.path[:-1]) if item.target else None
        if target is not None and id(target) in owners:
            found.setdefault(id(owners[id(target)]), owners[id(target)])
    for chunk in file.entry.chunks:
        for text in _ITEM.findall(chunk.text) if chunk.kind is ChunkKind.LIST else ():
            label = _LABEL.match(text)
            named = by_number.get((label["word"].casefold()[:1], int(label["number"])), []) if label else []
            unit = named[0] if len(named) == 1 else by_title.get(build_words_key(titles.clean_title(text)))
            if unit is not None:
                found.setdefault(id(unit), unit)
    return list(found.values())


def _attach_linked(
    units: Sequence[_Unit], overviews: Sequence[_Unit], listed: set[int], owners: Mapping[int, _Unit]
) -> set[int]:
    """Give units that only one text links to, to that text; return the `id()` of each unit given away."""
    linking: defaultdict[int, list[_Unit]] = defaultdict(list)
    overview_ids = set(map(id, overviews))
    for unit in units:
        if id(unit) in overview_ids:
            continue
        targets = [owners[id(link)] for file in unit.files for link in file.links if id(link) in owners]
        for target in {id(target): target for target in targets}.values():
            if target is not unit:
                linking[id(target)].append(unit)
    by_id = {id(unit): unit for unit in units}
    given: dict[int, _Unit] = {}
    for key, sources in linking.items():
        unit = by_id[key]
        # Without overviews a text that another mentions may as well be the next one.
        if key in listed or key in overview_ids or not sources or (unit.main.is_body and not overviews):
            continue
        # The text that is listed, or else the largest: the others mention it.
        source = max(sources, key=lambda other: (id(other) in listed, other.main.word_count))
        if source.main.word_count > unit.main.word_count:
            given[key] = source
    for key in given:
        source = given[key]
        # Along a chain to the text at its top; sizes fall along it, so it ends. What was passed leads to the top, then.
        passed = [key]
        while id(source) in given:
            passed.append(id(source))
            source = given[id(source)]
        given |= dict.fromkeys(passed, source)
        source.satellites.append(by_id[key])
    return set(given)


# --- chapters ---------------------------------------------------------------------------------------------------------


def _find_chapters(units: Sequence[_Unit]) -> list[_Unit]:
    """Return the units that open chapters: numbered modules, pages with a higher heading, or decks beside talks."""
    modules = [unit for unit in units if unit.step is not None and unit.step.level is Level.MODULE]
    decks = [unit for unit in units if unit.main.role is Role.SLIDES]
    talks = [unit for unit in units if unit.main.role is Role.TRANSCRIPT]
    upper = [unit for unit in units if unit.level == 1 and unit.main.is_body]
    lower = [unit for unit in units if unit.level is not None and unit.level > 1 and unit.main.is_body]
    for chapters, others in ((decks, talks), (upper, lower), (modules, [])):
        rest = len(units) - len(chapters)
        if len(chapters) >= _MIN_CHAPTERS and rest > len(chapters) and len(others) >= _MIN_OTHERS * rest:
            return chapters
    return []


def _assign(
    units: Sequence[_Unit], chapters: Sequence[_Unit], members: Mapping[int, list[_Unit]]
) -> list[tuple[_Unit, _Unit]]:
    """Return each unit with the chapter whose words it shares most, the first of equals."""
    counts = {id(unit): _count_words(unit) for unit in [*units, *chapters]}
    spread = Counter(word for words in counts.values() for word in words)
    total = len(counts)
    weights = {word: math.log(total / times) for word, times in spread.items()}
    vectors = {
        id(chapter): _build_vector(
            _add_counts([counts[id(chapter)], *(_count_words(u) for u in members[id(chapter)])]), weights
        )
        for chapter in chapters
    }
    # Each word leads to the chapters that have it, so that only shared words cost time.
    index: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, chapter in enumerate(chapters):
        for word, weight in vectors[id(chapter)].items():
            index[word].append((place, weight))
    found = []
    for unit in units:
        scores = [0.0] * len(chapters)
        for word, weight in _build_vector(counts[id(unit)], weights).items():
            for place, other in index.get(word, ()):
                scores[place] += weight * other
        found.append((unit, chapters[max(range(len(chapters)), key=scores.__getitem__)]))
    return found


def _count_words(unit: _Unit) -> Counter[str]:
    counts: Counter[str] = Counter()
    left = _MAX_WORDS
    for chunk in unit.main.entry.chunks:
        if left <= 0:
            break
        found = [word[:_STEM] for word in _WORD.findall(chunk.text.casefold()) if len(word) >= _MIN_WORD]
        counts.update(found[:left])
        left -= len(found)
    return counts


def _add_counts(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def _build_vector(counts: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, float]:
    vector = {word: (1 + math.log(times)) * weights.get(word, 0.0) for word, times in counts.items()}
    length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
    return {word: value / length for word, value in vector.items() if value}


# --- the tree ---------------------------------------------------------------------------------------------------------


def _sort(units: Sequence[_Unit]) -> list[_Unit]:
    """Order units by the numbers of their titles, or of what they list; the others keep their order behind."""

    def place(unit: _Unit) -> float:
        known = [unit.number, *(other.number for other in unit.listed)]
        return min((number for number in known if number is not None), default=math.inf)

    return sorted(units, key=place)


def _build_module(chapter: _Unit, members: Sequence[_Unit]) -> TreeNode:
    children = [_build_lesson(unit) for unit in _sort_members(members)]
    files = [file for unit in (chapter, *chapter.satellites) for file in unit.files]
    return TreeNode(
        number=chapter.number,
        label=chapter.title,
        words=chapter.title,
        basis=BASIS,
        is_module=True,
        files=files,
        children=children,
    )


def _sort_members(members: Sequence[_Unit]) -> list[_Unit]:
    return sorted(members, key=lambda unit: (unit.number is None, unit.number or 0))


def _build_lesson(unit: _Unit) -> TreeNode:
    files = [file for each in (unit, *unit.satellites) for file in each.files]
    label = unit.step.label if unit.step is not None else unit.title
    return TreeNode(number=unit.number, label=label, basis=BASIS, files=files)
