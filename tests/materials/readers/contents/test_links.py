"""Tables of contents on pages: lists and tables of links, toctrees, schedules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from materials.documents import Contents, Format
from tests.materials.readers.contents.files import outline
from tests.materials.readers.texts import count_calls, read_as, texts


def find(content: str, format_: Format = Format.MARKDOWN) -> Contents:
    """Return the contents of a page. Fails when it has none."""
    found = read_as(format_, content).contents
    assert found is not None
    return found


def items(content: str, format_: Format = Format.MARKDOWN) -> list[Any]:
    return outline(find(content, format_).items)


def test_a_list_of_modules_and_lessons_below_the_title_of_the_course() -> None:
    page = """# Курс про воду

[![Build](https://img.example/b.svg)](https://ci.example) Короткий опис курсу, який нікуди не веде.

## Зміст

1. **Стани води** ([слайди](01/slides.pptx))
   1. [Лід](01/lid.md)
   2. [Пара](<01/para voda.md>) – про випаровування
      - Лабораторна: [варіант А](01/lab-a.ipynb), [варіант Б](01/lab-b.ipynb)
2. Річки
   - [x] [Дніпро](02/dnipro.md#витік) ([відео](02/dnipro.mp4), [сайт](https://example.org))

## Ліцензія

CC BY 4.0, див. [повний текст](https://creativecommons.org).
"""

    found = find(page)

    assert (found.dialect, found.title) == ("links", "Курс про воду")
    assert outline(found.items) == [
        ("Стани води -> 01/slides.pptx", [
            "Лід -> 01/lid.md",
            ("Пара -> 01/para voda.md", [
                ("Лабораторна", ["варіант А -> 01/lab-a.ipynb", "варіант Б -> 01/lab-b.ipynb"]),
            ]),
        ]),
        ("Річки", [("Дніпро -> 02/dnipro.md#витік", ["відео -> 02/dnipro.mp4"])]),
    ]  # fmt: skip
    assert any("Лід" in text for text in texts(read_as(Format.MARKDOWN, page)))


def test_headings_are_parents_of_lists_and_may_lead_somewhere_themselves() -> None:
    page = """# Curso

## Semana 1: [Introducción](s1/README.md)

- [Diapositivas](s1/slides.pdf)
- [Lectura](s1/lectura.md)

## Semana 2

### Tema A

* [Uno](s2/uno.md)

### Tema B
* [Dos](s2/dos.md)
"""

    assert items(page) == [
        ("Semana 1: Introducción -> s1/README.md", ["Diapositivas -> s1/slides.pdf", "Lectura -> s1/lectura.md"]),
        ("Semana 2", [("Tema A", ["Uno -> s2/uno.md"]), ("Tema B", ["Dos -> s2/dos.md"])]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("[Wasser](a.md)", "Wasser -> a.md"),
        ("1.2 [Wasser](a.md)", "1.2 Wasser -> a.md"),
        ("Lektion 3: [Wasser](a.md)", "Lektion 3: Wasser -> a.md"),
        ("Lektion 3 [Wasser](a.md)", "Lektion 3 Wasser -> a.md"),
        ("**Wasser** ([PDF](a.pdf))", "Wasser -> a.pdf"),
        ("Wasser – [PDF](a.pdf) | [Audio](a.mp3)", ("Wasser", ["PDF -> a.pdf", "Audio -> a.mp3"])),
        ("**Wasser** [PDF](a.pdf) [Audio](a.mp3)", ("Wasser", ["PDF -> a.pdf", "Audio -> a.mp3"])),
        ("[Wasser](a.md) ([PDF](a.pdf))", ("Wasser -> a.md", ["PDF -> a.pdf"])),
        (":fontawesome-solid-file: [Wasser](a.md)", "Wasser -> a.md"),
        ("[![Wasser](w.png)](a.md)", "Wasser -> a.md"),
    ],
)
def test_the_title_of_a_line_stands_before_its_link_or_in_it(line: str, item: Any) -> None:
    assert items(f"- {line}\n- [Ende](ende.md)\n") == [item, "Ende -> ende.md"]


def test_sentences_pictures_ways_between_pages_and_the_web_are_no_contents() -> None:
    prose = """# Lesson 3

Water [boils](boiling.md) at 100 degrees, as you know from [lesson 2](../02/README.md).

- Repeat the steps that you took to install the program, see [the instructions](../01/setup.md) if needed.
- If you are not sure what a phase is, look at [the glossary](../glossary.md) before you go on with this.
- ![A picture](a.png) and [a larger one](b.png)
- [A page of the web](https://example.org/a.md), [a place on this page](#top), [mail](mailto:a@example.org)

[Previous](../02/README.md) | [Next](../04/README.md)
"""

    assert read_as(Format.MARKDOWN, prose).contents is None


def test_a_page_that_has_hardly_anything_but_one_link_is_an_index() -> None:
    assert items("# Grundlagen\n\n[Folien](folien.pdf)\n") == ["Folien -> folien.pdf"]
    assert (
        read_as(Format.MARKDOWN, "# A\n\n" + "Viele Wörter stehen hier. " * 12 + "\n\n- [Folien](f.pdf)\n").contents
        is None
    )


def test_a_table_has_groups_titles_and_links() -> None:
    page = """# Kurs

| Nr. | Modul | Lektion | Material |
| --- | --- | --- | --- |
| 1 | Eis | Gletscher | [Folien](1.pdf), [Text](1.md) |
| 2 | Eis | Schnee | [Folien](2.pdf) |
| 3 | Dampf | Wolken | [Text](3.md) |
| | Dampf | | [Übersicht](dampf.md) |
"""

    assert items(page) == [
        ("Eis", [("Gletscher -> 1.pdf", ["Text -> 1.md"]), "Schnee -> 2.pdf"]),
        ("Dampf", ["Wolken -> 3.md", "Übersicht -> dampf.md"]),
    ]  # fmt: skip


def test_a_table_with_links_in_its_titles_and_long_descriptions() -> None:
    page = """
| | Projet | Objectifs | Leçon |
| :-: | --- | --- | --- |
| 01 | [La ferme](ferme/README.md) | Mesurer ce qui pousse, dire pourquoi cela pousse ainsi | [Le sol](ferme/sol.md) |
| 02 | [La ferme](ferme/README.md) | Arroser quand il le faut, et jamais plus qu'il ne faut | [L'eau](ferme/eau.md) |
| 03 | [L'usine](usine/README.md) | Trier les fruits par la vue, puis jeter les mauvais | [La vue](usine/vue.md) |
| 04 | [L'usine](usine/README.md) | Peser | [Le poids](usine/poids.md) |
"""

    assert items(page) == [
        ("La ferme -> ferme/README.md", ["Le sol -> ferme/sol.md", "L'eau -> ferme/eau.md"]),
        ("L'usine -> usine/README.md", ["La vue -> usine/vue.md", "Le poids -> usine/poids.md"]),
    ]  # fmt: skip


def test_tables_of_html_with_spans_and_rows_that_name_the_rows_below() -> None:
    page = """<html><body><main><h1>水</h1><p>课程的介绍在这里，请先阅读。</p><table>
<thead><tr><th>周</th><th>主题</th><th>课件</th></tr></thead>
<tr><td rowspan="2">1</td><td>冰</td><td><a href="1.pdf">课件</a></td></tr>
<tr><td>雪</td><td><a href="2.pdf">课件</a> <a href="2.ipynb">练习</a></td></tr>
<tr><td>2</td><td>云</td><td><a href="3.pdf">课件</a></td></tr>
<tr><td></td><td>雨</td><td><a href="4.pdf">课件</a></td></tr>
</table><table><tr><td colspan="2">Extra</td></tr><tr><td>One</td><td><a href="x.md">Text</a></td></tr>
<tr><td>Two</td><td><a href="y.md">Text</a></td></tr></table></main></body></html>"""

    assert items(page, Format.HTML) == [
        ("周 1", ["冰 -> 1.pdf", ("雪 -> 2.pdf", ["练习 -> 2.ipynb"])]),
        ("周 2", ["云 -> 3.pdf", "雨 -> 4.pdf"]),
        ("Extra", ["One -> x.md", "Two -> y.md"]),
    ]  # fmt: skip


def test_menus_of_a_site_are_no_contents_and_cards_are() -> None:
    page = """<html><body><nav><ul><li><a href="home.html">Home</a></li><li><a href="b.html">B</a></li></ul></nav>
<main><h1>Acqua</h1><p>Tutte le lezioni del corso, dalla prima fino all'ultima, con i compiti e le soluzioni.</p>
<a href="l1.html"><h3>Ghiaccio</h3><p>Che cosa è.</p></a><a href="l2.html"><h3>Vapore</h3></a></main></body></html>"""

    assert items(page, Format.HTML) == ["Ghiaccio -> l1.html", "Vapore -> l2.html"]


def test_notebooks_have_one_table_of_contents_over_their_cells() -> None:
    cells = ["# Woda\n\n## Część 1\n- [Lód](lod.ipynb)", "## Część 2\n- [Para](para.ipynb)"]
    notebook = {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "markdown", "source": cell} for cell in cells]}

    found = find(json.dumps(notebook), Format.NOTEBOOK)

    assert (found.title, outline(found.items)) == (
        "Woda", [("Część 1", ["Lód -> lod.ipynb"]), ("Część 2", ["Para -> para.ipynb"])],
    )  # fmt: skip


RST = """Água
====

Texto de introdução com um :doc:`glossário <glossary>` no meio.

.. toctree::
   :maxdepth: 2
   :caption: Primeira parte
   :numbered:

   inicio
   O gelo <estados/gelo>
   https://example.org
   self

.. toctree::
   :hidden:
   :glob:

   rios/*

:download:`Dados <dados/rios.pdf>`

* :ref:`genindex`
* :doc:`Outra coisa <x>`
"""


def test_toctrees_of_restructuredtext_come_before_links_and_downloads_belong_to_them() -> None:
    found = find(RST, Format.RST)

    assert (found.dialect, found.title) == ("toctree", "Água")
    assert outline(found.items) == [
        ("Primeira parte", ["inicio", "O gelo -> estados/gelo", "https://example.org"]),
        "rios/*",
        "Dados -> dados/rios.pdf",
    ]  # fmt: skip
    assert "gelo" not in " ".join(texts(read_as(Format.RST, RST)))


def test_toctrees_of_myst_in_fences_and_colons() -> None:
    page = """# Wasser

```{toctree}
:caption: Teil *eins*

a_b_c
Der Titel <ordner/datei>
```

:::{toctree}
---
caption: Teil zwei
maxdepth: 1
---
d
:::
"""

    found = find(page)

    assert outline(found.items) == [("Teil *eins*", ["a_b_c", "Der Titel -> ordner/datei"]), ("Teil zwei", ["d"])]
    assert texts(read_as(Format.MARKDOWN, page)) == ["Wasser"]


def test_lists_in_restructuredtext() -> None:
    page = "Cours\n=====\n\n* `Un <un.rst>`_\n* :doc:`deux`\n"

    assert items(page, Format.RST) == ["Un -> un.rst", "deux"]


def test_a_schedule_names_files_by_week_and_title() -> None:
    found = find(
        "Date;Week;Topic;Files\n2025-09-01;1;Ice;ice.md\n2025-09-03;1;Ice;ice lab.ipynb\n"
        "2025-09-08;2;Steam;a.pdf, b.md\n"
        "2025-09-10;2;Holiday;\n",
        Format.CSV,
    )

    assert found.dialect == "schedule"
    assert outline(found.items) == [
        ("Week 1", [("Ice -> ice.md", ["ice lab.ipynb"])]),
        ("Week 2", [("Steam -> a.pdf", ["b.md"])]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "table",
    [
        "name,age\nAnn,3\nBob,4\n",
        "word,sentence\nice,Ice melts.\nsteam,Steam rises.\n",
        "a,b\n1.5,2.5\n3.5,4.5\n",
        "site,page\nA,https://example.org/a.html\nB,https://example.org/b.html\n",
        "photo1.jpg,photo2.jpg\nphoto3.jpg,photo4.jpg\nphoto5.jpg,photo6.jpg\n",
    ],
)
def test_other_tables_are_no_schedules(table: str) -> None:
    assert read_as(Format.CSV, table).contents is None


def test_large_pages_take_linear_time() -> None:
    def page(count: int) -> str:
        rows = "".join(
            f"| {number} | Part {number // 9} | Lesson {number} | [a](a{number}.md) |\n" for number in range(count)
        )
        lines = "".join(f"{' ' * 4 * (number % 4)}- [L{number}](l{number}.md)\n" for number in range(count))
        return f"{lines}\n| No | Part | Title | File |\n| - | - | - | - |\n{rows}"

    small, large = (count_calls(lambda n=n: read_as(Format.MARKDOWN, page(n))) for n in (100, 400))  # type: ignore[misc]

    assert large < 5 * small
