"""A generation as steps: what is asked at once, what is kept, and what a change costs."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from llm.prompts import read_prompt
from materials.models import MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job
from structures.engines.base.drafts import Draft
from structures.engines.base.requests import EngineRequest
from structures.engines.base.sources import SourceNode
from structures.engines.llm.engine import RECONCILIATION_ACTION
from structures.engines.llm.lessons import LESSON_ACTION
from structures.engines.registry import ENGINES, EngineName
from structures.generation.answer_cache import delete_unused_answers, store_answers
from structures.generation.guided import build_guided_outline
from structures.generation.threads import run_in_threads
from structures.models import CachedAnswer
from tenants.models import Tenant
from tests.conftest import Api
from tests.fakes.asked import Asked
from tests.fakes.steps import Refusal, Step
from tests.llm.world import World
from tests.process_table import eventually
from tests.structures.engines.numbered import chunk, entry, node
from tests.structures.engines.test_llm_engine import Clerk
from tests.structures.generation.llm_courses import ask_for, honest, lesson_details, let_write, nodes_in, written
from tests.structures.working_copies.desk import add_text


class CountingModel(Clerk):
    """Answers as usual, and counts the questions to which there was no answer yet, as the cache knows them."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[tuple[str, str, str]] = set()
        self.paid: list[str] = []

    def find_answered(self, action: str, questions: Any, _wanted: Any) -> list[bool]:
        return [_compute_key(action, values) in self.known for values in questions]

    def complete(self, action: str, values: Any, wanted: Any) -> Any:
        if (key := _compute_key(action, values)) not in self.known:
            self.known.add(key)
            self.paid.append(action)
        return super().complete(action, values, wanted)

    def complete_together(self, action: str, values: Any, wanted: Any, split: Any) -> Any:
        self.paid.append(action)
        value = super().complete_together(action, values, wanted, split)
        self.known |= {_compute_key(action, own) for own, _ in split(value)}
        return value

    def write(self, source: SourceNode, *, is_guided: bool = True) -> tuple[Draft, list[str]]:
        """Return the draft, and the actions of the questions that had to be paid for."""
        self.questions, self.plan, self.paid = [], {}, []
        outline = build_guided_outline(source) if is_guided else None
        draft = ENGINES[EngineName.LLM].build_draft(EngineRequest(source=source, outline=outline), self)
        return draft, self.paid


def _compute_key(action: str, values: Any) -> tuple[str, str, str]:
    request = read_prompt(action).build_request(values)
    return action, request.system, request.prompt


def large_course(lesson_count: int) -> SourceNode:
    """Return a course of modules of ten lessons, each of three chunks."""
    lessons = [
        node(f"Lesson {n}", entry(*(f"Lesson {n} says {part} of water." for part in range(3)), name=f"{n}.md"))
        for n in range(lesson_count)
    ]
    return node("Water", *(node(f"Part {n}", *lessons[n : n + 10]) for n in range(0, lesson_count, 10)))


