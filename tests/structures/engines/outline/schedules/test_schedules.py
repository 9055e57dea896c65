"""Small courses whose arrangement stands in words in one document, beside files with names of their own."""

from __future__ import annotations

import pytest

from structures.engines.base.drafts import NodeType
from structures.engines.outline.catalog import build_catalog
from structures.engines.outline.readings.schedules import read_schedule
from tests.structures.engines.outline.drafts import build, list_files_by_lesson, nodes_of, outline, outline_of
from tests.structures.trees import Files, chunks_of, tree


def talk(text: str) -> str:
    return f"1\n00:00:01,000 --> 00:00:09,000\n{text}\n"


CHOIR_PLAN = (
    "EVENING CHOIR\n\nTerm 1: The body\n 12 Sept - Breathing low and slow\n 19 Sept - Standing and posture\n"
    " 26 Sept - Half-term, no class\n 3 Oct - Warming up the voice\n\nTerm 2: The song\n 10 Jan - Reading a melody\n"
    " 17 Jan - Singing in parts\n"
)
CHOIR: Files = {
    "course plan.txt": CHOIR_PLAN,
    "handouts": {
        "breath.md": "# How we breathe\n\nThe diaphragm moves down.\n",
        "melody sheet.md": "# Notes on a stave\n\nA melody goes by steps.\n",
        "parts.md": "# Soprano, alto, tenor\n\nPart singing needs ears.\n",
        "stand tall.md": "# A good posture\n\nFeet under hips.\n",
        "warm-ups.md": "# Ten warm-ups\n\nSirens prepare the voice.\n",
    },
    "recordings": {
        "2023-09-12.srt": talk("Welcome to the first evening everybody."),
        "2024-01-17.srt": talk("Tonight the tenors sit on the left."),
    },
}
CHOIR_OUTLINE = [
    "The body", "  Breathing low and slow", "  Standing and posture", "  Warming up the voice", "The song",
    "  Reading a melody", "  Singing in parts",
]  # fmt: skip


def test_terms_and_days_in_lines_make_modules_and_lessons() -> None:
    assert outline_of(CHOIR) == CHOIR_OUTLINE
    placed = list_files_by_lesson(CHOIR)
    assert "handouts/breath.md" in placed["Breathing low and slow"]
    assert "recordings/2023-09-12.srt" in placed["Breathing low and slow"]
    assert "recordings/2024-01-17.srt" in placed["Singing in parts"]


def test_modules_and_lessons_cite_the_rows_and_name_the_document() -> None:
    draft = build(CHOIR)
    chunks = chunks_of(tree("Course", CHOIR))

    cited = {node.title: node.citations[0].quote for module in draft.modules for node in (module, *module.children)}

    assert {module.arranged_by for module in draft.modules} == {"course plan.txt"}
    assert cited["The body"] == "Term 1: The body"
    assert cited["Singing in parts"] == "17 Jan - Singing in parts"
    for node in [*nodes_of(draft, NodeType.MODULE), *nodes_of(draft, NodeType.LESSON)]:
        assert all(citation.quote in chunks[citation.chunk_id].text for citation in node.citations)


def test_rows_without_files_and_files_without_rows_are_counted_and_named() -> None:
    handouts = {**CHOIR["handouts"], "tax form.md": "# Membership fee\n\nPay by March.\n"}  # type: ignore[dict-item]
    del handouts["stand tall.md"]

    draft = build({**CHOIR, "handouts": handouts})

    said = "course plan.txt names 5 lessons; no files were found for 1 of them: Standing and posture."
    assert said in draft.warnings
    assert any("does not list 1 file," in warning and "tax form.md" in warning for warning in draft.warnings)


def test_a_plan_that_finds_few_of_the_files_is_not_followed_and_said() -> None:
    others = {f"{n}-{name}.md": f"# {name}\n\nText.\n" for n, name in enumerate(["Knots", "Sails", "Maps", "Tides"])}
    plan = "# Course plan\n\n- Week 1: Knots\n- Week 2: Winds and weather\n- Week 3: Sails\n"
    more = {f"{n}-{name}.md": f"# {name}\n\nText.\n" for n, name in enumerate(["Radio", "Fog"], start=4)}

    draft = build({"plan.md": plan, **others, **more})

    assert draft.arrangement["chosen"] == "folders and names"
    assert any(
        "plan.md names 3 lessons" in warning and "2 of 7 files could be matched" in warning
        for warning in draft.warnings
    )


