"""Small and local models, played by a server that speaks OpenAI's protocol: what the whole engine makes of them.

Each case is a lesson of one course: the server knows it by a word of its materials, or of its own answer that it is
asked to repair.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from django.utils import timezone

from materials.models import MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job
from structures.engines.llm.answers import LessonDetailsAnswer
from tenants.models import Tenant
from tests.conftest import Api, drain
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Empty, Fail, Step, Truncated
from tests.llm.world import World
from tests.structures.generation.llm_courses import (
    about_course,
    ask_for,
    concept,
    data_lines,
    exercise,
    is_about_course,
    lesson_details,
    let_write,
    nodes_in,
    said,
    written,
)
from tests.structures.working_copies.desk import add_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]

FACT = "Water boils at one hundred degrees at sea level."
Script = Sequence[Step | str]


def right(case: str, **more: Any) -> LessonDetailsAnswer:
    """Return the answer that is wanted; the lesson's case stands in its goals."""
    return lesson_details(concept("Boiling", (1, FACT), definition=FACT), **{"goals": [f"Case {case}."], **more})


def changed(case: str, **values: Any) -> str:
    return json.dumps({**right(case).model_dump(), **values})


def make_course(acme: Tenant, texts: Mapping[str, str], below: MaterialNode | None = None) -> MaterialNode:
    root = create_node(tenant=acme, title="Water", parent_id=below.pk if below else None)
    for case, text in texts.items():
        part = create_node(tenant=acme, title=case, parent_id=root.pk)
        add_text(part, "a.md", f"{text} Case {case}.".encode())
    return root


def play(
    world: World, scripts: Mapping[str, Script], about: Callable[[Asked], Step] = lambda _asked: said(about_course())
) -> Counter[str]:
    """Let the local model answer each lesson by its script, the last step again and again; return how often it was
    asked about each. It has so little room for an answer that each lesson is asked about alone.
    """
    let_write(world, chain=["deepseek"], output_tokens=3_500)
    counts: Counter[str] = Counter()

    def answer(asked: Asked) -> Step:
        if is_about_course(asked):
            return about(asked)
        (case,) = [case for case in scripts if f"Case {case}." in asked.prompt]
        step = scripts[case][min(counts[case], len(scripts[case]) - 1)]
        counts[case] += 1
        return Answer(step) if isinstance(step, str) else step

    world.deepseek.always(answer)
    return counts


def test_what_can_only_mean_the_right_answer_is_read_as_it(world: World, api: Api, acme: Tenant) -> None:
    citation = {"chunk": "[1]", "quote": FACT}
    idea = {"title": "Boiling", "definition": FACT, "examples": None, "citations": citation}
    scripts: dict[str, Script] = {
        "prose": [f"Sure! Here it is:\n\n{changed('prose')}\n\nShall I go on?"],
        "fence": [f"```json\n{changed('fence')}\n```"],
        "thoughts": [f'<thinking>Case thoughts. {{"concepts": [ hm</thinking>\n{changed("thoughts")}'],
        "channel": [f'<|channel|>analysis<|message|>{{"a<|end|><|channel|>final<|message|>{changed("channel")}'],
        "wrapped": [f'{{"LessonDetailsAnswer": {changed("wrapped")}}}'],
        "tool": [f'{{"name": "write_lesson", "arguments": {changed("tool")}}}'],
        "schema": [f'{{"type": "object", "properties": {changed("schema")}}}'],
        "list": [f"[{changed('list')}]"],
        "nothing": [changed("nothing", required_knowledge=None, exercises=None, concepts=[idea])],
        "alone": [changed("alone", goals="Case alone.", concepts=idea)],
        "numbered": [changed("numbered", concepts={"1": idea})],
        "strings": [changed("strings", difficulty="2", estimated_minutes="15")],
        "half": [changed("half", estimated_minutes=14.6)],
        "unknown": [changed("unknown", confidence=0.9, casino={"yes": True})],
    }
    counts = play(world, scripts)

    snapshot = written(api(acme), make_course(acme, dict.fromkeys(scripts, FACT)).pk, mode="guided")

    assert counts == dict.fromkeys(scripts, 1)
    lessons = nodes_in(snapshot, "lesson")
    assert [lesson["learning_goal"] for lesson in lessons] == [f"Case {case}." for case in scripts]
    assert {(lesson["difficulty"], lesson["estimated_minutes"]) for lesson in lessons} == {(2, 15)}
    for lesson in lessons:
        (idea,) = lesson["children"]
        assert (idea["title"], [each["quote"] for each in idea["references"]]) == ("Boiling", [FACT]), lesson["title"]


