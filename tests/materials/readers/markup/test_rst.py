"""reStructuredText: blocks as docutils has them, the directives of Sphinx, and nothing of their machinery."""

from __future__ import annotations

import pytest

from materials.documents import ChunkKind, Format, LeftOutKind
from tests.materials.readers.texts import kinds_and_texts, of_kind, read_as, texts

HEADING, PARAGRAPH, LIST, CODE = ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.CODE


def rst(text: str) -> list[str]:
    return texts(read_as(Format.RST, text))


def test_headings_have_the_levels_in_which_their_signs_appear() -> None:
    text = "=====\nTitle\n=====\n\nPart\n====\n\nSection\n~~~~~~~\n\nText.\n\nOther part\n==========\n\n----\n\nEnd."

    document = read_as(Format.RST, text)

    assert [(p.text, p.level) for p in of_kind(document, HEADING)] == [
        ("Title", 1), ("Part", 2), ("Section", 3), ("Other part", 2),
    ]  # fmt: skip
    assert document.title == "Title"
    assert document.pieces[3].locator.heading_path == ("Title", "Part", "Section")


BLOCKS = [
    ("A line\nand another.\n\nB.", ["A line and another.", "B."]),
    ("* one\n* two\n  goes on\n\n  - deep\n", ["- one\n- two goes on\n  - deep"]),
    ("3. three\n#. four", ["3. three\n4. four"]),
    ("Term\n  Its meaning.\nOther : kind\n  Too.", ["- Term: Its meaning.\n- Other: Too."]),
    (":Author: Ann\n:Size: 3 m\n\nText.", ["- Size: 3 m", "Text."]),
    ("Look::\n\n  x = 1\n\n    y\n\nAfter.", ["Look:", "x = 1\n\n  y", "After."]),
    (">>> 1 + 1\n2", [">>> 1 + 1\n2"]),
    ("| one\n| two", ["one\ntwo"]),
    ("Text.\n\n    A quotation.", ["Text.", "A quotation."]),
    (".. a comment\n   of two lines\n\nText.", ["Text."]),
    (".. note:: It *boils*\n   here.\n\n   Again.", ["It boils here.", "Again."]),
    (".. admonition:: Title\n   :class: x\n\n   Body.", ["Title", "Body."]),
    (".. figure:: a.png\n   :alt: A map\n\n   The caption.", ["A map", "The caption."]),
    (".. math:: a_1 = b\n   :label: x", ["$$a_1 = b$$"]),
    (".. math::\n\n   a &= b \\\\\n   c &= d", ["$$a &= b \\\\\nc &= d$$"]),
    (".. toctree::\n   :maxdepth: 2\n\n   one\n\n.. index:: x\n\nText.", ["Text."]),
    ("Water [1]_ boils.\n\n.. [1] At 100\n   degrees.", ["Water [1] boils.", "[1] At 100 degrees."]),
    (".. |w| replace:: water\n\nThe |w| boils.", ["The water boils."]),
    (".. rubric:: Further", ["Further"]),
    (
        "+---+-----+\n| a | b c |\n+===+=====+\n| 1 | x   |\n|   | y   |\n+---+-----+",
        ["| a | b c |\n| --- | --- |\n| 1 | x y |"],
    ),
    ("=== ===\n a   b\n=== ===\nx   y z\n    on\n=== ===", ["| a | b |\n| --- | --- |\n| x | y z on |"]),
    (
        ".. list-table:: T\n   :header-rows: 1\n\n   * - a\n     - b\n   * - 1\n     - 2",
        ["T", "| a | b |\n| --- | --- |\n| 1 | 2 |"],
    ),
    ('.. csv-table:: Title\n   :header: a, b\n\n   1, "x, y"', ["Title", "| a | b |\n| --- | --- |\n| 1 | x, y |"]),
    (".. raw:: html\n\n   <p>Raw <b>words</b></p>", ["Raw words"]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "shown"), BLOCKS)
def test_blocks_are_read(written: str, shown: list[str]) -> None:
    assert rst(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**strong**, *weak* and ``lit *x*``", "strong, weak and lit *x*"),
        ("`link <https://example.org>`_, `other`__ and name_", "link, other and name"),
        (":ref:`the part <part>`, :doc:`/intro`, :py:func:`~os.path`", "the part, /intro, os.path"),
        (":math:`a_b^2` and H\\ :sub:`2`\\ O", "$a_b^2$ and H₂O"),
        ("2*3*4, snake_case, __init__, \\*escaped\\*", "2*3*4, snake_case, __init__, *escaped*"),
        ("a < b & c", "a < b & c"),
    ],
)
def test_running_text_says_what_a_reader_sees(written: str, shown: str) -> None:
    assert rst(written) == [shown]


