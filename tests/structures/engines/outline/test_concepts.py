from __future__ import annotations

import random
from pathlib import Path

import pytest

from structures.engines.base.drafts import Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceNode
from structures.engines.outline.engine import build_outline
from structures.grounding.quotes import verify_citations
from tests.executed_lines import count_executed_lines
from tests.structures.trees import Files, chunks_of, tree

TEXTS = Path(__file__).parents[3] / "data" / "concepts"


def find_concepts(draft: Draft) -> list[DraftNode]:
    return [node for module in draft.modules for node in module.iter_nodes() if node.node_type is NodeType.CONCEPT]


def read_concepts(*lines: str) -> dict[str, str]:
    """Return what is found in one lesson with these paragraphs, as title and definition."""
    text = "# Lesson\n\n## Part\n\n" + "\n\n".join(lines)
    return {concept.title: concept.description for concept in find_concepts(build_course({"01.md": text}))}


def build_course(files: Files) -> Draft:
    return build_outline(tree("Course", {"01-Module": {**files, "99.md": "# Other\n\nwords"}}))


# --- sentences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("A **variable** is a named place for a value.", "variable"),
        ("A **type** says what can be done with a value.", "type"),
        ("The **scale** of a map is the ratio of two distances.", "scale"),
        ("**Mangling** is when a compiler changes a name.", "mangling"),
        ("An **assertion** is simply a statement that must hold.", "assertion"),
        ("Planes that cut a map are called **sections**.", "sections"),
        ("A consul was a magistrate who held power for one year.", "consul"),
        ("The word *patrician* refers to a member of the old families.", "patrician"),
        ("Backups are copies of files that are kept elsewhere.", "backups"),
        ("We open a *socket*, which is a connection between two programs.", "socket"),
        ("One value hides another value of the same name. This is called **shadowing**.", "shadowing"),
        ("Normalisation refers to the act of dividing a count by something.", "normalisation"),
        ("**Клієнт** – пристрій, який просить дані.", "клієнт"),
        ("Визначення: **Інтернет** — це світова мережа пристроїв.", "інтернет"),
        ("Алгоритм — це послідовність кроків до мети.", "алгоритм"),
        ("Гетьман — керівник війська, який мав владу.", "гетьман"),
        ("Універсал є документом, яким оголошували волю.", "універсал"),
        ("Надлишком називають перевищення одного над іншим.", "надлишок"),
        ("Силою тертя називають силу, що заважає рухові.", "сила тертя"),
        ("Под **массой** понимают меру инертности тела.", "масса"),
        ("Eine **Schleife** ist eine Anweisung, die sich wiederholt.", "schleife"),
        ("Unter einer Metapher versteht man ein Bild aus Worten.", "metapher"),
        ("El estómago es un órgano que mezcla los alimentos.", "estómago"),
        ("Un **bucle** es una instrucción que se repite.", "bucle"),
        ("Une **boucle** est une instruction qui se répète.", "boucle"),
        ("Una **metafora** è una figura che sostituisce una parola.", "metafora"),
        ("Per entropia si intende la misura del disordine di un sistema.", "entropia"),
        ("Uma **célula** é a menor parte de um ser vivo.", "célula"),
        ("Entende-se por fotossíntese o processo de produção de açúcar.", "fotossíntese"),
        ("**Pętla** to instrukcja, która się powtarza.", "pętla"),
        ("Fotosyntezą nazywamy proces wytwarzania cukru przez rośliny.", "fotosynteza"),
        ("**光合作用**是指植物利用光能制造养分的过程。", "光合作用"),
    ],
)
def test_it_finds_what_a_sentence_defines(sentence: str, term: str) -> None:
    found = read_concepts(sentence)

    assert {title.casefold() for title in found} == {term}
    assert all(found.values())


