"""Delimited text: found columns, repeated heads, and what is left out said."""

from __future__ import annotations

import pytest

from materials.documents import Format, LeftOutKind
from materials.readers.base.errors import UnreadableDocument
from materials.readers.text.delimited import MAX_COLUMNS, MAX_ROWS
from tests.materials.readers.texts import read_as, texts

AS_TABLE = "| Place | Degrees |\n| --- | --- |\n| Sea level | 100 |\n| Everest | 71,5 |"


@pytest.mark.parametrize(
    "content",
    [
        'Place,Degrees\nSea level,100\nEverest,"71,5"\n',
        "Place;Degrees\r\nSea level;100\r\nEverest;71,5\r\n",
        "Place\tDegrees\nSea level\t100\n\nEverest\t71,5",
        "Place|Degrees\nSea level|100\nEverest|71,5",
        "sep=;\nPlace;Degrees\nSea level;100\nEverest;71,5\n",
        "\ufeffPlace;Degrees\n\n;\nSea level;100\nEverest;71,5\n",
    ],
)
def test_the_columns_are_found(content: str) -> None:
    assert texts(read_as(Format.CSV, content)) == [AS_TABLE]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251"])
def test_any_encoding_is_read(encoding: str) -> None:
    document = read_as(Format.CSV, "Місце;Градуси\nНад морем;100\n".encode(encoding))

    assert texts(document) == ["| Місце | Градуси |\n| --- | --- |\n| Над морем | 100 |"]


def test_signs_of_markdown_and_line_ends_stay_in_their_cells() -> None:
    assert texts(read_as(Format.CSV, 'a,b\n"x|y","two\nlines"\n')) == [
        "| a | b |\n| --- | --- |\n| x\\|y | two lines |"
    ]


def test_a_quotation_mark_that_nothing_closes_swallows_nothing() -> None:
    rows = [f"5,row {number}" for number in range(50)]

    (table,) = texts(read_as(Format.CSV, "\n".join(["inch,name", '"open,x', *rows])))

    assert table.count("\n") == 52
    assert "row 49" in table


def test_rows_come_in_parts_and_those_left_out_are_counted() -> None:
    content = "No,Words\n" + "".join(f"{number},{'word ' * 10}\n" for number in range(MAX_ROWS + 234))

    document = read_as(Format.CSV, content)

    assert all(text.startswith("| No | Words |\n| --- | --- |\n| ") for text in texts(document))
    assert sum(text.count("\n") - 1 for text in texts(document)) == MAX_ROWS
    assert document.warnings == ("Only the first 1,000 of 1,234 rows were read; 234 were left out.",)
    assert [(group.kind, group.count) for group in document.left_out] == [(LeftOutKind.EXCESS, 234)]


def test_columns_left_out_are_counted() -> None:
    document = read_as(Format.CSV, "\n".join([",".join("ab" * 100)] * 3))

    assert texts(document)[0].split("\n")[0].count(" | ") == MAX_COLUMNS - 1
    assert document.warnings == ("Only the first 100 of 200 columns were read; 100 were left out.",)
    assert [(group.kind, group.count) for group in document.left_out] == [(LeftOutKind.EXCESS, 100)]


def test_a_table_of_many_megabytes_is_refused() -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read_as(Format.CSV, b"a,b\n" * (13 * 2**20 + 1))

    assert refused.value.code == "too_large"


def test_one_column_is_a_table_too() -> None:
    assert texts(read_as(Format.CSV, "word\nwater\nsteam\n")) == ["| word |\n| --- |\n| water |\n| steam |"]
