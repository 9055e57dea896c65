"""Engines that are given an outline: whatever it is, they keep it to the letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from structures.engines.base.drafts import Basis, Citation, Draft, DraftNode, NodeType
from structures.engines.base.outlines import Outline, OutlineNode, assemble_nodes, list_lesson_materials
from structures.engines.base.requests import EngineRequest
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.llm.engine import build_plan
from structures.engines.llm.lessons import LESSON_ACTION
from structures.engines.registry import ENGINES, EngineName
from structures.errors import OutlineNotKept
from structures.generation.guided import build_guided_outline
from structures.generation.kept_outlines import check_outline
from tests.structures.engines.numbered import entry, node
from tests.structures.engines.test_llm_engine import Clerk
from tests.structures.trees import tree

_titles = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20) | st.sampled_from(
    ["Lesson 1", "Exercises", "LICENSE", "Solutions", "README", "\u202eevil", " spaced ", "Same", "same", "01-intro"]
)
_names = st.sampled_from(
    ["text.md", "exercises.md", "solution.md", "slides.pptx", "README.md", "SUMMARY.md", "LICENSE"]
)
_entries = st.lists(
    st.builds(
        lambda name, texts: entry(*texts, name=name), _names, st.lists(st.text(max_size=40).map(str.strip), max_size=4)
    ),
    max_size=2,
)


def _grow(children: st.SearchStrategy[SourceNode]) -> st.SearchStrategy[SourceNode]:
    return st.builds(
        lambda title, entries, below: node(title, *entries, *below), _titles, _entries, st.lists(children, max_size=4)
    )


_leaves = st.builds(lambda title, entries: node(title, *entries), _titles, _entries)
_courses = st.builds(
    lambda entries, below: node("Course", *entries, *below),
    _entries,
    st.lists(st.recursive(_leaves, _grow, max_leaves=12), min_size=1, max_size=5),
)

Shape = tuple[str, str, list["Shape"]]


def shape_of(found: DraftNode) -> Shape:
    """Return type, title and what is inside of a module or lesson."""
    kept = {NodeType.MODULE, NodeType.LESSON}
    return found.node_type.value, found.title, [shape_of(child) for child in found.children if child.node_type in kept]


def shape_of_source(found: SourceNode) -> Shape:
    kind = "module" if found.children else "lesson"
    return kind, found.title, [shape_of_source(child) for child in found.children]


def draft_by(engine: EngineName, request: EngineRequest) -> Draft:
    return ENGINES[engine].build_draft(request, Clerk())


@pytest.mark.parametrize("engine", EngineName)
@hypothesis_settings(max_examples=60)
@given(source=_courses)
def test_any_tree_of_nodes_is_kept_to_the_letter(engine: EngineName, source: SourceNode) -> None:
    outline = build_guided_outline(source)

    draft = draft_by(engine, EngineRequest(source=source, outline=outline))

    check_outline(outline, draft)
    assert [shape_of(module) for module in draft.modules] == [shape_of_source(child) for child in source.children]
    assert [found.key for module in draft.modules for found in module.iter_nodes() if found.key] == [
        below.id for below in list(source.iter_nodes())[1:]
    ]


@pytest.mark.parametrize("engine", EngineName)
def test_lessons_get_the_content_of_their_own_materials(engine: EngineName) -> None:
    source = tree(
        "Water",
        {
            "about.md": "# About\n\n**Hydrology** is the science of water on the whole of the earth.",
            "Heat": {
                "Boiling": {"a.md": "# A\n\n**Boiling point** is the temperature at which water becomes a gas."},
                "Melting": {"b.md": "# B\n\n**Melting point** is the temperature at which ice becomes water."},
            },
            "Rain": {"c.md": "# C\n\n**Rain** is water that falls from clouds in drops."},
            "Empty": {},
        },
    )
    outline = build_guided_outline(source)

    draft = draft_by(engine, EngineRequest(source=source, outline=outline))

    owners = {chunk.id: each.name for below in source.iter_nodes() for each in below.entries for chunk in each.chunks}
    found = {
        lesson.title: {owners[citation.chunk_id] for child in lesson.children for citation in child.citations}
        for module in draft.modules
        for lesson in module.iter_nodes()
        if lesson.node_type is NodeType.LESSON
    }
    # What is about the whole course is read with the first lesson.
    assert found == {"Boiling": {"a.md", "about.md"}, "Melting": {"b.md"}, "Rain": {"c.md"}, "Empty": set()}


def test_an_outline_alone_has_evidence_and_no_content() -> None:
    source = tree("Water", {"Heat": {"a.md": "# A\n\n**Boiling point** is the temperature at which water boils."}})

    for outline in (None, build_guided_outline(source)):
        draft = draft_by(EngineName.OUTLINE, EngineRequest(source=source, outline=outline, stops_after_outline=True))
        nodes = [found for module in draft.modules for found in module.iter_nodes()]
        assert {found.node_type for found in nodes} <= {NodeType.MODULE, NodeType.LESSON}
        assert all(found.citations for found in nodes if found.node_type is NodeType.LESSON)


# --- a question for each lesson ---------------------------------------------------------------------------------------


def _two_lessons(first: str = "Water boils.", second: str = "Ice melts.") -> SourceNode:
    return node("Water", node("One", entry(first)), node("Two", entry(second)))


@pytest.mark.usefixtures("lessons_alone")
def test_a_question_has_numbers_of_its_own_and_nothing_of_the_rest_of_the_course() -> None:
    clerk = Clerk()
    source = _two_lessons()

    ENGINES[EngineName.LLM].build_draft(EngineRequest(source=source, outline=build_guided_outline(source)), clerk)

    assert clerk.answered[:-1] == [(LESSON_ACTION, [1]), (LESSON_ACTION, [1])]
    for (_, values), said in zip(clerk.questions[:-1], ("Water boils.", "Ice melts."), strict=True):
        assert said in str(values["materials"])
        assert not {"course", "goal"} & values.keys()
        assert "One" not in str(values)
        assert "Two" not in str(values)


@pytest.mark.usefixtures("lessons_alone")
def test_a_change_of_one_lesson_changes_one_question() -> None:
    def ask(source: SourceNode) -> list[str]:
        clerk = Clerk()
        ENGINES[EngineName.LLM].build_draft(EngineRequest(source=source, outline=build_guided_outline(source)), clerk)
        return [str(values) for _, values in clerk.questions[:-1]]

    before = ask(_two_lessons())
    changed = _two_lessons(first="Water boils at once.")
    renamed = replace(changed, title="Other", children=(replace(changed.children[0], title="New"), changed.children[1]))

    assert [old == new for old, new in zip(before, ask(changed), strict=True)] == [False, True]
    assert ask(changed) == ask(renamed)


def test_the_plan_is_what_is_asked() -> None:
    clerk = Clerk(capacity=600)
    source = node("Water", node("One", entry(*("water " * 90 for _ in range(9)))), node("Two", entry("Ice melts.")))
    outline = build_guided_outline(source)

    request = EngineRequest(source=source, outline=outline)
    planned = build_plan(request, outline, clerk)
    ENGINES[EngineName.LLM].build_draft(request, clerk)

    assert planned == clerk.plan
    assert len(clerk.questions) == planned["calls"] == planned["parts"] + 1 > 3


def test_a_lesson_that_is_too_large_is_halved_and_the_halves_are_one_lesson() -> None:
    clerk = Clerk(too_much=lambda action, numbers: action == LESSON_ACTION and len(numbers) > 2)
    source = node("Water", node("One", entry(*(f"Chunk {n} " + "of water " * 60 for n in range(1, 5)))))

    draft = ENGINES[EngineName.LLM].build_draft(
        EngineRequest(source=source, outline=build_guided_outline(source)), clerk
    )

    (lesson,) = draft.modules
    assert clerk.numbers_of(LESSON_ACTION) == [1, 2, 3, 4]
    assert [child.title for child in lesson.children] == ["Idea 1", "Idea 2", "Idea 3", "Idea 4"]
    assert (lesson.estimated_minutes, lesson.minutes_basis) == (30, Basis.ESTIMATED)
    assert lesson.learning_goal == "Boil."


def test_lessons_without_materials_are_named() -> None:
    source = node("Water", node("One", entry("Water boils.")), node("Later"))

    draft = draft_by(EngineName.LLM, EngineRequest(source=source, outline=build_guided_outline(source)))

    assert "These lessons have no materials: Later." in draft.warnings


# --- an outline that says something already ---------------------------------------------------------------------------


def _lesson(*entries: SourceEntry, known: DraftNode | None = None, locked: frozenset[str] = frozenset()) -> OutlineNode:
    return OutlineNode(
        key=uuid4(), node_type=NodeType.LESSON, title="Lesson", entries=entries, known=known, locked=locked
    )


def _draft_node(node_type: NodeType = NodeType.LESSON, title: str = "Other", **fields: object) -> DraftNode:
    return DraftNode(node_type=node_type, title=title, **fields)  # type: ignore[arg-type]


def test_details_are_joined_to_what_the_outline_says() -> None:
    own, new = Citation(chunk_id=uuid4(), quote="own"), Citation(chunk_id=uuid4(), quote="new")
    kept = _draft_node(NodeType.CONCEPT, "Dew", description="A person's.")
    known = _draft_node(
        learning_goal="Known", description="Stays", citations=(own,), children=(kept,), estimated_minutes=5,
        minutes_basis=Basis.COMPUTED, key_points=(),
    )  # fmt: skip
    lesson = _lesson(known=known, locked=frozenset({"learning_goal", "key_points"}))
    outline = Outline(title="Course", nodes=(lesson,), explanation={})
    found = _draft_node(
        learning_goal="Found", citations=(own, new), estimated_minutes=9, minutes_basis=Basis.ESTIMATED,
        key_points=("Point",), topics=("Topic",),
        children=(_draft_node(NodeType.CONCEPT, "DEW"), _draft_node(NodeType.EXERCISE, "Dew")),
    )  # fmt: skip

    (joined,) = assemble_nodes(outline, {lesson.key: found})

    assert (joined.title, joined.key, joined.node_type) == ("Lesson", lesson.key, NodeType.LESSON)
    assert (joined.learning_goal, joined.description, joined.key_points) == ("Known", "Stays", ())
    assert (joined.estimated_minutes, joined.minutes_basis, joined.topics) == (9, Basis.ESTIMATED, ("Topic",))
    assert joined.citations == (own, new)
    assert [(child.node_type, child.title) for child in joined.children] == [
        (NodeType.CONCEPT, "Dew"), (NodeType.EXERCISE, "Dew"),
    ]  # fmt: skip


def test_overviews_are_read_with_the_first_lesson_that_has_materials() -> None:
    about, of_module, own = entry("About."), entry("Of the module."), entry("Own.")
    empty, full = _lesson(), _lesson(own)
    module = OutlineNode(
        key=uuid4(), node_type=NodeType.MODULE, title="M", children=(empty, full), entries=(of_module,)
    )
    outline = Outline(title="Course", nodes=(module,), entries=(about,), explanation={})

    assert list_lesson_materials(outline) == {empty.key: (), full.key: (own, of_module, about)}


# --- the check -------------------------------------------------------------------------------------------------------


def _rename(draft: Draft) -> Draft:
    return replace(draft, modules=(replace(draft.modules[0], title="Better"), *draft.modules[1:]))


def _with_key(draft: Draft, key: UUID | None) -> Draft:
    return replace(draft, modules=(replace(draft.modules[0], key=key), *draft.modules[1:]))


@pytest.mark.parametrize(
    ("depart", "kinds"),
    [
        (_rename, ["title"]),
        (lambda draft: replace(draft, modules=draft.modules[1:]), ["missing"]),
        (lambda draft: replace(draft, modules=draft.modules[::-1]), ["order"]),
        (lambda draft: replace(draft, modules=(*draft.modules, draft.modules[0])), ["extra"]),
        (lambda draft: _with_key(draft, None), ["missing", "extra"]),
        (lambda draft: replace(draft, modules=(*draft.modules, _draft_node(title="New"))), ["extra"]),
        (
            lambda draft: replace(
                draft, modules=(replace(draft.modules[0], node_type=NodeType.MODULE), *draft.modules[1:])
            ),
            ["type"],
        ),
    ],
)
def test_a_draft_that_departs_from_its_outline_is_refused(depart: Callable[[Draft], Draft], kinds: list[str]) -> None:
    source = _two_lessons()
    outline = build_guided_outline(source)
    draft = draft_by(EngineName.LLM, EngineRequest(source=source, outline=outline))
    check_outline(outline, draft)

    with pytest.raises(OutlineNotKept) as refused:
        check_outline(outline, depart(draft))

    assert [one["kind"] for one in refused.value.extra["departures"]] == kinds
    assert refused.value.next_step