def test_what_is_broken_is_asked_for_once_more(world: World, api: Api, acme: Tenant) -> None:
    whole = changed("comma")
    missing = right("missing").model_dump()
    del missing["concepts"]
    broken: dict[str, Step | str] = {
        "comma": f"{whole[:-1]},}}",
        "brace": changed("brace")[:-1],
        "quotes": changed("quotes").replace('"', "'").replace("{'goals'", '{"goals"', 1),
        "cut": changed("cut")[:-60],
        "missing": json.dumps(missing),
        "words": changed("words", difficulty="easy"),
        "unit": changed("unit", estimated_minutes="1-2 hours"),
        "range": changed("range", difficulty=9),
        "talk": "I have read the materials. They are about water.",
        "empty": Empty("text"),
        "spaces": "\n\n",
    }
    counts = play(world, {case: [step, said(right(case))] for case, step in broken.items()})

    snapshot = written(api(acme), make_course(acme, dict.fromkeys(broken, FACT)).pk, mode="guided")

    assert counts == dict.fromkeys(broken, 2)
    assert snapshot["grounding"]["verified"] >= len(broken)
    assert all(lesson["children"] for lesson in nodes_in(snapshot, "lesson"))
    # Half an answer is never repaired: the half that did not come is only in the materials.
    repaired = [asked.prompt for asked in world.deepseek.asked if "What does not fit:" in asked.prompt]
    assert [case for case in broken if any(f"Case {case}." in prompt for prompt in repaired)] == [
        "comma", "brace", "quotes", "missing", "words", "unit", "range",
    ]  # fmt: skip


def test_what_stays_broken_is_named_and_costs_no_other_lesson(world: World, api: Api, acme: Tenant) -> None:
    scripts: dict[str, Script] = {
        "good": [said(right("good"))],
        "endless": [Truncated("water " * 2_000)],
        "loop": [Truncated(changed("loop")[:-60] + " and water" * 2_000)],
        "silent": [Empty("list")],
        "blank": ["   "],
        "prose": ["Water is wet. Case prose."],
    }
    counts = play(world, scripts)

    root = make_course(acme, dict.fromkeys(scripts, FACT))
    snapshot = written(api(acme), root.pk, mode="guided", on_failure="partial")

    failures = snapshot["provenance"]["failures"]
    assert [failure["lesson"] for failure in failures] == [case for case in scripts if case != "good"]
    assert {failure["code"] for failure in failures} == {"models_exhausted"}
    assert all(count <= 2 for count in counts.values())
    (idea,) = nodes_in(snapshot, "concept")
    assert idea["references"]
    assert "No model could write these lessons: endless; loop; silent; blank; prose." in " ".join(snapshot["warnings"])


def test_what_is_repeated_comes_once_and_what_is_not_in_the_materials_proves_nothing(
    world: World, api: Api, acme: Tenant
) -> None:
    repeated = concept("Boiling", (1, FACT), definition=FACT, examples=["Tea"] * 30)
    again = [repeated, concept("  boiling ", (1, FACT)), concept("BOILING", (1, "sea level. Case repeated."))] * 10
    task = exercise("Boil", (1, FACT), task="Boil an egg.", grading_criteria=["It is hard."] * 30)
    details = right("repeated", required_knowledge=["Fire"] * 30).model_copy(
        update={"concepts": again, "exercises": [task] * 30}
    )
    paraphrases = [(1, "Water reaches its boiling point at 100 °C on the coast."), (1, "water ... sea level"), (1, "")]
    out_of_range = [(0, FACT), (-1, FACT), (3, FACT), (999_999_999, FACT)]
    scripts: dict[str, Script] = {
        "repeated": [said(details)],
        "paraphrased": [said(lesson_details(concept("Boiling", *paraphrases), goals=["Case paraphrased."]))],
        "outside": [said(lesson_details(concept("Boiling", *out_of_range), goals=["Case outside."]))],
    }
    counts = play(
        world, scripts, lambda _asked: said(about_course(expected_skills=[{"summary": "Boil", "details": ""}] * 30))
    )

    snapshot = written(api(acme), make_course(acme, dict.fromkeys(scripts, FACT)).pk, mode="guided")

    assert counts == dict.fromkeys(scripts, 1)
    first, *others = nodes_in(snapshot, "lesson")
    idea, exercise_node = first["children"]
    assert (idea["title"], idea["examples"], first["required_knowledge"]) == ("Boiling", ["Tea"], ["Fire"])
    assert [each["quote"] for each in idea["references"]] == [FACT, "sea level. Case repeated."]
    assert (exercise_node["title"], exercise_node["grading_criteria"]) == ("Boil", ["It is hard."])
    assert len(snapshot["expected_skills"]) == 1
    for lesson in others:
        (unproved,) = lesson["children"]
        assert (unproved["references"], unproved["flags"]) == ([], ["no_evidence"])


