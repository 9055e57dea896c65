"""What a page shows when it is asked to: tabs, folded sections, answers behind buttons. The rest is counted."""

from __future__ import annotations

import pytest

from materials.documents import ChunkKind, Format, LeftOutKind
from tests.materials.readers.texts import of_kind, read_as, texts

SPHINX = (
    '<div role="tablist"><button role="tab" id="t0" aria-controls="p0">Linux</button>'
    '<button role="tab" id="t1" aria-controls="p1">Windows</button></div>'
    '<div role="tabpanel" id="p0" aria-labelledby="t0"><p>apt</p></div>'
    '<div role="tabpanel" id="p1" aria-labelledby="t1" hidden="true"><p>winget</p></div>'
)
BOOTSTRAP = (
    '<ul class="nav nav-tabs"><li><a data-bs-toggle="tab" href="#p0">Linux</a>'
    '<li><a data-bs-toggle="tab" href="#p1">Windows</a></ul><div class="tab-content">'
    '<div class="tab-pane" id="p0">apt</div><div class="tab-pane" id="p1">winget</div></div>'
)
DOCUSAURUS = (
    '<ul role="tablist"><li role="tab">Linux<li role="tab">Windows</ul>'
    '<div><div role="tabpanel">apt</div><div role="tabpanel" hidden>winget</div></div>'
)
MATERIAL = (
    '<div class="tabbed-set"><input type="radio" id="i0"><input type="radio" id="i1"><div class="tabbed-labels">'
    '<label for="i0">Linux</label><label for="i1">Windows</label></div><div class="tabbed-content">'
    '<div class="tabbed-block"><p>apt</p></div><div class="tabbed-block"><p>winget</p></div></div></div>'
)


@pytest.mark.parametrize("tabs", [SPHINX, BOOTSTRAP, DOCUSAURUS, MATERIAL])
def test_panels_of_tabs_are_read_below_their_names(tabs: str) -> None:
    document = read_as(Format.HTML, f"<h1>Install</h1>{tabs}<p>After.</p>")

    assert texts(document) == ["Install", "Linux", "apt", "Windows", "winget", "After."]
    assert document.left_out == ()


@pytest.mark.parametrize(
    "markup",
    [
        '<button aria-controls="a" aria-expanded="false">Answer</button><div id="a" hidden>Words</div>',
        """<button onclick="toggle('a')">Answer</button><div id="a" style="display: none">Words</div>""",
        """<a href="#" onclick='show("#a")'>Answer</a><p>So?</p><div id="a" style="DISPLAY:NONE;top:0">Words</div>""",
        "<p><button>Answer</button></p><div hidden>Words</div>",
        '<a href="javascript:void(0)">Answer</a><div style="display:none">Words</div>',
        '<p>Answer</p><div class="quiz solution" style="display:none">Words</div>',
        '<h2 id="h"><button data-bs-toggle="collapse" data-bs-target="#a">Answer</button></h2>'
        '<div class="collapse" id="a"><p>Words</p></div>',
        "<details><summary><button>Answer</button></summary>Words</details>",
    ],
)
def test_an_answer_behind_a_button_is_text_of_the_page(markup: str) -> None:
    found = texts(read_as(Format.HTML, f"<p>One sentence of the text.</p>{markup}"))

    assert "Words" in found
    assert "Answer" in found


@pytest.mark.parametrize(
    "markup",
    [
        '<button aria-haspopup="dialog" aria-controls="a">Open</button><div id="a" hidden>Words</div>',
        '<button data-bs-toggle="modal" data-bs-target="#a">Open</button><div id="a" style="display:none">Words</div>',
        '<button aria-controls="a">Menu</button><div role="menu" id="a" hidden>Words</div>',
        "<p hidden>Words</p>",
        "<p style='visibility: hidden'>Words</p>",
    ],
)
def test_what_stays_hidden_is_counted_with_its_words(markup: str) -> None:
    document = read_as(Format.HTML, f"<p>One sentence of the text.</p>{markup}")

    assert texts(document) == ["One sentence of the text."]
    hidden = next(left for left in document.left_out if left.kind is LeftOutKind.HIDDEN_TEXT)
    assert [(left.text, left.count) for left in hidden.texts] == [("Words", 1)]


def test_a_button_in_a_sentence_is_a_word_of_it_and_others_are_counted() -> None:
    document = read_as(
        Format.HTML,
        "<p>Press <button>Save</button> to keep it.</p><p>Text. <button>Copy</button></p><button>Buy</button>",
    )

    assert texts(document) == ["Press Save to keep it.", "Text."]
    assert [(left.kind, [each.text for each in left.texts]) for left in document.left_out] == [
        (LeftOutKind.FORM_FIELD, ["Copy", "Buy"])
    ]


def test_headings_of_panels_and_notes_end_with_them() -> None:
    note = '<div class="admonition note"><h3>Note</h3><p>Mind.</p></div>'
    page = (
        f"<h1>Page</h1><h2>Part</h2>{note}<p>one</p><aside><h2>Aside</h2>b</aside><p>two</p><h2>Next</h2><p>three</p>"
    )

    document = read_as(Format.HTML, f"<main>{page}</main>")

    paths = {piece.text: piece.locator.heading_path for piece in document.pieces}
    assert paths["Mind."] == ("Page", "Part", "Note")
    assert paths["one"] == paths["two"] == ("Page", "Part")
    assert paths["three"] == ("Page", "Next")
    assert [piece.level for piece in of_kind(document, ChunkKind.HEADING)] == [1, 2, 3, 3, 2]
