"""Exercises in the text of a lesson: which are found, what their task is, and where the solutions go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from structures.engines.base.drafts import DraftNode
from structures.engines.outline.exercises import find_exercises, is_exercise_heading, is_exercise_title
from structures.engines.outline.exercises.choices import group_items
from structures.engines.outline.plans import Role
from tests.executed_lines import count_executed_lines
from tests.structures.engines.outline.lessons import exercises_in, lesson_of, tasks_and_solutions
from tests.structures.trees import tree

TASK = "Take a map and a ruler, measure two countries, and write down by how much one is drawn too wide."


# --- headings and names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "Exercise 1: Measure", "Homework", "Lab 3", "Worked exercise", "🏠 Домашнє завдання", "Übung 2", "Quiz",
        "Exercice 4", "Challenge", "Task 3: Boil water", "Check your understanding", "Final exam",
        "Вправа 1. Два резистори",
        "Лабораторна робота №2", "Контрольні запитання", "Завдання для самостійної роботи", "Actividad 2: Observar",
        "Aufgaben zu Kapitel 3", "Ćwiczenie 4", "Zadanie domowe", "Lista de exercícios", "Esercizi", "练习1",
        "课后习题", "第三章习题", "Examen parcial 2", "Hausaufgabe bis Freitag", "À vous de jouer",
        "Arbeitsauftrag: Messen", "Karta pracy 3", "Ficha de trabajo 2", "Scheda: il fiume", "Робочий аркуш 4",
    ],
)  # fmt: skip
def test_a_heading_that_names_a_task_announces_one(heading: str) -> None:
    (exercise,) = exercises_in(f"# A\n\n## {heading}\n\n{TASK}")

    assert exercise.description == TASK


@pytest.mark.parametrize(
    "heading",
    [
        "Assignment statements", "Tuples and assignment", "Practice makes perfect", "Measuring", "The exercises",
        "What is an exercise?", "Exercise physiology", "Challenges of the city", "Activity diagrams", "Unit tests",
        "Завдання курсу", "Мета та завдання", "Задача про рюкзак", "Problemas de la energía", "Aufgaben des Staates",
        "Zadania państwa", "Task – connect the sensor", "Exam preparation", "Tessuti di prova",
        "Challenge 3 - END", "Buffer solution",
        "How answers are found by searching in all of the texts",
    ],
)  # fmt: skip
def test_other_headings_announce_none(heading: str) -> None:
    assert exercises_in(f"# A\n\n## {heading}\n\n{TASK}") == []


@pytest.mark.parametrize(
    "name",
    [
        "task", "assignment", "homework", "lab_11", "ex03", "hw2", "Week 3 - homework", "2-quiz", "lists-exercises",
        "physics-labs", "final-exam", "Практична робота 1", "завдання_3", "práctica-2", "tarea", "Übung4",
        "作业", "worksheet 5",
    ],
)  # fmt: skip
def test_a_name_of_a_file_may_call_it_an_exercise(name: str) -> None:
    assert is_exercise_title(name)


@pytest.mark.parametrize(
    "name", ["lesson", "task-scheduling", "variable-assignment", "best practice", "practice-makes-perfect", "урок 3"]
)
def test_names_of_other_files_call_them_none(name: str) -> None:
    assert not is_exercise_title(name)


def test_a_solution_is_no_exercise() -> None:
    assert not is_exercise_heading("Solution to exercise 3")
    assert not is_exercise_heading("Розв'язок вправи 2")


# --- tasks in running text ------------------------------------------------------------------------------------------


def test_a_task_may_stand_in_running_text() -> None:
    text = "# A\n\n## Part\n\nThe text has a sentence of its own before the task begins here.\n\n"
    text += "**Exercise:** measure two countries with a ruler:\n\n- one\n- two\n\nText goes on.\n"
    plain = f"Exercise: Two maps\n\n{TASK}\n\nAnd one more step."

    (first,) = exercises_in(text)
    (second,) = exercises_in(plain, name="b.txt")
    assert (first.title, first.description) == (
        "Measure two countries with a ruler", "measure two countries with a ruler:\n\n- one\n- two",
    )  # fmt: skip
    assert (second.title, second.description) == ("Two maps", f"{TASK}\n\nAnd one more step.")


@pytest.mark.parametrize(
    "label",
    ["Task:", "Завдання:", "Ejercicio 2.", "Aufgabe 1:", "Exercice :", "Zadanie 3.", "Tarefa:", "Esercizio:", "练习："],
)
def test_a_paragraph_with_a_label_is_a_task(label: str) -> None:
    (exercise,) = exercises_in(f"# A\n\nText.\n\n**{label}** {TASK}\n\nText goes on.")

    assert exercise.description == TASK


@pytest.mark.parametrize(
    "sentence",
    [
        "In this exercise we saw how a map is folded and why.", "Lab-grown diamonds are as hard as others are.",
        "Practice makes perfect when you do it often enough.", "У цій вправі ми побачили, як складати карту.",
        "[Quiz 1](https://quiz.example/1)",
    ],
)  # fmt: skip
def test_a_sentence_about_an_exercise_is_none(sentence: str) -> None:
    assert exercises_in(f"# A\n\n## Part\n\n{sentence}\n\nText goes on.") == []


def test_links_to_exercises_are_none() -> None:
    text = "# A\n\n## Assignment\n\n[Measure a whole field](assignment.md)\n\n## Quizzes\n\n"
    text += "- [Quiz of the first week](https://quiz.example/1)\n- [Quiz of the second week](https://quiz.example/2)"

    assert exercises_in(text) == []


def test_a_task_in_running_text_reaches_up_to_its_solution() -> None:
    text = (
        "# A\n\n## Exercises\n\n### Reads\n\nThe data set is small.\n\n**Exercise:** Look at it and answer:\n\n"
        "**A.** Is it paired?\n\n**B.** How long is it?\n\n??? done \"Answers\"\n    A. yes\n\n    B. 251\n\n"
        "Now we go on.\n\n**Exercise:** Count all the reads.\n\n!!! tip \"Hint\"\n    Four lines are one.\n\n"
        "??? done \"Answer\"\n    400596\n"
    )  # fmt: skip

    assert tasks_and_solutions(exercises_in(text)) == [
        (
            "Look at it and answer",
            "Look at it and answer:\n\nA. Is it paired?\n\nB. How long is it?",
            "A. yes\n\nB. 251",
        ),
        ("Count all the reads.", "Count all the reads.", "Hint\n\nFour lines are one.\n\n400596"),
    ]


def test_a_solution_in_a_box_has_its_task_before_it() -> None:
    box = "<details><summary>Show answer</summary>\n\n{}\n\n</details>\n\n"
    text = (
        "# A\n\n## Directories\n\nMake a directory and go there.\n\n" + box.format("mkdir a; cd a")
        + "Usually it works at once.\n\nWhy is there an error?\n\n" + box.format("It is full.") + "More on this here."
    )  # fmt: skip

    assert tasks_and_solutions(exercises_in(text)) == [
        ("Directories", "Make a directory and go there.", "mkdir a; cd a"),
        ("Why is there an error?", "Usually it works at once.\n\nWhy is there an error?", "It is full."),
    ]


def test_a_numbered_question_with_its_answer_in_a_box_is_an_exercise() -> None:
    text = '# A\n\n!!! question "Question 1"\n    Why does it stop?\n\n'
    text += '    ??? success "Show answer"\n        It is full.\n\nText.'

    assert tasks_and_solutions(exercises_in(text)) == [("Question 1", "Why does it stop?", "It is full.")]


def test_a_label_may_say_how_many_points_there_are() -> None:
    (exercise,) = exercises_in(f"# A\n\n> **Aufgabe 1** (10 Punkte)\n> {TASK}\n\n> **Lösung:** Zwei.")

    assert (exercise.description, exercise.reference_solution) == (TASK, "Zwei.")


def test_what_was_planned_against_a_problem_is_no_solution_of_an_exercise() -> None:
    text = "# A\n\n## Floods\n\nThe river rose each spring.\n\n### Solution\n\nThey built a dam.\n\n"

    assert exercises_in(text) == []


def test_tasks_between_marks_for_their_start_and_end() -> None:
    text = f"# Challenge 1 - Start\n\n# Maps\n\n{TASK}\n\n# Challenge 1 - End\n\nText goes on with a body of ice."

    assert tasks_and_solutions(exercises_in(text)) == [("Challenge 1", f"Maps\n\n{TASK}", "")]


# --- solutions, hints and criteria ----------------------------------------------------------------------------------


def test_a_solution_belongs_to_its_exercise() -> None:
    text = f"# A\n\n## Exercise: Measure\n\n{TASK}\n\n### Solution\n\nThe secret answer.\n\n## Next\n\nText."

    (exercise,) = exercises_in(text)
    assert exercise.description == TASK
    assert exercise.reference_solution == "The secret answer."
    assert [citation.quote for citation in exercise.citations] == ["Exercise: Measure"]


def test_hints_are_kept_with_the_solution() -> None:
    inside = f"{TASK}\n\n### Solution\n\nThe answer.\n\n#### Why\n\nIt boils.\n\n### Hint\n\nUse a lid."
    inside += "\n\n### Data\n\nSee below."

    (exercise,) = exercises_in(f"# A\n\n## Exercise: Measure\n\n{inside}")
    assert exercise.description == f"{TASK}\n\nData\n\nSee below."
    assert exercise.reference_solution == "The answer.\n\nWhy\n\nIt boils.\n\nHint\n\nUse a lid."


def test_a_solution_behind_its_exercise_belongs_to_it() -> None:
    text = f"# A\n\n## Exercise: Measure\n\n{TASK}\n\n## Solution\n\nThe answer.\n\n```\nx = 1\n```"

    (exercise,) = exercises_in(text)
    assert (exercise.description, exercise.reference_solution) == (TASK, "The answer.\n\n```\nx = 1\n```")


@pytest.mark.parametrize(
    "label",
    ["Answer:", "Відповідь:", "Respuesta:", "Lösung:", "Réponse :", "Odpowiedź:", "Resposta:", "Soluzione:", "答案："],
)
def test_a_paragraph_may_be_the_solution(label: str) -> None:
    (exercise,) = exercises_in(f"# A\n\n## Exercise 4\n\n{TASK}\n\n{label} two per cent")

    assert (exercise.description, exercise.reference_solution) == (TASK, "two per cent")


@pytest.mark.parametrize(
    "answers",
    [
        "1. one\n2. two", "1 – one\n\n2 – two", "**Exercise 1:** one\n\n**Exercise 2:** two",
        "### Exercise 1\n\none\n\n### Exercise 2\n\ntwo",
        "| No. | Answer |\n| --- | --- |\n| 1 | one |\n| 2 | two |",
    ],
)  # fmt: skip
def test_answers_behind_several_exercises_go_to_each_by_its_number(answers: str) -> None:
    text = (
        f"# A\n\n## Exercise 1\n\n{TASK}\n\n## Exercise 2\n\nFold the map again as it was.\n\n## Solutions\n\n{answers}"
    )

    assert [node.reference_solution for node in exercises_in(text)] == ["one", "two"]


def test_a_task_below_a_solution_is_a_task_of_its_own() -> None:
    text = (
        "# Fractions\n\n## Exercice 2 : Simplifier\n\nSimplifiez la fraction autant que possible.\n\n"
        "## Corrigé de l'exercice 2\n\n2/3\n\n:::{exercise} Addition\n:label: add\n"
        "Additionnez un demi et un tiers.\n:::\n\n:::{solution} add\nCinq sixièmes.\n:::\n"
    )  # fmt: skip

    assert tasks_and_solutions(exercises_in(text)) == [
        ("Simplifier", "Simplifiez la fraction autant que possible.", "2/3"),
        ("Addition", "Additionnez un demi et un tiers.", "Cinq sixièmes."),
    ]


@pytest.mark.parametrize(
    ("rubric", "criteria"),
    [
        ("## Rubric\n\n| Criteria | Good | Poor |\n| --- | --- | --- |\n| Drawing | clear | blurred |",
         ("Drawing: Good – clear; Poor – blurred",)),
        ("## Grading rubric\n\n| Points | For |\n| --- | --- |\n| 5 | works |", ("works: 5",)),
        ("## Критерії оцінювання\n\n- 5 балів: усе вірно\n- 3 бали: є помилки",
         ("5 балів: усе вірно", "3 бали: є помилки")),
        ("## Criterios de evaluación\n\n- Claridad", ("Claridad",)),
        ("## Bewertungskriterien\n\n- Klarheit", ("Klarheit",)),
        ("Criterios de evaluación:\n\n- Precisión (40 %)\n- Informe (60 %)", ("Precisión (40 %)", "Informe (60 %)")),
        ("## 评分标准\n\n- 清楚", ("清楚",)),
    ],
)  # fmt: skip
def test_a_rubric_gives_the_criteria_of_the_exercise(rubric: str, criteria: tuple[str, ...]) -> None:
    (exercise,) = exercises_in(f"# A\n\n## Exercise: Measure\n\n{TASK}\n\n{rubric}")

    assert (exercise.description, exercise.grading_criteria) == (TASK, criteria)


# --- collections ----------------------------------------------------------------------------------------------------


def test_numbered_tasks_of_a_collection_are_exercises() -> None:
    text = (
        '# Il verbo\n\nTesto.\n\n## Esercizi\n\n1. Coniuga il verbo "essere" al presente.\n'
        "2. Scrivi cinque frasi al passato.\n\n## Soluzioni degli esercizi\n\n1. sono, sei, è\n2. Risposte libere.\n"
    )

    assert tasks_and_solutions(exercises_in(text)) == [
        ('Coniuga il verbo "essere" al presente.', 'Coniuga il verbo "essere" al presente.', "sono, sei, è"),
        ("Scrivi cinque frasi al passato.", "Scrivi cinque frasi al passato.", "Risposte libere."),
    ]


def test_an_exam_whose_questions_are_parted_from_their_choices() -> None:
    text = (
        "# Контрольна робота\n\n1. Який елемент має символ O?\n\n- а) Осмій\n\n- б) Кисень\n\n"
        "2. Поясніть, чому лід легший за воду. (5 балів)\n\n## Відповіді\n\nЗавдання 1: б. Завдання 2: Він рідший.\n"
    )  # fmt: skip

    assert tasks_and_solutions(exercises_in(text, name="exam.md", role=Role.EXERCISE)) == [
        ("Який елемент має символ O?", "Який елемент має символ O?\n\n- а) Осмій\n- б) Кисень", "б."),
        ("Поясніть, чому лід легший за воду.", "Поясніть, чому лід легший за воду. (5 балів)", "Він рідший."),
    ]


def test_choices_beside_their_question_in_a_list_belong_to_it() -> None:
    # As on a page of a PDF, where items do not tell how deep they are.
    assert group_items("1. Який елемент?\n- а) Осмій\n- б) Кисень\n2. Поясніть.\n- Подумайте.") == [
        ("1", "Який елемент?", [(0, "", "а) Осмій"), (0, "", "б) Кисень")]),
        ("2", "Поясніть.", []),
        ("", "Подумайте.", []),
    ]


def test_the_steps_of_one_task_are_no_exercises() -> None:
    text = "# A\n\n## Homework\n\n1. Draw a map of your street.\n2. Colour all the houses in it.\n\n"
    text += "## Review questions\n\n1. What is a map and what is it for?\n2. Who drew the first one that we know?\n"

    assert [node.title for node in exercises_in(text)] == ["Homework", "Review questions"]


def test_text_behind_a_box_is_no_part_of_its_exercise() -> None:
    box = f"::: challenge\n\n## Measure\n\n{TASK}\n\n::: solution\n\nThe secret answer.\n\n:::\n\n:::"
    text = f"## Part\n\nText.\n\n{box}\n\nA glacier is a body of dense ice.\n\n## Next\n\nText."

    assert tasks_and_solutions(exercises_in(text)) == [("Measure", TASK, "The secret answer.")]


# --- whole files ----------------------------------------------------------------------------------------------------


def find(files: dict[str, str], **roles: Role) -> list[DraftNode]:
    return list(find_exercises(lesson_of(files, **roles)).nodes)


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("task.md", "importance: 5\n\n---\n\n# Greet the user\n\nAsk for a name and greet by it.", "Greet the user"),
        ("lab_11.md", "# Lab 1.1: Square\n\nAsk for a name and greet by it.", "Square"),
        ("BigQuery.md", "# Task\n\nAsk for a name and greet by it.", "BigQuery"),
        ("homework.md", "# Homework 3\n\nAsk for a name and greet by it.", "Homework 3"),
        ("assignment.md", "# Field\n\n## Instructions\n\nAsk for a name and greet by it.", "Field"),
    ],
)
def test_a_file_may_be_an_exercise_as_a_whole(name: str, text: str, title: str) -> None:
    (exercise,) = exercises_in(text, name=name, role=Role.EXERCISE)

    assert (exercise.title, exercise.description) == (title, "Ask for a name and greet by it.")


def test_a_file_of_several_numbered_tasks_is_no_single_exercise() -> None:
    text = "# Lab 2\n\n## Task 1: Prepare\n\nFill the burette with acid.\n\n"
    text += "## Task 2: Titrate\n\nAdd acid until it turns red."

    assert [node.title for node in exercises_in(text, name="lab.md", role=Role.EXERCISE)] == ["Prepare", "Titrate"]


def test_a_file_of_solutions_goes_to_the_exercise_beside_it() -> None:
    found = find(
        {"article.md": "# Hello\n\nSay hello.", "solution.md": "```js\nalert(1)\n```", "task.md": f"# Greet\n\n{TASK}"},
        task=Role.EXERCISE, solution=Role.SOLUTION,
    )  # fmt: skip

    assert tasks_and_solutions(found) == [("Greet", TASK, "```\nalert(1)\n```")]


def test_of_several_files_of_solutions_each_goes_to_the_exercise_in_its_folder() -> None:
    parts = [
        replace(part, folder=(folder,))
        for folder, files in {
            "a": {"task.md": f"# Greet\n\n{TASK}"},
            "b": {"task.md": "# Fold\n\nFold the whole map."},
        }.items()
        for part in lesson_of({**files, "solution.md": f"Answer {folder}"}, task=Role.EXERCISE, solution=Role.SOLUTION)
    ]

    found = find_exercises([*parts[::2], *parts[1::2]]).nodes
    assert [(node.title, node.reference_solution) for node in found] == [("Greet", "Answer a"), ("Fold", "Answer b")]


def test_a_file_of_solutions_goes_to_the_exercises_by_their_titles() -> None:
    labs = f"# Labs\n\n## Challenge 1: Maps\n\n{TASK}\n\n## Challenge 2: Fold\n\nFold the map again as it was."
    solved = labs.replace("as it was.", "as it was.\n\nBegin at the left.").replace(TASK, f"{TASK}\n\n```\n2 %\n```")
    found = find({"map_labs.md": labs, "map_solutions.md": solved}, map_labs=Role.EXERCISE, map_solutions=Role.SOLUTION)

    assert [node.reference_solution for node in found] == ["```\n2 %\n```", "Begin at the left."]


def test_each_question_of_a_quiz_is_an_exercise_with_its_answer() -> None:
    question = (
        '<question type="multichoice"><questiontext><text>{0}</text></questiontext>'
        '<answer fraction="100"><text>{1}</text></answer><answer fraction="0"><text>no</text></answer></question>'
    )
    quiz = (
        f"<quiz>{question.format('Capital of Peru?', 'Lima')}{question.format('Capital of Chile?', 'Santiago')}</quiz>"
    )

    assert tasks_and_solutions(exercises_in(quiz, name="week 1.xml")) == [
        ("Capital of Peru?", "Capital of Peru?\n\n- Lima\n- no", "Lima"),
        ("Capital of Chile?", "Capital of Chile?\n\n- Santiago\n- no", "Santiago"),
    ]


def test_a_translation_is_the_same_exercise() -> None:
    found = find(
        {"task.md": f"# Measure\n\n{TASK}", "task.uk.md": "# Виміряй\n\nВізьми карту та лінійку й виміряй дві країни."},
        task=Role.EXERCISE,
    )  # fmt: skip

    (exercise,) = found
    assert (exercise.title, len(exercise.citations)) == ("Measure", 2)


def test_a_text_with_a_section_that_is_named_like_the_file_teaches() -> None:
    text = f"# Keys\n\nA key is a long number.\n\n# Exercises\n\n{TASK}\n\n# More\n\nMore on keys."

    assert [node.description for node in exercises_in(text, name="exercises.md", role=Role.EXERCISE)] == [TASK]


def test_sections_of_exercises_are_named_so_that_no_concept_is_sought_there() -> None:
    parts = lesson_of({"a.md": f"# A\n\n## Exercise\n\n{TASK}\n\n### Solution\n\nOne.\n\n## Text\n\nWords."})
    ids = find_exercises(parts).section_ids
    named = [s.title for s in parts[0].sections[0].iter_sections() if id(s) in ids]

    assert named == ["Exercise", "Solution"]


# --- work -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_its_work_grows_with_the_length_of_a_file() -> None:
    def text(size: int) -> str:
        part = f"### Exercise {{}}\n\n{TASK}\n\n1. Why? a) one b) two\n\n#### Solution\n\nTask: one.\n\n"
        return "# A\n\n## Exercises\n\n" + "".join(part.format(n) for n in range(size))

    def run(size: int) -> int:
        entry = tree("Course", {"a.md": text(size)}).entries[0]
        parts = lesson_of({"a.md": text(size)})
        assert entry.chunks
        return count_executed_lines(lambda: find_exercises(parts), at_most=3_000_000)

    assert run(80) < 5 * run(20)
