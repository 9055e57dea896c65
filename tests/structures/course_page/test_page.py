"""The page of a snapshot: all of it, in a sound document, under a policy that lets only its own script run."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise
from typing import Any

import pytest

from materials.models import MaterialNode
from project.db.fields import new_id
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.course_page.documents import Document, parse
from tests.structures.course_page.stored import nest_modules, store_snapshot

FULL: list[dict[str, Any]] = [
    {
        "node_type": "module",
        "title": "Steam",
        "arranged_by": "SUMMARY.md",
        "children": [
            {
                "node_type": "lesson",
                "title": "Boiling",
                "description": "What happens at 100 degrees.",
                "learning_goal": "Name the boiling point.\nMeasure it.",
                "difficulty": 2,
                "estimated_minutes": 75,
                "minutes_basis": "stated",
                "key_points": ["Pressure counts."],
                "questions": ["Why do bubbles rise?"],
                "topics": ["Bubbles"],
                "required_knowledge": ["Reading a thermometer"],
                "quotes": ["Water boils."],
                "children": [
                    {
                        "node_type": "concept",
                        "title": "Boiling point",
                        "description": "the temperature at which a liquid becomes a gas",
                        "examples": ["100 °C at sea level"],
                        "quotes": [{"quote": "A liquid becomes a gas.", "slide": 4, "machine_written": True}],
                    },
                    {"node_type": "concept", "title": "Phlogiston"},
                    {
                        "node_type": "exercise",
                        "title": "Boil an egg",
                        "description": "Take the time.\n\n- start\n- stop\n\n```python\nprint(1 < 2)\n```",
                        "reference_solution": "| min | egg |\n| --- | --- |\n| 5 | soft |",
                        "grading_criteria": ["Names the time"],
                        "quotes": ["Boil an egg."],
                    },
                ],
            },
            {"node_type": "lesson", "title": "Fog", "estimated_minutes": 5, "minutes_basis": "computed"},
        ],
    },
]


def read_page(api: Api, snapshot: StructureSnapshot, query: str = "") -> str:
    answer = api(snapshot.tenant).get(f"/api/v1/snapshots/{snapshot.pk}/page{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    page: str = answer.content.decode()
    return page


@pytest.fixture
def full(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    return store_snapshot(
        acme,
        course,
        FULL,
        description="All about water.",
        learning_goal="Know water.",
        prerequisites=["None of it is hard."],
        expected_knowledge=[{"summary": "States of matter", "details": "three of them"}],
        expected_skills=[{"summary": "Boiling", "details": ""}],
        warnings=["One file is in no lesson."],
        counts={"modules": 1, "lessons": 2, "concepts": 2, "exercises": 1},
    )


def test_it_shows_all_of_a_course(api: Api, full: StructureSnapshot) -> None:
    page = read_page(api, full)

    text = parse(page).find("html")[0].text
    for words in (
        "All about water.", "Know water.", "None of it is hard.", "States of matter: three of them",
        "arranged by SUMMARY.md", "What happens at 100 degrees.", "Measure it.", "difficulty 2 of 5", "1 h 15 min",
        "5 min (computed)",
        "1 h 20 min: 1 h 15 min stated by the materials, 5 min computed", "Pressure counts.", "Why do bubbles rise?",
        "Bubbles", "Reading a thermometer", "the temperature at which", "100 °C at sea level", "no evidence",
        "Take the time.", "print(1 < 2)", "soft", "Names the time", "text.md, slide 4, read by a model",
        "One file is in no lesson.", "2 lessons", "1.2 Fog",
    ):  # fmt: skip
        assert words in text, words
    (solution,) = [each for each in parse(page).find("details") if "soft" in each.text]
    assert "open" not in solution.attributes
    assert "<table>" in page
    assert "<li>start</li>" in page


def find_faults(document: Document) -> list[str]:
    """Return what makes a page hard to use with a keyboard or a screen reader."""
    faults = []
    levels = [int(each.tag[1]) for each in document.elements if re.fullmatch("h[1-6]", each.tag)]
    faults += [f"h{now} after h{before}" for before, now in pairwise(levels) if now > before + 1]
    if levels.count(1) != 1:
        faults.append(f"{levels.count(1)} titles")
    ids = [each.attributes["id"] for each in document.elements if "id" in each.attributes]
    faults += sorted({f"{each} twice" for each in ids if ids.count(each) > 1})
    links = [each.attributes.get("href") or "" for each in document.find("a")]
    faults += [f"{link} leads nowhere" for link in links if link.startswith("#") and link[1:] not in ids]
    for name in ("aria-labelledby", "for"):
        named = [each.attributes[name] for each in document.elements if name in each.attributes]
        faults += [f"{name}={each} names nothing" for each in named if each not in ids]
    faults += [f"no {tag}" for tag in ("header", "nav", "main", "title") if len(document.find(tag)) != 1]
    faults += ["no language" for each in document.find("html") if not each.attributes.get("lang")]
    return faults


@pytest.mark.parametrize("query", ["", "?download=true"])
def test_it_is_a_sound_document(api: Api, full: StructureSnapshot, query: str) -> None:
    assert find_faults(parse(read_page(api, full, query))) == []


def test_a_page_with_faults_is_found() -> None:
    broken = "<html><h1>A</h1><h3 id=a>B</h3><p id=a></p><a href='#b'>c</a></html>"

    assert {"h3 after h1", "a twice", "#b leads nowhere", "no main", "no language"} <= set(find_faults(parse(broken)))


def test_modules_inside_modules_stay_nested(api: Api, acme: Tenant, course: MaterialNode) -> None:
    modules = [*nest_modules(12), {"node_type": "module", "title": "Second", "children": [*nest_modules(2)]}]

    document = parse(read_page(api, store_snapshot(acme, course, modules)))

    assert find_faults(document) == []
    first = next(each for each in document.find("a") if each.text == "1 Level 1")
    innermost = next(each for each in document.find("a") if each.text.endswith(".1 Innermost"))
    second = next(each for each in document.find("a") if each.text == "2 Second")
    # An item is in a list, in `details`, in the item above.
    assert innermost.depth == first.depth + 12 * 3
    assert second.depth == first.depth


def test_only_its_own_style_and_script_may_run(api: Api, full: StructureSnapshot) -> None:
    answer = api(full.tenant).get(f"/api/v1/snapshots/{full.pk}/page")

    directives = dict(each.strip().split(" ", 1) for each in answer["Content-Security-Policy"].split(";"))
    page = answer.content.decode()
    for tag in ("style", "script"):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert directives[f"{tag}-src"] == f"'sha256-{digest}'"
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert not re.search(r"\s(?:style|on\w+)=", page.split("</style>")[1].split("<script>")[0])
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_a_file_needs_nothing_else(api: Api, full: StructureSnapshot) -> None:
    answer = api(full.tenant).get(f"/api/v1/snapshots/{full.pk}/page?download=true")

    page = answer.content.decode()
    document = parse(page)
    assert answer["Content-Disposition"] == 'attachment; filename="Water.html"'
    addresses = [
        each.attributes[name] for each in document.elements for name in ("href", "src") if name in each.attributes
    ]
    assert [address for address in addresses if address and not address.startswith(("#", "data:,"))] == []
    policy = next(each for each in document.find("meta") if each.attributes.get("http-equiv"))
    assert (policy.attributes["content"] or "").startswith("default-src 'none'; style-src 'sha256-")
    assert "connect-src" not in page.split("<style>")[0]
    quoted = [each.text for each in document.find("mark")]
    assert quoted == ["A liquid becomes a gas.", "Boil an egg.", "Water boils."]
    assert "Part/text.md" in document.find("main")[0].text


def test_what_a_model_wrote_is_labelled(api: Api, acme: Tenant, course: MaterialNode) -> None:
    written = store_snapshot(acme, course, FULL, engine="llm", provenance={"models": ["claude-x"], "calls": 3})

    text = parse(read_page(api, written)).find("html")[0].text

    assert "Written by a machine claude-x wrote titles" in " ".join(text.split())
    assert text.count("machine-written") == 3  # of the module and both lessons
    assert "no language model wrote" not in text


def test_what_is_not_proved_is_named(api: Api, acme: Tenant, course: MaterialNode) -> None:
    part = {"field": "description", "item": None, "start": 0, "end": 5, "kind": "name", "text": "<b>Huber"}
    kinds = ("concept", "exercise")
    leaves = [{"node_type": each, "title": each, "unproved": [part, part | {"text": "90"}]} for each in kinds]
    lesson = {"node_type": "lesson", "title": "Lesson", "unproved": [part], "children": leaves}
    snapshot = store_snapshot(acme, course, [{"node_type": "module", "title": "Module", "children": [lesson]}])

    page = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}/page").content.decode()

    assert page.count("Not proved by the cited passages:") == 3
    assert page.count('<q dir="auto">&lt;b&gt;Huber</q>') == 3
    assert page.count('<q dir="auto">90</q>') == 2


def test_the_page_says_its_language_and_direction(api: Api, acme: Tenant, course: MaterialNode) -> None:
    arabic = {"node_type": "module", "title": "الوحدة الأولى", "description": "هذا هو الدرس الأول من هذه الدورة. " * 9}
    hebrew = {"node_type": "module", "title": "מים"}

    pages = [
        parse(read_page(api, store_snapshot(acme, course, [module], title=module["title"])))
        for module in (arabic, hebrew, FULL[0])
    ]

    assert [page.find("html")[0].attributes["dir"] for page in pages] == ["rtl", "rtl", "ltr"]
    assert pages[0].find("main")[0].attributes["lang"] == "ar"
    # The titles alone are too short to tell a language.
    assert [page.find("html")[0].attributes["lang"] for page in pages] == ["ar", "en", "en"]


def test_prerequisites_lead_to_their_lesson_and_quote_both(api: Api, acme: Tenant, course: MaterialNode) -> None:
    earlier = str(new_id())
    kept = {
        "entry": earlier, "entry_name": "a.md", "entry_path": "P/a.md", "chunk": earlier,
        "locator": {"heading_path": ["Top"]}, "quote": "Steam is a gas.", "machine_written": False,
    }  # fmt: skip
    use = {**kept, "quote": "Fog is no steam.", "locator": {"page": 3}}
    lessons = [
        {"id": earlier, "node_type": "lesson", "title": "Boiling"},
        {
            "node_type": "lesson",
            "title": "Fog",
            "prerequisites": [{"term": "steam", "lesson": earlier, "definition": kept, "use": use}],
        },
    ]
    snapshot = store_snapshot(acme, course, [{"node_type": "module", "title": "M", "children": lessons}])

    document = parse(read_page(api, snapshot))

    item = next(each for each in document.find("li") if each.text.startswith("steam"))
    assert "Boiling" in item.text
    assert "a.md, p. 3" in item.text
    assert [each.text for each in document.find("mark")] == ["Steam is a gas.", "Fog is no steam."]
    assert find_faults(document) == []


def test_unknown_parameters_are_refused(api: Api, full: StructureSnapshot) -> None:
    answer = api(full.tenant).get(f"/api/v1/snapshots/{full.pk}/page?dowload=true")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
