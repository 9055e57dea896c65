"""Reading the arrangement of one file from its headings: a whole course, or a module, in one document."""

from __future__ import annotations

from collections.abc import Sequence

from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceEntry
from structures.engines.outline import names, titles
from structures.engines.outline.exercises import is_exercise_heading
from structures.engines.outline.name_parts import parse_name
from structures.engines.outline.plans import LessonPart, LessonPlan, ModulePlan, Role
from structures.engines.outline.sections import Section, build_section_tree, is_on_slide

BASIS = "this file's headings"
# A glossary or a list of questions has many small sections; above this number they are lessons only when labelled.
_MAX_UNLABELLED = 40


def cut_file(entry: SourceEntry, role: Role, *, is_course: bool) -> list[LessonPlan | ModulePlan]:
    """Return the lessons that a file's headings make, or modules with lessons; nothing when the file is one lesson.

    Sections are lessons when their headings are labelled and numbered ("Chapter 3", "Lesson 2"); in a file that is the
    `is_course` also the sections of the highest level with several. Two levels of labels, or large sections that have
    lessons inside, make modules. Sections with tasks belong to the lesson before them. Slides and pages of decks are no
    sections.
    """
    if any(is_on_slide(chunk) for chunk in entry.chunks if chunk.locator.slide is not None):
        return []
    level = build_section_tree(entry).subsections
    # A single top section is the title of the file.
    while len(level) == 1 and level[0].subsections:
        level = level[0].subsections
    return _cut(entry, role, level, is_course=is_course)


def _cut(entry: SourceEntry, role: Role, level: Sequence[Section], *, is_course: bool) -> list[LessonPlan | ModulePlan]:
    labelled = _count_labelled(level)
    if labelled < 2:
        inside = [section for section in level if _count_labelled(section.subsections) >= 2]
        if inside and 2 * len(inside) >= len(level):
            return [_build_module(entry, role, section) for section in level]
        if not is_course or not 2 <= len(_group(level)) <= _MAX_UNLABELLED:
            return []
    groups = _group(level)
    if len(groups) < 2:
        return []
    deep = [group for group in groups if _count_labelled(group[0].subsections) >= 2]
    if 2 * len(deep) >= len(groups):
        return [_build_module(entry, role, section) for section in level]
    return [_build_lesson(entry, role, group) for group in groups]


def _count_labelled(sections: Sequence[Section]) -> int:
    """Return how many sections have headings with a word for a division and different numbers."""
    found = set()
    for section in sections:
        steps = parse_name(section.title).steps
        if steps and steps[0].number is not None and steps[0].level is not None:
            found.add(steps[0].number)
    return len(found)


def _group(level: Sequence[Section]) -> list[list[Section]]:
    groups: list[list[Section]] = []
    for section in level:
        # What comes before the first lesson, and tasks, belong to a neighbour; so do headings of a part of any lesson.
        if groups and (is_exercise_heading(section.title) or not _is_subject(section.title)):
            groups[-1].append(section)
        else:
            groups.append([section])
    return groups


def _is_subject(title: str) -> bool:
    return titles.is_meaningful(title) or titles.is_weak(title) or bool(titles.find_number(title))


def _build_module(entry: SourceEntry, role: Role, section: Section) -> ModulePlan:
    found_in = _cite(section)
    groups = _group(section.subsections)
    lessons: list[LessonPlan | ModulePlan] = [_build_lesson(entry, role, group) for group in groups]
    if section.body or not lessons:
        own = Section(heading=section.heading, level=section.level, body=section.body)
        lessons.insert(0, _build_lesson(entry, role, [own]))
    return ModulePlan(
        title=titles.clean_title(section.title), number=titles.find_number(section.title), found_in=found_in,
        arranged_by=BASIS, children=lessons,
    )  # fmt: skip


def _build_lesson(entry: SourceEntry, role: Role, group: list[Section]) -> LessonPlan:
    title = names.capitalize_title(titles.clean_title(group[0].title)) or titles.clean_title(entry.title) or entry.name
    return LessonPlan(
        title=title,
        number=titles.find_number(group[0].title),
        found_in=_cite(group[0]),
        parts=[LessonPart(entry=entry, role=role, sections=group, is_whole=False)],
    )


def _cite(section: Section) -> tuple[Citation, ...]:
    heading = section.heading
    return (Citation(chunk_id=heading.id, quote=heading.text),) if heading is not None else ()