def test_code_in_an_item_has_its_language_and_its_place() -> None:
    text = "#. first\n\n   .. code-block:: c\n      :linenos:\n\n      int x;\n\n#. second"

    document = read_as(Format.RST, text)

    assert kinds_and_texts(document) == [(LIST, "1. first"), (CODE, "int x;"), (LIST, "2. second")]
    assert document.pieces[1].language == "c"


def test_terms_labels_and_included_files() -> None:
    document = read_as(
        Format.RST, ".. _here:\n\n:term:`Water` is **wet**.\n\n.. literalinclude:: a.py\n.. include:: b.rst"
    )

    (piece,) = document.pieces
    assert (piece.locator.fragment, piece.emphasised) == ("here", ("Water", "wet"))
    assert document.warnings == (
        "The text includes 2 other files, whose content is not in it. Upload what they hold, too.",
    )


@pytest.mark.parametrize(
    "line", ["* ", "  ", "- - ", ".. note::\n   ", "a\n  ", ":x: ", "`", "**", "== ==\n", "+-+\n", "a::\n "]
)
def test_no_words_are_lost_in_what_is_repeated(line: str) -> None:
    nested = "\n".join(f"{' ' * depth}{line}word{depth}" for depth in range(60))

    assert "word59" in " ".join(rst(nested))


@pytest.mark.parametrize(
    ("written", "links"),
    [
        ("See `one <https://a.example>`_ and `two <b.html>`__.", ("https://a.example", "b.html")),
        ("See `one`__ and two__.\n\n__ https://a.example\n\n.. __: b.html", ("https://a.example", "b.html")),
        ("See one_ and `the other`_.\n\n.. _one: https://a.example\n.. _the other: one_", ("https://a.example",)),
        ("See https://a.example/x (and http://b.example).", ("https://a.example/x", "http://b.example")),
        ("See :doc:`a <../b>`, :ref:`c <d>` and `e`_.\n\n.. _e:\n\nThere.", ("../b",)),
        ("|x|_\n\n.. |x| replace:: words\n.. _x: https://a.example", ("https://a.example",)),
        (".. image:: a.png\n   :alt: A map\n   :target: https://a.example", ("https://a.example",)),
        (".. _long:\n   https://a.example/long\n\nSee long_.", ("https://a.example/long",)),
    ],
)
def test_references_keep_where_they_lead(written: str, links: tuple[str, ...]) -> None:
    document = read_as(Format.RST, written)

    assert tuple(link for piece in document.pieces for link in piece.links) == links
    assert "example" not in document.pieces[-1].text or written.startswith("See https")


def test_an_exercise_is_a_heading_and_ends_with_its_directive() -> None:
    text = "Part\n====\n\n.. exercise:: Boil\n   :label: x\n\n   Boil it.\n\n.. solution:: x\n\n   Done.\n\nAfter."

    document = read_as(Format.RST, text)

    assert [(p.text, p.locator.heading_path) for p in document.pieces[1:]] == [
        ("Exercise: Boil", ("Part", "Exercise: Boil")), ("Boil it.", ("Part", "Exercise: Boil")),
        ("Solution", ("Part", "Solution")), ("Done.", ("Part", "Solution")), ("After.", ("Part",)),
    ]  # fmt: skip


def test_what_is_left_out_is_counted() -> None:
    text = ":Author: Ann\n\n.. a comment\n\n.. |a| replace:: b\n\n.. toctree::\n\n   one\n\n.. include:: c.rst\n\n"
    text += ".. raw:: latex\n\n   \\d\n\n.. _e: https://unused.example\n\nText |a|."

    document = read_as(Format.RST, text)

    assert texts(document) == ["Text b."]
    assert {left.kind: [each.text for each in left.texts] for left in document.left_out} == {
        LeftOutKind.METADATA: ["Author: Ann", "|a| replace:: b", "\\d", "https://unused.example"],
        LeftOutKind.COMMENT: ["a comment"],
        LeftOutKind.CONTENTS: ["toctree:: one"],
        LeftOutKind.EMBEDDED_OBJECT: ["c.rst"],
    }
