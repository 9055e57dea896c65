"""Structures as MkDocs sites."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from html import unescape
from io import BytesIO
from pathlib import Path

import markdown  # type: ignore[import-untyped]
import pytest
import yaml

from project.processes.runner import ProcessLimits
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.mkdocs import validation
from structures.exports.mkdocs.dialect import escape_blocks, escape_line, escape_paragraph
from structures.exports.mkdocs.format import MkDocsFormat
from structures.exports.registry import EXPORT_FORMATS
from tests.structures.course_page.documents import Document, parse
from tests.structures.exports.courses import (
    HOSTILE_TITLES,
    TALK,
    ExampleCourse,
    build_hostile_course,
    build_node,
    build_plain_course,
    cite_talk,
)
from tests.structures.exports.test_chapters import unpack
from tests.structures.exports.test_formats import COURSES, write
from tests.structures.exports.test_html import build_full_snapshot, build_snapshot, list_texts

EXTENSIONS = ["toc", "tables", "fenced_code"]
NASTY = (
    *HOSTILE_TITLES,
    "$<script>alert(1)</script>$ and $a_1*b*c$",
    "\\<b> \\` \\\\` `a` ``b` \\",
    "a &lt; b &amp; c &#60; & d",
    "<!-- comment --> <https://example.org> http://example.org",
    "![picture](http://example.org/a.png) [x][y] [^1] *[HTML]: a",
    "{: .a } {#b} #c ~~d~~ ==e== ++f++ ::: g",
    "my_var_name __init__ **bold *both*** 2*3*4",
    "\x02wzxhzdk:0\x03 \x02klzzwxh:0001\x03",
    "title: a",
)
STARTS = (
    "1. one",
    "12345678901. x",
    "- a",
    "+ a",
    "* a",
    "---",
    "- - -",
    "===",
    "> a",
    "# a",
    "    a",
    ": a",
    "~~~",
    "```",
)


def convert(text: str) -> Document:
    """Return what Python-Markdown makes of a text, as MkDocs calls it."""
    return parse(markdown.markdown(text, extensions=EXTENSIONS))


def build_site(snapshot: ExportedSnapshot, folder: Path) -> Path:
    """Build a site as people do, with its theme, and return the folder of its pages."""
    with zipfile.ZipFile(BytesIO(write(MkDocsFormat(), snapshot))) as package:
        package.extractall(folder)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder / "site"


@pytest.mark.parametrize("text", [*NASTY, *STARTS])
def test_no_character_of_a_text_is_markup(text: str) -> None:
    said = " ".join(re.sub("[\x00-\x08\x0b-\x1f]", "\ufffd", text).split())

    for source, tags in (
        (escape_paragraph(text), ["p"]),
        (f"# {escape_line(text)}", ["h1"]),
        (f"- {escape_paragraph(text)}", ["ul", "li"]),
        (f"**{escape_line(text)}**", ["p", "strong"]),
        (f"[{escape_line(text)}](a.md)", ["p", "a"]),
        (escape_blocks(f"x\n{text}") if not text.startswith(("~~~", "```", "- ", "+ ", "* ", "1")) else "x", ["p"]),
    ):
        document = convert(source)
        assert [each.tag for each in document.elements] == tags, source
        if source != "x":
            assert " ".join(document.elements[-1].text.split()).removeprefix("x ") == said


def test_texts_keep_their_blocks() -> None:
    text = (
        "Do *it*:\n- one\n  goes on\n  - two <b>\n\nx\n3) three\n\n| a\\|b | c* |\n|---|:-:|\n| <i> | `2` |\nafter\n"
        "~~~ python {x}\n```\n<script>&lt;\n\n    # not a heading\n~~~\nend\n```\nopen"
    )

    document = convert(escape_blocks(text))

    tags = [each.tag for each in document.elements if each.tag not in {"thead", "tbody", "tr"}]
    assert " ".join(tags) == "p ul li ul li p ol li table th th td td p pre code p pre code"
    assert [each.text for each in document.elements if each.tag in {"th", "td"}] == ["a|b", "c*", "<i>", "`2`"]
    assert [each.text for each in document.find("code")] == ["```\n<script>&lt;\n\n    # not a heading\n", "open\n"]
    assert document.find("code")[0].attributes == {"class": "language-python"}


def test_the_pages_have_every_field_that_is_not_in_the_losses() -> None:
    snapshot = build_full_snapshot()
    lost = {(loss.key, loss.field) for loss in MkDocsFormat().list_losses(snapshot, {})}

    said = "\n".join(
        each.text
        for name, text in unpack(write(MkDocsFormat(), snapshot)).items()
        if name.endswith(".md")
        for each in convert(text).elements
    )

    for node in snapshot.walk_nodes():
        for field in ("description", "learning_goal", "key_points", "questions", "topics", "required_knowledge",
                      "prerequisites", "examples", "reference_solution", "grading_criteria", "unproved"):  # fmt: skip
            value = getattr(node.row, field)
            names = (
                [each for entry in value for each in (entry["term"],)]
                if field == "prerequisites"
                else list_texts(value)
            )
            assert all(text in said for text in names) != ((node.row.key, field) in lost), (node.row.title, field)
        for reference in node.references:
            assert f"“{reference.quote}”" in said
    for field in ("description", "learning_goal", "expected_knowledge", "expected_skills", "prerequisites"):
        assert all(text in said for text in list_texts(getattr(snapshot.course, field)))


def test_names_follow_from_keys_and_the_navigation_has_every_page() -> None:
    course = build_hostile_course()
    files = unpack(write(MkDocsFormat(), course.build_snapshot()))
    settings = yaml.safe_load(files["mkdocs.yml"])

    def list_paths(nav: object) -> list[str]:
        match nav:
            case str():
                return [nav]
            case dict():
                return [path for value in nav.values() for path in list_paths(value)]
            case list():
                return [path for value in nav for path in list_paths(value)]
        raise AssertionError(nav)

    keys = [
        f"{node.node_type.value}s/{node.row.key}.md"
        for node in course.build_snapshot().walk_nodes()
        if node.node_type in {NodeType.MODULE, NodeType.LESSON}
    ]
    assert list_paths(settings["nav"]) == ["index.md", *keys]
    assert sorted(files) == sorted(["mkdocs.yml", "docs/index.md", *(f"docs/{key}" for key in keys)])
    assert (
        settings["site_name"] == "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot; &#x27;and&#x27; more"
    )


def test_places_on_the_web_and_lessons_are_links() -> None:
    first = build_node(NodeType.LESSON, "A", build_node(NodeType.CONCEPT, "B", references=[cite_talk(1_500, 2_000)]))
    place = {"entry_path": "a", "quote": "q"}
    terms = [{"term": "b", "lesson": str(first.row.pk), "definition": place, "use": place}]
    second = build_node(NodeType.LESSON, "C", prerequisites=terms)
    snapshot = ExportedSnapshot(
        course=build_plain_course().course, modules=[first, second], addresses={TALK: "https://example.org/a_(b)?c=<d>"}
    )

    files = unpack(write(MkDocsFormat(), snapshot))

    url = "https://example.org/a%5F%28b%29?c=%3Cd%3E#t=1.5,2"
    assert url in [each.attributes["href"] for each in convert(files[f"docs/lessons/{first.row.key}.md"]).find("a")]
    (link,) = convert(files[f"docs/lessons/{second.row.key}.md"]).find("a")
    assert (link.attributes["href"], link.text) == (f"../lessons/{first.row.key}.md", "1. A")


def change(content: bytes, path: str, text: str) -> bytes:
    """Return a package with a file, instead of the one with this name where there is one."""
    files = {**unpack(content), path: text}
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, each in files.items():
            package.writestr(name, each)
    return out.getvalue()


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("hooks.py", "", "hooks.py: it is no page"),
        ("docs/a.js", "", "docs/a.js: it is no page"),
        ("../a.md", "", "leads out of the package"),
        ("DOCS/index.md", "", "2 files of this name"),
    ],
)
def test_other_files_than_pages_are_faults(tmp_path: Path, path: str, text: str, said: str) -> None:
    package = tmp_path / "site.zip"
    package.write_bytes(change(write(MkDocsFormat(), build_plain_course().build_snapshot()), path, text))

    report = MkDocsFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("docs/index.md", "[a](no.md)", "no.md"),
        ("mkdocs.yml", "site_name: a\nhooks: [a.py]\n", "other settings"),
        ("mkdocs.yml", "site_name: [a\n", "mkdocs.yml: while parsing"),
        ("mkdocs.yml", "site_name: a\nnav: [no.md]\n", "no.md"),
        ("mkdocs.yml", "nav: []\n", "site_name"),
    ],
)
def test_what_a_strict_build_warns_of_is_a_fault(tmp_path: Path, path: str, text: str, said: str) -> None:
    package = tmp_path / "site.zip"
    package.write_bytes(change(write(MkDocsFormat(), build_plain_course().build_snapshot()), path, text))

    report = MkDocsFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


def test_a_build_that_takes_too_much_memory_is_no_fault_of_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "LIMITS", ProcessLimits(memory_bytes=2**26, seconds=60))
    package = tmp_path / "site.zip"
    package.write_bytes(write(MkDocsFormat(), build_plain_course().build_snapshot()))

    report = MkDocsFormat().validate(package)

    assert report.exit is None
    assert "not built to its end" in report.messages[0]


@pytest.mark.slow
@pytest.mark.parametrize("build", COURSES.values(), ids=COURSES)
def test_a_strict_build_with_its_theme_shows_titles_and_runs_nothing_of_them(
    tmp_path: Path, build: Callable[[], ExampleCourse]
) -> None:
    snapshot = build().build_snapshot()

    site = build_site(snapshot, tmp_path)

    for node in snapshot.walk_nodes():
        if node.node_type in {NodeType.MODULE, NodeType.LESSON}:
            page = (site / f"{node.node_type.value}s" / f"{node.row.key}.html").read_text(encoding="utf-8")
            assert read_heading(page).endswith(" ".join(node.row.title.split()))
            assert "<script>alert" not in page
            loaded = re.findall(r'<(?:script|img|link|iframe)\b[^>]*(?:src|href)="((?:https?:)?//[^"]*)"', page)
            assert loaded == []


def read_heading(page: str) -> str:
    """Return the text of the first heading of a page."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert found is not None
    return " ".join(unescape(re.sub("<[^>]*>", "", found[1])).split())


