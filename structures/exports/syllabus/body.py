"""The text of a syllabus: title page, contents, the course, a table of its lessons, and each module and lesson."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from project.counts import format_count
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedCourse, ExportedNode, ExportedSnapshot
from structures.exports.lesson_html import LessonContext, build_context, describe_facts, describe_prerequisite
from structures.exports.numbering import NumberedSection, number_sections
from structures.exports.syllabus.blocks import write_blocks
from structures.exports.syllabus.parts import TEXT_WIDTH, get_bullet_style
from structures.exports.syllabus.sections import (
    LessonTotals,
    add_totals,
    count_lessons,
    format_title,
    get_bookmark,
    get_level,
    join_lines,
    list_totals,
)
from structures.exports.syllabus.wordprocessing import (
    END_FIELD,
    END_TABLE,
    begin_field,
    begin_table,
    is_right_to_left,
    write_bookmark,
    write_link,
    write_paragraph,
    write_row,
    write_runs,
    write_text,
)

CONTENTS_FIELD = "TOC"
# Headings of all levels, as links, in views without pages without their numbers.
_CONTENTS_INSTRUCTION = rf'{CONTENTS_FIELD} \o "1-9" \h \z \u'
_ABOUT, _PLAN = ("about_course", "About the course"), ("lessons", "Lessons and minutes")


def write_body(snapshot: ExportedSnapshot, *, with_solutions: bool) -> Iterator[str]:
    """Yield the text piece by piece."""
    course = snapshot.course
    about = "".join(_write_about(course))
    totals = count_lessons(snapshot)
    yield from _write_title_page(snapshot, totals)
    yield from _write_contents(snapshot, [_ABOUT, _PLAN] if about else [_PLAN])
    if about:
        yield _write_heading(1, 1, *_ABOUT) + about
    yield from _write_plan(snapshot, totals)
    context = build_context(snapshot)
    for number, section in enumerate(number_sections(snapshot.modules), start=3):
        yield _write_heading(get_level(section), number, get_bookmark(section), format_title(section))
        lessons = totals[section.node.row.key]
        yield "".join(_write_section(section, lessons, context, with_solutions=with_solutions))


def _write_title_page(snapshot: ExportedSnapshot, totals: Mapping[UUID, LessonTotals]) -> Iterator[str]:
    course = snapshot.course
    yield write_text("Title", join_lines(course.title))
    yield write_text("Subtitle", "Syllabus")
    yield write_blocks(course.description)
    types = [node.node_type for node in snapshot.walk_nodes()]
    modules, exercises = types.count(NodeType.MODULE), types.count(NodeType.EXERCISE)
    yield write_text("Facts", format_count(modules, "module"))
    yield write_text("Facts", add_totals(list_totals(snapshot.modules, totals)).describe())
    yield write_text("Facts", format_count(exercises, "exercise"))


def _write_contents(snapshot: ExportedSnapshot, own: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the field of the contents, with what it shows until it is updated: links, whose pages are not known."""
    yield write_text("TOCHeading", "Contents")
    begin = begin_field(_CONTENTS_INSTRUCTION, is_outdated=True)
    sections = ((get_level(each), get_bookmark(each), format_title(each)) for each in number_sections(snapshot.modules))
    for level, bookmark, title in (*((1, *each) for each in own), *sections):
        link = write_link(bookmark, write_runs(title))
        yield write_paragraph(f"TOC{level}", begin + link, is_right_to_left=is_right_to_left(title))
        begin = ""
    yield write_paragraph("Normal", END_FIELD)


def _write_about(course: ExportedCourse) -> Iterator[str]:
    yield from _write_list("Goals", course.learning_goal.splitlines())
    for label, expected in (("Knowledge", course.expected_knowledge), ("Skills", course.expected_skills)):
        yield from _write_list(f"{label} after the course", [_describe_expectation(each) for each in expected])
    yield from _write_list("Needed before", course.prerequisites)


