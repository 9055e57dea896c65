"""Decks and notes of Anki, made of modules and concepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import genanki

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, build_course_key
from structures.exports.chapter_lists import clean_title
from structures.exports.characters import clean_text
from structures.exports.lesson_html import LessonContext, build_context, escape_text, render_concept

# Chosen once: Anki knows by it the type of notes of earlier imports. Changed fields need another.
_NOTE_TYPE_ID = 1_489_203_577
FIELDS = ("Concept", "Lesson", "Back")
_CARD = {
    "name": "Concept",
    "qfmt": '<div dir="auto" class="concept">{{Concept}}</div>\n'
    '{{#Lesson}}<div dir="auto" class="lesson">{{Lesson}}</div>{{/Lesson}}',
    "afmt": '{{FrontSide}}\n<hr id="answer">\n<div dir="auto" class="back">{{Back}}</div>',
}
_STYLE = """.card { font-family: sans-serif; font-size: 20px; text-align: center; }
.concept { font-weight: bold; }
.lesson { font-size: 16px; opacity: 0.7; }
.back { text-align: start; }
"""
_BETWEEN_DECKS = "::"
# Ids of decks are below the milliseconds of the present, which Anki makes ids of, and above that of its own deck.
_DECK_ID_BITS, _FIRST_DECK_ID = 40, 2


def build_decks(snapshot: ExportedSnapshot, *, with_quotes: bool) -> Iterator[genanki.Deck]:
    """Yield the decks that have notes, each when the one before may be forgotten: the course, then its modules."""
    context = build_context(snapshot, with_quotes=with_quotes)
    note_type = genanki.Model(
        _NOTE_TYPE_ID,
        "Coursewright concept",
        fields=[{"name": name} for name in FIELDS],
        templates=[_CARD],
        css=_STYLE,
    )
    ids, course = _DeckIds(), snapshot.course
    name = _clean_name(course.title)
    pending = [(ids.build(build_course_key(course)), name, course.description, list(snapshot.modules))]
    names = {name.casefold()}
    while pending:
        deck_id, name, description, nodes = pending.pop()
        deck = genanki.Deck(deck_id, name, escape_text(description))
        for concept, lesson in _iter_concepts(nodes):
            deck.add_note(_build_note(note_type, concept, lesson, context))
        if deck.notes or description.strip():
            yield deck
        inside = []
        for module in nodes:
            if module.node_type is NodeType.MODULE and has_concepts(module):
                own = _make_distinct(f"{name}{_BETWEEN_DECKS}{_clean_name(module.row.title)}", names)
                inside.append((ids.build(module.row.key), own, module.row.description, list(module.children)))
        pending += reversed(inside)


def has_concepts(node: ExportedNode) -> bool:
    """Tell whether there are concepts in a node, at whatever depth."""
    pending = [node]
    while pending:
        each = pending.pop()
        if each.node_type is NodeType.CONCEPT:
            return True
        pending += each.children
    return False


def _iter_concepts(nodes: list[ExportedNode]) -> Iterator[tuple[ExportedNode, ExportedNode | None]]:
    """Yield the concepts among nodes and in their lessons, each with its lesson."""
    for node in nodes:
        if node.node_type is NodeType.CONCEPT:
            yield node, None
        elif node.node_type is NodeType.LESSON:
            yield from ((child, node) for child in node.children if child.node_type is NodeType.CONCEPT)


def _build_note(
    note_type: genanki.Model, concept: ExportedNode, lesson: ExportedNode | None, context: LessonContext
) -> genanki.Note:
    title = clean_title(concept.row.title)
    said = (
        escape_text(title),
        escape_text(lesson.row.title) if lesson is not None else "",
        render_concept(concept, context),
    )
    # Anki plays `[sound:a]` and runs `[latex]` wherever they stand in fields; so brackets are written as references.
    fields = [text.replace("[", "&#91;") for text in said]
    return genanki.Note(note_type, fields, sort_field=clean_text(title), guid=str(concept.row.key))


class _DeckIds:
    """Makes ids of decks from keys, no two the same."""

    def __init__(self) -> None:
        self._used: set[int] = set()

    def build(self, key: UUID) -> int:
        found = _FIRST_DECK_ID + key.int % (1 << _DECK_ID_BITS)
        while found in self._used:
            found += 1
        self._used.add(found)
        return found


def _clean_name(title: str) -> str:
    """Return a title as the name of a deck, in which two colons part a deck and those in it."""
    return re.sub(":{2,}", ":", clean_text(clean_title(title))).strip(": ") or "-"


def _make_distinct(name: str, used: set[str]) -> str:
    """Return a name that is not used, also where case is ignored, as Anki knows decks by them."""
    found, number = name, 1
    while found.casefold() in used:
        number += 1
        found = f"{name} ({number})"
    used.add(found.casefold())
    return found
