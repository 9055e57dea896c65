"""A structure as one HTML page without scripts, written section by section. Every text is escaped.

Its markup and style are those of the course page (`structures.course_page`), so that both look alike.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from html import escape
from pathlib import Path
from typing import Any
from uuid import UUID

from materials.documents import Locator
from structures.engines.base.drafts import NodeType
from structures.exports.base import CitedPlace, ExportedCourse, ExportedNode, ExportedReference, ExportedSnapshot
from structures.exports.characters import clean_text
from structures.exports.html.labels import (
    count_nodes,
    count_parts,
    count_places,
    describe_arrangement,
    format_place,
    list_facts,
    load_catalog,
)
from structures.exports.languages import choose_label_language, find_direction, find_language
from structures.exports.lesson_html import escape_text, render_blocks
from structures.exports.numbering import NumberedSection, number_sections
from structures.exports.places import find_place_url
from structures.quality.sentences import describe_quality

_STYLE = Path(__file__).parents[3] / "templates" / "course_page" / "style.css"
OUTSIDE = "It is in no lesson and no module, and the page has sections of these alone."
"""Why a concept or exercise is not on the page."""
# HTML has headings of six levels; h1 is the title of the course.
_TOP_LEVEL, _MAX_LEVEL = 2, 6
# As on the course page: trees with more sections begin folded.
_MAX_OPEN_TREE = 60
# What columns of tables have, and no text: quotation marks of texts are escaped inside and outside of elements.
_ALIGNMENT = re.compile(r'style="text-align:(left|right|center)"')


@dataclass(frozen=True, kw_only=True)
class PageFrame:
    """What all parts of a page need: labels, languages, addresses, and where the evidence of a reference stands.

    `language` is that of the course's texts, blank when it is unclear. `lessons` are number, title and key of modules
    and lessons by the ids of their rows. `find_passage` returns the path of a reference's own page, where there is one.
    """

    catalog: NullTranslations
    language: str
    label_language: str
    direction: str
    addresses: Mapping[UUID, str]
    lessons: Mapping[str, NumberedSection]
    find_passage: Callable[[ExportedReference], str] | None = None

    def label(self, message: str) -> str:
        """Return a label as HTML."""
        return escape(self.catalog.gettext(message))

    @property
    def lang(self) -> str:
        """Return the attribute of labels inside texts of another language."""
        return "" if self.language in {"", self.label_language} else f' lang="{self.label_language}"'


def build_frame(
    snapshot: ExportedSnapshot, *, find_passage: Callable[[ExportedReference], str] | None = None
) -> PageFrame:
    """Return the frame of a snapshot's pages."""
    language = find_language(_list_texts(snapshot))
    label_language = choose_label_language(language)
    return PageFrame(
        catalog=load_catalog(label_language),
        language=language,
        label_language=label_language,
        direction=find_direction(_list_titles(snapshot)),
        addresses=snapshot.addresses,
        lessons={str(section.node.row.pk): section for section in number_sections(snapshot.modules)},
        find_passage=find_passage,
    )


def render_page(snapshot: ExportedSnapshot, frame: PageFrame) -> Iterator[str]:
    """Yield the whole page in pieces."""
    gettext, course = frame.catalog.gettext, snapshot.course
    numbers = Counter(node.node_type for node in snapshot.walk_nodes())
    counts = "".join(f"<li>{escape(each)}</li>" for each in count_nodes(frame.catalog, numbers))
    yield render_head(course.title, frame, pictures="data:")
    yield (
        f'<body>\n<a class="skip" href="#course">{escape(gettext("Skip to the course"))}</a>\n<header class="top">\n'
        f'<h1 dir="auto"{_render_lang(frame.language)}>{render_text(course.title)}</h1>\n'
        + (f'<ul class="facts">{counts}</ul>\n' if counts else "")
        + '</header>\n<div class="columns">\n'
    )
    yield from _render_tree(frame, has_report=bool(course.quality))
    yield f'<main id="course" tabindex="-1"{_render_lang(frame.language)}>\n'
    yield _render_overview(course, frame)
    for section in frame.lessons.values():
        yield _render_section(section, frame)
    yield _render_report(course, frame)
    yield "</main>\n</div>\n</body>\n</html>\n"


def render_head(title: str, frame: PageFrame, *, pictures: str) -> str:
    """Return the beginning of a page, under a policy by which it loads nothing but `pictures` (of `img-src`)."""
    style, source = load_style()
    policy = f"default-src 'none'; style-src {source}; img-src {pictures}; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html>\n<html lang="{frame.label_language}" dir="{frame.direction}">\n'
        '<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape_text(title)}</title>\n<style>{style}</style>\n</head>\n'
    )