# --- language and depth -----------------------------------------------------------------------------------------------

UKRAINIAN = (
    "Вода кипить, коли тиск її пари стає таким самим, як тиск повітря над нею, і тому в горах вона кипить раніше, ніж "
    "біля моря. Якщо нагрівати воду далі, то вона не стає гарячішою, бо все тепло йде на те, щоб вона стала парою. Це "
    "можна побачити, якщо поставити термометр у чайник і чекати, поки він закипить."
)
ENGLISH = (
    "Water boils when the pressure of its vapour is the same as that of the air above it, and so it boils earlier in "
    "the mountains than it does at the sea. If you go on to heat it, it does not become any hotter, because all of the "
    "heat is used to make it a vapour. You can see this when you put a thermometer into a kettle and wait for it."
)
GERMAN = (
    "Wasser kocht, wenn der Druck seines Dampfes so groß ist wie der Druck der Luft über ihm, und darum kocht es in "
    "den Bergen früher als am Meer. Wenn man es weiter erhitzt, wird es nicht mehr heißer, weil die ganze Wärme nur "
    "noch dazu da ist, dass es zu Dampf wird. Das kann man sehen, wenn man ein Thermometer in einen Kessel stellt."
)


def speaking(case: str, text: str) -> Answer:
    return said(lesson_details(concept("H₂O", (1, FACT), definition=text), goals=[f"Case {case}."]))


def test_an_answer_in_another_language_is_asked_for_once_more_and_then_named(
    world: World, api: Api, acme: Tenant
) -> None:
    scripts: dict[str, Script] = {
        "right": [speaking("right", GERMAN)],
        "once": [speaking("once", ENGLISH), speaking("once", GERMAN)],
        "language": [speaking("language", ENGLISH)],
        "script": [speaking("script", UKRAINIAN)],
        "worse": [speaking("worse", ENGLISH), "I cannot do that. Case worse."],
        "short": [speaking("short", "Water boils.")],
    }
    counts = play(world, scripts, lambda _asked: said(about_course(description=ENGLISH)))
    root = make_course(acme, dict.fromkeys(scripts, FACT))

    snapshot = written(api(acme), root.pk, mode="guided", instructions={"language": "de-AT"})

    asked_again = [asked.prompt for asked in world.deepseek.asked if "An earlier answer" in asked.prompt]
    assert counts == {"right": 1, "once": 2, "language": 2, "script": 2, "worse": 3, "short": 1}
    assert len(asked_again) == 6  # a blank to repair in "worse", and the whole course
    fault = 'it is written in the language "en", and not in "de-AT"'
    named = f"An earlier answer to this was refused: {fault}. Answer again without that."
    assert [prompt.endswith(named) for prompt in asked_again].count(False) == 1
    texts = [idea["description"] for idea in nodes_in(snapshot, "concept")]
    assert texts == [GERMAN, GERMAN, ENGLISH, UKRAINIAN, ENGLISH, "Water boils."]
    assert snapshot["warnings"][:2] == [
        f"Models were asked twice about these lessons, and did not do as asked: language ({fault}); script (it is "
        f"written in Cyrillic letters, and not in Latin ones); worse ({fault}). Write them again with `refine`, or "
        "generate with another strategy.",
        f"Of what a model says of the whole course, although it was asked twice: {fault}.",
    ]


def test_a_lesson_in_another_language_among_others_is_asked_about_alone(world: World, api: Api, acme: Tenant) -> None:
    let_write(world, chain=["deepseek"])
    texts = [GERMAN, ENGLISH]

    def answer(asked: Asked) -> Step:
        if is_about_course(asked):
            return said(about_course())
        if "These are 2 lessons." not in asked.prompt:
            return speaking("b", GERMAN)
        lessons = [lesson_details(concept("H₂O", (n, FACT), definition=text)) for n, text in enumerate(texts, start=1)]
        numbered = [{"lesson": n, **lesson.model_dump()} for n, lesson in enumerate(lessons, start=1)]
        return said({"lessons": numbered})

    world.deepseek.always(answer)
    module = create_node(tenant=acme, title="Water")
    make_course(acme, {"a": FACT, "b": FACT}, below=module)

    snapshot = written(api(acme), module.pk, mode="guided", instructions={"language": "de"})

    together, alone, _ = world.deepseek.asked
    assert "These are 2 lessons." in together.prompt
    assert 'it is written in the language "en", and not in "de"' in alone.prompt
    assert ("Case b." in alone.prompt, "Case a." in alone.prompt) == (True, False)
    assert [idea["description"] for idea in nodes_in(snapshot, "concept")] == [GERMAN, GERMAN]