def change_lesson(source: SourceNode, number: int, change: Callable[[SourceNode], SourceNode]) -> SourceNode:
    part, place = source.children[number // 10], number % 10
    lessons = (*part.children[:place], change(part.children[place]), *part.children[place + 1 :])
    parts = (*source.children[: number // 10], replace(part, children=lessons), *source.children[number // 10 + 1 :])
    return replace(source, children=parts)


def _insert_chunk(lesson: SourceNode) -> SourceNode:
    (file,) = lesson.entries
    chunks = (file.chunks[0], chunk("Something new."), *file.chunks[1:])
    return replace(lesson, entries=(replace(file, chunks=chunks),))


def _correct_chunk(lesson: SourceNode) -> SourceNode:
    (file,) = lesson.entries
    return replace(lesson, entries=(replace(file, chunks=(chunk("Corrected."), *file.chunks[1:])),))


def _read_again(lesson: SourceNode) -> SourceNode:
    """Return the lesson with the same texts in new rows."""
    (file,) = lesson.entries
    chunks = tuple(replace(each, id=uuid4()) for each in file.chunks)
    return replace(lesson, entries=(replace(file, id=uuid4(), chunks=chunks),))


@pytest.mark.parametrize("lesson_count", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_change_asks_about_one_lesson_and_the_course(lesson_count: int) -> None:
    model, source = CountingModel(), large_course(lesson_count)
    _, paid = model.write(source)
    # Of ten small lessons in a module eight are asked about together, then two.
    assert paid == [LESSON_ACTION] * (lesson_count // 5) + [RECONCILIATION_ACTION]

    for number, change in ((0, _insert_chunk), (lesson_count // 2, _correct_chunk), (lesson_count - 1, _insert_chunk)):
        source = change_lesson(source, number, change)
        _, paid = model.write(source)
        # The last question is asked again where the concepts are others.
        assert paid in ([LESSON_ACTION], [LESSON_ACTION, RECONCILIATION_ACTION])

    # A lesson that comes between others, or goes, changes nothing for its neighbours.
    part = source.children[1]
    new = node("New", entry("A new lesson says something of water.", name="new.md"))
    for lessons, wanted in (
        ((*part.children[:4], new, *part.children[4:]), [LESSON_ACTION, RECONCILIATION_ACTION]),
        (part.children[1:], [RECONCILIATION_ACTION]),
    ):
        changed = replace(part, children=lessons)
        assert model.write(replace(source, children=(source.children[0], changed, *source.children[2:])))[1] == wanted
    assert model.write(change_lesson(source, 7, _read_again))[1] == []
    # Other titles, or another order, are for the last question alone.
    renamed = change_lesson(source, 3, lambda lesson: replace(lesson, title="Otherwise"))
    renamed = replace(renamed, title="All of water", learning_goal="Boil.")
    assert model.write(renamed)[1] == [RECONCILIATION_ACTION]
    assert model.write(replace(renamed, children=renamed.children[::-1]))[1] == [RECONCILIATION_ACTION]


# --- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.fixture
def five_small_lessons(acme: Tenant, course: MaterialNode) -> MaterialNode:
    for n in range(5):
        lesson = create_node(tenant=acme, title=f"Lesson {n}", parent_id=course.pk)
        add_text(lesson, f"{n}.md", f"# Water {n}\n\nLesson {n} says something of water.".encode())
    return course


@pytest.fixture
def five_lessons(five_small_lessons: MaterialNode, lessons_alone: None) -> MaterialNode:
    return five_small_lessons


@pytest.mark.django_db(transaction=True)
def test_small_lessons_are_asked_about_together_and_a_changed_one_alone(
    world: World, api: Api, acme: Tenant, five_small_lessons: MaterialNode
) -> None:
    let_write(world, output_tokens=16_000)
    world.file["models"]["gemini"]["max_output"] = 16_000
    world.write()
    world.google.always(honest)
    client = api(acme)
    plan = client.get(f"/api/v1/nodes/{five_small_lessons.pk}/generation-plan", {"mode": "guided"}).json()
    first = written(client, five_small_lessons.pk, mode="guided")
    paid = len(world.google.asked)
    add_text(MaterialNode.objects.get(tenant=acme, title="Lesson 2"), "more.md", b"# More\n\nThere is more to say.")
    second = written(client, five_small_lessons.pk, mode="guided")

    assert (plan["steps"]["lessons"], plan["parts"], plan["calls"]) == (5, 5, 2)
    assert paid == 2
    assert len(world.google.asked) == paid + 2
    assert '{"lesson": ' not in world.google.asked[-2].prompt
    assert second["provenance"]["reused_answers"] == 4
    for n, lesson in enumerate(nodes_in(first, "lesson")):
        quotes = [reference["quote"] for child in lesson["children"] for reference in child["references"]]
        assert quotes == [f"Water {n}", f"Lesson {n} says something of water."]


@pytest.mark.django_db(transaction=True)
def test_what_was_asked_before_a_prompt_was_edited_is_asked_again(
    world: World, api: Api, acme: Tenant, five_small_lessons: MaterialNode, settings: Settings, tmp_path: Path
) -> None:
    settings.PROMPTS_DIR = shutil.copytree(settings.PROMPTS_DIR, tmp_path / "prompts")

    def edit_meanwhile(asked: Asked) -> Step:
        if '{"lesson": ' in asked.prompt:
            with (tmp_path / "prompts" / f"{LESSON_ACTION}.md").open("a") as prompt:
                prompt.write("\nBe brief.\n")
        return honest(asked)

    world.google.always(edit_meanwhile)
    client = api(acme)
    written(client, five_small_lessons.pk, mode="guided")
    world.google.always(honest)

    written(client, five_small_lessons.pk, mode="guided")

    assert sum('{"lesson": ' in asked.prompt for asked in world.google.asked) == 2


@pytest.mark.django_db(transaction=True)
def test_a_lesson_that_fails_among_others_fails_alone(
    world: World, api: Api, acme: Tenant, five_small_lessons: MaterialNode
) -> None:
    for vendor in (world.google, world.anthropic):
        vendor.always(lambda asked: Refusal() if "Lesson 3 says" in asked.prompt else honest(asked))

    partial = written(api(acme), five_small_lessons.pk, mode="guided", on_failure="partial")

    assert [bool(lesson["children"]) for lesson in nodes_in(partial, "lesson")] == [True, True, True, False, True]
    assert [failure["lesson"] for failure in partial["provenance"]["failures"]] == ["Lesson 3"]


@pytest.mark.django_db(transaction=True)
def test_lessons_are_asked_about_at_the_same_time(
    world: World, api: Api, acme: Tenant, five_lessons: MaterialNode
) -> None:
    # Each of the first answers comes only when all the questions are there.
    together = threading.Barrier(5, timeout=60)

    def answer(asked: Asked) -> Step:
        if "\n<course>\n" not in asked.prompt:
            together.wait()
        return honest(asked)

    world.google.always(answer)

    snapshot = written(api(acme), five_lessons.pk, mode="guided")

    assert [lesson["title"] for lesson in nodes_in(snapshot, "lesson")] == [f"Lesson {n}" for n in range(5)]
    for n, lesson in enumerate(nodes_in(snapshot, "lesson")):
        assert {reference["entry_name"] for child in lesson["children"] for reference in child["references"]} == {
            f"{n}.md"
        }


@pytest.mark.django_db(transaction=True)
def test_no_more_are_asked_at_a_time_than_the_provider_allows(
    world: World, api: Api, acme: Tenant, five_lessons: MaterialNode
) -> None:
    world.file["providers"]["google"]["concurrency"] = 2
    world.write()
    lock, running, most = threading.Lock(), [0], [0]

    def answer(asked: Asked) -> Step:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        return replace(honest(asked), after=0.2)

    world.google.always(answer)
    world.google.after_sending = lambda _asked: running.__setitem__(0, running[0] - 1)

    written(api(acme), five_lessons.pk, mode="guided")

    assert most[0] <= 2


@pytest.mark.django_db(transaction=True)
def test_questions_begin_alike_and_say_so_to_vendors_that_must_be_told(
    world: World, api: Api, acme: Tenant, five_lessons: MaterialNode
) -> None:
    let_write(world, chain=["claude"])
    world.anthropic.always(honest)

    written(api(acme), five_lessons.pk, mode="guided")

    *lessons, last = world.anthropic.asked
    (begin,) = {json.dumps(asked.body["system"]) for asked in lessons}
    assert json.loads(begin)[0]["cache_control"] == {"type": "ephemeral"}
    assert isinstance(last.body["system"], str)


@pytest.mark.django_db(transaction=True)
def test_a_changed_lesson_costs_one_question_and_the_last(
    world: World, api: Api, acme: Tenant, five_lessons: MaterialNode
) -> None:
    world.google.always(honest)
    client = api(acme)
    first = written(client, five_lessons.pk, mode="guided")
    lesson = MaterialNode.objects.get(tenant=acme, title="Lesson 2")
    add_text(lesson, "more.md", b"# More\n\nThere is more to say.")
    paid = len(world.google.asked)

    second = written(client, five_lessons.pk, mode="guided")

    assert paid == 6
    assert len(world.google.asked) == paid + 2
    assert second["provenance"]["reused_answers"] == 4
    keys = [{node["title"]: node["key"] for node in nodes_in(each, "lesson")} for each in (first, second)]
    assert keys[0] == keys[1]


@pytest.mark.django_db(transaction=True)
def test_answers_go_when_no_generation_has_used_them_for_long(
    world: World, api: Api, acme: Tenant, rival: Tenant, five_lessons: MaterialNode, settings: Settings
) -> None:
    world.google.always(honest)
    written(api(acme), five_lessons.pk, mode="guided")
    oldest = CachedAnswer.objects.order_by("pk")[0]
    CachedAnswer.objects.filter(pk=oldest.pk).update(used_at=timezone.now() - timedelta(days=91))

    delete_unused_answers()

    assert CachedAnswer.objects.filter(tenant=acme).count() == 5
    assert not CachedAnswer.objects.filter(pk=oldest.pk).exists()
    api(acme).delete(f"/api/v1/nodes/{five_lessons.pk}")
    assert not CachedAnswer.objects.exists()


@pytest.mark.django_db
def test_what_one_answer_says_of_many_lessons_is_kept_at_once(
    acme: Tenant, course: MaterialNode, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answers = {f"{number}": lesson_details(goals=[f"Goal {number}."]) for number in range(8)}

    # Whether the node is there, and all of the rows: a worker that is killed in between would lose what was paid.
    with django_assert_num_queries(2):
        store_answers(tenant=acme, node_id=course.pk, model="m-1", answers=answers)

    assert {row.digest: "Goal " in row.answer for row in CachedAnswer.objects.all()} == dict.fromkeys(answers, True)


@pytest.mark.django_db(transaction=True)
def test_one_tenant_never_gets_the_answers_of_another(world: World, api: Api, acme: Tenant, rival: Tenant) -> None:
    world.google.always(honest)
    for tenant in (acme, rival):
        client = api(tenant)
        root = create_node(tenant=tenant, title="Water")
        add_text(root, "a.md", b"# A\n\nWater boils.")
        written(client, root.pk)

    assert len(world.google.asked) == 4


# --- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_after_a_reason_to_stop_no_further_task_begins() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise LookupError("This one alone.")
        if number == 3:
            raise ConnectionError("Nobody is there.")
        return number

    tasks = [lambda number=number: work(number) for number in range(50)]
    outcomes = run_in_threads(tasks, thread_count=2, stops=lambda exc: isinstance(exc, ConnectionError))

    assert len(begun) < 50
    assert outcomes[0].value == 0
    assert isinstance(outcomes[1].error, LookupError)
    assert all(isinstance(outcome.error, ConnectionError) for outcome in outcomes[10:])


@pytest.mark.django_db(transaction=True)
def test_threads_leave_no_connection_behind(acme: Tenant) -> None:
    def ask() -> str:
        return Tenant.objects.get(pk=acme.pk).slug

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    before = count()
    outcomes = run_in_threads([ask] * 20, thread_count=4, stops=lambda _exc: True)

    assert {outcome.get_value() for outcome in outcomes} == {"acme"}
    eventually(lambda: count() <= before, seconds=30, what="connections were not closed")


def test_inside_a_transaction_tasks_see_what_it_wrote(acme: Tenant) -> None:
    outcomes = run_in_threads([Tenant.objects.count] * 3, thread_count=3, stops=lambda _exc: True)

    assert [outcome.get_value() for outcome in outcomes] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_the_job_says_how_far_it_is(world: World, api: Api, acme: Tenant, five_lessons: MaterialNode) -> None:
    world.google.always(honest)

    job = ask_for(api(acme), five_lessons.pk, mode="guided")

    assert job["plan"]["calls"] == 6
    assert Job.objects.get(pk=job["id"]).done == Job.objects.get(pk=job["id"]).total
