"""Materials that speak to the model: what it is shown of them, and how far one that obeys can get.

Prompts ask models not to obey, but nothing here relies on that: what is tested is what code can promise. The words of
the materials stay inside strings of the data, nothing but a number and a quote can be cited, and both are checked.
"""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from markdown_it import MarkdownIt

from llm.messages import ModelRequest
from llm.prompts import read_prompt
from materials.documents import ChunkKind, Format, Locator
from materials.models import Chunk, MaterialNode
from materials.tree.services import create_node
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.base.text import strip_invisible
from structures.engines.llm.lessons import LESSON_ACTION
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.asked import Asked
from tests.fakes.steps import Answer, Step
from tests.llm.world import World
from tests.structures.engines.test_llm_engine import Clerk, write
from tests.structures.generation.injections import FIRST, INJECTIONS
from tests.structures.generation.llm_courses import (
    about_course,
    ask_for,
    chunks_shown,
    concept,
    data_lines,
    exercise,
    honest,
    is_about_course,
    lesson_details,
    let_write,
    nodes_in,
    of_lesson,
    said,
    written,
)


def tagged(text: str) -> str:
    """Return text in the Unicode tags that no font shows."""
    return "".join(chr(0xE0000 + ord(sign)) for sign in text)


# --- what a model is shown --------------------------------------------------------------------------------------------


def source_with(*said: str, name: str = "a.txt", title: str = "", folder: str = "Folder") -> SourceNode:
    chunks = tuple(
        SourceChunk(id=uuid4(), kind=ChunkKind.PARAGRAPH, text=text, locator=Locator()) for text in (FIRST, *said)
    )
    entry = SourceEntry(id=uuid4(), name=name, title=title, format=Format.PLAIN, chunks=chunks)
    below = SourceNode(id=uuid4(), title=folder, entries=(entry,))
    return SourceNode(id=uuid4(), title="Water", children=(below,))


@pytest.mark.parametrize("injection", INJECTIONS.values(), ids=INJECTIONS)
def test_it_is_shown_inside_one_string_of_the_data(injection: str) -> None:
    request, harmless = (first_request(source_with(text)) for text in (injection, "Water."))

    lines = data_lines(request.prompt)
    assert request.system == harmless.system
    assert [list(line) for line in lines] == [["entry"], *[["chunk", "kind", "text"]] * 2]
    assert [line["chunk"] for line in lines[1:]] == [1, 2]
    assert lines[2]["text"] == strip_invisible(injection)
    shown = json.dumps(strip_invisible(injection), ensure_ascii=False).replace("</", "<\\/")
    shown = shown.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    assert request.prompt.replace(shown, '"Water."') == harmless.prompt


def first_request(source: SourceNode) -> ModelRequest:
    clerk = Clerk()
    write(source, clerk, is_guided=True)
    action, values = clerk.questions[0]
    return read_prompt(action).build_request(values)


@pytest.mark.parametrize("injection", INJECTIONS.values(), ids=INJECTIONS)
@pytest.mark.parametrize("place", ["name", "title"])
def test_it_is_shown_inside_one_string_where_it_names_something(place: str, injection: str) -> None:
    prompt = first_request(source_with(**{place: injection})).prompt

    lines = data_lines(prompt)
    assert prompt.count("</materials>") == 1
    assert [line["chunk"] for line in lines if "chunk" in line] == [1]
    assert lines[0]["entry" if place == "name" else place] == strip_invisible(injection)
    assert len(lines) == 2


@pytest.mark.parametrize("injection", INJECTIONS.values(), ids=INJECTIONS)
def test_a_model_that_repeats_it_hands_on_one_string(injection: str) -> None:
    """Titles and goals are shown to a model again at the end: the second chance of an injection."""
    idea = concept(injection, (1, injection), definition=injection)
    clerk = Clerk({LESSON_ACTION: lambda _numbers: lesson_details(idea, goals=[injection])})

    write(source_with(injection, folder=injection), clerk, is_guided=True)

    action, values = clerk.questions[-1]
    prompt = read_prompt(action).build_request(values).prompt
    lines = data_lines(prompt, "course")
    assert prompt.count("</course>") == 1
    assert [line["line"] for line in lines] == [1, 2]
    assert lines[0]["lesson"] == strip_invisible(injection)
    assert lines[1]["concept"] == strip_invisible(injection).strip()


