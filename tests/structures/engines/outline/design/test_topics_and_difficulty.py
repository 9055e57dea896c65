"""The outline of a lesson, and the difficulty that its materials state."""

from __future__ import annotations

import pytest

from structures.engines.base.drafts import Basis
from structures.engines.outline.engine import build_outline
from structures.engines.outline.plans import Role
from tests.structures.engines.outline.design.designs import design_of
from tests.structures.trees import tree


def test_topics_are_the_headings_without_those_that_every_lesson_has() -> None:
    text = (
        "# Lesson\n\n## Learning objectives\n\n- Mix\n\n## 1. Flour {#flour}\n\nText.\n\n### Rye\n\nText.\n\n"
        "## Exercise 1\n\n### Steps\n\nDo.\n\n### Solution\n\nDone.\n\n## Flour\n\nText.\n\n## Summary\n\nText."
    )

    assert design_of(text).topics == ("Flour", "Rye")


@pytest.mark.parametrize(
    "heading",
    ["Notes for the teacher", "Accommodation and differentiation", "Pacing guide", "Required checkpoints",
     "Materials needed",
     "Grading rubric", "Критерії оцінювання", "Обладнання", "Materiales", "Hinweise für Lehrkräfte", "Matériel",
     "Pomoce dydaktyczne", "Avaliação", "Valutazione", "教学准备"],
)  # fmt: skip
def test_headings_for_the_teacher_are_no_topics(heading: str) -> None:
    text = f"# Bread\n\n## {heading}\n\nText.\n\n### More\n\nText.\n\n## Dough\n\nText."

    assert design_of(text).topics == ("Bread", "Dough")


@pytest.mark.parametrize(
    "heading", ["Flour (10 min)", "Flour [1,5 години]", "Flour (1 год 30 хв)", "Flour (2 horas)", "Flour（45分钟）"]
)
def test_a_topic_is_shown_without_its_duration(heading: str) -> None:
    assert design_of(f"# A\n\n## {heading}\n\nText.").topics == ("A", "Flour")


def test_slides_give_the_topics_where_there_is_no_text() -> None:
    files = {"deck.md": "# One\n\n## Two\n\nText.", "text.md": "# Three\n\nText."}

    assert design_of(files, deck=Role.SLIDES).topics == ("Three",)
    assert design_of({"deck.md": files["deck.md"]}, deck=Role.SLIDES).topics == ("One", "Two")


@pytest.mark.parametrize(
    ("stated", "difficulty"),
    [
        ("Level: beginner", 1), ("**Рівень:** початковий", 1), ("Difficulty: 3/5", 3), ("Difficulty: 8 of 10", 4),
        ("Складність: висока, 45 хв", None), ("Schwierigkeitsgrad: mittel", 3), ("Nivel: avanzado", 4),
        ("Niveau : débutant", 1), ("Poziom trudności: trudny", 4), ("Nível: intermediário", 3), ("Livello: base", 2),
        ("难度：★★☆☆☆", 2), ("| Level | Time |\n| --- | --- |\n| easy | 1 h |", None), ("The level is high.", None),
        ("Water level: low", None),
    ],
)  # fmt: skip
def test_a_stated_difficulty_is_a_number(stated: str, difficulty: int | None) -> None:
    assert design_of(f"# A\n\n{stated}\n\nText.").difficulty == difficulty


@pytest.mark.parametrize(
    ("field", "difficulty"),
    [("difficulty: 2", 2), ("level: 2", None), ("level: Advanced", 4), ("складність: 5", 5), ("nivel: intermedio", 3),
     ("difficulty: unknown", None)],
)  # fmt: skip
def test_front_matter_states_a_difficulty(field: str, difficulty: int | None) -> None:
    assert design_of(f"---\n{field}\n---\n\nText.").difficulty == difficulty


def test_a_course_has_the_design_of_its_lessons() -> None:
    lesson = "---\ntitle: Variables\nteaching: 20\nexercises: 10\n---\n\n::: objectives\n- Assign values.\n:::\n\n"
    source = tree(
        "Course",
        {
            "01-variables.md": lesson + "## Names\n\nA **variable** is a name for a value.\n",
            "02-lists.md": "# Lists\n\n"
            "A list is kept in a variable, as all values of programs are.\n\n## Slices\n\nA **slice** is part.\n",
        },
    )

    (module,) = build_outline(source).modules
    variables, lists = module.children

    assert variables.learning_goal == "Assign values."
    assert (variables.estimated_minutes, variables.minutes_basis) == (30, Basis.STATED)
    assert [each.term.casefold() for each in lists.prerequisites] == ["variable"]
    assert lists.prerequisites[0].lesson == 0
    assert "Slices" in lists.topics
    assert (module.estimated_minutes, module.minutes_basis) == (31, Basis.COMPUTED)
    assert any(citation.quote == "- Assign values." for citation in variables.citations)
