"""The labels of the page in the language of the course: whole catalogs, right plurals, dates and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from django.utils.formats import date_format

from materials.models import MaterialNode
from structures.course_page.labels import describe_arrangement, describe_counts, format_number
from structures.engines.outline.readings import headings, speech, texts
from structures.exports.html.labels import ARRANGEMENTS
from structures.exports.languages import choose_label_language, list_label_languages
from structures.generation.guided import GUIDED_ORIGIN
from structures.models import StructureSnapshot
from structures.shared_links.services import create_snapshot_link
from tenants.models import Tenant
from tests.browser import Browser
from tests.conftest import Api
from tests.structures.course_page.documents import parse
from tests.structures.course_page.stored import store_snapshot
from tests.structures.course_page.test_page import read_page
from tests.translations import compile_catalog, extract_messages, list_catalogs, list_faults, read_catalog

UKRAINIAN: dict[str, Any] = {
    "node_type": "module",
    "title": "Бази даних",
    "description": "База даних — це впорядкована сукупність даних, яку зберігають і обробляють разом. "
    "Після цього заняття ви зможете написати запит до бази даних, який вибирає те, що вам потрібно.",
    "estimated_minutes": 80,
    "minutes_basis": "computed",
    "difficulty": 2,
    "arranged_by": "numbers in names",
    "quotes": [
        {"quote": "База даних — це сукупність.", "page": 3, "machine_written": True},
        {"quote": "Таблиця має рядки.", "slide": 4},
    ],
    "children": [
        {"node_type": "lesson", "title": "Запити", "learning_goal": "Писати запити."},
        {"node_type": "lesson", "title": "Таблиці", "estimated_minutes": 45, "minutes_basis": "stated"},
    ],
}


@pytest.fixture
def ukrainian(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    counts = {"modules": 1, "lessons": 1200, "concepts": 3, "exercises": 5}
    return store_snapshot(
        acme, course, [UKRAINIAN], title="Бази даних", counts=counts, warnings=["One file is in no lesson."]
    )


@pytest.mark.parametrize("path", list_catalogs(), ids=lambda path: path.parent.parent.name)
def test_a_catalog_is_whole_and_compiled(path: Path) -> None:
    catalog = read_catalog(path)

    assert list(list_faults(catalog, extract_messages())) == []
    assert path.with_suffix(".mo").read_bytes() == compile_catalog(catalog), "make translations"
    for message in catalog:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for name in ("{count}", "{time}"):
            if name in message.id:
                assert all(name in (string or "") for string in strings), message.id


def test_a_catalog_with_gaps_is_found() -> None:
    template = extract_messages()
    catalog = read_catalog(list_catalogs()[0])
    catalog.delete("Captions")
    catalog["Contents"].string = ""
    catalog.add("Of no use", "x")
    catalog["%(hours)s h"].string = "%(minutes)s h"

    faults = sorted(each.partition(":")[0] for each in list_faults(catalog, template))

    assert faults == ["%(hours)s h", "left over", "missing", "not translated"]


def test_there_is_a_catalog_for_these_languages() -> None:
    assert set(list_label_languages()) == {"en", "ar", "de", "es", "fr", "he", "pl", "uk"}
    assert [choose_label_language(each) for each in ("uk", "it", "")] == ["uk", "en", "en"]


@pytest.mark.parametrize(
    ("language", "numbers"),
    [
        ("en", {1: "1 module", 2: "2 modules", 1000: "1,000 modules"}),
        ("uk", {1: "1 модуль", 2: "2 модулі", 5: "5 модулів", 11: "11 модулів", 21: "21 модуль"}),
        ("pl", {1: "1 moduł", 2: "2 moduły", 5: "5 modułów", 12: "12 modułów", 22: "22 moduły"}),
        ("de", {1: "1 Modul", 2: "2 Module", 1000: "1.000 Module"}),
        ("fr", {1: "1 module", 2: "2 modules"}),
        ("es", {1: "1 módulo", 2: "2 módulos"}),
        ("he", {1: "יחידה אחת", 2: "שתי יחידות", 5: "5 יחידות"}),
        ("ar", {1: "وحدة واحدة", 2: "وحدتان", 3: "3 وحدات", 11: "11 وحدة", 100: "100 وحدة", 103: "103 وحدات"}),
    ],
)
def test_numbers_have_the_right_plural(language: str, numbers: dict[int, str]) -> None:
    with translation.override(language):
        described = {number: describe_counts({"modules": number})[0] for number in numbers}

    assert described == numbers


def test_the_labels_are_in_the_language_of_the_course(api: Api, ukrainian: StructureSnapshot) -> None:
    page = read_page(api, ukrainian)

    document = parse(page)
    # Numbers are grouped with spaces that do not break; the text here has one kind.
    text = " ".join(document.find("html")[0].text.split())
    with translation.override("uk"):
        told = (format_number(1200), date_format(ukrainian.created_at, "DATE_FORMAT"))
    thousand, today = (each.replace("\xa0", " ") for each in told)
    for words in (
        "1 модуль", f"{thousand} занять", "3 поняття", "5 завдань", "1 год 20 хв (обчислено)", "складність 2 із 5",
        "2 місця в матеріалах", "text.md, с. 3, прочитано моделлю", "text.md, слайд 4", "Ціль", "Зміст", today,
        "упорядковано за номерами в назвах",
        "45 хв за матеріалами; 1 заняття без часу",
    ):  # fmt: skip
        assert words in text, words
    assert document.find("html")[0].attributes["lang"] == "uk"
    # What is stored is in the language of the program, and says so.
    assert [each.tag for each in document.elements if each.attributes.get("lang") == "en"] == ["ul"]
    links = [each.attributes["href"] for each in document.find("a") if "evidence" in (each.attributes["href"] or "")]
    assert all(str(link).endswith("?language=uk") for link in links)
    # Whatever request comes next is answered in English.
    assert translation.get_language() == "en"


def test_what_engines_arrange_by_has_a_translation() -> None:
    assert {headings.BASIS, speech.BASIS, texts.BASIS, GUIDED_ORIGIN} <= ARRANGEMENTS
    with translation.override("uk"):
        assert describe_arrangement("folders") == "папками"
        assert describe_arrangement("Part/SUMMARY.md") == "Part/SUMMARY.md"


def test_evidence_is_labelled_in_the_language_that_is_asked_for(api: Api, ukrainian: StructureSnapshot) -> None:
    client, reference = api(ukrainian.tenant), ukrainian.references.get(page=3)
    url = f"/api/v1/snapshots/{ukrainian.pk}/evidence/{reference.pk}"

    fragment = client.get(f"{url}?language=uk&fragment=true").content.decode()
    page = parse(client.get(f"{url}?language=uk").content.decode())
    refused = client.get(f"{url}?language=tlh")

    assert "Цього джерела вже немає серед матеріалів." in fragment
    assert '<p class="label machine" lang="uk">прочитано моделлю</p>' in fragment
    assert page.find("html")[0].attributes["lang"] == "uk"
    assert page.find("a")[-1].text == "Назад до курсу"
    assert "no longer among the materials" in client.get(url).content.decode()
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_a_language_without_a_catalog_has_english_labels(api: Api, acme: Tenant, course: MaterialNode) -> None:
    words = "Questa è la prima lezione del corso e parla di come si fa a bollire l'acqua in una pentola che non perde. "
    module = {"node_type": "module", "title": "L'acqua", "description": words * 3}

    document = parse(read_page(api, store_snapshot(acme, course, [module], title="L'acqua")))

    assert (document.find("html")[0].attributes["lang"], document.find("main")[0].attributes["lang"]) == ("en", "it")
    about = next(each for each in document.find("section") if each.attributes.get("id") == "about")
    assert about.attributes["lang"] == "en"


def test_what_the_script_says_is_translated_too(
    chromium: Browser, live_server: Any, acme: Tenant, ukrainian: StructureSnapshot
) -> None:
    token = create_snapshot_link(tenant=acme, snapshot_id=ukrainian.pk, label="", expires_at=None).token
    chromium.open(f"{live_server.url}/shared/{token}")

    chromium.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    chromium.wait_until("!document.querySelector('details[data-passage] > p > a')")

    assert chromium.evaluate("document.querySelector('[role=status]').textContent") == "Уривок відкрито."
    notices = chromium.evaluate("[...document.querySelectorAll('.notice')].map((each) => each.lang)")
    assert notices == ["uk", "uk"]
    assert chromium.messages == []