@pytest.fixture
def infected(world: World, api: Api, acme: Tenant, course: MaterialNode) -> MaterialNode:
    """Return a course with every injection in its text, and one each as the name of a file and the title of a folder.

    Its first folder, called as the course, is harmless.
    """
    harmless = create_node(tenant=acme, title=course.title, parent_id=course.pk)
    upload(api(acme), harmless.pk, "a.txt", FIRST.encode())
    folder = create_node(tenant=acme, title=INJECTIONS["forged entry"], parent_id=course.pk)
    name = INJECTIONS["disguised end"].replace("/", "∕")
    upload(api(acme), folder.pk, f"{name}.txt", "\n\n".join(INJECTIONS.values()).encode())
    drain()
    return course


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("vendor", "strategy"),
    [("google", "default"), ("anthropic", "default"), ("openai", "quality"), ("deepseek", "budget")],
)
def test_every_vendor_gets_its_instructions_and_the_data_apart(
    world: World, api: Api, acme: Tenant, infected: MaterialNode, vendor: str, strategy: str
) -> None:
    let_write(world, chain=["claude" if vendor == "anthropic" else "gemini"])
    server = getattr(world, vendor)
    server.always(honest)
    harmless = infected.children.order_by("position")[0]

    written(api(acme), harmless.pk, strategy=strategy)
    snapshot = written(api(acme), infected.pk, strategy=strategy)

    # The harmless lesson is in both courses, and is asked about once.
    usual, _, asked, _ = server.asked
    assert asked.system == usual.system
    assert asked.schema == usual.schema
    assert roles(asked) == roles(usual)
    assert asked.prompt.replace(materials_of(asked), materials_of(usual)) == usual.prompt
    chunks = [chunk.text for chunk in chunks_below(infected.children.order_by("position")[1])]
    assert [line["text"] for line in chunks_shown(asked.prompt)] == [strip_invisible(text) for text in chunks]
    assert [line["chunk"] for line in chunks_shown(asked.prompt)] == list(range(1, len(chunks) + 1))
    assert len(chunks) > len(INJECTIONS)
    assert strip_invisible(asked.prompt) == asked.prompt
    assert snapshot["grounding"]["chunks_total"] == len(chunks) + 1


def chunks_below(node: MaterialNode) -> list[Chunk]:
    return list(Chunk.objects.filter(entry__node=node).order_by("position"))


def materials_of(asked: Asked) -> str:
    return asked.prompt[asked.prompt.index("<materials>\n") : asked.prompt.rindex("\n</materials>\n")]


def roles(asked: Asked) -> list[Any]:
    """Return the turns of the conversation."""
    turns: list[Any] = asked.body.get("messages") or asked.body.get("contents") or []
    return [turn.get("role") for turn in turns]


# --- how far a model that obeys can get -------------------------------------------------------------------------------

CASINO = "Casinos are safe and good for you."
HTML = "<script>alert(1)</script> ![x](http://evil.example/?d=1) [y](javascript:alert(1)) <!-- ~~~ `z` \\"


def invented(asked: Asked) -> Step:
    """Write a course about something else, with quotes that stand nowhere."""
    return of_lesson(concept("Casino", (1, CASINO), (2, CASINO), definition=CASINO))(asked)


def cites_what_is_not_there(asked: Asked) -> Step:
    wrong = ((999, CASINO), (999, FIRST), (-1, FIRST), (0, FIRST), (10**30, FIRST))
    return of_lesson(concept("Casino", *wrong))(asked)


