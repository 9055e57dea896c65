from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from structures.engines.base.drafts import Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceNode
from structures.engines.outline import names
from structures.engines.outline.engine import build_outline
from structures.engines.outline.sections import build_section_tree
from structures.grounding.quotes import verify_citations
from tests.executed_lines import count_executed_lines
from tests.structures.trees import chunks_of, tree


def titles(draft: Draft) -> list[tuple[str, list[str]]]:
    """Return the modules with the titles of their lessons."""
    return [(module.title, [lesson.title for lesson in module.children]) for module in draft.modules]


def of_type(draft: Draft, node_type: NodeType) -> list[DraftNode]:
    return [node for module in draft.modules for node in module.iter_nodes() if node.node_type is node_type]


# --- arranging ------------------------------------------------------------------------------------------------------


def test_folders_are_modules_and_files_are_lessons() -> None:
    source = tree("Course", {
        "02-Later things": {"a.md": "# Alpha\n\nText one.", "b.md": "# Beta\n\nText two."},
        "01-First things": {"c.md": "# Gamma\n\nText three.", "d.md": "# Delta\n\nText four."},
    })  # fmt: skip

    assert titles(build_outline(source)) == [
        ("First things", ["Gamma", "Delta"]), ("Later things", ["Alpha", "Beta"]),
    ]  # fmt: skip


def test_kinds_of_media_are_regrouped_by_chapter() -> None:
    talk = "1\n00:00:01,000 --> 00:00:05,000\nSome words about it.\n"
    source = tree("Course", {
        "captions": {
            "01-Intro": {"01-Intro-A.srt": talk, "01-Intro-B.srt": talk, "01-Intro-Q-EX-01-02.srt": talk},
            "02-Loops": {"02-Loops-A.srt": talk},
        },
        "slides": {"Deck-01-Intro.md": "# Why at all?\n\nText.", "Deck-02-Loops.md": "# Repeated steps\n\nText."},
    })  # fmt: skip

    assert titles(build_outline(source)) == [
        ("Why at all?", ["Why at all? – Part 1", "Why at all? – Part 2", "Exercise 1.2"]),
        ("Loops", ["Repeated steps"]),
    ]


def test_folders_that_merely_count_from_one_are_not_mixed() -> None:
    source = tree("Course", {
        "Chemistry": {"1-Atoms.md": "# Atoms\n\nx", "2-Bonds.md": "# Bonds\n\nx"},
        "History": {"1-Rome.md": "# Rome\n\nx", "2-Athens.md": "# Athens\n\nx"},
    })  # fmt: skip

    assert [title for title, _ in titles(build_outline(source))] == ["Chemistry", "History"]


def test_an_index_gives_titles_and_is_no_lesson() -> None:
    source = tree("Course", {
        "M01-HTML": {
            "index.md": "# Module 1 — The web\n\n- [W01](./W01) · How it works\n- [W02](./W02) · Semantics\n",
            "W01": {"README.md": "# Week 01. Something longer\n\nText."},
            "W02": {"README.md": "# Week 02\n\nText."},
        }
    })  # fmt: skip

    assert titles(build_outline(source)) == [("The web", ["How it works", "Semantics"])]


def test_the_same_file_in_two_formats_is_one_lesson() -> None:
    source = tree("Course", {"Module": {"talk.md": "# Talk\n\nText.", "talk.html": "<p>Text.</p>", "z.md": "# Z\n\nx"}})

    lessons = build_outline(source).modules[0].children

    assert [lesson.title for lesson in lessons] == ["Talk", "Z"]
    assert len(lessons[0].citations) == 2


def test_one_file_is_a_module_with_its_sections_as_lessons() -> None:
    source = tree("Course", {"book.md": "# The book\n\n## One\n\nText.\n\n## Two\n\nText."})

    assert titles(build_outline(source)) == [("The book", ["One", "Two"])]


def test_a_repository_file_is_left_out_and_named() -> None:
    draft = build_outline(tree("Course", {"LICENSE.txt": "Do as you like with it.", "text.md": "# Text\n\nWords."}))

    assert [title for title, _ in titles(draft)] == ["Text"]
    assert draft.warnings == ("Not part of any lesson: LICENSE.txt.",)


def test_a_deep_tree_ends_in_lessons() -> None:
    source = tree("Course", {"a": {"b": {"c": {"d": {"e": {"text.md": "# Deep down\n\nText."}}}}}})

    assert titles(build_outline(source)) == [("D", ["Deep down"])]


def test_an_empty_tree_has_no_modules() -> None:
    assert build_outline(tree("Course", {"empty": {}})).modules == ()


