"""Which nodes are lessons, what accompanies them, and what is no lesson at all."""

from __future__ import annotations

import pytest

from structures.engines.base.drafts import NodeType
from tests.structures.engines.outline.drafts import build, list_files_by_lesson, outline_of, titles_of
from tests.structures.trees import Files

LONG = "Words that explain the subject at some length, with reasons and with examples. " * 60
CUES = "1\n00:00:01,000 --> 00:00:05,000\nSome words about the subject.\n"


def text(title: str, body: str = "Words about it.") -> str:
    return f"# {title}\n\n{body}\n"


def test_further_pages_beside_a_main_text_belong_to_its_lesson() -> None:
    files: Files = {
        "1-start": {
            f"{number}-{name}": {
                "README.md": text(name.title(), LONG),
                "assignment.md": text(f"Do {name}"),
                "board.md": text(f"{name} on a board"),
                "screen.md": text(f"{name} on a screen"),
            }
            for number, name in enumerate(["lamps", "motors"], 1)
        },
        "2-end": {"1-sensors": {"README.md": text("Sensors", LONG), "board.md": text("sensors on a board")}},
    }

    assert outline_of(files) == ["Start", "  Lamps", "  Motors", "End", "  Sensors"]


def test_numbered_texts_below_an_overview_are_lessons() -> None:
    files: Files = {
        "1 Values": {"README.md": text("Values"), "1 Names.md": text("Names"), "2 Numbers.md": text("Numbers")},
        "2 Loops": {"README.md": text("Loops"), "1 For.md": text("For"), "2 While.md": text("While")},
    }

    assert outline_of(files) == ["Values", "  Names", "  Numbers", "Loops", "  For", "  While"]


def test_numbered_slides_and_talks_beside_one_worksheet_are_lessons() -> None:
    week = {"1.1 Bees.srt": CUES, "1.1 slides.md": text("Bees"), "1.2 Wax.srt": CUES, "1.2 slides.md": text("Wax")}
    files: Files = {
        "Week 1 - Hive": {**week, "Sheet for visits.md": text("Sheet for visits")},
        "Week 2 - Year": {name.replace("1.", "2.", 1): body for name, body in week.items()},
    }

    assert {"Bees", "Wax"} <= set(titles_of(build(files), NodeType.LESSON))
    assert len(build(files).modules) == 2


def test_slides_numbered_over_the_whole_course_go_to_their_lessons() -> None:
    lessons = ["Soil", "Water", "Light", "Stock"]
    files: Files = {
        "1-farm": {f"{n}-{name.lower()}": {"README.md": text(name, LONG)} for n, name in enumerate(lessons[:2], 1)},
        "2-shop": {f"{n}-{name.lower()}": {"README.md": text(name, LONG)} for n, name in enumerate(lessons[2:], 1)},
        "slides": {f"lesson-{n}.md": text("The course") for n in (3, 4)},
    }
    found = list_files_by_lesson(files)

    assert "slides/lesson-3.md" in found["Light"]
    assert "slides/lesson-4.md" in found["Stock"]


def test_kinds_of_files_in_folders_of_their_own_are_joined_by_number() -> None:
    files: Files = {
        "Vorlesung": {"VL01_Wasser.md": text("Wasser", LONG), "VL02_Luft.md": text("Luft", LONG)},
        "Übung": {
            "UE01.md": text("Messen", "Miss die Tiefe des Baches an zehn Stellen."),
            "UE01_Loesung.md": text("Messen", "Zwölf Zentimeter im Mittel."),
            "UE02.md": text("Wiegen", "Wie viel wiegt ein Liter Luft bei zwanzig Grad?"),
        },
    }
    found = list_files_by_lesson(files)

    assert found == {
        "Wasser": ["Vorlesung/VL01_Wasser.md", "Übung/UE01.md", "Übung/UE01_Loesung.md"],
        "Luft": ["Vorlesung/VL02_Luft.md", "Übung/UE02.md"],
    }


@pytest.mark.parametrize("folder", ["solutions", "Soluciones", "Lösungen", "розв'язки", "corrigés", "rozwiązania"])
def test_files_in_a_folder_of_solutions_are_no_lessons(folder: str) -> None:
    files: Files = {
        "1 Loops.md": text("Loops", LONG),
        "2 Lists.md": text("Lists", LONG),
        folder: {"1 key.md": text("Eleven"), "2 key.md": text("Twelve")},
    }

    assert titles_of(build(files), NodeType.LESSON) == ["Loops", "Lists"]