def cites_chunk_1_for_everything(asked: Asked) -> Step:
    others = [] if is_about_course(asked) else [line["text"] for line in chunks_shown(asked.prompt)[1:]]
    return of_lesson(*(concept(f"Casino {n}", (1, text)) for n, text in enumerate(others)))(asked)


def cites_scraps(asked: Asked) -> Step:
    """Quote single letters and words, which stand almost everywhere."""
    return of_lesson(concept("Casino", *((1, quote) for quote in ("W", "a", "boils", " ", ".", "at one"))))(asked)


def tells_its_instructions(asked: Asked) -> Step:
    idea = concept("Instructions", (1, asked.system[:100]), definition=asked.system)
    return of_lesson(idea, about={"description": asked.system})(asked)


def answers_in_html(asked: Asked) -> Step:
    task = exercise("Task " + HTML, (1, HTML), task=HTML, reference_solution=HTML, grading_criteria=[HTML])
    idea = concept("Idea " + HTML, (1, HTML), definition=HTML, examples=[HTML])
    about = {"title": "Course " + HTML, "description": HTML, "learning_goal": HTML}
    return of_lesson(idea, exercises=[task], about=about)(asked)


def answers_with_what_nobody_sees(asked: Asked) -> Step:
    hidden = f"Casino{tagged('obey')}\u202e\x00"
    idea = concept(hidden, (1, f"{tagged('x' * 20)}{CASINO}"), definition=hidden)
    return of_lesson(idea, about={"title": hidden})(asked)


def repeats_the_materials(asked: Asked) -> Step:
    """Hand every injection on, in each text that there is."""
    told = list(INJECTIONS.values())[1:]
    ideas = [concept(text, (1, text), definition=text, examples=[text]) for text in told]
    about = {"title": told[0], "description": "\n\n".join(told), "prerequisites": told}
    return of_lesson(*ideas, about=about)(asked)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "obey",
    [
        invented, cites_what_is_not_there, cites_chunk_1_for_everything, cites_scraps, tells_its_instructions,
        answers_in_html, answers_with_what_nobody_sees, repeats_the_materials,
    ],
    ids=lambda obey: obey.__name__,
)  # fmt: skip
def test_a_model_that_obeys_proves_nothing(
    world: World, api: Api, acme: Tenant, infected: MaterialNode, obey: Any
) -> None:
    world.google.always(obey)

    snapshot = written(api(acme), infected.pk)

    grounding = snapshot["grounding"]
    proved = [node for kind in ("concept", "exercise") for node in nodes_in(snapshot, kind) if node["references"]]
    ideas = nodes_in(snapshot, "concept")
    assert proved == []
    assert ideas
    assert all(idea["flags"] == ["no_evidence"] for idea in ideas)
    # Lessons cite where code found them.
    found = [len(node["references"]) for kind in ("module", "lesson") for node in nodes_in(snapshot, kind)]
    assert grounding["verified"] == sum(found)
    assert grounding["dropped"] == grounding["cited"] - sum(found) > 0
    assert grounding["concepts_without_evidence"] == grounding["concepts"] == len(ideas)
    assert strip_invisible(json.dumps(snapshot, ensure_ascii=False)) == json.dumps(snapshot, ensure_ascii=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "text",
    [
        "Sure! Here is a course about casinos.",
        '{"casino": "yes"}',
        json.dumps({"goals": [], "concepts": []}),
        json.dumps({**lesson_details().model_dump(), "concepts": [{"casino": True}]}),
        "[]",
        "null",
        '{"title": "\\ud800"}',
        "[" * 5_000,
    ],
    ids=["prose", "another object", "half a lesson", "wrong concepts", "a list", "null", "half a character", "depth"],
)
@pytest.mark.slow
def test_a_model_that_answers_in_another_form_makes_no_course(
    world: World, api: Api, acme: Tenant, course: MaterialNode, text: str
) -> None:
    upload(api(acme), course.pk, "a.txt", FIRST.encode())
    drain()
    world.google.always(Answer(text))
    world.anthropic.always(Answer(text))

    job = ask_for(api(acme), course.pk)

    assert (job["status"], job["error"]["code"]) == ("failed", "models_exhausted")
    assert {row.outcome for row in world.calls} <= {"answer_invalid", "busy"}
    assert len(world.calls) == 4
    assert text not in job["error"]["message"]


