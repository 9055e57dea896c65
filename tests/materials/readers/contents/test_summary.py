"""SUMMARY.md of mdBook and GitBook."""

from __future__ import annotations

import io

import pytest

from materials.documents import Format
from materials.readers.formats import detect_format
from tests.materials.readers.contents.files import outline, read_contents
from tests.materials.readers.texts import read_as


def test_mdbook_has_chapters_before_parts_and_after() -> None:
    found = read_contents(
        "SUMMARY.md",
        """# The Book of Water

[Foreword](foreword.md)
[Introduction](./intro.md)

# Basics

- [Drops](drops.md)
    - [Big **drops**](drops/big.md)
    - [Small `drops<T>`](drops/small%20ones.md "Small")
- [Draft]()

---

# Rivers

1. [The [Nile]](<rivers/the nile.md>)
2. [Danube](rivers/danube.md#source)

-----------

[Appendix](appendix.md)
""",
    )

    assert found.title == "The Book of Water"
    assert outline(found.items) == [
        "Foreword -> foreword.md",
        "Introduction -> intro.md",
        ("Basics", [
            ("Drops -> drops.md", ["Big drops -> drops/big.md", "Small drops<T> -> drops/small ones.md"]),
            "Draft",
        ]),
        ("Rivers", ["The [Nile] -> rivers/the nile.md", "Danube -> rivers/danube.md#source"]),
        "Appendix -> appendix.md",
    ]  # fmt: skip


def test_gitbook_has_headings_of_parts_and_items_without_a_page() -> None:
    found = read_contents(
        "summary.md",
        """# Зміст

* [Вступ](README.md)

## Частина перша

* Про воду
  * [Лід](voda/lid.md)
  * [Пара](voda/para.md)
<!-- * [Чернетка](chernetka.md) -->
* [Сайт](https://example.org/a?b=c#d)

## Частина друга {#dva}

* [Річки](richky/README.md)
""",
    )

    assert found.title == ""
    assert outline(found.items) == [
        "Вступ -> README.md",
        ("Частина перша", [
            ("Про воду", ["Лід -> voda/lid.md", "Пара -> voda/para.md"]),
            "Сайт -> https://example.org/a?b=c#d",
        ]),
        ("Частина друга", ["Річки -> richky/README.md"]),
    ]  # fmt: skip


def test_a_summary_of_prose_is_an_ordinary_page() -> None:
    prose = b"# Summary\n\n[Water](water.md) boils at 100 degrees.\n\nIt freezes at zero.\n\nThat is all.\n"

    assert detect_format(io.BytesIO(b"# Summary\n\nWater boils at 100 degrees.\n"), "SUMMARY.md") is Format.MARKDOWN
    assert detect_format(io.BytesIO(prose), "SUMMARY.md") is Format.MARKDOWN
    assert read_as(Format.MARKDOWN, prose).contents is None


@pytest.mark.parametrize(
    "line", ["[" * 3_000, "\\[" * 1_500, "[a](" * 700, "*a" * 1_400, "[" + "(" * 2_900, "`" * 2_999, "<a" * 1_400]
)
def test_lines_made_to_be_slow_are_read_at_once(line: str) -> None:
    found = read_contents("SUMMARY.md", "- [A](a.md)\n" * 3 + f"- [x]() {line}\n")

    assert len(found.items) == 4


def test_a_list_deeper_than_any_book_is_cut_with_a_warning() -> None:
    text = "".join(f"{'  ' * depth}- [Step {depth}](step{depth}.md)\n" for depth in range(600))

    found = read_as(Format.CONTENTS, text)

    assert found.warnings == (
        "The table of contents (SUMMARY.md) has 588 more lines than are kept: at most 20,000, on 12 levels.",
    )
    assert found.contents is not None
    assert str(outline(found.contents.items)).count("->") == 12
