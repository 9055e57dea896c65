from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from materials.models import MaterialNode
from materials.tree.services import create_node
from tenants.models import Tenant
from tenants.services import create_tenant
from tests.conftest import Api, drain, upload

ENGLISH = b"""# Functions

A function is called with arguments, and it returns a value to whoever called it. Most of the functions in this course
are short, and you can read each of them in one go.

## Loops

With a loop you go through a list, and what stands in the body of the loop runs once for each of its elements.
5 < 6 & 7 > 6 is true, and the name is `os.path.join`.
"""
UKRAINIAN = """# Функції

Функція приймає аргументи, а потім повертає значення тому, хто її викликав. Ми будемо писати короткі функції, які можна
прочитати за один раз, і кожна з них буде робити лише одне.

## Цикли

Щоб пройти список, ми використовуємо цикл: те, що стоїть у його тілі, виконується для кожного елемента.
""".encode()
JAPANESE = "# 関数\n\n関数は引数を受け取り、値を返します。\n".encode()


@pytest.fixture
def course(api: Api, acme: Tenant, course: MaterialNode) -> MaterialNode:
    upload(api(acme), course.pk, "functions.md", ENGLISH)
    upload(api(acme), course.pk, "functions-uk.md", UKRAINIAN)
    upload(api(acme), course.pk, "functions-ja.md", JAPANESE)
    drain()
    return course


def search(api: APIClient, node: MaterialNode, q: str, **more: Any) -> list[dict[str, Any]]:
    answer = api.get(f"/api/v1/nodes/{node.pk}/search", {"q": q, **{name: str(value) for name, value in more.items()}})
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@pytest.mark.parametrize(
    ("q", "name", "marked"),
    [
        ("calling", "functions.md", "called"),
        ("elements", "functions.md", "elements"),
        ("os.path.join", "functions.md", "os.path.join"),
        ("функціями", "functions-uk.md", "Функції"),
        ("значеннями", "functions-uk.md", "значення"),
        ("引数", "functions-ja.md", "引数"),
    ],
)
def test_it_finds_words_in_any_form(
    api: Api, acme: Tenant, course: MaterialNode, q: str, name: str, marked: str
) -> None:
    first = search(api(acme), course, q)[0]

    assert first["entry"]["name"] == name
    assert f"<mark>{marked}</mark>" in first["snippet"]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("loop function", set()),
        ("loop or function", {"functions.md"}),
        ('"body of the loop"', {"functions.md"}),
        ('"loop of the body"', set()),
        ("loop -body", {"functions.md"}),
        ("functions функції", set()),
        ("functions or функції", {"functions.md", "functions-uk.md"}),
        ("the and of", set()),
        ("your -body", set()),
        ("your -body or elements", {"functions.md"}),
        ("-body", set()),
        ("-" * 200, set()),
        ("- " * 100, set()),
        ("-!" * 100, set()),
        ("(" * 200, set()),
        ("--loop function", {"functions.md"}),
        ("!!! &", set()),
        ("'; DROP TABLE materials_chunk; --", set()),
        ("nothing-of-the-kind", set()),
    ],
)
def test_it_takes_what_people_type(api: Api, acme: Tenant, course: MaterialNode, q: str, names: set[str]) -> None:
    assert {found["entry"]["name"] for found in search(api(acme), course, q)} == names


@pytest.mark.parametrize(
    ("q", "snippets"),
    [
        ('"引数"', ["関数は<mark>引数</mark>を受け取り、値を返します。"]),
        ("関数 -引数", ["<mark>関数</mark>"]),
        ("変数 or 引数", ["関数は<mark>引数</mark>を受け取り、値を返します。"]),
        ("引 引数 引数", ["関数は<mark>引数</mark>を受け取り、値を返します。"]),
        ("変数", []),
        ("-引数", []),
        ('-"引数" or', []),
    ],
)
def test_what_people_type_is_understood_where_no_space_parts_words(
    api: Api, acme: Tenant, course: MaterialNode, q: str, snippets: list[str]
) -> None:
    assert [found["snippet"] for found in search(api(acme), course, q)] == snippets


def test_a_text_cannot_mark_itself(api: Api, acme: Tenant, course: MaterialNode) -> None:
    upload(api(acme), course.pk, "signs.md", "A \ue001 sign \ue000 of a font 記号 \ue000 here.".encode())
    drain()

    assert search(api(acme), course, "sign")[0]["snippet"] == "<mark>sign</mark>  of a font 記号  here"
    assert search(api(acme), course, "記号")[0]["snippet"] == "A  sign  of a font <mark>記号</mark>  here."


@pytest.mark.parametrize("q", ["", "   ", "x" * 201, "nul\0"])
def test_it_refuses_what_cannot_be_sought(api: Api, acme: Tenant, course: MaterialNode, q: str) -> None:
    answer = api(acme).get(f"/api/v1/nodes/{course.pk}/search", {"q": q})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/q"


def test_a_snippet_is_safe_html(api: Api, acme: Tenant, course: MaterialNode) -> None:
    (found,) = search(api(acme), course, "os.path.join")

    assert "5 &lt; 6 &amp; 7 &gt; 6" in found["snippet"]
    assert found["locator"]["heading_path"] == ["Functions", "Loops"]
    assert found["kind"] == "paragraph"


def test_the_best_comes_first_and_pages_hold_together(api: Api, acme: Tenant, course: MaterialNode) -> None:
    whole = search(api(acme), course, "function or loop")
    first = api(acme).get(f"/api/v1/nodes/{course.pk}/search", {"q": "function or loop", "limit": "2"}).json()

    second = search(api(acme), course, "function or loop", limit=200, cursor=first["next_cursor"])

    assert [found["id"] for found in [*first["data"], *second]] == [found["id"] for found in whole]
    assert [found["score"] for found in whole] == sorted((found["score"] for found in whole), reverse=True)
    assert len(whole) > 2


def test_it_looks_below_the_node_and_nowhere_else(api: Api, acme: Tenant, course: MaterialNode) -> None:
    globex = create_tenant(slug="globex", name="Globex")
    below = create_node(tenant=acme, title="Below", parent_id=course.pk)
    beside = create_node(tenant=acme, title="Beside")
    theirs = create_node(tenant=globex, title="Theirs")
    upload(api(acme), below.pk, "deep.md", b"# A zebra below\n")
    upload(api(acme), beside.pk, "beside.md", b"# A zebra beside\n")
    upload(api(globex), theirs.pk, "theirs.md", b"# A zebra of theirs\n")
    drain()

    assert [found["entry"]["name"] for found in search(api(acme), course, "zebras or zebra")] == ["deep.md"]
    assert [found["entry"]["name"] for found in search(api(acme), below, "zebra")] == ["deep.md"]


def test_it_asks_as_often_for_many_entries_as_for_few(
    api: Api, acme: Tenant, course: MaterialNode, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(acme)
    search(client, course, "loop")
    with django_assert_num_queries(5):
        search(client, course, "loop")
    for number in range(5):
        node = create_node(tenant=acme, title=f"{number}", parent_id=course.pk)
        upload(client, node.pk, "more.md", ENGLISH + f"Loop {number}".encode())
    drain()

    with django_assert_num_queries(5):
        assert len(search(client, course, "loop")) > 5


def test_a_text_of_any_length_is_stored_and_searched(api: Api, acme: Tenant, course: MaterialNode) -> None:
    words = " ".join(f"слово{number:x}" for number in range(30_000))
    upload(api(acme), course.pk, "long.md", f"# Long\n\n{words}\n".encode())

    drain()

    assert search(api(acme), course, "слово1f")[0]["entry"]["name"] == "long.md"
