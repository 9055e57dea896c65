"""Small courses, each with one difficulty cut out of real ones, and the structure that is right for it."""

from __future__ import annotations

from structures.engines.base.drafts import NodeType
from tests.structures.engines.outline.drafts import (
    build,
    list_files_by_lesson,
    nodes_of,
    outline,
    outline_of,
    titles_of,
)
from tests.structures.trees import Files

BAYES = (
    "# Bayes theorem\n\nBayes theorem is a rule for turning evidence into probability.\n\n"
    "## Prior\n\nA **prior** is the belief before the evidence.\n"
)
PATIENTS = "# Patients\n\nCompute the chance that a patient with a positive test is ill.\n"
SPREADSHEET = "# Analysing data in a spreadsheet\n\nA **pivot table** is a summary of a table.\n"
CHARTS = "# Charts\n\nA **chart** is a picture of numbers.\n"
TASK = "# Task\n\nSort the table by date and send it.\n"
GREET = "importance: 5\n\n---\n\n# Greet the user\n\nAsk for a name and greet by it.\n"
SOIL = "# Soil\n\nA **soil probe** is a sensor in the ground.\n\n## Assignment\n\n[Measure a field](assignment.md)\n"
FIELD = "# Measure a field\n\n## Instructions\n\nMeasure the soil of a field at ten places.\n"
SOLUTION = "```js\nalert(1)\n```\n"


def test_one_lab_in_two_formats_is_one_lesson_with_one_exercise() -> None:
    lab = "# Lab 1.1: Walls\n\nDraw a wall.\n"
    draft = build({"Unit 1 PDF": {"lab_11.md": lab}, "Unit 1 Word": {"lab_11.md": lab}})

    assert titles_of(draft, NodeType.MODULE) == ["Unit 1"]
    assert titles_of(draft, NodeType.LESSON) == titles_of(draft, NodeType.EXERCISE) == ["Walls"]


def test_digits_that_hold_two_numbers_join_a_lab_and_its_lesson() -> None:
    files = {
        "lab_11.md": "# Lab 1.1: Square\n\nDraw a square with a loop, then with two.\n",
        "lesson_11.md": "# Lesson 1.1: Loops\n\n## Notes\n\nA **loop** is a block that repeats others.\n",
        "lesson_12.md": "# Lesson 1.2: Variables\n\n## Pacing guide\n\nA **variable** is a name for a value.\n",
    }

    assert titles_of(build(files), NodeType.LESSON) == ["Loops", "Variables"]
    assert list_files_by_lesson(files)["Loops"] == ["lab_11.md", "lesson_11.md"]


def test_homework_beside_a_lecture_is_its_exercise() -> None:
    draft = build({"1 Bayes": {"homework.md": PATIENTS, "lesson.md": BAYES}})

    assert titles_of(draft, NodeType.LESSON) == ["Bayes theorem"]
    assert titles_of(draft, NodeType.EXERCISE) == ["Patients"]


def test_a_task_whose_file_sorts_before_the_lecture_does_not_name_the_lesson() -> None:
    draft = build({
        "block 1": {
            "lesson-1": {"homework.md": PATIENTS, "lesson.md": BAYES},
            "lesson-2": {"lesson.md": "# Losses\n\nA **loss** is a number that says how wrong a model is.\n"},
        },
        "block 2": {"lesson-3": {"BigQuery.md": TASK, "lesson.md": SPREADSHEET}, "lesson-4": {"lesson.md": CHARTS}},
    })  # fmt: skip

    lessons = ["Bayes theorem", "Losses", "Analysing data in a spreadsheet", "Charts"]
    assert titles_of(draft, NodeType.LESSON) == lessons
    assert len(set(titles_of(draft, NodeType.MODULE))) == 2
    assert len(titles_of(draft, NodeType.EXERCISE)) == 2


def test_days_of_one_and_two_files_are_modules_whose_lessons_have_the_titles_of_their_texts() -> None:
    draft = build({"day1": {"BigQuery.md": TASK, "lesson.md": SPREADSHEET}, "day2": {"lesson.md": CHARTS}})

    assert len(titles_of(draft, NodeType.MODULE)) == 2
    assert titles_of(draft, NodeType.LESSON) == ["Analysing data in a spreadsheet", "Charts"]


def test_chapter_and_section_in_names_of_a_flat_book() -> None:
    names = ["01-00-start", "01-01-install", "01-02-hello", "02-00-guess", "03-00-common", "03-01-variables"]
    files = {f"ch{name}.md": f"# Title {name}\n\nSome text on it.\n\n## Part one\n\nText.\n" for name in names}

    draft = build(files)

    assert titles_of(draft, NodeType.MODULE) == ["Title 01-00-start", "Title 02-00-guess", "Title 03-00-common"]
    lessons = [[lesson.title for lesson in module.children] for module in draft.modules]
    assert lessons[0][-2:] == ["Title 01-01-install", "Title 01-02-hello"]
    assert lessons[2][-1] == "Title 03-01-variables"
    assert "Part one" not in titles_of(draft, NodeType.LESSON)


