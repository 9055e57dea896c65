"""The pages of a SCORM package: lessons with their exercises, which `lesson.js` checks and records."""

from __future__ import annotations

from collections.abc import Iterator

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode
from structures.exports.choice_tasks import ChoiceTask, find_choice_task
from structures.exports.lesson_html import (
    LessonContext,
    escape_text,
    format_items,
    render_blocks,
    render_lesson,
    render_page,
    render_task,
)
from structures.exports.scorm.contents import SCRIPT, STYLE, ScormItem, list_exercises

LOADED = frozenset({("link", f"../{STYLE}"), ("script", f"../{SCRIPT}")})
"""What pages load, as elements with their addresses."""
_HEAD = f'<link rel="stylesheet" href="../{STYLE}"><script src="../{SCRIPT}" defer></script>'
# The end of the page, which whoever reads it comes to, and where the script says what is recorded.
_END = (
    '<footer id="end"><p id="progress" role="status">'
    "Without JavaScript no answers are checked, and nothing is recorded.</p></footer>"
)


def write_page(item: ScormItem, context: LessonContext, *, with_solutions: bool) -> bytes:
    """Return the page of a lesson or of an exercise outside lessons."""
    body = "\n".join(_render_body(item.node, context, with_solutions=with_solutions))
    return render_page(item.node.row.title, f"<main>\n{body}\n</main>\n{_END}", head=_HEAD).encode()


def _render_body(node: ExportedNode, context: LessonContext, *, with_solutions: bool) -> Iterator[str]:
    exercises = list_exercises(node)
    if node.node_type is NodeType.LESSON:
        yield render_lesson(node, context)
        if exercises:
            yield "<h2>Exercises</h2>"
    level = "h3" if node.node_type is NodeType.LESSON else "h1"
    for exercise in exercises:
        yield f"<section>\n<{level}>{escape_text(exercise.row.title)}</{level}>"
        task = find_choice_task(exercise)
        if task is None:
            yield render_task(exercise, context)
        else:
            yield render_task(exercise, context, description=task.stem)
            yield _render_question(exercise, task)
        if with_solutions:
            yield from _render_solution(exercise, is_choice=task is not None)
        yield "</section>"


def _render_question(exercise: ExportedNode, task: ChoiceTask) -> str:
    kind, legend = ("radio", "Choose one.") if task.has_one_right_choice else ("checkbox", "Choose all that are right.")
    key = exercise.row.key
    choices = "\n".join(
        f'<p><label><input type="{kind}" name="{key}" value="{at}"> {escape_text(choice)}</label></p>'
        for at, choice in enumerate(task.choices)
    )
    explanation = (
        f'\n<div class="explanation" hidden>{render_blocks(task.explanation)}</div>' if task.explanation else ""
    )
    right = " ".join(map(str, task.right))
    return (
        f'<fieldset data-question="{key}" data-right="{right}"><legend>{legend}</legend>\n{choices}\n'
        f'<p><button type="button">Check</button> <span class="result" role="status"></span></p>{explanation}\n'
        "</fieldset>"
    )


def _render_solution(exercise: ExportedNode, *, is_choice: bool) -> Iterator[str]:
    """Yield what whoever has answered compares with: of a question with choices only how it is graded."""
    solution = "" if is_choice else render_blocks(exercise.row.reference_solution)
    criteria = [criterion for criterion in exercise.row.grading_criteria if criterion.strip()]
    if solution:
        yield f"<details><summary>Solution</summary>\n{solution}\n</details>"
    if criteria:
        yield f"<details><summary>How it is graded</summary>\n{format_items(criteria)}\n</details>"
