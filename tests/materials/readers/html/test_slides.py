"""Slides that are Markdown inside of a page, and their notes."""

from __future__ import annotations

import pytest

from materials.documents import ChunkKind, Format, LeftOutKind
from tests.materials.readers.texts import kinds_and_texts, read_as, texts

HEADING, PARAGRAPH, LIST, CODE, NOTES = (
    ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.CODE, ChunkKind.NOTES,
)  # fmt: skip
SLIDES = "## One\n\n- `a < b`\n---\n## Two\nWords\n\nNote: Say this.\n\nAnd that.\n---\n```py\nx = 1\n---\ny = 2\n```\n"
EXPECTED = [
    (HEADING, "One"), (LIST, "- a < b"), (HEADING, "Two"), (PARAGRAPH, "Words"), (NOTES, "Say this."),
    (NOTES, "And that."), (CODE, "x = 1\n---\ny = 2"),
]  # fmt: skip


@pytest.mark.parametrize(
    "holder",
    [
        '<section data-markdown><script type="text/template">{}</script></section>',
        "<section data-markdown><textarea data-template>{}</textarea></section>",
        '<div data-markdown="">\n<script type="text/template">\n{}</script></div>',
    ],
)
def test_slides_of_reveal_are_read_from_their_markdown(holder: str) -> None:
    page = f'<div class="reveal"><div class="slides">{holder.format(SLIDES)}</div></div>'

    assert kinds_and_texts(read_as(Format.HTML, page)) == EXPECTED


def test_slides_of_remark_are_read_without_its_settings() -> None:
    source = "class: center, middle\n\n# Title\n---\nname: b\n.left[\n## Left\n- a\n]\n"
    source += "Some .red.bold[hot *water*[1]].\n--\n\nMore.\n\n???\nSay it.\n"
    page = f'<textarea id="source">{source}</textarea><script>remark.create()</script>'

    document = read_as(Format.HTML, page)

    assert kinds_and_texts(document) == [
        (HEADING, "Title"), (HEADING, "Left"), (LIST, "- a"), (PARAGRAPH, "Some hot water[1]."), (PARAGRAPH, "More."),
        (NOTES, "Say it."),
    ]  # fmt: skip
    (settings,) = document.left_out
    assert [left.text for left in settings.texts] == ["class: center, middle", "name: b", "remark.create()"]


def test_slides_of_marp_and_notes_of_reveal_are_read() -> None:
    marp = (
        "<svg data-marpit-svg><foreignObject width=1><section><h1>Marp</h1><p>Words</p></section></foreignObject></svg>"
    )
    notes = '<div class="slides"><section><h2>Plain</h2><aside class="notes">Say this.</aside></section></div>'

    assert texts(read_as(Format.HTML, marp)) == ["Marp", "Words"]
    assert kinds_and_texts(read_as(Format.HTML, notes)) == [(HEADING, "Plain"), (NOTES, "Say this.")]


def test_slides_in_another_file_are_said() -> None:
    page = '<div class="slides"><section data-markdown="more.md"></section><section><h2>Here</h2></section></div>'

    document = read_as(Format.HTML, page)

    assert texts(document) == ["Here"]
    assert document.warnings == ("The page takes slides from another file, more.md: upload that, too.",)
    assert [(left.kind, left.count) for left in document.left_out] == [(LeftOutKind.EMBEDDED_OBJECT, 1)]
