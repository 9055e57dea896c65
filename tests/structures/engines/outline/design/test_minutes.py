"""Minutes of lessons: what the materials state, and what is computed where they state nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from materials.documents import Format
from structures.engines.base.drafts import Basis, DraftNode, NodeType
from structures.engines.outline.design import design_lessons, design_module
from structures.engines.outline.design.durations import find_clock_range, find_duration, parse_minutes
from structures.engines.outline.plans import LessonPlan, ModulePlan, Role
from tests.structures.engines.outline.design.designs import design_of
from tests.structures.engines.outline.lessons import lesson_of


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("45 хвилин", 45), ("1,5 години", 90), ("1 год 30 хв", 90), ("10 минут", 10), ("1 h 30 min", 90), ("1h30", 90),
        ("ca. 90 Minuten", 90), ("2 x 45 min", 90), ("40 a 50 minutos", 45), ("mezz'ora", 30), ("1.5 hours", 90),
        ("1½ hours", 90), ("half an hour", 30), ("a 10-minute break", 10), ("1 hour and 20 minutes", 80),
        ("2 академічні години", 90), ("3 UE", 135), ("2–3 Std.", 150), ("45分钟", 45), ("半小时", 30),
        ("1 小时 30 分钟", 90),
        ("une heure et demie", 90), ("godzina lekcyjna", None), ("2 godziny lekcyjne", 90), ("version 12", None),
        ("30 m", None), ("in 2019", None),
    ],
)  # fmt: skip
def test_a_duration_is_read_in_minutes(text: str, minutes: float | None) -> None:
    found = find_duration(text)

    assert (found.minutes if found is not None else None) == minutes


def test_a_duration_knows_its_place() -> None:
    text = "Time: 45 min."
    found = find_duration(text)

    assert found is not None
    assert text[found.start : found.end].startswith("45 min")


def test_times_of_day_are_a_duration() -> None:
    assert find_clock_range("9:20-10:05") == 45
    assert find_clock_range("10:05 - 9:20") is None
    assert find_clock_range("10:05") is None


@pytest.mark.parametrize(
    ("value", "minutes"),
    [(20, 20), ("45", 45), ("PT1H30M", 90), ("1:30", 90), ("0:45:00", 45), ("2 x 45 min", 90), (0, None),
     ("soon", None),
     (None, None), (True, None), ("2024-10-01", None), (10**9, None)],
)  # fmt: skip
def test_a_field_states_minutes(value: object, minutes: float | None) -> None:
    assert parse_minutes(value) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("---\nteaching: 20\nexercises: 10\n---\n\nText.", 30),
        ("---\nduration: 1 h 15 min\n---\n\nText.", 75),
        ("---\nduración: 1 h 15 min\n---\n\nText.", 75),
        ("# A\n\n**Тривалість:** 45 хвилин\n\nТекст.", 45),
        ("# A\n\nEstimated time: about 20 minutes. Level: easy.", 20),
        ("# A\n\nDurata: mezz'ora", 30),
        ("# A\n\n**时长：** 45分钟", 45),
        ("# A\n\n| Durée | 1 h 15 |\n| --- | --- |\n| Niveau | facile |", 75),
        ("# A\n\nThis lesson takes about 40 minutes.", 40),
        ("# A\n\n**Тип уроку:** новий матеріал\n**Час проведення:** 45 хв", 45),
        ("# A\n\n| Duración | 2 sesiones de 50 minutos |\n| --- | --- |\n| Nivel | Medio |", 100),
        ("# A\n\n⏱ 60 min | 🎓 Einsteiger", 60),
        ("# A\n\n**Public** : débutants — **Durée** : deux heures", 120),
        ("# A\n\n**Tempo previsto:** 2 ore e 30 minuti", 150),
        ("# Функції (1 год 30 хв)\n\nТекст.", 90),
        ("# A\n\n## Plan\n\n| Activity | Time |\n| --- | --- |\n| Talk | 20 min |\n| Walk | 1 hour |", 80),
        ("# A\n\n| Etap | Czas (min) |\n| --- | --- |\n| Wstęp | 5 |\n| Praca | 30 |\n| Razem | 40 |", 40),
        ("# A\n\n| Time | Topic |\n| --- | --- |\n| 9:00-9:20 | Hello |\n| 9:20-10:05 | Mix |\n| 10:05 | Break |", 65),
        ("# A\n\n## Pacing guide\n\n25 minutes lab. 10 minutes talk.\n\n## Text\n\n90 minutes in the oven.", 35),
        ("# A\n\n## Repaso (10 minutos)\n\nSuelo.\n\n## Riego (25 minutos)\n\n### Paso 1 (5 minutos)\n\nAgua.", 35),
    ],
)  # fmt: skip
def test_stated_minutes_are_taken(text: str, minutes: int) -> None:
    design = design_of(text)

    assert (design.minutes, design.minutes_basis) == (minutes, Basis.STATED)


@pytest.mark.parametrize(
    "text",
    [
        "# A\n\nThis took me 20 minutes once.",
        "# A\n\nInstalling it takes about 5 minutes.",
        "# A\n\nReading time: 12 min",
        "A text that is long enough to be no plan comes first.\n\n"
        "## Schedule\n\n- Monday 14:00-16:00: talks\n- Tuesday 9:00-12:00: work",
        "# A\n\n| Time | Topic |\n| --- | --- |\n| Monday 9:00-12:00 | Talks |\n| Tuesday 9:00-12:00 | Work |",
        "# A\n\n| Eruption | Duration (min) |\n| --- | --- |\n| 1 | 54 |\n| 2 | 61 |",
        "---\nteaching: 0\nexercises: 0\n---\n\nText.",
        "# A\n\nA text that is long enough to be no plan comes first here.\n\n## Work\n\n### Step 1 (10 min)\n\nDo.",
    ],
)
def test_other_times_are_not_those_of_the_lesson(text: str) -> None:
    design = design_of(text)

    assert (design.minutes, design.minutes_basis) == (1, Basis.COMPUTED)


@pytest.mark.parametrize(
    ("word", "minutes"), [("the loaf ", 20), ("цей хліб ", 26), ("el pan ", 22), ("面包", 19), ("qwerty zxcv ", 26)]
)
def test_words_count_at_the_speed_of_the_language(word: str, minutes: int) -> None:
    assert design_of(f"{word * 2380}.").minutes == minutes


def test_exercises_add_their_time_and_solutions_none() -> None:
    assert design_of("Text.", exercises=4).minutes == 20
    assert design_of({"a.md": "Text.", "b.md": "words " * 2380}, b=Role.SOLUTION).minutes == 1


def test_slides_of_a_talk_count_once_and_so_do_formats() -> None:
    talk, slides = lesson_of(
        {"talk.srt": "1\n00:00:00,000 --> 00:30:00,000\nBread is old.\n", "deck.md": "# A\n\nText."}
    )
    slides.role = Role.SLIDES
    slides.entry = replace(slides.entry, page_count=25)
    again = replace(talk, entry=replace(talk.entry, name="TALK.vtt", format=Format.VTT))

    def minutes(*parts: object) -> int | None:
        plan = LessonPlan(title="A", parts=list(parts))  # type: ignore[arg-type]
        return design_lessons([plan], [[]]).lessons[0].minutes

    assert minutes(talk) == minutes(talk, slides) == minutes(talk, again) == 30
    assert minutes(slides) == 25


def test_a_part_of_a_talk_has_its_own_length() -> None:
    (talk,) = lesson_of({"talk.srt": "1\n00:10:00,000 --> 00:30:00,000\nBread is old.\n"})
    talk.is_whole = False

    assert design_lessons([LessonPlan(title="A", parts=[talk])], [[]]).lessons[0].minutes == 20


def test_a_lesson_without_anything_has_no_minutes() -> None:
    (design,) = design_lessons([LessonPlan(title="A")], [[]]).lessons

    assert (design.minutes, design.minutes_basis) == (None, None)


def test_a_lesson_that_is_only_planned_has_no_minutes_unless_they_are_stated() -> None:
    assert design_of("# A\n\n## Theory\n\n- Dough\n\n## Practice\n\n- Bread").minutes is None
    assert design_of("# A (45 min)\n\n## Theory\n\n- Dough").minutes == 45


def test_a_module_sums_its_lessons() -> None:
    def lesson(minutes: int | None, basis: Basis | None) -> DraftNode:
        return DraftNode(node_type=NodeType.LESSON, title="A", estimated_minutes=minutes, minutes_basis=basis)

    stated, computed, unknown = lesson(20, Basis.STATED), lesson(5, Basis.COMPUTED), lesson(None, None)
    plan = ModulePlan(title="M", about=lesson_of({"README.md": "# M\n\nDuration: 2 hours\n\n## Goals\n\n- Bake"}))

    bare = ModulePlan(title="M")
    assert design_module(bare, [stated, stated]).build_fields()["estimated_minutes"] == 40
    assert design_module(bare, [stated, stated]).minutes_basis is Basis.STATED
    assert (design_module(bare, [stated, computed]).minutes, design_module(bare, [stated, computed]).minutes_basis) == (
        25,
        Basis.COMPUTED,
    )
    assert design_module(bare, [stated, unknown]).minutes_basis is Basis.COMPUTED
    assert design_module(bare, [unknown]).minutes is None
    assert (design_module(plan, [stated]).minutes, design_module(plan, [computed]).minutes_basis) == (120, Basis.STATED)
    assert design_module(plan, []).goals == ("Bake",)
