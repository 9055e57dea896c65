"""The difference of two snapshots as a page."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from materials.models import MaterialNode
from structures.differences.words import GAP, render_words
from structures.editing.words import ADDED, REMOVED, SAME, WordChange, compare_words
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.course_page.documents import Document, parse
from tests.structures.course_page.stored import store_snapshot
from tests.structures.course_page.test_hostile_texts import ALL, PAYLOADS
from tests.structures.differences.courses import build_node, cite, store_pair


def read_page(api: Api, before: StructureSnapshot, after: StructureSnapshot, query: str = "&format=html") -> Any:
    return api(after.tenant).get(f"/api/v1/snapshots/{after.pk}/differences?from={before.pk}{query}")


def parse_page(api: Api, before: StructureSnapshot, after: StructureSnapshot) -> Document:
    return parse(read_page(api, before, after).content.decode())


def test_a_browser_gets_a_page_and_a_program_data(api: Api, acme: Tenant, course: MaterialNode) -> None:
    before, after = store_pair(acme, course)
    url = f"/api/v1/snapshots/{after.pk}/differences?from={before.pk}"
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    types = [
        api(acme).get(url, headers={"accept": accepted})["Content-Type"]
        for accepted in (browser, "*/*", "application/json", "text/html")
    ]

    assert types == ["text/html; charset=utf-8", "application/json", "application/json", "text/html; charset=utf-8"]
    assert "Accept" in api(acme).get(url)["Vary"]


def test_its_policy_lets_nothing_be_loaded_or_run(api: Api, acme: Tenant, course: MaterialNode) -> None:
    answer = read_page(api, *store_pair(acme, course))

    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, no-store"
    document = parse(answer.content.decode())
    assert not document.find("script")
    (policy,) = [each.attributes["content"] for each in document.find("meta") if "http-equiv" in each.attributes]
    assert "'self'" not in str(policy)


def test_changes_stand_by_module_in_the_order_of_the_course(api: Api, acme: Tenant, course: MaterialNode) -> None:
    document = parse_page(api, *store_pair(acme, course))

    assert [each.text for each in document.find("h2")] == ["Where", "The course", "Basics", "Rivers", "Clouds"]
    links = [str(each.attributes["href"]) for each in document.find("a")]
    anchors = {each.attributes.get("id") for each in document.elements}
    assert {link.removeprefix("#") for link in links} <= anchors
    by_module = [
        [line.strip() for line in section.text.splitlines() if line.strip()] for section in document.find("section")
    ]
    assert "DescriptionAll about rivers and water." in by_module[0]
    assert by_module[1].index("Warmth") < by_module[1].index("Boiling") < by_module[1].index("Melting")
    assert "Steam" in by_module[1]  # it was in a lesson that is still there
    assert [name for name in ("Clouds", "Fog") if name in by_module[3]] == ["Clouds", "Fog"]


def test_it_says_each_change_in_plain_words(api: Api, acme: Tenant, course: MaterialNode) -> None:
    document = parse_page(api, *store_pair(acme, course))

    (top,) = document.find("header")
    for words in ("1 part added", "3 parts removed", "1 part moved", "1 part in another order", "6 fields changed"):
        assert words in top.text
    inserted, deleted = ([each.text for each in document.find(tag)] for tag in ("ins", "del"))
    for words in ("cold", "Melting", "Ice to water.", "Third", "2 of 5", "book.pdf, p. 4", "rivers and "):
        assert words in inserted
    for words in ("hot", "Steam", "Vapour of water.", "Second", "1 of 5", "1 h 15 min (computed)", "book.pdf, p. 1"):
        assert words in deleted
    articles = {each.text.split()[0]: " ".join(each.text.split()) for each in document.find("article")}
    assert "Was in Basics." in articles["Cold"]
    assert "lesson" in articles["Cold"]
    assert any("is now number" in text for text in articles.values())
    assert {"Three.", "One."} <= {each.text for each in document.find("mark")}


def test_a_page_without_changes_says_so(api: Api, acme: Tenant, course: MaterialNode) -> None:
    before, _ = store_pair(acme, course)

    document = parse_page(api, before, before)

    assert "nothing changed" in document.find("header")[0].text
    assert "Both structures say the same" in document.find("main")[0].text


def test_a_list_that_is_divided_otherwise_is_explained(api: Api, acme: Tenant, course: MaterialNode) -> None:
    before, after = (
        store_snapshot(acme, course, [build_node("module", "All", key_points=points)])
        for points in (["One", "Two"], ["One\nTwo"])
    )

    assert "The words are the same." in parse_page(api, before, after).find("article")[0].text


def store_hostile(tenant: Tenant, node: MaterialNode, names: tuple[str, ...], addition: str) -> StructureSnapshot:
    title = (addition + " ".join(PAYLOADS))[:450].replace("\n", " ")
    text = ALL + addition
    fields = {
        "title": title, "description": text, "learning_goal": text, "key_points": [text], "arranged_by": text,
        "reference_solution": text, "grading_criteria": [text], "estimated_minutes": len(addition) + 1,
        "quotes": [{**cite(text), "entry_name": title, "entry_path": f"{title}/{title}", "heading_path": [text]}],
    }  # fmt: skip
    tree = [build_node("module", name, build_node("lesson", f"{name} below") | fields) | fields for name in names]
    return store_snapshot(tenant, node, tree, title=title, description=text, engine="<b>llm</b>")


def check_markup(document: Document) -> None:
    """Fail when a page of a difference has an element, an attribute or a link that is not our own."""
    ours = "html head meta link title style body a header h1 bdi ul li p time ins del div nav h2 main section"
    assert {each.tag for each in document.elements} <= {
        *f"{ours} article h3 span details summary blockquote mark".split()
    }
    body = [each for each in document.elements if each.depth > 1 and each.tag not in {"meta", "link"}]
    assert {name for each in body for name in each.attributes} <= {
        "href", "id", "class", "lang", "dir", "aria-labelledby", "datetime", "tabindex",
    }  # fmt: skip
    assert {str(each.attributes["href"])[0] for each in document.find("a")} == {"#"}


def test_no_text_becomes_markup(api: Api, acme: Tenant, course: MaterialNode) -> None:
    before = store_hostile(acme, course, ("one", "gone", "last"), "")
    after = store_hostile(acme, course, ("last", "new", "one"), "<i>more</i>")

    page = read_page(api, before, after).content.decode()

    document = parse(page)
    check_markup(document)
    assert document.find("main")[0].text.count("window.hacked") > 50
    assert "{{ settings.SECRET_KEY }}" in document.find("main")[0].text
    data = api(acme).get(f"/api/v1/snapshots/{after.pk}/differences?from={before.pk}")
    assert data["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("changes", "html"),
    [
        ([(SAME, "a & "), (REMOVED, "<b>"), (ADDED, "c")], "a &amp; <del>&lt;b&gt;</del><ins>c</ins>"),
        ([(SAME, "a"), (ADDED, "\n"), (SAME, "b")], "a<ins>↵\n</ins>b"),
    ],
)
def test_words_are_marked(changes: list[tuple[Any, str]], html: str) -> None:
    assert render_words([WordChange(*change) for change in changes]) == html


def test_long_texts_are_shortened_around_changes() -> None:
    words = " ".join(f"word{number}" for number in range(1000))
    shown = str(render_words(compare_words(f"{words} old {words}", f"{words} new {words}")))

    assert shown.count(GAP) == 2
    assert len(shown) < 700
    before, _, after = shown.partition("<del>old</del><ins>new</ins>")
    assert before.rpartition(">")[2].split() == words.split()[-len(before.rpartition(">")[2].split()) :]
    assert after.partition(" <")[0].split() == words.split()[: len(after.partition(" <")[0].split())]
    # The same of a text without spaces.
    assert len(render_words(compare_words("水" * 5000, "水" * 5000 + "火"))) < 700


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from([SAME, ADDED, REMOVED]), st.text(alphabet="ab <&\n", min_size=1)), max_size=6)
)
def test_what_is_not_long_is_shown_to_the_letter(changes: list[tuple[Any, str]]) -> None:
    shown = str(render_words([WordChange(operation, text[:50]) for operation, text in changes]))

    for tag in ("<ins>", "</ins>", "<del>", "</del>", "↵"):
        shown = shown.replace(tag, "")
    assert unescape(shown) == "".join(text[:50] for _, text in changes)