@pytest.mark.parametrize(
    "sentence",
    [
        "This is a very important thing to know.",
        "It means that we are done for today.",
        "**Careful**: we start in a minute.",
        "HTML — це не тільки вигляд сторінки.",
        "Python is a language.",
        "What is a variable in this language?",
        "**x = 5** is a line of code here.",
        "You are the one who decides about that.",
        "Once it is a part of the box, push the lid.",
        "In this case, a map is a drawing that nobody needs.",
        "The **lid** is closed and then opened again.",
        "**Iterators** are lazy and fast in this language.",
        "Ada Lovelace is a mathematician who wrote programs.",
        "**Figure 3**: A map of the town with its river.",
        "**Click Save** - it keeps a copy of the work.",
        "**Speed** - cloud computing is ideal for big data.",
        "- **Ball**: starts in the middle.\n- **Due date**: the due date is Friday.",
        "- **name**: Whether the applicant has a name.\n- **Loan_id**: Number of the loan in the table.",
        "The third case is known as a **draw**.",
        "This syntax is called **sugar**.",
        "The siege was a disaster for the town.",
        "Clicking the box is an action that matters in this course.",
        "Адам Сміт — економіст, який написав книжку.",
        "**Список** → натисніть кнопку → сервер відповідає.",
        "Важливо: **Прочитайте уважно** — сьогодні ми починаємо курс.",
        "Berlin ist eine große Stadt mit vielen Museen.",
        "Madrid es una ciudad que tiene muchos museos.",
        "北京是中国的首都。",
        "**Starzenie** nie oznacza końca: to cecha dobrego sera.",
        "La **oxidación** no significa un defecto: es una propiedad del vino viejo.",
        "**Кристалізація** не означає цукру: це ознака доброго меду.",
    ],
)
def test_it_does_not_invent_a_concept(sentence: str) -> None:
    assert read_concepts(sentence) == {}


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("uk.md", "вакуоля крохмаль продих транспірація хлоропласт хлорофіл"),
        ("es.md", "deflación divisa inflación ipc poder_adquisitivo salario_real tipo_de_interés"),
        ("de.md", "base indikator neutralisation ph-wert salz säure titration"),
        ("fr.md", "albédo anticyclone climat hygromètre isobare mousson évaporation"),
        ("zh.md", "位移 功率 加速度 力 惯性 摩擦力 质量"),
    ],
)
def test_it_finds_the_concepts_of_a_text_and_nothing_else(name: str, terms: str) -> None:
    concepts = find_concepts(build_course({name: (TEXTS / name).read_text(encoding="utf-8")}))

    assert sorted(concept.title.casefold().replace(" ", "_") for concept in concepts) == sorted(terms.split())


def test_a_heading_alone_is_no_concept() -> None:
    text = "# Soil\n\n## Kinds of soil\n\nLook at the soil in your garden. The kinds of soil differ."

    assert find_concepts(build_course({"a.md": text})) == []


def test_a_heading_that_asks_is_answered_by_the_sentence_below_it() -> None:
    loop = "A loop repeats what stands in it until there is nothing left to do."
    text = f"# Lesson\n\n## What is a loop?\n\n{loop}\n\n## Summary\n\nWe saw it."

    (concept,) = find_concepts(build_course({"a.md": text}))

    assert (concept.title, concept.description) == ("loop", loop)


def test_a_talk_defines_what_it_comes_back_to() -> None:
    lines = ["So a socket is a connection between two programs.", "We open a socket.", "The socket waits.", "A socket!"]
    lines += ["A menu is a list that hangs on a wall."]
    cues = "\n\n".join(f"{n + 1}\n00:{n:02}:00,000 --> 00:{n:02}:30,000\n{line}" for n, line in enumerate(lines))

    (concept,) = find_concepts(build_course({"talk.srt": cues}))

    assert concept.title == "socket"


# --- glossaries -----------------------------------------------------------------------------------------------------

MEANING = "What the signs on a map mean."


@pytest.mark.parametrize(
    "text",
    [
        "[legend]{#legend}\n:   What the signs on a map mean.\n\n[scale]{#scale}\n:   A ratio of lengths.",
        "## Glossary\n\nlegend\n:   What the signs on a map mean.\n\nscale\n:   Ratio of lengths.",
        "## Key terms\n\n- **legend**: What the signs on a map mean.\n- **scale**: Ratio of lengths.",
        "## Vocabulary\n\n- legend - What the signs on a map mean.\n- scale - Ratio of lengths.",
        "## Glossar\n\n| W | M |\n| --- | --- |\n| legend | What the signs on a map mean. |\n| scale | Ratio. |",
        "| Term | Definition |\n| --- | --- |\n| legend | What the signs on a map mean. |\n| scale | Ratio. |",
        "## Glosario\n\n**legend** What the signs on a map mean.\n\n**scale** Ratio of lengths.",
        "## Słownik\n\n**legend**\n\nWhat the signs on a map mean.\n\n**scale**\n\nRatio of lengths.",
        "## Glossary\n\n### L\n\n#### legend\n\nWhat the signs on a map mean.\n\n### S\n\n#### scale\n\nRatio.",
        "Key terms:\n\n- legend – What the signs on a map mean.\n- scale – Ratio of lengths;",
        "## Vocabulary\n\nlegend: What the signs on a map mean.\nscale: ratio of lengths.",
        "Term: legend\nDefinition: What the signs on a map mean.\n\nTerm: scale\nDefinition: Ratio of lengths.",
    ],
)
def test_it_reads_every_form_of_glossary(text: str) -> None:
    concepts = find_concepts(build_course({"a.md": f"# Maps\n\n{text}"}))

    assert [concept.title for concept in concepts] == ["legend", "scale"]
    assert concepts[0].description == MEANING