@cache
def load_style() -> tuple[str, str]:
    """Return the style of pages, and its hash as a policy names it. Read once per process."""
    style = _STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return style, f"'sha256-{digest}'"


def render_text(text: str) -> str:
    """Return text as HTML with its lines."""
    return escape(clean_text(text))


def render_quote(reference: CitedPlace, quote: str, frame: PageFrame) -> str:
    """Return where a quote stands, with the headings above, and its words."""
    path = " › ".join((reference.entry_path, *reference.locator.heading_path))
    return (
        f'<p class="heading" dir="auto">{render_text(path)}</p>'
        f'<blockquote class="quote" dir="auto"><mark>{render_text(quote)}</mark></blockquote>'
        f"{render_reading_note(frame) if reference.machine_written else ''}"
    )


def render_reading_note(frame: PageFrame) -> str:
    return f'<p class="label machine"{frame.lang}>{frame.label("read by a model")}</p>'


def render_source_link(url: str, frame: PageFrame) -> str:
    """Return the link to a place on the web; blank without an address."""
    if not url:
        return ""
    return (
        f'<p{frame.lang}><a href="{escape(clean_text(url))}" rel="noreferrer noopener external">'
        f"{frame.label('Open the source on the web')}</a></p>"
    )


def _render_lang(language: str) -> str:
    return f' lang="{language}"' if language else ""


def _get_anchor(node: ExportedNode) -> str:
    return f"node-{node.row.key}"


def _render_tree(frame: PageFrame, *, has_report: bool) -> Iterator[str]:
    """Yield the table of contents: lists inside one another, folded when there are many."""
    opened = " open" if len(frame.lessons) <= _MAX_OPEN_TREE else ""
    yield (
        f'<nav class="tree" aria-labelledby="tree-title">\n<h2 id="tree-title">{frame.label("Contents")}</h2>\n'
        f"<ul{_render_lang(frame.language)}>\n"
    )
    depth = 0
    for section in frame.lessons.values():
        yield "</ul></details></li>\n" * (depth - section.depth)
        depth = section.depth
        title = f"{section.number} {render_text(section.node.row.title)}"
        yield f'<li><a href="#{_get_anchor(section.node)}" dir="auto">{title}</a>'
        if inside := len(section.subsections):
            parts = escape(count_parts(frame.catalog, inside))
            yield f"<details{opened}><summary{frame.lang}><bdi>{parts}</bdi></summary><ul>\n"
            depth += 1
        else:
            yield "</li>\n"
    yield "</ul></details></li>\n" * depth
    if has_report:
        yield f'<li{frame.lang}><a href="#about">{frame.label("About this structure")}</a></li>\n'
    yield "</ul>\n</nav>\n"


def _render_overview(course: ExportedCourse, frame: PageFrame) -> str:
    parts = [
        _render_blocks(course.description),
        _render_named_list(_choose_goals_label(course.learning_goal), course.learning_goal.splitlines(), frame),
        _render_named_list("Needed before", course.prerequisites, frame),
        _render_named_list("Knowledge after the course", map(_join_expectation, course.expected_knowledge), frame),
        _render_named_list("Skills after the course", map(_join_expectation, course.expected_skills), frame),
    ]
    said = "\n".join(filter(None, parts))
    if not said:
        return ""
    heading = f'<h2 id="overview-title"{frame.lang}>{frame.label("The course")}</h2>'
    return f'<section class="overview" aria-labelledby="overview-title">\n{heading}\n{said}\n</section>\n'


def _render_section(section: NumberedSection, frame: PageFrame) -> str:
    """Return a module or lesson without those inside it."""
    node, row = section.node, section.node.row
    anchor, level = _get_anchor(node), min(_TOP_LEVEL + section.depth, _MAX_LEVEL)
    concepts = [child for child in section.leaves if child.node_type is NodeType.CONCEPT]
    exercises = [child for child in section.leaves if child.node_type is NodeType.EXERCISE]
    parts = [
        f'<section class="{"module" if section.is_module else "lesson"}" id="{anchor}" '
        f'aria-labelledby="{anchor}-title">',
        f'<h{level} id="{anchor}-title" dir="auto"><span class="number">{section.number}</span> '
        f"{render_text(row.title)}</h{level}>",
        *_render_fields(node, frame),
        _render_concepts(concepts, frame),
        *(_render_exercise(each, min(level + 1, _MAX_LEVEL), frame) for each in exercises),
        *_render_last_fields(node, frame),
        _render_sources(node, frame),
        "</section>\n",
    ]
    return "\n".join(filter(None, parts))


