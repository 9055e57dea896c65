"""Checking the sentences of a draft: what is cut, what stays as it was, and what is not checked."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from materials.documents import ChunkKind, Locator
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceChunk
from structures.engines.llm.judging import Judgements
from structures.grounding.claims.passages import MAX_CHARACTERS
from structures.grounding.quotes import StatementCounts
from structures.grounding.statements import list_statements, verify_statements

CHUNK = UUID(int=1)
SOLUTION = "def boil():\n    return 100\n\nIt takes 12 minutes.\n\nprint(boil())"


def verify(node: DraftNode, text: str, *, is_strict: bool) -> tuple[DraftNode, StatementCounts]:
    """Return a node that cites a chunk with this text, checked as the only one of a draft, and the counts."""
    chunk = SourceChunk(id=CHUNK, kind=ChunkKind.PARAGRAPH, text=text, locator=Locator())
    cited = replace(node, citations=(Citation(chunk_id=CHUNK, quote=text[:10]),))
    draft = Draft(title="Water", modules=(cited,))
    checked, counts = verify_statements(draft, {CHUNK: chunk}, {CHUNK: "en"}, is_strict=is_strict)
    return checked.modules[0], counts


def test_only_the_sentence_is_cut_and_lines_stay_lines() -> None:
    node = DraftNode(node_type=NodeType.EXERCISE, title="Boil", reference_solution=SOLUTION)

    checked, counts = verify(node, "def boil(): return 100; print(boil())", is_strict=True)

    assert checked.reference_solution == SOLUTION.replace("\n\nIt takes 12 minutes.", "")
    assert (counts.sentences_unproved, counts.sentences_left_out) == (1, 1)


def test_marks_lie_where_the_text_has_them() -> None:
    node = DraftNode(node_type=NodeType.EXERCISE, title="Boil", reference_solution=SOLUTION)

    checked, _ = verify(node, "def boil(): return 100; print(boil())", is_strict=False)

    (mark,) = checked.unproved
    assert checked.reference_solution == SOLUTION
    assert SOLUTION[mark.start : mark.end] == "12"


def test_what_cites_too_much_to_look_through_is_counted_and_left_alone() -> None:
    node = DraftNode(node_type=NodeType.LESSON, title="Boil", description="It takes 12 minutes.")

    checked, counts = verify(node, "word " * (MAX_CHARACTERS // 5 + 1), is_strict=True)

    assert checked.description == "It takes 12 minutes."
    assert counts == StatementCounts(nodes_not_checked=1)


def test_what_has_no_text_is_not_counted_as_unchecked() -> None:
    lesson = DraftNode(node_type=NodeType.LESSON, title="Boil", learning_goal="Boil in 12 minutes.")

    _, counts = verify(lesson, "word " * (MAX_CHARACTERS // 5 + 1), is_strict=False)

    assert counts == StatementCounts()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('She says: "Water boils." It takes 12 minutes.', 'She says: "Water boils."'),
        ("(Water boils.) It takes 12 minutes.", "(Water boils.)"),
        ("It takes 12 minutes. (Water boils.)", "(Water boils.)"),
        ('"It takes 12 minutes." Water boils.', "Water boils."),
        ('She says: "Water boils. It takes 12 minutes."', 'She says: "Water boils."'),
        ("Water boils (so it is. It takes 12 minutes.) Water boils.", "Water boils (so it is.) Water boils."),
    ],
)
def test_the_sentence_that_remains_keeps_what_closes_it(text: str, kept: str) -> None:
    node = DraftNode(node_type=NodeType.CONCEPT, title="Boil", description=text)

    checked, _ = verify(node, "She says that water boils, so it is.", is_strict=True)

    assert checked.description == kept


@pytest.mark.parametrize(("node_type", "is_proof"), [(NodeType.CONCEPT, False), (NodeType.LESSON, True)])
def test_a_title_that_a_model_wrote_proves_nothing_of_its_own_node(node_type: NodeType, is_proof: bool) -> None:
    # Long enough for its language to be known: names are compared within one language.
    text = "The water in the pot on the stove is to be boiled for a long time, as it was done by Langstroth and others."
    node = DraftNode(node_type=node_type, title="Boil like Langstroth", description=text)

    checked, _ = verify(node, "Others boil the water in the pot on the stove for a long time.", is_strict=False)

    assert [text[each.start : each.end] for each in checked.unproved] == ([] if is_proof else ["Langstroth"])


def test_titles_that_a_model_corrected_prove_nothing_and_those_before_do() -> None:
    text = "The water in the pot on the stove is to be boiled for a long time, as Langstroth and Huber do it at home."
    chunk = SourceChunk(
        id=CHUNK,
        kind=ChunkKind.PARAGRAPH,
        text="The water in the pot on the stove boils for a long time.",
        locator=Locator(),
    )
    concept = DraftNode(
        node_type=NodeType.CONCEPT,
        title="Boiling",
        description=text,
        citations=(Citation(chunk_id=CHUNK, quote="The water in the pot"),),
    )
    lesson = DraftNode(
        node_type=NodeType.LESSON, title="Boil like Langstroth", given_title="Boil like Huber", children=(concept,)
    )
    draft = Draft(title="Langstroth and water", given_title="Water", modules=(lesson,))

    checked, _ = verify_statements(draft, {CHUNK: chunk}, {CHUNK: "en"}, is_strict=False)

    (found,) = checked.modules[0].children
    assert [text[each.start : each.end] for each in found.unproved] == ["Langstroth"]


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        ("5", "with 5 wheels"),
        ("195", "1950 with"),
        ("(of wood)", "(of wood)"),
        ("", "It was built in 1950 with 5 wheels (of wood)."),
        ("of stone", "It was built in 1950 with 5 wheels (of wood)."),
    ],
)
def test_doubted_words_are_marked_where_they_stand_as_words(words: str, marked: str) -> None:
    text = "It was built in 1950 with 5 wheels (of wood)."
    chunk = SourceChunk(id=CHUNK, kind=ChunkKind.PARAGRAPH, text=text, locator=Locator())
    cited = (Citation(chunk_id=CHUNK, quote=text),)
    concept = DraftNode(node_type=NodeType.CONCEPT, title="Cart", description=text, citations=cited)
    ((statement,),) = list_statements(Draft(title="Carts", modules=(concept,)), {CHUNK: chunk})
    judgements = Judgements(doubts={statement: (words,)}, judged=frozenset({statement}))

    checked, _ = verify_statements(
        Draft(title="Carts", modules=(concept,)), {CHUNK: chunk}, {CHUNK: "en"}, is_strict=False, judgements=judgements
    )

    (mark,) = checked.modules[0].unproved
    assert text[mark.start : mark.end] == (words if words in marked and words else marked)
    assert text.index(marked) <= mark.start < mark.end <= text.index(marked) + len(marked)