# ruff: noqa: E501
WEEKS = {
    "de": (
        "| Unterlagen | Thema | Woche |\n|---|---|---|\n| Folien | Boden und Humus | 1 |\n| Blatt | Kompost anlegen | 1 |\n"
        "| Folien | Aussaat im Frühjahr | 2 |\n| Blatt | Schädlinge erkennen | 2 |\n",
        {"a.md": "# Was ist Humus?\n\nx", "b.md": "# Komposthaufen\n\nx", "c.md": "# Aussaaten\n\nx", "d.md": "# Schädling im Beet\n\nx"},
        ["Woche 1", "  Boden und Humus", "  Kompost anlegen", "Woche 2", "  Aussaat im Frühjahr", "  Schädlinge erkennen"],
    ),
    "uk": (
        "| Дата | Тема заняття |\n|---|---|\n| Модуль 1. Оцінка | |\n| 5.03 | Огляд місця |\n| 7.03 | Перевірка дихання |\n"
        "| Модуль 2. Допомога | |\n| 12.03 | Зупинка кровотечі |\n| 14.03 | Опіки |\n| 21.03 | Залік |\n",
        {"a.md": "# Оглядаємо місце\n\nx", "b.md": "# Як перевірити дихання\n\nx", "c.md": "# Турнікет при кровотечах\n\nx",
         "d.md": "# Що робити з опіками\n\nx"},
        ["Оцінка", "  Огляд місця", "  Перевірка дихання", "Допомога", "  Зупинка кровотечі", "  Опіки"],
    ),
    "zh": (
        "| 周次 | 主题 | 资料 |\n|---|---|---|\n| 1 | 笔墨纸砚 | 讲义 |\n| 2 | 基本笔画 | 讲义 |\n| 3 | 楷书结构 | 练习 |\n| 4 | 隶书入门 | 讲义 |\n",
        {"a.md": "# 隶书\n\n蚕头。", "b.md": "# 认识笔墨\n\n软毫。", "c.md": "# 字的结构\n\n重心。", "d.md": "# 笔画：横竖\n\n起收。"},
        ["Course", "  笔墨纸砚", "  基本笔画", "  楷书结构", "  隶书入门"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", WEEKS)
def test_tables_have_their_columns_in_any_order_and_words_in_any_form(language: str) -> None:
    table, files, expected = WEEKS[language]

    assert outline_of({"schedule.md": f"# ~\n\n{table}", **files}) == expected


def test_numbered_lists_below_headings_of_a_page() -> None:
    plan = (
        "<h1>Fotografia – program</h1><h2>Część I. Aparat</h2><ol><li>Przysłona</li><li>Czułość matrycy</li></ol>"
        "<h2>Część II. Obraz</h2><ol><li>Kompozycja kadru</li><li>Światło zastane</li></ol>"
        "<h2>Literatura</h2><ul><li>Adams, Aparat</li></ul>"
    )
    files = {
        "iso.md": "# Jaka czułość?\n\nCzułości matrycy.\n",
        "f.md": "# O przysłonie\n\nMała liczba.\n",
        "kadr.md": "# Komponujemy kadr\n\nReguła.\n",
        "s.md": "# Praca ze światłem zastanym\n\nOkno.\n",
    }

    assert outline_of({"program.html": plan, **files}) == [
        "Aparat", "  Przysłona", "  Czułość matrycy", "Obraz", "  Kompozycja kadru", "  Światło zastane",
    ]  # fmt: skip


def test_sentences_about_units_and_their_sessions() -> None:
    page = (
        "# Soils\n\nThe course has two units.\n\nUnit 1: What soil is made of. In the first session we learn about "
        "texture; in the second we look at organic matter.\n\nUnit 2: Water in the ground. In the first session we "
        "measure infiltration, in the second we plan drainage.\n"
    )
    files = {
        "drains.md": "# Drainage\n\nDitches.\n",
        "om.md": "# Organic matter\n\nLeaves.\n",
        "ring.md": "# Measuring infiltration\n\nPour.\n",
        "texture.md": "# Texture by feel\n\nSand.\n",
    }

    assert outline_of({"about this course.md": page, **files}) == [
        "What soil is made of", "  Texture by feel", "  Organic matter", "Water in the ground",
        "  Measuring infiltration", "  Drainage",
    ]  # fmt: skip


def test_names_of_files_in_a_row_are_its_files_and_not_part_of_its_title() -> None:
    page = (
        "# Taller\n\n## Módulo 1: Bases\n\n- Sesión 1: Cuchillos (`f1.md`)\n- Sesión 2: Caldos (`f7.md`, `f8.md`)\n\n"
        "## Módulo 2: Fuego\n\n- Sesión 3: Asar (`f2.md`)\n- Sesión 4: Freír (`f4.md`)\n"
    )
    files = {f"f{number}.md": f"Texto número {number} sin título.\n" for number in (1, 2, 4, 7, 8)}

    placed = list_files_by_lesson({"README.md": page, **files})

    assert {title: [f for f in found if f != "README.md"] for title, found in placed.items()} == {
        "Cuchillos": ["f1.md"], "Caldos": ["f7.md", "f8.md"], "Asar": ["f2.md"], "Freír": ["f4.md"],
    }  # fmt: skip


def test_numbers_of_files_are_places_where_words_do_not_contradict() -> None:
    rows = ["The colony", "Tools", "Opening a hive", "Swarms"]
    plan = "# Bees: schedule\n\n| Session | Topic |\n|---|---|\n" + "\n".join(
        f"| {n} | {t} |" for n, t in enumerate(rows, 1)
    )
    plain = {f"session{n}.md": f"Words that no row has: {n}.\n" for n in range(1, 5)}
    shuffled = {
        "1.md": "# Swarms\n\nx", "2.md": "# The colony\n\nx", "3.md": "# Opening hives\n\nx", "4.md": "# Our tools\n\nx",
    }  # fmt: skip

    by_number = list_files_by_lesson({"schedule.md": plan, **plain})
    by_words = list_files_by_lesson({"schedule.md": plan, **shuffled})

    assert {title: found[-1] for title, found in by_number.items()} == dict(zip(rows, plain, strict=True))
    assert {title: found[-1] for title, found in by_words.items()} == dict(
        zip(rows, ["2.md", "4.md", "3.md", "1.md"], strict=True)
    )


def test_a_file_does_not_take_the_row_of_another_because_it_comes_first() -> None:
    plan = "# Plan\n\n- Week 1: Sharp knives\n- Week 2: Knives and boards\n- Week 3: Pans\n- Week 4: Ovens\n"
    files = {
        "a.md": "# Knives\n\nx", "b.md": "# Sharp knives\n\nx", "c.md": "# Pans\n\nx", "d.md": "# Ovens\n\nx",
    }  # fmt: skip

    placed = list_files_by_lesson({"plan.md": plan, **files})

    assert "b.md" in placed["Sharp knives"]
    assert "a.md" in placed["Knives and boards"]


def test_links_come_before_words() -> None:
    plan = "# Course plan\n\n- Week 1: Tides\n- Week 2: Knots\n"
    links = "# Summary\n\n- [Knots](a.md)\n- [Tides](b.md)\n"

    draft = build({"plan.md": plan, "SUMMARY.md": links, "a.md": "# Knots\n\nx", "b.md": "# Tides\n\nx"})

    assert draft.arrangement["chosen"] == "SUMMARY.md"


def test_more_rows_than_are_read_are_counted() -> None:
    rows = "\n".join(
        f"- Week {n % 999}: Word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}x" for n in range(1100)
    )
    files = {f"{n}.md": f"# Word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}ax\n\nText.\n" for n in range(500)}

    draft = build({"plan.md": f"# Plan\n\n{rows}\n", **files})

    assert any("has more rows than are read; 1" in warning for warning in draft.warnings)


@pytest.mark.parametrize("name", ["M02/week 5/README.md"])
def test_a_page_of_one_part_says_nothing_of_the_course(name: str) -> None:
    plan = "# Week 5\n\n- Lesson 1: Knots\n- Lesson 2: Tides\n- Lesson 3: Maps\n"
    files: Files = {
        "M01": {"week 1": {"README.md": "# Maps\n\nx"}, "week 2": {"README.md": "# Tides\n\nx"}},
        "M02": {"week 4": {"README.md": "# Knots\n\nx"}, "week 5": {"README.md": plan}},
    }

    assert build(files).arrangement["chosen"] != name
    assert len(outline(build(files))) >= 4


def test_a_plan_in_words_of_a_csv_file_has_no_names_of_files() -> None:
    plan = "Week,Topic\n1,Knots and ropes\n2,Tides and moons\n3,Reading maps\n"
    files = {"a.md": "# Maps\n\nx", "b.md": "# Ropes\n\nx", "c.md": "# Tides\n\nx"}

    assert outline_of({"plan.csv": plan, **files}) == [
        "Course",
        "  Knots and ropes",
        "  Tides and moons",
        "  Reading maps",
    ]


def test_long_lines_are_read_in_time_with_their_length() -> None:
    hostile = {
        "a.md": "Unit 1: " + "a.b " * 50_000,
        "b.txt": "12 " * 100_000,
        "c.txt": "first second " * 20_000 + "\nWeek 1: " + "in the first, " * 20_000,
        "d.md": "# Week 1\n\n- Week 2: " + "12.3." * 20_000,
    }

    # What looks at each part of a line from each other part would not end within hours.
    assert read_schedule(build_catalog(tree("Course", hostile)), []) is None


PLAN_OF_PARTS = (
    "COURSE PLAN\n\nPart 1: The soil\n- Clay and sand\n- Worms at work\n\nPart 2: The plant\n- Roots that drink\n"
    "- Leaves that breathe\n"
)
NUMBERED_PARTS: Files = {
    "course plan.txt": PLAN_OF_PARTS,
    "Part 1": {
        "1.md": "# Clay and sand\n\nBoth are stones, made small.\n",
        "2.md": "# Worms at work\n\nThey dig and they eat.\n",
        "3.md": "# Moulds and rot\n\nNothing of this stands in the plan.\n",
    },
    "Part 2": {
        "1.md": "# Roots that drink\n\nWater goes up.\n",
        "2.md": "# Leaves that breathe\n\nAir goes in and out.\n",
    },
}


def test_folders_that_part_the_course_stay_where_a_plan_in_words_leaves_files_out() -> None:
    draft = build(NUMBERED_PARTS)

    assert [len(module.children) for module in draft.modules] == [3, 2]
    assert {module.arranged_by for module in draft.modules} == {"folders"}


def test_a_plan_in_words_that_is_not_followed_gives_numbered_folders_their_titles() -> None:
    draft = build(NUMBERED_PARTS)

    assert [(module.title, module.citations[0].quote) for module in draft.modules] == [
        ("The soil", "Part 1: The soil"), ("The plant", "Part 2: The plant"),
    ]  # fmt: skip


def test_a_column_of_days_may_say_what_the_days_are_about() -> None:
    table = (
        "| Day | Unit | Subject |\n|---|---|---|\n| Day 1: The ground | 1 | Soil and water |\n|  | 2 | Light |\n"
        "| Day 2: The work | 3 | Planting |\n|  | 4 | Pruning |\n"
    )
    files = {f"{name}.md": f"# {name}\n\nText.\n" for name in ("Light", "Planting", "Pruning", "Soil and water")}

    assert outline_of({"schedule.md": f"# Plan\n\n{table}", **files}) == [
        "The ground", "  Soil and water", "  Light", "The work", "  Planting", "  Pruning",
    ]  # fmt: skip


def test_rows_that_are_numbered_alike_stand_beside_one_another_whatever_their_headings() -> None:
    plan = "# Programme\n\n## Part 1. Clay\n\n##### 1.1 Digging\n\n##### 1.2 Washing\n\n## Part 2. Fire\n\n" \
        "##### 2.1 Drying\n\n###### 2.2 Firing\n"  # fmt: skip
    files = {f"{name}.md": f"# {name}\n\nText.\n" for name in ("Drying", "Digging", "Firing", "Washing")}

    assert outline_of({"programme.md": plan, **files}) == [
        "Clay", "  Digging", "  Washing", "Fire", "  Drying", "  Firing",
    ]  # fmt: skip


def test_the_files_of_a_lesson_stay_together() -> None:
    files: Files = {
        "course plan.txt": "COURSE PLAN\n\nTerm 1: Start\n- 12 Sept - Knots\n- 19 Sept - Sails\n\nTerm 2: Go\n"
        "- 10 Jan - Tides\n",
        "2024-09-12": {"notes.md": "# Knots\n\nA rope.\n", "board.txt": "What was on the board."},
        "2024-09-19": {"notes.md": "# Sails\n\nA cloth.\n", "board.txt": "Also on the board."},
        "2025-01-10": {"notes.md": "# Tides\n\nThe moon.\n", "board.txt": "More of the board."},
    }

    placed = list_files_by_lesson(files)

    assert {"2024-09-19/board.txt", "2024-09-19/notes.md"} <= set(placed["Sails"])


def test_an_outdated_plan_is_not_followed_and_its_folder_is_in_no_lesson() -> None:
    files: Files = {
        "OLD do not use": {"plan.md": "# Course plan\n\n- Week 1: Sails\n- Week 2: Knots\n- Week 3: Tides\n"},
        "knots.md": "# Knots\n\nA rope.\n", "sails.md": "# Sails\n\nA cloth.\n", "tides.md": "# Tides\n\nThe moon.\n",
    }  # fmt: skip
    draft = build(files)

    assert outline_of(files) == ["Course", "  Knots", "  Sails", "  Tides"]
    assert any("OLD do not use/plan.md" in warning for warning in draft.warnings)