def _write_plan(snapshot: ExportedSnapshot, totals: Mapping[UUID, LessonTotals]) -> Iterator[str]:
    """Yield the table of all modules and lessons with their minutes, those of a module being the sum of its lessons."""
    yield _write_heading(1, 2, *_PLAN)
    lessons = add_totals(list_totals(snapshot.modules, totals))
    if not lessons.lessons:
        yield write_text("Normal", "The course has no lessons.")
        return
    yield begin_table([TEXT_WIDTH * share // 100 for share in (12, 58, 15, 15)])
    yield write_row(
        [write_text("Cell", each) for each in ("No.", "Module or lesson", "Exercises", "Minutes")], is_head=True
    )
    for section in number_sections(snapshot.modules):
        minutes = totals[section.node.row.key].minutes
        exercises = sum(child.node_type is NodeType.EXERCISE for child in section.node.children)
        title = join_lines(section.node.row.title)
        style = "Strong" if section.is_module else ""
        cells = [section.number, title, str(exercises or ""), str(minutes or "")]
        yield write_row(
            write_paragraph("Cell", write_runs(each, style), is_right_to_left=is_right_to_left(each)) for each in cells
        )
    last = ["", f"All lessons ({lessons.lessons})", "", str(lessons.minutes or "")]
    yield write_row(write_paragraph("Cell", write_runs(each, "Strong")) for each in last) + END_TABLE
    missing = f"{format_count(lessons.unknown, 'lesson')} without minutes: not in the sums." if lessons.unknown else ""
    yield write_text("Facts", missing)


def _write_heading(level: int, number: int, bookmark: str, title: str) -> str:
    runs = write_bookmark(number, bookmark, write_runs(title))
    return write_paragraph(f"Heading{level}", runs, is_right_to_left=is_right_to_left(title))


def _write_section(
    section: NumberedSection, lessons: LessonTotals, context: LessonContext, *, with_solutions: bool
) -> Iterator[str]:
    """Yield a module or lesson without its heading, and without the modules and lessons in it."""
    row, children = section.node.row, section.node.children
    if facts := _describe_section(section, lessons):
        yield write_text("Facts", facts)
    yield write_blocks(row.description)
    yield from _write_list("Goals", row.learning_goal.splitlines())
    yield from _write_list("Needed before", row.required_knowledge)
    yield from _write_list("Builds on", [describe_prerequisite(each, context) for each in row.prerequisites])
    yield from _write_list("Topics", row.topics)
    yield from _write_list("Questions", row.questions)
    concepts = [child for child in children if child.node_type is NodeType.CONCEPT]
    if concepts:
        yield write_text("Label", "Concepts")
    for concept in concepts:
        yield _write_concept(concept)
    for child in children:
        if child.node_type is NodeType.EXERCISE:
            yield from _write_exercise(child, with_solutions=with_solutions)
    yield from _write_list("Key points", row.key_points)
    yield from _write_list("Materials", _list_materials(section.node))


def _describe_section(section: NumberedSection, lessons: LessonTotals) -> str:
    row = section.node.row
    if not section.is_module:
        return describe_facts(row)
    own = describe_facts(row)
    # Mostly the minutes of a module are those of its lessons, which need not be said twice.
    if row.estimated_minutes == lessons.minutes:
        return f"{lessons.describe(with_minutes=False)}, {own}"
    return lessons.describe() + (f"; the module: {own}" if own else "")


def _write_concept(concept: ExportedNode) -> str:
    title, said = join_lines(concept.row.title), concept.row.description.strip()
    runs = write_runs(title, "Strong") + (write_runs(f": {said}") if said else "")
    return write_paragraph(get_bullet_style(1), runs, is_right_to_left=is_right_to_left(title))


def _write_exercise(exercise: ExportedNode, *, with_solutions: bool) -> Iterator[str]:
    row = exercise.row
    title = join_lines(row.title)
    yield write_paragraph("Exercise", write_runs(f"Exercise: {title}"), is_right_to_left=is_right_to_left(title))
    if facts := describe_facts(row):
        yield write_text("Facts", facts)
    yield write_blocks(row.description)
    if not with_solutions:
        return
    if row.reference_solution.strip():
        yield write_text("Label", "Solution")
        yield write_blocks(row.reference_solution)
    yield from _write_list("Graded by", row.grading_criteria)


def _write_list(label: str, items: Sequence[str]) -> Iterator[str]:
    said = [line for item in items if (line := join_lines(item))]
    if said:
        yield write_text("Label", label)
    for item in said:
        yield write_text(get_bullet_style(1), item)


def _list_materials(node: ExportedNode) -> list[str]:
    """Return the paths of the materials that a section cites, or that its concepts and exercises do."""
    own = [child for child in node.children if child.node_type in {NodeType.CONCEPT, NodeType.EXERCISE}]
    return list(dict.fromkeys(reference.entry_path for each in (node, *own) for reference in each.references))


def _describe_expectation(expected: Mapping[str, str]) -> str:
    details = expected.get("details", "")
    return expected["summary"] + (f": {details}" if details else "")
