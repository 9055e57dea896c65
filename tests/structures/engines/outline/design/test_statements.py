"""Goals, key points, questions and prerequisites: what the materials state, in their own words."""

from __future__ import annotations

import pytest

from structures.engines.outline.design.goal_sentences import may_state_goal, states_goal
from structures.engines.outline.plans import Role
from tests.structures.engines.outline.design.designs import design_of


@pytest.mark.parametrize(
    "heading",
    [
        "Learning objectives", "Learning Outcomes", "🎯 Goals", "1.1 Objectives of this lesson", "What you'll learn",
        "Aims and objectives", "Мета уроку", "Цілі навчання", "Очікувані результати навчання", "Чого ви навчитесь",
        "Цели урока", "Objetivos de aprendizaje", "Objetivos de la clase", "Qué aprenderás", "Lernziele",
        "Das lernen Sie",
        "Objectifs pédagogiques", "Objectifs de la séance", "Cele lekcji", "Cele szczegółowe", "Efekty uczenia się",
        "Objetivos de aprendizagem", "O que você vai aprender", "Obiettivi formativi", "Cosa imparerai", "学习目标",
        "本课目标",
    ],
)  # fmt: skip
def test_items_below_a_heading_for_goals_are_goals(heading: str) -> None:
    design = design_of(f"# Bread\n\n## {heading}\n\n- Mix a dough;\n- bake it.\n\n## Dough\n\n- Flour\n- Water")

    assert design.goals == ("Mix a dough", "bake it.")


@pytest.mark.parametrize(
    "heading", ["Objective functions", "Goals in football", "Outcome", "Results", "Результати", "The target", "Ziel A"]
)
def test_other_headings_announce_no_goals(heading: str) -> None:
    assert design_of(f"# Bread\n\n## {heading}\n\n- Mix a dough\n- bake it.").goals == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "By the end of this lesson you will be able to mix a dough.",
        "In this lesson, we will learn how dough rises.",
        "Students will be able to mix a dough.",
        "Після цього уроку ви зможете замісити тісто.",
        "На цьому занятті ми навчимося місити тісто.",
        "После этого урока вы сможете замесить тесто.",
        "Al finalizar esta lección, serás capaz de amasar.",
        "En esta clase aprenderemos a amasar pan.",
        "Nach dieser Lektion können Sie einen Teig kneten.",
        "Die Studierenden lernen, einen Teig zu kneten.",
        "À la fin de cette séance, vous saurez pétrir une pâte.",
        "Po tej lekcji będziesz umieć wyrabiać ciasto.",
        "Ao final desta aula, você será capaz de sovar a massa.",
        "Al termine della lezione saprai impastare il pane.",
        "学完本课后，你将能够揉面。",
    ],
)
def test_a_sentence_on_what_its_lesson_teaches_is_a_goal(sentence: str) -> None:
    design = design_of(f"# A\n\n{sentence}\n\nMore text.")

    assert design.goals == (sentence,)
    assert [citation.quote for citation in design.citations] == [sentence]


@pytest.mark.parametrize(
    "sentence",
    [
        "After this you will see a window.",
        "You will be able to see the picture on the screen.",
        "By the end of 2020, thirty billion devices were connected.",
        "When we discuss threads in chapter 16, we'll cover locks.",
        "Our objective here is a soft crumb.",
    ],
)
def test_a_sentence_on_something_else_is_no_goal(sentence: str) -> None:
    assert design_of(f"# A\n\n{sentence}").goals == ()


@pytest.mark.parametrize(
    "lead_in",
    [
        "**After having completed this chapter you will be able to:**", "Після цього уроку ви зможете:",
        "Nach dieser Lektion können Sie", "Objectifs :", "Objetivos:", "学完本课后，你将能够：",
    ],
)  # fmt: skip
def test_a_list_behind_a_lead_in_states_goals(lead_in: str) -> None:
    lead_in = lead_in if lead_in.endswith((":", "：", "**")) else f"## Lernziele\n\n{lead_in}"

    assert design_of(f"# A\n\n{lead_in}\n\n- mix\n- bake\n\nText.\n\n- flour").goals == ("mix", "bake")


@pytest.mark.parametrize(
    "text",
    [
        ":::info Learning Goals\n* mix\n* bake\n:::",
        "> **Lernziele**\n> - mix\n> - bake",
        "**Тема:** Тісто\n**Мета:**\n- mix;\n- bake",
        "**Cele szczegółowe – uczeń:**\n\n- mix,\n- bake",
        "一、教学目标\n1. mix\n2. bake",
        "Dans cette leçon, vous apprendrez à :\n\n1. mix ;\n2. bake",
        "Al terminar la unidad, el alumnado será capaz de:\n\n- mix\n- bake",
    ],
)
def test_a_line_that_is_no_heading_announces_goals_too(text: str) -> None:
    assert design_of(f"# A\n\n{text}\n\nText.").goals == ("mix", "bake")


def test_plain_text_has_its_list_in_the_paragraph() -> None:
    text = (
        "BREAD\n\nLearning outcomes\n\nParticipants will be able to:\n1. Mix a dough\n2. Bake it\n\nMaterials: flour."
    )

    assert design_of({"bread.txt": text}).goals == ("Mix a dough", "Bake it")


def test_what_follows_the_list_is_no_goal() -> None:
    text = "# A\n\n## Goals\n\nYou know some:\n\n- mix\n\nChoose what to work with:\n\n- oven\n\n### More\n\n- x"

    assert design_of(text).goals == ("mix",)