def test_a_file_is_a_glossary_by_its_name() -> None:
    concepts = find_concepts(build_course({"glossary.md": "# Words of the course\n\n## legend\n\nSigns of a map."}))

    assert [concept.title for concept in concepts] == ["legend"]


@pytest.mark.parametrize(
    "text",
    [
        "## Files\n\n| Column | Description |\n| --- | --- |\n| age | Years since birth. |",
        "## Glossary\n\n- See also the book.\n- Click the button: it opens.",
    ],
)
def test_it_takes_no_other_table_or_list_for_a_glossary(text: str) -> None:
    assert find_concepts(build_course({"a.md": f"# Data\n\n{text}"})) == []


# --- one concept from many places -----------------------------------------------------------------------------------


def test_a_concept_stands_once_in_the_course_with_all_its_evidence() -> None:
    source = tree("Course", {
        "01-A": {"a.md": "# A\n\n**Steam** is water that became a gas.", "b.md": "# B\n\n**Steam** is a gas of water."},
        "02-B": {
            "c.srt": "1\n00:00:07,000 --> 00:00:09,000\nNow the steam comes out.\n",
            "d.md": "# Glossary\n\n- steam: gas of water\n- ice: hard water\n",
        },
    })  # fmt: skip
    draft = build_outline(source)

    steam, ice = find_concepts(draft)

    assert (steam.description, ice.description) == ("gas of water", "hard water")
    assert steam in draft.modules[0].children[0].children
    chunks = chunks_of(source)
    assert [citation.quote for citation in steam.citations][:2] == [
        "steam: gas of water", "Steam is water that became a gas.",
    ]  # fmt: skip
    assert chunks[steam.citations[-1].chunk_id].locator.start_ms == 7_000


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A **list** is a row of values.", "**Lists** are rows that grow."),
        ("**Цикл** — це повторення кроків.", "**Цикли** — це кроки, що повторюються."),
    ],
)
def test_the_forms_of_a_word_are_one_concept(first: str, second: str) -> None:
    concepts = find_concepts(build_course({"a.md": f"# A\n\n{first}", "b.md": f"# B\n\n{second}"}))

    assert len(concepts) == 1


def test_what_stands_before_many_texts_is_a_label() -> None:
    rows = "\n\n".join(f"**Result**: a page that has {n} lists" for n in ("two", "three", "four"))
    text = f"# A\n\n**Map**: a drawing that shows a place\n\n{rows.replace('Result', 'Yield')}"

    assert [concept.title for concept in find_concepts(build_course({"a.md": text}))] == ["Map"]


def test_a_chapter_keeps_all_its_terms() -> None:
    text = "\n\n".join(f"A **term{n}** is a kind of word." for n in range(40))

    assert len(find_concepts(build_course({"a.md": f"# A\n\n{text}"}))) == 40


def test_what_the_overview_of_a_module_defines_stands_in_its_first_lesson() -> None:
    source = tree("Course", {
        "01-A": {"README.md": "# Farms\n\nA **silo** is a store for grain.", "1.md": "# B\n\nx", "2.md": "# C\n\nx"},
        "02-D": {"1.md": "# E\n\nText.", "2.md": "# F\n\nText."},
    })  # fmt: skip

    draft = build_outline(source)

    assert [concept.title for concept in draft.modules[0].children[0].children] == ["silo"]


def test_exercises_and_solutions_give_no_concepts() -> None:
    text = "# A\n\nText.\n\n## Exercise 1\n\nA **knot** is a loop. Tie one.\n\n### Solution\n\nA **bow** is it."

    assert find_concepts(build_course({"a.md": text})) == []


def test_every_quote_holds() -> None:
    source = tree("Course", {"01-M": {path.name: path.read_text(encoding="utf-8") for path in sorted(TEXTS.iterdir())}})

    _, grounding = verify_citations(build_outline(source), chunks_of(source))

    assert grounding.dropped == 0
    assert grounding.concepts > 25
    assert grounding.concepts_without_evidence == 0


@pytest.mark.slow
def test_its_work_grows_with_the_size_of_the_course() -> None:
    def course(size: int) -> SourceNode:
        chance = random.Random(1)  # noqa: S311  # the same course every time
        words = [f"word{n}" for n in range(300)]
        lessons = {}
        for n in range(size):
            lines = [f"A **{chance.choice(words)} {chance.choice(words)}** is a thing that matters." for _ in range(10)]
            lessons[f"{n:03}.md"] = "# Part\n\n" + "\n\n".join(lines)
        return tree("Course", {"01-M": lessons})

    small, large = course(10), course(40)

    lines = count_executed_lines(lambda: build_outline(small), at_most=2_000_000)

    assert count_executed_lines(lambda: build_outline(large), at_most=10 * lines) < 5 * lines