def test_a_stub_stays_empty_and_is_named() -> None:
    stub = (
        "# Week 15: Node\n\n## Lecture\n- Node and npm\n\n## Practice\n- First script\n\n## Homework\n- Hello world\n"
    )
    source = tree(
        "Course", {"M": {"W15": {"README.md": stub}, "W16": {"README.md": "# Real\n\nA whole sentence is here."}}}
    )

    draft = build_outline(source)

    assert not of_type(draft, NodeType.CONCEPT) + of_type(draft, NodeType.EXERCISE)
    assert draft.warnings == ("These lessons announce content but have none yet: Node.",)


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("🖥 Week 01. How it works (10 min)", "How it works"),
        ("Модуль 1 — HTML/CSS", "HTML/CSS"),
        ("3. Types of data", "Types of data"),
        ("Week 2", "Week 2"),
        ("Вступ (10 хв)", "Вступ"),
        ("Windows 10: Installing", "Windows 10: Installing"),
    ],
)
def test_it_takes_labels_and_marks_off_titles(title: str, clean: str) -> None:
    assert names.clean_title(title) == clean


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("01-Intro", 1, "Intro"),
        ("M02-JS-FE", 2, "JS FE"),
        ("W07", 7, ""),
        ("Week 3", 3, ""),
        ("Chapter IV The end", 4, "The end"),
        ("Flat pictures of a round world", None, "Flat pictures of a round world"),
        ("Тиждень 5", 5, ""),
    ],
)
def test_it_reads_numbers_in_names(name: str, number: int | None, words: str) -> None:
    read = names.parse_name(name)

    assert (read.number, read.words) == (number, words)


# --- exercises ------------------------------------------------------------------------------------------------------

TASK = "Take a map and a ruler, measure two countries, and write down by how much one is drawn too wide."


def test_the_text_behind_an_exercise_in_a_box_belongs_to_the_section_around_it() -> None:
    box = f"::: challenge\n\n## Measure\n\n{TASK}\n\n::: solution\n\nThe secret answer.\n\n:::\n\n:::"
    text = f"# A\n\n## Part\n\nText.\n\n{box}\n\nA glacier is a body of dense ice.\n\n## Next\n\nText."
    source = tree("Course", {"M": {"a.md": text, "b.md": "# B\n\nx"}})

    (exercise,) = of_type(build_outline(source), NodeType.EXERCISE)
    assert (exercise.title, exercise.description) == ("Measure", TASK)
    sections = build_section_tree(source.children[0].entries[0]).iter_sections()
    bodies = {section.title: [chunk.text for chunk in section.body] for section in sections}
    assert bodies["Part"] == ["Text.", "A glacier is a body of dense ice."]


def test_the_same_lab_in_three_files_is_one_exercise_with_three_references() -> None:
    source = tree("Course", {"M": {
        "lab.md": f"# Lab: Measure\n\n{TASK}",
        "sheet.html": f"<h1>Worksheet</h1><h2>Lab: Measure</h2><p>{TASK}</p>",
        "handout.txt": f"Lab 1: Measure\n==============\n\n{TASK}\n",
    }})  # fmt: skip

    (exercise,) = of_type(build_outline(source), NodeType.EXERCISE)

    assert len(exercise.citations) == 3


# --- what always holds ----------------------------------------------------------------------------------------------

LINES = ["# Title", "## Exercise 1: Do", "**Term** is a thing that matters.", "- item one", "plain text", "", "```"]
WORDS = st.sampled_from(LINES)
FILES = st.dictionaries(
    st.sampled_from(["a.md", "01-b.md", "README.md", "W02.md", "talk-A.md"]),
    st.lists(WORDS, max_size=8).map("\n\n".join),
    max_size=4,
)


@hypothesis_settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["01-One", "slides", "captions", "W03"]), FILES, max_size=3), FILES)
def test_every_quote_holds_and_the_same_sources_give_the_same_draft(
    folders: dict[str, dict[str, str]], files: dict[str, str]
) -> None:
    source = tree("Course", {**folders, **files})
    draft = build_outline(source)

    _, grounding = verify_citations(draft, chunks_of(source))

    assert grounding.dropped == 0
    assert grounding.concepts_without_evidence == 0
    assert build_outline(tree("Course", {**folders, **files})) == draft


@pytest.mark.slow
def test_its_work_grows_with_the_size_of_the_course() -> None:
    def course(size: int) -> SourceNode:
        chance = random.Random(1)  # noqa: S311  # the same course every time
        words = [f"word{n}" for n in range(500)]
        lesson = "\n\n".join(f"## Part {n}\n\n" + " ".join(chance.choices(words, k=40)) + "." for n in range(20))
        return tree("Course", {f"{n:03}-Module": {f"{k}.md": lesson for k in range(4)} for n in range(size)})

    small, large = course(5), course(20)

    lines = count_executed_lines(lambda: build_outline(small), at_most=1_000_000)

    assert count_executed_lines(lambda: build_outline(large), at_most=10 * lines) < 5 * lines
