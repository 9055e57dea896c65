"""Structures as one HTML page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from materials.documents import Locator
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.html.format import HTMLFormat
from structures.exports.losses import list_filled_fields
from structures.models import StructureSnapshot
from tests.accessibility import find_violations
from tests.browser import Browser
from tests.structures.course_page.documents import Document, parse
from tests.structures.exports.courses import (
    TALK,
    ExampleNode,
    ExampleReference,
    build_hostile_course,
    build_node,
    build_plain_course,
    cite_talk,
)
from tests.structures.exports.test_formats import write

PLACE = {
    "entry": str(TALK), "entry_name": "talk.mp4", "entry_path": "Part/talk.mp4", "chunk": str(TALK),
    "locator": {"start_ms": 61_000, "end_ms": 62_000, "heading_path": ["Опис"]}, "quote": "визначення",
    "machine_written": True,
}  # fmt: skip


def build_snapshot(*nodes: ExampleNode, **fields: Any) -> ExportedSnapshot:
    course = StructureSnapshot(**{"title": "Вода", **fields})
    return ExportedSnapshot(course=course, modules=nodes, addresses={TALK: "https://example.org/talk.mp4"})


def build_full_snapshot() -> ExportedSnapshot:
    """Return a course in Ukrainian in which every field of every kind of node says something."""

    def build(kind: NodeType, title: str, *children: ExampleNode) -> ExampleNode:
        def name(field: str) -> str:
            return f"{title} {field}"

        return build_node(
            kind, title, *children, description=name("опис, який є досить довгим, щоб мова була зрозуміла з нього"),
            learning_goal=name("ціль") + "\n" + name("друга ціль"), difficulty=3, estimated_minutes=75,
            minutes_basis="computed", key_points=[name("головне")], questions=[name("питання")],
            topics=[name("тема")], required_knowledge=[name("потрібне")], examples=[name("приклад")],
            reference_solution=name("розв’язок"), grading_criteria=[name("критерій")], arranged_by="folders",
            unproved=[{"field": "description", "text": name("недоведене")}],
            references=[
                ExampleReference(
                    "Частина/книга.pdf", Locator(page=3, heading_path=(name("розділ"),)), quote=name("цитата"),
                    machine_written=True, entry_name="книга.pdf",
                ),
                cite_talk(1_000, 2_000),
            ],
        )  # fmt: skip

    lesson = build(NodeType.LESSON, "Урок", build(NodeType.CONCEPT, "Поняття"), build(NodeType.EXERCISE, "Вправа"))
    lesson.row.prerequisites = [
        {"term": "термін", "lesson": str(lesson.row.pk), "definition": PLACE, "use": PLACE},
        {"term": "інший", "lesson": str(TALK), "definition": PLACE, "use": PLACE},
    ]
    module = build(NodeType.MODULE, "Модуль", lesson)
    expected = [{"summary": "знання", "details": "докладно"}]
    return build_snapshot(
        module, description="опис курсу, який є досить довгим, щоб мова була зрозуміла з нього",
        learning_goal="ціль курсу", expected_knowledge=expected, expected_skills=[{"summary": "уміння"}],
        prerequisites=["казан"],
    )  # fmt: skip


def read(snapshot: ExportedSnapshot) -> Document:
    return parse(write(HTMLFormat(), snapshot).decode())


def list_texts(value: object) -> Iterator[str]:
    """Yield the texts inside a field."""
    match value:
        case str():
            yield from value.splitlines()
        case dict():
            for name in value.keys() - {"lesson", "entry", "chunk", "field"}:
                yield from list_texts(value[name])
        case list():
            for each in value:
                yield from list_texts(each)


def test_the_page_has_every_field_of_every_node_and_loses_none() -> None:
    snapshot = build_full_snapshot()

    page = read(snapshot)
    said = page.find("main")[0].text

    for node in snapshot.walk_nodes():
        assert len(list_filled_fields(node)) >= 15
        for field in list_filled_fields(node):
            if field not in {"arranged_by", "minutes_basis", "references"}:
                assert all(text in said for text in list_texts(getattr(node.row, field))), field
        for reference in node.references:
            assert reference.quote in said
            assert reference.entry_name in said
            assert " › ".join((reference.entry_path, *reference.locator.heading_path)) in said
    for field in ("description", "learning_goal", "expected_knowledge", "expected_skills", "prerequisites"):
        assert all(text in said for text in list_texts(getattr(snapshot.course, field)))
    assert {"1 год 15 хв (обчислено)", "складність 3 із 5"} <= {each.text for each in page.find("li")}
    assert list(HTMLFormat().list_losses(snapshot, {})) == []


def test_labels_are_in_the_language_of_the_course() -> None:
    page = read(build_full_snapshot())

    (html,) = page.find("html")
    assert html.attributes == {"lang": "uk", "dir": "ltr"}
    texts = [each.text for each in page.elements if each.tag in {"p", "summary", "h2", "h3", "h4", "li", "a"}]
    names = re.compile(r"Part/talk\.mp4|talk\.mp4|pdf|What is quoted\.")
    assert [text for text in texts if re.search("[A-Za-z]", names.sub("", text))] == []


def test_what_its_report_says_stands_at_its_end() -> None:
    report = build_plain_course().course
    assert "about" not in {each.attributes.get("id") for each in read(build_snapshot()).elements}
    report.quality = {
        "references": {"verified": 1, "cited": 2},
        "lessons": {"total": 0, "nothing_found": 0, "without_text": 0},
        **{name: {"in_lessons": 0, "total": 0} for name in ("entries", "chunks", "pages", "minutes")},
        "concepts": {"total": 0, "without_definition": 0},
        "exercises": {"total": 0, "without_solution": 0},
        "duplicates": {"sibling_titles": 0, "concepts": 0, "exercises": 0},
        "order": {"prerequisites": 0, "used_before_definition": 0, "mutual_uses": 0},
        "stated": {},
    }

    assert "1 of 2 quotes" in read(ExportedSnapshot(course=report, modules=())).find("main")[0].text


def test_anchors_follow_from_keys_and_the_tree_leads_to_them() -> None:
    snapshot = build_plain_course().build_snapshot()

    page = read(snapshot)

    anchors = [each.attributes.get("id") for each in page.elements]
    links = [each.attributes["href"] for each in page.find("a")]
    for node in snapshot.walk_nodes():
        assert anchors.count(f"node-{node.row.key}") == 1
        is_listed = node.node_type in {NodeType.MODULE, NodeType.LESSON}
        assert (f"#node-{node.row.key}" in links) == is_listed


def test_solutions_are_folded_and_places_on_the_web_are_links() -> None:
    task = build_node(NodeType.EXERCISE, "Egg", reference_solution="Ten.", references=[cite_talk(1_500, 2_000)])

    page = read(build_snapshot(build_node(NodeType.MODULE, "All", task)))

    (solution,) = [each for each in page.find("details") if each.attributes["class"] == "solution"]
    assert solution.text == "SolutionTen."
    assert "open" not in solution.attributes
    assert page.find("a")[-1].attributes["href"] == "https://example.org/talk.mp4#t=1.5,2"


def test_columns_of_tables_keep_their_side_without_a_style_of_their_own() -> None:
    task = build_node(NodeType.EXERCISE, "Sum", description='| a | b |\n|--:|:-:|\n| 1 | style="text-align:left" |')

    cells = read(build_snapshot(build_node(NodeType.MODULE, "All", task))).find("td")

    assert [each.attributes for each in cells] == [{"align": "right"}, {"align": "center"}]
    assert cells[1].text == 'style="text-align:left"'


def test_characters_that_html_forbids_are_lost_and_said() -> None:
    lesson = build_node(
        NodeType.LESSON, "A\x07", topics=["b\x1b"], references=[ExampleReference("a", Locator(), "\x01")]
    )
    snapshot = build_snapshot(lesson, description="c\x00")

    losses = [(loss.title, loss.field) for loss in HTMLFormat().list_losses(snapshot, {})]

    assert losses == [("Вода", "description"), ("A\x07", "title"), ("A\x07", "topics"), ("A\x07", "references")]
    assert "\ufffd" in read(snapshot).find("main")[0].text


def test_an_empty_course_is_a_page(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(write(HTMLFormat(), ExportedSnapshot(course=StructureSnapshot(title="Nothing"), modules=())))

    assert HTMLFormat().validate(path).exit == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</main>", "", "closes <main>"),
        ("<h1", "<script>a()</script><h1", "`script`"),
        ("<h1", "<img src=a><h1", "a picture"),
        ("<h1", "<h1 onclick=a()", "`onclick`"),
        ("<h1", "<h1 style=a", "a style of its own"),
        ("<h1", "<h1 dir=ltr", "an attribute twice"),
        ("</header>", "<h1></h1></header>", "2 of: h1"),
        ('href="#course"', 'href="#other"', "no element has the id"),
        ('href="#course"', 'href="javascript:a()"', "javascript:"),
        ('id="course"', 'id="tree-title"', "two elements have the id"),
        ("default-src 'none'", "default-src *", "0 of: policy"),
        ("style-src 'sha256-", "style-src 'sha256-other", "0 of: policy"),
        ('href="data:,"', 'href="https://example.org/a.css"', "`link`"),
        ('<meta name="referrer"', '<meta http-equiv="refresh" content="0"><meta name="referrer"', "browser obeys"),
        (' lang="en"', "", "no language"),
        ("</body>\n</html>\n", "", "never closed"),
        ("Water", "\udcff", "no UTF-8"),
    ],
)
def test_its_validator_finds_each_fault(tmp_path: Path, old: str, new: str, said: str) -> None:
    page = write(HTMLFormat(), build_plain_course().build_snapshot()).decode()
    assert old in page
    path = tmp_path / "page.html"
    path.write_bytes(page.replace(old, new, 1).encode(errors="surrogateescape"))

    report = HTMLFormat().validate(path)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


@pytest.mark.slow
def test_a_browser_without_network_asks_for_nothing_and_finds_no_fault(chromium: Browser, tmp_path: Path) -> None:
    for name, snapshot in (("full", build_full_snapshot()), ("hostile", build_hostile_course().build_snapshot())):
        path = tmp_path / f"{name}.html"
        path.write_bytes(write(HTMLFormat(), snapshot))

        chromium.open(path.as_uri())
        chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")

        assert find_violations(chromium) == []
        assert [url for url in chromium.requests if url != "data:,"] == [path.as_uri()]
        assert (chromium.messages, chromium.dialogs) == ([], [])
