"""What every reader of text promises of every piece, whatever is in the file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from materials.documents import ChunkKind, Document, Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.document_json import decode_document, encode_document
from tests.materials.readers.texts import read_as

WORDS = [
    "word", "Вода", "变量", "a", "", " ", "1", "x_1", "**b**", "*i*", "`c`", "\\", "\u00ad", "\ufeff", "\r", "\x0b",
    "\u2028", "é",
]  # fmt: skip
HTML = [
    "<p>", "</p>", "<b>", "</b>", "<ul>", "<ol start=3>", "<li>", "</li>", "</ul>", "<table>", "<tr>",
    "<td colspan=2>", "<td rowspan=3>", "</table>", "<pre>", "</pre>", "<h1 id=a>", "<h3>", "</h3>", "<dl>", "<dt>",
    "<dd>", "<br>", "<sup>", "</sup>", "<sub>", "<math><mi>", "<figure>", "<img alt='A'>", "<span class=math>",
    "<script>", "</script>", "<!--", "-->", "<nav>", "<div class=sidebar>", "&nbsp;", "&#0;", "<details>", "<em> ",
    "<a name='q'>", "<x-y>",
]  # fmt: skip
MARKDOWN = [
    "# ", "- ", "1. ", "    ", "```", "```{note}", ":::", "::: tip ", "!!! note\n    ", "$", "$$", "\\(", "\\)", "|",
    "---", "> ", "[^1]", "[^1]: ", ": ", "{% x %}", "{#a}", "<div>", "</div>", "{term}`x`", "\n\n", "\n", "***", "~~~",
    "===",
]  # fmt: skip
RST = [
    "====", "----", ".. note:: ", ".. _a:", ".. code:: c\n\n   ", "* ", "#. ", "   ", "::", ":f: ", "+--+", "| ",
    ">>> ", "== ==", "``", ":sub:`2`", "`a <b>`_", "[1]_", ".. [1] ", ".. list-table::\n\n   * - ",
    ".. csv-table::\n\n   ", "\n\n",
]  # fmt: skip
CSV = [",", ";", "\t", '"', "\n", "\r\n", "sep=;\n"]
QUIZ = [
    "<problem>", "</problem>", "<p>", "</p>", "<choice correct='true'>", "</choice>", "<choiceresponse>", "<solution>",
    "</choiceresponse>", "</solution>", "<quiz>", "</quiz>", "<question type='multichoice'>", "</question>", "<text>",
    "</text>", "::a::", "{", "}", "=a", "~b", "#c", "####", "\n\n", "T", "->",
]  # fmt: skip
CAPTIONS = [
    "00:01,000 --> 00:02,000", "WEBVTT\n\n", "1", "<v Ann>", "{\\an8}", "\n\n", "NOTE", "-->", "00:00:03.5-->00:04",
]  # fmt: skip
ALPHABETS = {
    Format.HTML: HTML, Format.MARKDOWN: [*MARKDOWN, *HTML[:12]], Format.RST: RST, Format.CSV: CSV, Format.QUIZ: QUIZ,
    Format.SRT: CAPTIONS, Format.VTT: CAPTIONS, Format.PLAIN: ["\n\n", "===", "- ", "1) "],
}  # fmt: skip


def assert_holds(document: Document) -> None:
    """Check the contract of `Piece` and `Document`."""
    for piece in document.pieces:
        assert piece.text.strip()
        assert not {"\x00", "\r", "\u2028"} & set(piece.text)
        piece.text.encode()
        assert (piece.level is not None) == (piece.kind is ChunkKind.HEADING)
        assert piece.level is None or 1 <= piece.level <= 6
        if piece.kind is ChunkKind.HEADING:
            assert piece.locator.heading_path[-1] == piece.text
            assert "\n" not in piece.text
        assert piece.kind is ChunkKind.CODE or piece.language is None
        if piece.kind is ChunkKind.TABLE:
            assert all(line.startswith("|") and line.endswith("|") for line in piece.text.split("\n"))
            assert set(piece.text.split("\n")[1]) <= set("|- ")
        if piece.kind is ChunkKind.LIST:
            assert all(line.strip() for line in piece.text.split("\n"))
        joined = " ".join(piece.text.split())
        assert all(term and term in joined for term in piece.emphasised)
    assert decode_document(encode_document(document)) == document


def mixed(format_: Format) -> st.SearchStrategy[str]:
    """Return texts made of a format's own signs, between words and line ends."""
    return st.lists(st.sampled_from([*ALPHABETS[format_], *WORDS, "\n"]), max_size=40).map("".join)


@pytest.mark.parametrize("format_", ALPHABETS)
@settings(max_examples=60)
@given(data=st.data())
def test_every_piece_keeps_its_promises(format_: Format, data: st.DataObject) -> None:
    text = data.draw(mixed(format_))
    try:
        document = read_as(format_, text)
    except UnreadableDocument:
        return

    assert_holds(document)


@pytest.mark.parametrize("format_", ALPHABETS)
@settings(max_examples=30)
@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(format_: Format, content: bytes) -> None:
    try:
        document = read_as(format_, content)
    except UnreadableDocument:
        return

    assert_holds(document)


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text/plain", "text", "png"]), inner),
    max_leaves=5,
)
cells = st.dictionaries(
    st.sampled_from(["cell_type", "source", "input", "outputs", "level", "language", "metadata", "data"]),
    st.sampled_from(["markdown", "code", "raw", "heading"]) | values | mixed(Format.MARKDOWN),
)


@settings(max_examples=60)
@given(st.lists(cells, max_size=4))
def test_notebooks_of_any_shape_keep_the_promises(made: list[dict[str, object]]) -> None:
    assert_holds(read_as(Format.NOTEBOOK, json.dumps({"cells": made, "metadata": {}})))