def test_headings_may_divide_the_goals() -> None:
    text = "# A\n\n## Goals\n\n### Knowledge\n\n- dough\n\n### Skills\n\n- kneading\n\n## Text\n\n- flour"

    assert design_of(text).goals == ("dough", "kneading")


def test_items_inside_an_item_stand_behind_it() -> None:
    text = "# A\n\n## Goals\n\n- Measure:\n  - by hand;\n  - with a probe\n- Bake"

    assert design_of(text).goals == ("Measure: by hand; with a probe", "Bake")


def test_divisions_of_the_carpentries_are_read() -> None:
    text = (
        "::: questions\n- Why does it rise?\n:::\n\n::: objectives\n- Mix a dough.\n:::\n\nBread is old.\n\n"
        "::: prereq\n## Prerequisites\n- Weighing\n:::\n\n## Dough\n\nFlour.\n\n::: keypoints\n- Warm dough rises.\n:::"
    )

    design = design_of(text)

    assert design.goals == ("Mix a dough.",)
    assert design.questions == ("Why does it rise?",)
    assert design.key_points == ("Warm dough rises.",)
    assert design.required_knowledge == ("Weighing",)


def test_front_matter_states_the_same() -> None:
    text = "---\nobjectives:\n- Mix a dough.\nkeypoints:\n- Warm dough rises.\nquestions:\n- Why?\n---\n\nBread is old."

    design = design_of(text)

    assert (design.goals, design.key_points, design.questions) == (("Mix a dough.",), ("Warm dough rises.",), ("Why?",))
    assert design.citations == ()


def test_questions_at_the_end_are_the_learners() -> None:
    assert design_of("# A\n\n## Questions\n\n- Why?\n\n## Text\n\nWords.").questions == ("Why?",)
    assert design_of("# A\n\n## Text\n\nWords.\n\n## Questions\n\n- Why?").questions == ()
    assert design_of("# A\n\nWords.\n\n## Ключові питання\n\n- Чому?").questions == ("Чому?",)


@pytest.mark.parametrize(
    "heading",
    ["Key takeaways", "Головне", "Ключові моменти", "Ideas clave", "Das Wichtigste in Kürze", "À retenir", "Zapamiętaj",
     "Pontos-chave", "Punti chiave", "要点"],
)  # fmt: skip
def test_key_points_are_found(heading: str) -> None:
    assert design_of(f"# A\n\nText.\n\n## {heading}\n\n* Warm dough rises.").key_points == ("Warm dough rises.",)


def test_the_list_of_a_summary_is_key_points_but_its_tasks_are_not() -> None:
    learned = "# A\n\n## Summary\n\nYou have learned how to:\n\n- mix\n- bake"
    tasks = "# A\n\n## Summary\n\nNow try these programs:\n\n- mix\n- bake"

    assert design_of(learned).key_points == ("mix", "bake")
    assert design_of(tasks).key_points == ()
    assert design_of("# A\n\n## Підсумок\n\nМи пекли хліб.").key_points == ()


@pytest.mark.parametrize(
    "stated",
    [
        "## Prerequisites\n\nWeighing flour.", "**Before you begin:** Weighing flour.",
        "## Що потрібно знати\n\n- Weighing flour.",
        "## Requisitos previos\n\nWeighing flour.", "Voraussetzungen: Weighing flour.", "Prérequis : Weighing flour.",
        "## Wymagania wstępne\n\nWeighing flour.", "## Pré-requisitos\n\n- Weighing flour.",
        "## 预备知识\n\n- Weighing flour.",
        "| Lesson | Bread |\n| --- | --- |\n| Prerequisites | Weighing flour. |",
    ],
)  # fmt: skip
def test_required_knowledge_is_found(stated: str) -> None:
    assert design_of(f"# A\n\n{stated}\n\n## Dough\n\nText.").required_knowledge == ("Weighing flour.",)


def test_the_same_lesson_in_two_formats_states_things_once() -> None:
    files = {"bread.md": "## Goals\n\n- Mix\n- Bake", "bread.html": "<h2>Goals</h2><ul><li>Mix</li><li>Bake.</li></ul>"}

    assert design_of(files).goals == ("Mix", "Bake")


def test_goals_of_a_task_count_only_without_those_of_the_lesson() -> None:
    task = "# Lab\n\n## Goals\n\n- Try it"

    assert design_of({"a.md": "# A\n\n## Goals\n\n- Mix", "b.md": task}, b=Role.EXERCISE).goals == ("Mix",)
    assert design_of({"a.md": "# A\n\nText.", "b.md": task}, b=Role.EXERCISE).goals == ("Try it",)
    assert design_of({"a.md": "# A\n\nText.", "b.md": task}, b=Role.SOLUTION).goals == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "By the end of this lesson you can bake bread.", "After this unit, students should know each kind of flour.",
        "On completing the module, you’ll bake bread.", "In this chapter we are going to learn about bread.",
        "Learners will be able to bake bread.", "The AIM of this lesson is to bake bread.",
        "The objectives of the course are two: dough and bread.", "The purpose of this lab is to bake bread.",
        "You'll learn how to bake bread.",
    ],
)  # fmt: skip
def test_each_form_of_sentence_states_a_goal(sentence: str) -> None:
    text = f"Bread is food. {sentence} It is old."

    assert may_state_goal(text, "en")
    assert states_goal(sentence, "en")
