"""Lessons and exercises as HTML without scripts, for pages of learning platforms. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any
from uuid import UUID

from markdown_it import MarkdownIt
from markdown_it.token import Token

from project.counts import format_count
from structures.engines.base.drafts import Basis, NodeType
from structures.exports.base import ExportedNode, ExportedNodeFields, ExportedReference, ExportedSnapshot
from structures.exports.characters import clean_text
from structures.exports.choice_tasks import find_choice_task
from structures.exports.markdown import format_reference_location
from structures.exports.places import find_attached_url, find_place_url

LESSON_FIELDS = frozenset({
    "description", "learning_goal", "difficulty", "estimated_minutes", "minutes_basis", "key_points", "questions",
    "topics", "required_knowledge", "prerequisites", "references",
})  # fmt: skip
"""The fields of a lesson that `render_lesson` shows."""
CONCEPT_FIELDS = frozenset({"description", "examples", "references"})
"""The fields of a concept that it shows."""
TASK_FIELDS = frozenset({"description", "estimated_minutes", "minutes_basis", "difficulty", "references"})
"""The fields of an exercise that `render_task` shows."""
_CHOICE_FIELDS = frozenset({"description", "reference_solution"})


@dataclass(frozen=True, kw_only=True)
class LessonContext:
    """What pages say besides a lesson's own fields: titles of other lessons by the ids of their rows, and addresses.

    `files` are the addresses in the package of entries whose files are in it.
    """

    titles: Mapping[str, str]
    addresses: Mapping[UUID, str]
    with_quotes: bool = False
    files: Mapping[UUID, str] = field(default_factory=dict)


def list_page_fields(node: ExportedNode) -> frozenset[str]:
    """Return the fields of a node that its page shows, or the question that is made of an exercise with choices."""
    match node.node_type:
        case NodeType.LESSON:
            return LESSON_FIELDS
        case NodeType.CONCEPT:
            return CONCEPT_FIELDS
        case NodeType.EXERCISE:
            return TASK_FIELDS if find_choice_task(node) is None else _CHOICE_FIELDS
        case NodeType.MODULE:
            return frozenset()


def build_context(snapshot: ExportedSnapshot, *, with_quotes: bool = False) -> LessonContext:
    """Return the context for all pages of a snapshot."""
    titles = {str(node.row.pk): node.row.title for node in snapshot.walk_nodes() if node.node_type is NodeType.LESSON}
    return LessonContext(titles=titles, addresses=snapshot.addresses, with_quotes=with_quotes)


def escape_text(text: str) -> str:
    """Return text as one line for HTML or XML, also within quotes."""
    return escape(" ".join(clean_text(text).split()))


def render_page(title: str, body: str, *, head: str = "") -> str:
    """Return a whole HTML document (UTF-8) with a title and a body; `head` is what it loads."""
    return (
        '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape_text(title)}</title>{head}</head>\n<body dir="auto">\n{body}\n</body>\n</html>\n'
    )


def render_lesson(lesson: ExportedNode, context: LessonContext, *, with_title: bool = True) -> str:
    """Return a lesson with its concepts, without its exercises, as HTML that goes into a page.

    `with_title` is for platforms that show a page without its title.
    """
    title = [f"<h1>{escape_text(lesson.row.title)}</h1>"] if with_title else []
    return "\n".join([*title, *_render_lesson(lesson, context)])


def render_concept(concept: ExportedNode, context: LessonContext) -> str:
    """Return what a concept says below its title as HTML: its description, its examples and where it stands."""
    return "\n".join(_render_concept_body(concept, context))


def render_task(exercise: ExportedNode, context: LessonContext, *, description: str | None = None) -> str:
    """Return what a learner sees of an exercise as HTML: neither its solution nor how it is graded.

    `description` takes the place of its own, for formats that show choices in another way.
    """
    text = exercise.row.description if description is None else description
    parts = [render_blocks(text), _render_facts(exercise.row), *_render_places(exercise, context)]
    return "\n".join(filter(None, parts))


def render_blocks(text: str) -> str:
    """Return text of several lines as HTML: its lists, tables and fenced code as such, and no other markup."""
    html: str = _get_renderer().renderer.render(parse_blocks(text), _get_renderer().options, {})
    return html.strip()


def parse_blocks(text: str) -> list[Token]:
    """Return text of several lines as tokens of those blocks, for formats that are no HTML."""
    cleaned, renderer = clean_text(text.strip()), _get_renderer()
    tokens = renderer.parse(cleaned)
    # In an item on its last level the parser drops all that follows. The marks of such lists stay in the text.
    last_level = renderer.options.maxNesting - 1
    is_whole = all(token.level < last_level for token in tokens if token.type == "list_item_open")
    return tokens if is_whole else _get_renderer(with_lists=False).parse(cleaned)


def describe_facts(row: ExportedNodeFields) -> str:
    """Return the minutes and the difficulty of a node in words; blank when neither is known."""
    basis = "" if row.minutes_basis in {"", Basis.STATED} else f" ({row.minutes_basis})"
    facts = [
        f"{format_count(row.estimated_minutes, 'minute')}{basis}" if row.estimated_minutes else "",
        f"difficulty {row.difficulty} of 5" if row.difficulty else "",
    ]
    return ", ".join(filter(None, facts))


def describe_prerequisite(prerequisite: Mapping[str, Any], context: LessonContext) -> str:
    """Return in words which term of which lesson a lesson builds on, and which materials define and use it."""
    defined, used = prerequisite["definition"]["entry_path"], prerequisite["use"]["entry_path"]
    title = context.titles[str(prerequisite["lesson"])]
    return f"{prerequisite['term']} from {title} (defined in {defined}, used in {used})"


@lru_cache(maxsize=2)
def _get_renderer(*, with_lists: bool = True) -> MarkdownIt:
    # Of Markdown the blocks that texts of nodes have, and nothing within lines: formulas keep each sign.
    return MarkdownIt("zero").enable(["fence", "table", *(["list"] if with_lists else [])])


def _render_lesson(lesson: ExportedNode, context: LessonContext) -> Iterator[str]:
    row = lesson.row
    if row.description:
        yield render_blocks(row.description)
    yield from _render_list("Goals", row.learning_goal.splitlines())
    if facts := _render_facts(row):
        yield facts
    yield from _render_list("Needed before", row.required_knowledge)
    yield from _render_list("Builds on", [describe_prerequisite(each, context) for each in row.prerequisites])
    yield from _render_list("Questions", row.questions)
    yield from _render_list("Topics", row.topics)
    concepts = [child for child in lesson.children if child.node_type is NodeType.CONCEPT]
    if concepts:
        yield "<h2>Concepts</h2>"
    for concept in concepts:
        yield from _render_concept(concept, context)
    yield from _render_list("Key points", row.key_points)
    yield from _render_places(lesson, context)


def _render_concept(concept: ExportedNode, context: LessonContext) -> Iterator[str]:
    yield f'<h3 id="concept-{concept.row.key}">{escape_text(concept.row.title)}</h3>'
    yield from _render_concept_body(concept, context)


def _render_concept_body(concept: ExportedNode, context: LessonContext) -> Iterator[str]:
    if concept.row.description:
        yield render_blocks(concept.row.description)
    if concept.row.examples:
        yield f"<p>Examples:</p>\n{format_items(concept.row.examples)}"
    yield from _render_places(concept, context)


def _render_list(heading: str, items: Sequence[str]) -> Iterator[str]:
    said = [item for item in items if item.strip()]
    if said:
        yield f"<h2>{heading}</h2>\n{format_items(said)}"


def format_items(items: Sequence[str]) -> str:
    """Return texts as a list in HTML."""
    return "<ul>\n" + "\n".join(f"<li>{escape_text(item)}</li>" for item in items) + "\n</ul>"


def _render_facts(row: ExportedNodeFields) -> str:
    said = describe_facts(row)
    return f"<p><em>{escape_text(said)}</em></p>" if said else ""


def _render_places(node: ExportedNode, context: LessonContext) -> Iterator[str]:
    """Yield where the evidence of a node stands, each place once, with its address and perhaps the quoted words."""
    places: dict[str, dict[str, None]] = {}
    for reference in node.references:
        quotes = places.setdefault(_format_place(reference, context), {})
        quotes[_format_quote(reference, context)] = None
    if places:
        yield (
            "<p>Sources:</p>\n<ul>\n"
            + "\n".join(f"<li>{place}{''.join(quotes)}</li>" for place, quotes in places.items())
            + "\n</ul>"
        )


def _format_place(reference: ExportedReference, context: LessonContext) -> str:
    place = escape_text(format_reference_location(reference))
    url = find_attached_url(reference, context.files) or find_place_url(reference, context.addresses)
    return f'<a href="{escape_text(url)}" target="_blank" rel="noopener noreferrer">{place}</a>' if url else place


def _format_quote(reference: ExportedReference, context: LessonContext) -> str:
    is_shown = context.with_quotes and reference.quote
    return f"\n<blockquote>{escape_text(reference.quote)}</blockquote>" if is_shown else ""
