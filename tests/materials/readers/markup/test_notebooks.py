"""Notebooks: what their authors wrote, in order, and of outputs what can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from materials.documents import ChunkKind, Document, Format, LeftOutKind
from materials.readers.base.errors import UnreadableDocument
from materials.readers.document_json import decode_document, encode_document
from tests.materials.readers.texts import kinds_and_texts, of_kind, read_as, texts

HEADING, PARAGRAPH, LIST, CODE = ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.CODE


def notebook(*cells: dict[str, Any], **metadata: Any) -> Document:
    return read_as(
        Format.NOTEBOOK, json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    )


def markdown(*lines: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": list(lines)}


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": source, "outputs": list(outputs)}


def shown(**data: Any) -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {name.replace("_", "/"): v for name, v in data.items()},
    }


def stream(text: str | list[str]) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_text_and_code_come_in_order_under_their_headings() -> None:
    document = notebook(
        markdown("# Loops\n", "\n", "A *loop* has $n_i$ rounds.\n"),
        code("for i in range(3):\n    print(i)", stream(["0\n", "1\n", "2\n"])),
        markdown("## While"),
        code("%%bash\nls"),
        kernelspec={"name": "ir", "language": "R"},
    )

    assert document.title == "Loops"
    assert kinds_and_texts(document) == [
        (HEADING, "Loops"), (PARAGRAPH, "A loop has $n_i$ rounds."), (CODE, "for i in range(3):\n    print(i)"),
        (CODE, "0\n1\n2"), (HEADING, "While"), (CODE, "%%bash\nls"),
    ]  # fmt: skip
    assert [piece.language for piece in of_kind(document, CODE)] == ["r", None, "bash"]
    assert document.pieces[-1].locator.heading_path == ("Loops", "While")


def test_what_is_no_text_in_outputs_is_counted() -> None:
    document = notebook(
        code("plot()", shown(image_png="iVBORw0KGgo=", text_plain="<Figure size 640x480 with 1 Axes>")),
        code(
            "ax", shown(text_plain="<Axes: title={'center': 'x'} at 0x7f00>"), shown(text_plain="[<Line2D at 0x7f01>]")
        ),
        code("1/0", {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "", "traceback": ["secret path"]}),
        code("w", shown(**{"application_vnd.jupyter.widget-view+json": {"model_id": "x"}})),
        code("t", shown(text_latex="$\\displaystyle x^2$", text_plain="x**2")),
    )

    assert texts(document) == ["plot()", "ax", "1/0", "w", "t", "$\\displaystyle x^2$"]
    assert document.warnings == (
        "1 picture in the outputs was left out.", "1 error message in the outputs was left out.",
        "1 interactive element in the outputs was left out.",
    )  # fmt: skip


def test_long_outputs_are_cut_and_that_is_said() -> None:
    lines = "".join(f"line {number}\n" for number in range(100_000))
    progress = "\x1b[31m  1%\r 50%\r100%\x1b[0m\n"

    document = notebook(code("a", stream(lines)), code("b", stream("x" * 1_000_000)), code("c", stream(progress)))

    _, cut, _, long, _, bar = texts(document)
    assert cut.endswith("line 29\n…")
    assert long == "x" * 2_000 + "\n…"
    assert bar == "100%"
    assert document.warnings == ("The output of 2 cells were cut after 30 lines or 2,000 characters.",)


def test_markup_that_is_open_in_one_cell_does_not_swallow_the_next() -> None:
    assert texts(notebook(markdown("<div><!-- open"), code("x = 1"), markdown("After."))) == ["x = 1", "After."]


def test_a_front_matter_in_the_first_cell_names_the_notebook() -> None:
    raw = {"cell_type": "raw", "metadata": {}, "source": "---\ntitle: Water\nlang: uk\n---"}

    document = notebook(raw, markdown("Text."))

    assert (document.title, document.language, texts(document)) == ("Water", "uk", ["Text."])


def test_format_3_has_sheets_inputs_and_headings() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Old"},
        {
            "cell_type": "code",
            "language": "python",
            "input": ["x = 1"],
            "outputs": [{"output_type": "pyout", "text": "1"}],
        },
    ]

    document = read_as(Format.NOTEBOOK, json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3, "metadata": {}}))

    assert [(p.kind, p.text, p.level, p.language) for p in document.pieces] == [
        (HEADING, "Old", 2, None), (CODE, "x = 1", None, "python"), (CODE, "1", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["{", "[]", '{"metadata": {}}', "[" * 100_000, '"text"', "null"])
def test_what_is_no_notebook_is_refused(content: str) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read_as(Format.NOTEBOOK, content)

    assert refused.value.code == "damaged"


@pytest.mark.parametrize(
    "cell",
    [
        {}, {"cell_type": "code"}, {"cell_type": "code", "source": None, "outputs": None},
        {"cell_type": 3, "source": 5},
        {"cell_type": "code", "source": "x", "outputs": [None, {}, {"data": []}]},
        {"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "text": {}}]},
        {"cell_type": "heading", "level": "x", "source": "H"}, {"cell_type": "markdown", "source": [1, None, "x"]},
        {"cell_type": "raw", "metadata": [], "source": "x"}, {"cell_type": "code", "source": "x", "language": 3},
    ],
)  # fmt: skip
def test_cells_of_any_shape_are_read_as_far_as_they_go(cell: dict[str, Any]) -> None:
    assert texts(notebook(cell, markdown("After.")))[-1] == "After."


@pytest.mark.parametrize("said", ["x" * 80, "p\0y", "a `b`", " \n "])
def test_what_is_no_name_of_a_language_is_not_kept(said: str) -> None:
    (piece,) = notebook(code("print(1)"), kernelspec={"language": said}).pieces

    assert (piece.text, piece.language) == ("print(1)", None)


def test_halves_of_characters_cost_only_themselves() -> None:
    document = notebook(code("print(1)", stream("\udc00 one")), kernelspec={"language": "r"})

    assert texts(Document(pieces=decode_document(encode_document(document)).pieces)) == ["print(1)", "? one"]


def test_what_is_left_out_of_a_notebook_is_counted_and_links_are_kept() -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "x", "text/plain": "<Figure size 640x480>"}}
    failed = {"output_type": "error", "ename": "NameError", "evalue": "no x", "traceback": []}
    text = {**markdown("[a](b.ipynb) <!-- to do -->"), "attachments": {"map.png": {"image/png": "x"}}}
    raw = {"cell_type": "raw", "metadata": {}, "source": "---\ntitle: Water\n---"}

    document = notebook(raw, text, code("x", picture, failed, stream("line\n" * 31)))

    assert document.pieces[0].links == ("b.ipynb",)
    assert {left.kind: [each.text for each in left.texts] for left in document.left_out} == {
        LeftOutKind.METADATA: ["title: Water"],
        LeftOutKind.ATTACHMENT: ["map.png"],
        LeftOutKind.COMMENT: ["to do"],
        LeftOutKind.EMBEDDED_OBJECT: ["<Figure size 640x480>"],
        LeftOutKind.OUTPUT: ["NameError: no x", "line"],
    }