def _render_fields(node: ExportedNode, frame: PageFrame) -> Iterator[str]:
    """Yield what is said of a node below its title."""
    row = node.row
    facts = [escape(fact) for fact in list_facts(frame.catalog, row)]
    if row.arranged_by:
        arrangement = render_text(describe_arrangement(frame.catalog, row.arranged_by))
        facts.append(f"{frame.label('arranged by')} <bdi>{arrangement}</bdi>")
    if facts:
        yield f'<ul class="facts"{frame.lang}>{"".join(f"<li>{fact}</li>" for fact in facts)}</ul>'
    yield _render_blocks(row.description)
    yield _render_unproved(row.unproved, frame)
    yield _render_named_list(_choose_goals_label(row.learning_goal), row.learning_goal.splitlines(), frame)
    yield _render_named_list("Needed before", row.required_knowledge, frame)
    if row.prerequisites:
        items = "".join(f"<li>{_render_prerequisite(each, frame)}</li>" for each in row.prerequisites)
        yield _render_part("Builds on", f"<ul>{items}</ul>", frame)
    yield _render_named_list("Questions", row.questions, frame)
    yield _render_named_list("Topics", row.topics, frame)


def _render_last_fields(node: ExportedNode, frame: PageFrame) -> Iterator[str]:
    """Yield what is said of a node before its evidence, behind its concepts and exercises."""
    row = node.row
    yield _render_named_list("Examples", row.examples, frame)
    yield _render_named_list("Key points", row.key_points, frame)
    yield _render_folded("Solution", _render_blocks(row.reference_solution), frame)
    yield _render_folded("How it is graded", _render_list(row.grading_criteria), frame)


def _render_concepts(concepts: Sequence[ExportedNode], frame: PageFrame) -> str:
    if not concepts:
        return ""
    return _render_part("Concepts", f"<dl>{''.join(_render_concept(each, frame) for each in concepts)}</dl>", frame)


def _render_concept(node: ExportedNode, frame: PageFrame) -> str:
    inside = [
        *_render_fields(node, frame),
        *_render_last_fields(node, frame),
        _render_evidence(node, frame),
    ]
    return (
        f'<div id="{_get_anchor(node)}"><dt dir="auto">{render_text(node.row.title)}</dt>'
        f"<dd>{''.join(inside)}</dd></div>\n"
    )


def _render_exercise(node: ExportedNode, level: int, frame: PageFrame) -> str:
    row = node.row
    parts = [
        f'<section class="exercise" id="{_get_anchor(node)}">',
        f'<h{level} dir="auto"><bdi class="kind"{frame.lang}>{frame.label("Exercise")}</bdi> '
        f"{render_text(row.title)}</h{level}>",
        *_render_fields(node, frame),
        *_render_last_fields(node, frame),
        _render_evidence(node, frame),
        "</section>",
    ]
    return "\n".join(filter(None, parts))


def _render_folded(label: str, inside: str, frame: PageFrame) -> str:
    if not inside:
        return ""
    return f'<details class="solution"><summary{frame.lang}>{frame.label(label)}</summary>{inside}</details>'


def _render_sources(node: ExportedNode, frame: PageFrame) -> str:
    """Return the evidence of a module or lesson, folded."""
    if not node.references:
        return ""
    places = escape(count_places(frame.catalog, len(node.references)))
    inside = _render_references(node.references, frame)
    return f'<details class="sources"><summary{frame.lang}><bdi>{places}</bdi></summary>{inside}</details>'


def _render_evidence(node: ExportedNode, frame: PageFrame) -> str:
    if not node.references:
        return f'<p class="label warn"{frame.lang}>{frame.label("no evidence")}</p>'
    return _render_references(node.references, frame)


def _render_references(references: Sequence[ExportedReference], frame: PageFrame) -> str:
    return f'<ul class="references">{"".join(_render_reference(each, frame) for each in references)}</ul>'


def _render_reference(reference: ExportedReference, frame: PageFrame) -> str:
    path = frame.find_passage(reference) if frame.find_passage is not None else ""
    passage = f'<p{frame.lang}><a href="{escape(path)}">{frame.label("Show the passage")}</a></p>' if path else ""
    inside = render_quote(reference, reference.quote, frame) + passage
    inside += render_source_link(find_place_url(reference, frame.addresses), frame)
    return f"<li>{_fold_place(reference.entry_name, reference, inside, frame)}</li>"