def test_numbered_worksheets_go_to_the_lessons_with_their_numbers() -> None:
    files: Files = {
        "UD1. La vid": {
            "Sesión 1.md": text("Morfología", LONG),
            "Sesión 2.md": text("El ciclo", LONG),
            "Ficha de trabajo 1.md": text("Partes de la cepa", "Dibuja una cepa y nombra sus partes."),
            "Ficha de trabajo 2.md": text("Calendario", "Ordena los trabajos de la viña por meses."),
        },
        "UD2. La poda": {"Sesión 1.md": text("Principios", LONG), "Sesión 2.md": text("Sistemas", LONG)},
    }

    found = list_files_by_lesson(files)["El ciclo"]

    assert [path.split("/")[-1] for path in sorted(found)] == ["Ficha de trabajo 2.md", "Sesión 2.md"]


@pytest.mark.parametrize("name", ["LICENSE", "syllabus.md", "Розклад.md", "Trainer Guide.md"])
def test_files_about_the_course_are_named_and_not_taught(name: str) -> None:
    draft = build({"1 Loops.md": text("Loops"), "2 Lists.md": text("Lists"), name: text("About")})

    assert titles_of(draft, NodeType.LESSON) == ["Loops", "Lists"]
    assert any(name in warning for warning in draft.warnings)


def test_chapters_of_the_only_document_are_lessons_and_of_one_among_others_only_labelled_ones() -> None:
    plain = "# Book\n\n## Soil\n\nWords.\n\n## Water\n\nWords.\n"
    labelled = "# Manual\n\n## Chapter 1: Keys\n\nWords.\n\n## Chapter 2: Cash\n\nWords.\n"

    assert outline_of({"book.md": plain}) == ["Book", "  Soil", "  Water"]
    assert outline_of({"Module 1.md": labelled, "Module 2.md": plain.replace("Book", "Other")}) == [
        "Manual", "  Keys", "  Cash", "Other", "  Other",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Introduction [[introduction]]", "Introduction"),
        ("Loops {#loops}", "Loops"),
        (":fontawesome-solid-book: Reading files", "Reading files"),
        ("Lesson 1.2: Variables", "Variables"),
        ("Using <code>for</code> loops", "Using for loops"),
        ("Box<T> on the heap", "Box<T> on the heap"),
    ],
)
def test_titles_are_without_labels_anchors_and_icons(heading: str, title: str) -> None:
    assert titles_of(build({"a.md": text(heading), "b.md": text("Another subject")}), NodeType.LESSON)[0] == title


def test_what_only_its_kind_names_belongs_to_the_text_before_it() -> None:
    files: Files = {
        "1-weather": {
            "01-rain.md": text("Rain"),
            "02-slides.md": text("Drops and clouds"),
            "03-talk.vtt": CUES,
            "04-wind.md": text("Wind"),
            "05-slides.md": text("Air that moves"),
            "06-worksheet.md": text("Worksheet"),
        },
        "2-climate": {"01-deserts.md": text("Deserts"), "02-poles.md": text("Poles")},
    }

    draft = build(files)

    assert titles_of(draft, NodeType.LESSON) == ["Rain", "Wind", "Deserts", "Poles"]


def test_what_comes_before_each_text_belongs_to_the_text_behind_it() -> None:
    files: Files = {
        "1-weather": {
            "01-video.vtt": CUES,
            "02-rain.md": text("Rain"),
            "03-video.vtt": CUES,
            "04-wind.md": text("Wind"),
        },
        "2-climate": {"01-deserts.md": text("Deserts"), "02-poles.md": text("Poles")},
    }

    assert titles_of(build(files), NodeType.LESSON) == ["Rain", "Wind", "Deserts", "Poles"]


def test_numbered_decks_beside_one_text_stay_lessons() -> None:
    files: Files = {
        "1-weather": {
            "01-welcome.md": text("Welcome"),
            "02-slides.md": text("Rain"),
            "03-slides.md": text("Wind"),
            "04-slides.md": text("Snow"),
        },
        "2-climate": {"01-deserts.md": text("Deserts"), "02-poles.md": text("Poles")},
    }

    assert len(titles_of(build(files), NodeType.LESSON)) == 6