def test_articles_as_folders_with_a_task_folder_inside() -> None:
    course: Files = {
        "adv": {"01-regex": {"article.md": "# Regex\n\nA regex is a pattern.\n"}},
        "intro": {
            "01-hello": {
                "1-greet": {"solution.md": SOLUTION, "task.md": GREET},
                "article.md": "# Hello\n\nSay hello.\n",
            },
            "02-types": {"article.md": "# Types\n\nA type is a kind of value.\n"},
        },
    }
    expected = ["Adv", "  Regex", "Intro", "  Hello", "  Types"]

    draft = build(course)

    assert outline(draft) == expected
    (greet,) = nodes_of(draft, NodeType.EXERCISE)
    assert greet.title == "Greet the user"
    assert "alert(1)" in greet.reference_solution
    assert [line for line in outline_of({"1-js": course}) if line.strip().casefold() != "js"] == expected


def test_files_without_folders_and_numbers_are_lessons_of_one_module() -> None:
    files = {
        "lists.md": "# Lists\n\nText on lists.\n",
        "pong.md": "# Pong\n\n## Behaviour\n\n- **Ball**: starts here.\n",
    }

    assert outline_of(files, "Games") == ["Games", "  Lists", "  Pong"]


def test_chapters_of_one_long_file_are_lessons_and_none_is_cut_off() -> None:
    chapters = [f"## Chapter {n}: Topic number {n}\n\nA **thing{n}** is a kind of thing.\n" for n in range(1, 23)]

    draft = build({"book.md": "# Book\n\n" + "\n".join(chapters)})

    assert titles_of(draft, NodeType.LESSON) == [f"Topic number {n}" for n in range(1, 23)]
    concepts = [
        [concept.title.casefold() for concept in lesson.children] for lesson in nodes_of(draft, NodeType.LESSON)
    ]
    assert concepts == [[f"thing{n}"] for n in range(1, 23)]


def test_a_folder_called_lessons_is_no_level() -> None:
    draft = build({
        "farm": {
            "README.md": "# Farm\n\nAll on the farm.\n",
            "lessons": {
                "1-soil": {
                    "README.md": SOIL,
                    "assignment.md": FIELD,
                },
                "2-water": {"README.md": "# Water\n\nA **relay** is a switch moved by current.\n"},
            },
        },
        "shop": {"lessons": {"1-stock": {"README.md": "# Stock\n\nA **stock count** is the number of things.\n"}}},
    })  # fmt: skip

    assert outline(draft) == ["Farm", "  Soil", "  Water", "Shop", "  Stock"]
    assert titles_of(draft, NodeType.EXERCISE) == ["Measure a field"]


def test_the_overview_of_a_course_is_searched_for_concepts_and_named() -> None:
    draft = build({
        "README.md": "# All of it\n\nKey terms:\n\n**soil probe**: a sensor in the ground that measures water.\n",
        "1-soil": {"a.md": "# Soil\n\nSoil is read by farmers.\n", "b.md": "# Clay\n\nClay holds water.\n"},
        "2-water": {"a.md": "# Rain\n\nRain falls.\n", "b.md": "# Rivers\n\nRivers run.\n"},
    })  # fmt: skip

    assert "soil probe" in [title.casefold() for title in titles_of(draft, NodeType.CONCEPT)]
    assert "About the whole course and in no lesson: README.md." in draft.warnings


def test_a_deck_beside_the_only_talk_of_a_course_belongs_to_it() -> None:
    talk = "1\n00:00:01,000 --> 00:00:09,000\nA loop is a block of code that runs again and again.\n"
    files = {"deck.md": "# Repeated steps\n\nA loop repeats.\n", "talk.srt": talk}

    (cited,) = list_files_by_lesson(files).values()

    assert cited == ["deck.md", "talk.srt"]


def test_siblings_with_equal_titles_get_different_ones_even_where_numbers_repeat() -> None:
    text = "# Loops\n\nText.\n"
    titles = outline_of({"a": {"x.md": text, "y.md": "# Loops (2)\n\nText.\n", "z.md": text, "1.md": text}})

    assert len(set(titles)) == len(titles)


def test_what_is_administration_or_says_nothing_is_named() -> None:
    draft = build({"a": {"x.md": "# Loops\n\nText.\n", "y.md": "<!-- to do -->\n"}, "LICENSE.md": "# MIT\n\nText.\n"})

    assert "Not part of any lesson: LICENSE.md." in draft.warnings
    assert "Without any text: a/y.md." in draft.warnings