def _fold_place(name: str, place: CitedPlace, inside: str, frame: PageFrame, label: str = "") -> str:
    named = format_place(frame.catalog, name, place.locator, is_machine_written=place.machine_written)
    said = f"<bdi>{render_text(named)}</bdi>"
    summary = f"<span{frame.lang}>{frame.label(label)}</span> {said}" if label else said
    return f'<details class="evidence"><summary>{summary}</summary>{inside}</details>'


@dataclass(frozen=True, kw_only=True)
class _KeptPlace:
    """Evidence that is stored inside its node."""

    entry_path: str
    locator: Locator
    machine_written: bool


def _render_prerequisite(prerequisite: Mapping[str, Any], frame: PageFrame) -> str:
    parts = [f'<strong dir="auto">{render_text(prerequisite["term"])}</strong>']
    if lesson := frame.lessons.get(str(prerequisite["lesson"])):
        link = f'<a href="#{_get_anchor(lesson.node)}" dir="auto">{render_text(lesson.node.row.title)}</a>'
        parts.append(f"<span{frame.lang}>{frame.label('from the lesson')}</span> {link}")
    for label, name in (("defined in", "definition"), ("used in", "use")):
        given = prerequisite[name]
        place = _KeptPlace(
            entry_path=given["entry_path"], locator=_build_locator(given), machine_written=given["machine_written"]
        )
        quote = render_quote(place, given["quote"], frame)
        parts.append(_fold_place(given["entry_name"], place, quote, frame, label))
    return "\n".join(parts)


def _build_locator(given: Mapping[str, Any]) -> Locator:
    names = ("page", "slide", "start_ms", "end_ms")
    numbers = {name: given["locator"].get(name) for name in names}
    return Locator(**numbers, heading_path=tuple(given["locator"].get("heading_path", ())))


def _render_report(course: ExportedCourse, frame: PageFrame) -> str:
    sentences = describe_quality(course.quality)
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    heading = f'<h2 id="about-title"{frame.lang}>{frame.label("About this structure")}</h2>'
    return (
        f'<section class="about" id="about" aria-labelledby="about-title">\n{heading}\n'
        f'<ul class="warnings" lang="en" dir="ltr">{items}</ul>\n</section>\n'
    )


def _render_blocks(text: str) -> str:
    # Of a style inside an element the policy would have a browser complain.
    blocks = _ALIGNMENT.sub(r'align="\1"', render_blocks(text))
    return f'<div class="text" dir="auto">{blocks}</div>' if blocks else ""


def _render_unproved(unproved: Sequence[Mapping[str, Any]], frame: PageFrame) -> str:
    if not unproved:
        return ""
    quoted = ", ".join(f'<q dir="auto">{render_text(each["text"])}</q>' for each in unproved)
    return f'<p class="label warn"{frame.lang}>{frame.label("Not proved by the cited passages:")} {quoted}</p>'


def _choose_goals_label(learning_goal: str) -> str:
    return "Goals" if len(learning_goal.splitlines()) > 1 else "Goal"


def _join_expectation(expected: Mapping[str, str]) -> str:
    return ": ".join(filter(None, (expected["summary"], expected.get("details", ""))))


def _render_named_list(label: str, items: Iterable[str], frame: PageFrame) -> str:
    found = _render_list(items)
    return _render_part(label, found, frame) if found else ""


def _render_part(label: str, inside: str, frame: PageFrame) -> str:
    return f'<div class="part"><p class="name"{frame.lang}>{frame.label(label)}</p>{inside}</div>'


def _render_list(items: Iterable[str]) -> str:
    said = "".join(f'<li dir="auto">{render_text(item)}</li>' for item in items if item.strip())
    return f"<ul>{said}</ul>" if said else ""


def _list_titles(snapshot: ExportedSnapshot) -> Iterator[str]:
    yield snapshot.course.title
    for node in snapshot.walk_nodes():
        yield node.row.title


def _list_texts(snapshot: ExportedSnapshot) -> Iterator[str]:
    """Yield the texts of a course, the longest kinds first: a language is found by whole sentences."""
    yield snapshot.course.description
    for node in snapshot.walk_nodes():
        yield node.row.description
        yield node.row.learning_goal
    yield from _list_titles(snapshot)