def test_an_empty_course_is_a_site() -> None:
    files = unpack(write(MkDocsFormat(), build_snapshot()))

    assert files["docs/index.md"] == "# Вода\n"
    assert EXPORT_FORMATS["mkdocs"].extension.endswith(".zip")


def test_a_list_before_concepts_does_not_take_them_in() -> None:
    lesson = build_node(NodeType.LESSON, "Heat", build_node(NodeType.CONCEPT, "Boiling"), topics=["Air"])

    page = unpack(write(MkDocsFormat(), build_snapshot(lesson)))[f"docs/lessons/{lesson.row.key}.md"]

    assert [each.tag for each in convert(page).elements if each.tag in {"ul", "li"}] == ["ul", "li", "ul", "li"]


def test_titles_that_grow_when_they_are_escaped_are_in_the_navigation(tmp_path: Path) -> None:
    title = '"' * 500
    inner = build_node(NodeType.MODULE, title, build_node(NodeType.LESSON, title), description="The inner one.")
    snapshot = build_snapshot(build_node(NodeType.MODULE, title, inner), title=title)
    path = tmp_path / "site.zip"
    path.write_bytes(write(MkDocsFormat(), snapshot))

    navigation = yaml.safe_load(unpack(path.read_bytes())["mkdocs.yml"])["nav"]

    shown = "&quot;" * 500
    assert navigation[0] == {shown: "index.md"}
    assert list(navigation[1][f"1. {shown}"][1][f"1.1. {shown}"][1]) == [f"1.1.1. {shown}"]
    assert MkDocsFormat().validate(path).exit == 0