def test_without_a_language_the_answer_is_in_that_of_the_materials(world: World, api: Api, acme: Tenant) -> None:
    scripts: dict[str, Script] = {
        "uk": [speaking("uk", ENGLISH), speaking("uk", UKRAINIAN)],
        "en": [speaking("en", GERMAN), speaking("en", ENGLISH)],
        "de": [speaking("de", f"{GERMAN} ```print('{ENGLISH}')```")],
    }
    counts = play(world, scripts)
    root = make_course(acme, {"uk": UKRAINIAN, "en": ENGLISH, "de": GERMAN})

    snapshot = written(api(acme), root.pk, mode="guided")

    assert counts == {"uk": 2, "en": 2, "de": 1}
    assert [idea["description"] for idea in nodes_in(snapshot, "concept")][:2] == [UKRAINIAN, ENGLISH]
    assert not [warning for warning in snapshot["warnings"] if "asked twice" in warning]


def test_titles_do_not_change_into_other_letters(world: World, api: Api, acme: Tenant) -> None:
    def translate(asked: Asked) -> Step:
        lines = [line for line in data_lines(asked.prompt, "course") if "concept" in line]
        return said(
            about_course(
                [
                    {"target": lines[0]["line"], "field": "title", "old": "Кипіння", "new": "Boiling"},
                    {"target": lines[1]["line"], "field": "title", "old": "Пара", "new": "Водяна пара"},
                ]
            )
        )

    ideas = (concept("Кипіння", (1, UKRAINIAN), definition=UKRAINIAN), concept("Пара", (1, UKRAINIAN)))
    play(world, {"uk": [said(lesson_details(*ideas, goals=["Case uk."]))]}, translate)

    snapshot = written(api(acme), make_course(acme, {"uk": UKRAINIAN}).pk, mode="guided")

    assert [idea["title"] for idea in nodes_in(snapshot, "concept")] == ["Кипіння", "Водяна пара"]
    refused, applied = snapshot["provenance"]["corrections"]
    assert (refused["refused_because"], applied["applied"]) == ("it is in other letters than the course", True)


def test_how_much_was_asked_for_is_counted_in_letters(world: World, api: Api, acme: Tenant) -> None:
    long = " ".join([ENGLISH] * 6)
    scripts: dict[str, Script] = {
        "wordy": [speaking("wordy", long), speaking("wordy", FACT)],
        "endlessly": [speaking("endlessly", long)],
        "fine": [speaking("fine", ENGLISH)],
    }
    counts = play(world, scripts)
    root = make_course(acme, dict.fromkeys(scripts, FACT))

    brief = written(api(acme), root.pk, mode="guided", instructions={"depth": "brief", "audience": "nurses"})

    assert counts == {"wordy": 2, "endlessly": 2, "fine": 1}
    assert [idea["description"] for idea in nodes_in(brief, "concept")] == [FACT, long, ENGLISH]
    (warning,) = [warning for warning in brief["warnings"] if "asked twice" in warning]
    assert "did not do as asked: endlessly (it has 1,5" in warning
    # Whether a text suits nurses nobody can count; it is in each question.
    assert all('"audience": "nurses"' in asked.prompt for asked in world.deepseek.asked)


def test_a_detailed_lesson_of_a_book_is_more_than_a_sentence(world: World, api: Api, acme: Tenant) -> None:
    book = "\n\n".join(f"{ENGLISH} Chapter {n}." for n in range(30))
    counts = play(world, {"book": [speaking("book", FACT), speaking("book", " ".join([ENGLISH] * 3))]})

    snapshot = written(
        api(acme), make_course(acme, {"book": book}).pk, mode="guided", instructions={"depth": "detailed"}
    )

    assert counts == {"book": 2}
    assert not [warning for warning in snapshot["warnings"] if "asked twice" in warning]


def test_an_outage_between_two_answers_is_waited_for_and_the_first_is_not_paid_again(
    world: World, api: Api, acme: Tenant
) -> None:
    counts = play(world, {"once": [speaking("once", ENGLISH), Fail(503), Fail(503), speaking("once", GERMAN)]})
    root = make_course(acme, {"once": FACT})

    job = ask_for(api(acme), root.pk, mode="guided", instructions={"language": "de"})
    assert job["status"] == "queued"
    Job.objects.update(queued_at=timezone.now())
    drain()

    snapshot = api(acme).get(f"/api/v1/nodes/{root.pk}/structure").json()
    assert counts == {"once": 4}
    assert [idea["description"] for idea in nodes_in(snapshot, "concept")] == [GERMAN]