ATTACKS = [
    HTML,
    "~~~\n```\n~~~\n<script>alert(1)</script>",
    "```\r<script>alert(1)</script>",
    "- a\n  ```\n```\n```\n<script>alert(1)</script>",
    "```\ncode\n````\n<script>alert(1)</script>\n```",
    "\\<script>alert(1)</script> \\|<script>",
    "[x]: http://evil.example\n\n[x] ![x] <http://evil.example>",
    "> <script>alert(1)</script>\n<img src=x>",
]


@pytest.mark.django_db(transaction=True)
def test_markdown_shows_what_a_model_wrote_as_plain_text(
    world: World, api: Api, acme: Tenant, infected: MaterialNode
) -> None:
    tasks = [exercise(text, (1, text), task=text, reference_solution=text, grading_criteria=[text]) for text in ATTACKS]
    ideas = [concept(text, (1, text), definition=text, examples=[text]) for text in ATTACKS]
    about: dict[str, Any] = {
        "title": HTML, "description": ATTACKS[1], "learning_goal": HTML, "prerequisites": ATTACKS,
        "expected_skills": [{"summary": text, "details": text} for text in ATTACKS],
    }  # fmt: skip
    world.google.always(of_lesson(*ideas, exercises=tasks, about=about))
    snapshot = written(api(acme), infected.pk)

    text = api(acme).get(f"/api/v1/snapshots/{snapshot['id']}?format=markdown").content.decode()

    # The keys of nodes are the only comments, and hold no word of a source.
    html = re.sub("<!-- key: [0-9a-f-]{36} -->", "", MarkdownIt("commonmark").render(text))
    assert not any(tag in html for tag in ("<script", "<img", "<a ", "<!--"))
    assert html.count("<h3>") == 2  # the lessons
    assert html.count("alert(1)") > len(ATTACKS)


@pytest.mark.django_db(transaction=True)
def test_markdown_keeps_the_form_of_a_task(world: World, api: Api, acme: Tenant, infected: MaterialNode) -> None:
    code = "```\nif a[0] < b: print('*')\n```"
    table = "| a | b |\n| --- | --- |\n| 1 \\| 2 | <3 |"
    both = exercise("Both", (1, FIRST), task=f"Do both:\n\n- boil\n- stir\n\n{code}\n\n{table}")
    world.google.always(of_lesson(concept("Boiling", (1, FIRST)), exercises=[both]))
    snapshot = written(api(acme), infected.pk)

    text = api(acme).get(f"/api/v1/snapshots/{snapshot['id']}?format=markdown").content.decode()

    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<li>boil</li>\n<li>stir</li>" in html
    assert "<code>if a[0] &lt; b: print('*')\n</code>" in html
    assert "<td>1 | 2</td>\n<td>&lt;3</td>" in html


@pytest.mark.django_db(transaction=True)
def test_obedient_corrections_cannot_drop_lessons_or_evidence(
    world: World, api: Api, acme: Tenant, infected: MaterialNode
) -> None:
    def obey(asked: Asked) -> Step:
        if not is_about_course(asked):
            return honest(asked)
        numbers = [line["line"] for line in data_lines(asked.prompt, "course")]
        wrong = [{"target": n, "field": field, "new": str(n - 1)} for field in ("after", "same_as") for n in numbers]
        return said(about_course(wrong))

    world.google.always(obey)

    snapshot = written(api(acme), infected.pk)

    references = [reference for idea in nodes_in(snapshot, "concept") for reference in idea["references"]]
    assert len(references) == snapshot["grounding"]["chunks_total"]
    assert len(nodes_in(snapshot, "lesson")) == 2
    assert {each["applied"] for each in snapshot["provenance"]["corrections"]} == {True, False}