def test_a_worksheet_in_which_one_task_stands_behind_an_introduction_is_that_task() -> None:
    task = "Draw two maps from the table of the districts, one that flatters each, and say what each of them hides."
    files: Files = {
        "1-maps": {
            "01-reading.md": text("Reading maps", LONG + f"\n\n## Exercise: Two maps\n\n{task}"),
            "02-worksheet.md": text("Worksheet", f"A table helps.\n\n## Exercise: Two maps\n\n{task}"),
        },
        "2-globes": {"01-globes.md": text("Globes"), "02-poles.md": text("Poles")},
    }

    assert titles_of(build(files), NodeType.EXERCISE) == ["Two maps"]


@pytest.mark.parametrize(
    "signs", ["I. II. III. IV. V.", "A) B) C) D) E)", "I II III IV V", "А) Б) В) Г) Д)", "А. Б. В. Г. Ґ."]
)
def test_numerals_and_letters_before_names_are_their_numbers(signs: str) -> None:
    names = ["Zinc", "Iron", "Copper", "Argon", "Neon"]
    files: Files = {
        f"{sign} {name}": {"one.md": text(f"{name} one"), "two.md": text(f"{name} two")}
        for sign, name in zip(signs.split(), names, strict=True)
    }

    assert [module.title for module in build(files).modules] == names


def test_letters_that_do_not_run_on_stay_words() -> None:
    files: Files = {
        name: {"one.md": text(f"{name} one"), "two.md": text(f"{name} two")}
        for name in ("A house", "I see", "V. Woolf", "Rest")
    }

    assert {module.title for module in build(files).modules} == {"A house", "I see", "V. Woolf", "Rest"}


def test_answers_go_to_what_they_are_called_after_but_for_the_word_that_all_have() -> None:
    lessons = ["Bees", "Wax", "Honey"]
    files: Files = {
        "1-hive": {f"{name.lower()}.md": text(name, "### Exercise 1\n\nSay in a word what this is good for.")
                   for name in lessons},
        "2-year": {"spring.md": text("Spring"), "summer.md": text("Summer")},
        "answers": {**{f"{name.lower()} anw.md": text(f"Anw: {name}", f"It is good for {name}.") for name in lessons},
                    "moss anw.md": text("Anw: Moss", "Nothing asks this.")},
    }  # fmt: skip

    draft = build(files)

    assert titles_of(draft, NodeType.LESSON) == [*lessons, "Spring", "Summer"]
    assert any("moss anw.md" in warning for warning in draft.warnings)


def test_the_handout_that_every_lesson_has_gives_its_title() -> None:
    subjects = [["Kneading", "Wedging"], ["Pinching", "Coiling"], ["Drying", "Firing"]]
    accompanying = [
        {"captions of pictures.txt": "Picture 1: a bench. Picture 2: a wheel.", "curve.csv": "hour,degrees\n1,100\n"},
        {"notes for teachers.md": text("Notes for teachers")},
    ]
    files: Files = {
        f"Chapter {chapter}": {
            f"Lesson {number}": {**accompanying[number - 1], "handout.md": text(subject, LONG)}
            for number, subject in enumerate(pair, 1)
        }
        for chapter, pair in enumerate(subjects, 1)
    }

    assert titles_of(build(files), NodeType.LESSON) == [subject for pair in subjects for subject in pair]


def test_a_lesson_that_only_slides_and_talks_have_is_a_lesson_at_its_number() -> None:
    subjects = {1: "Energy", 2: "Vitamins", 3: "Water", 4: "Salt", 6: "Sugar"}
    files: Files = {
        "Readings": {f"0{n} {name.lower()}.md": text(name, LONG) for n, name in subjects.items()},
        "Slides": {"01 energy.md": text("Energy"), "03 water.md": text("Water"), "05 fat.md": text("Fat")},
        "Videos": {"02 vitamins.vtt": CUES, "05 fat.vtt": CUES},
    }

    assert titles_of(build(files), NodeType.LESSON) == ["Energy", "Vitamins", "Water", "Salt", "Fat", "Sugar"]


def test_a_task_in_a_text_about_the_whole_is_listed_with_the_first_lesson() -> None:
    task = "## Exercise: Boil an egg\n\nBoil an egg for seven minutes and write down what you see.\n"
    loose: Files = {"lecture.md": text("Boiling", f"Water turns into steam.\n\n{task}"), "ice.md": text("Ice")}
    overview: Files = {
        "1-heat": {
            "README.md": text("Heat", f"What is warm.\n\n{task}"),
            "1-ice.md": text("Ice"),
            "2-fog.md": text("Fog"),
        },
        "2-light": {"1-sun.md": text("Sun"), "2-moon.md": text("Moon")},
    }

    for files in (loose, overview):
        assert titles_of(build(files), NodeType.EXERCISE) == ["Boil an egg"]
