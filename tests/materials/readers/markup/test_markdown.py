"""Markdown beyond CommonMark: formulas as they are written, and the content of directives without their markers."""

from __future__ import annotations

from itertools import pairwise

import pytest

from materials.documents import ChunkKind, Format
from tests.materials.readers.texts import kinds_and_texts, of_kind, read_as, texts

HEADING, PARAGRAPH, LIST, CODE = ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.CODE


def markdown(text: str) -> list[str]:
    return texts(read_as(Format.MARKDOWN, text))


@pytest.mark.parametrize(
    ("front", "title", "language"),
    [
        ("---\ntitle: Water\nlang: uk\ntags: [a]\n---\n", "Water", "uk"),
        ("---\ntitle: Water: a course\nlayout: page\n---\n", "Water: a course", ""),
        ('+++\ntitle = "Water"\nlanguage = "de-AT"\n+++\n', "Water", "de-AT"),
        ("---\ntitle: &a [x, x]\nlang: [en]\n---\n", "", ""),
        ("\ufeff---\r\ntitle: 2024\r\n...\r\n", "2024", ""),
        ("---\n---\n", "", ""),
    ],
)
def test_a_front_matter_gives_title_and_language_and_no_text(front: str, title: str, language: str) -> None:
    document = read_as(Format.MARKDOWN, f"{front}Text.")

    assert (document.title, document.language) == (title, language)
    assert texts(document) == ["Text."] if front != "---\n---\n" else texts(document)[-1] == "Text."


def test_what_only_looks_like_a_front_matter_stays() -> None:
    assert "A sentence between rules." in "\n".join(markdown("---\nA sentence between rules.\n---\nText."))


def test_aliases_in_a_front_matter_do_not_explode() -> None:
    names = "abcdefghijklmnopqrstuvwxy"
    bomb = "a: &a [x, x]\n" + "".join(f"{after}: &{after} [*{name}, *{name}]\n" for name, after in pairwise(names))

    assert read_as(Format.MARKDOWN, f"---\n{bomb}title: *y\n---\nText.").title == ""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("$a_b * c_d$ and $x^*$", "$a_b * c_d$ and $x^*$"),
        (r"\(a \_ b\), \[\frac{1}{2}\]", r"\(a \_ b\), \[\frac{1}{2}\]"),
        (r"\\(a_b\\)", r"\(a_b\)"),
        ("$$x *y* z$$ inline", "$$x *y* z$$ inline"),
        ("costs $5 and *then* $10", "costs $5 and then $10"),
        (r"\$5 and `$x *y*`", "$5 and $x *y*"),
        (r"\[note: you *must* apply here\]", "[note: you must apply here]"),
        ("$$\na &= *b* \\\\\n\nc\n$$", "$$\na &= *b* \\\\\nc\n$$"),
        ("\\begin{align}\na_1 &= b\n\\end{align}", "\\begin{align}\na_1 &= b\n\\end{align}"),
        ("{math}`x_1`", "$x_1$"),
    ],
)
def test_a_formula_is_kept_as_it_is_written(written: str, shown: str) -> None:
    assert markdown(written) == [shown]


DIRECTIVES = [
    (":::{note}\nBody *one*.\n:::", ["Body one."]),
    (":::{admonition} Title\n:class: tip\nBody.\n:::", ["Title", "Body."]),
    ("```{warning}\nBody.\n```", ["Body."]),
    ("```{figure} picture.png\n---\nname: fig\nwidth: 50%\n---\nThe caption\n```", ["The caption"]),
    ("::: tip Title\nBody.\n:::", ["Title", "Body."]),
    (":::note[Title]\nBody.\n:::", ["Title", "Body."]),
    (':::: {.columns}\n::: {.column width="50%"}\nLeft.\n:::\n::::\nAfter.', ["Left.", "After."]),
    ('::: {.callout-note title="Title"}\nBody.\n:::', ["Title", "Body."]),
    ('!!! note "Title"\n    Body.\n\n    - item\n\nAfter.', ["Title", "Body.", "- item", "After."]),
    ("!!! note\n    Outer.\n\n    !!! tip\n        Inner.\n", ["Outer.", "Inner."]),
    ("> [!WARNING]\n> Body.", ["Body."]),
    ('=== "Python"\n\n    Body.', ["Python", "Body."]),
    ("{% include x.html %}\nBody {% link y %}here.", ["Body here."]),
    ("{% comment %}\nSecret\n{% endcomment %}\nBody.", ["Body."]),
    ("{{< youtube id >}} Body.", ["Body."]),
    ("Body.\n{: .class #id}", ["Body."]),
    ("[[toc]]\n\nimport Tabs from '@theme/Tabs';\n\n{/* hidden */}Body.", ["Body."]),
    ("Body <!-- hidden --> goes on.", ["Body goes on."]),
    ("[Body][1] ![a map](x.png){width=50%}\n\n[1]: https://example.org", ["Body a map"]),
    ("(here)=\n# Title", ["Title"]),
    ("{term}`Water <w>` and {ref}`sec` and {doc}`../a`", ["Water and sec and ../a"]),
    ("Water[^1] boils.\n\n[^1]: At 100\n    degrees.", ["Water[1] boils.", "[1] At 100 degrees."]),
    ("Term\n: Its *meaning*\n  goes on.\n\nOther\n\n: A word.", ["- Term: Its meaning goes on.\n- Other: A word."]),
    ("- [ ] open\n- [x] done", ["- [ ] open\n- [x] done"]),
    ("One\ntwo  \nthree", ["One two\nthree"]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "shown"), DIRECTIVES)
def test_the_content_of_a_directive_stays_and_its_marker_goes(written: str, shown: list[str]) -> None:
    assert markdown(written) == shown


def test_a_label_is_an_anchor_and_a_name_in_braces_too() -> None:
    document = read_as(Format.MARKDOWN, "# Top {#top}\n\n(below)=\n## Below\n\nText.")

    assert [piece.locator.fragment for piece in document.pieces] == ["top", "below", "below"]


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("```{code-cell} ipython3\n:tags: [hide]\nx = 1\n```", "python"),
        ("```{r setup, echo=FALSE}\nx = 1\n```", "r"),
        ("```{.python .numberLines}\nx = 1\n```", "python"),
        (":::{code-block} c\nx = 1\n:::", "c"),
        ("{% highlight ruby %}\nx = 1\n{% endhighlight %}", "ruby"),
        ("```\nx = 1\n```", None),
        ("    x = 1", None),
    ],
)
def test_code_has_the_language_that_its_author_named(written: str, language: str | None) -> None:
    document = read_as(Format.MARKDOWN, written)

    assert [(p.kind, p.text, p.language) for p in document.pieces] == [(CODE, "x = 1", language)]


def test_nothing_in_a_code_fence_is_taken_for_markup() -> None:
    code = ":::note\n$x$ {% raw %}\n!!! tip\n[^1]: x\n---\ntitle: y"

    assert markdown(f"~~~md\n{code}\n~~~") == [code]


def test_code_in_an_item_stands_between_the_items() -> None:
    document = read_as(Format.MARKDOWN, "1. first\n   ```sh\n   ls\n   ```\n2. second\n   - deep\n")

    assert kinds_and_texts(document) == [(LIST, "1. first"), (CODE, "ls"), (LIST, "2. second\n  - deep")]


def test_no_words_are_lost_however_deep_they_stand() -> None:
    assert "x" in " ".join(markdown("> " * 400 + "x"))
    assert "x" in " ".join(markdown("- " * 400 + "x"))
    nested = "\n".join("  " * number + f"- {number}" for number in range(200))
    assert {str(number) for number in range(200)} <= set(" ".join(markdown(nested)).split())


SIGNS = ["[", "$", "$a ", "a`", "*a_ ", "{", "{%", "\\(", "\\[", "![", "<", "[^", ":::a\n", "!!! a\n", "> ", "$$\n"]


@pytest.mark.parametrize("sign", SIGNS)
def test_signs_that_open_and_never_close_lose_no_words(sign: str) -> None:
    assert "word" in " ".join(markdown(f"{sign * 500} word"))


def test_a_heading_of_a_directive_is_a_heading() -> None:
    document = read_as(Format.MARKDOWN, "# A\n\n::: {.callout-tip}\n## B\nText.\n:::")

    assert [(p.text, p.level) for p in of_kind(document, HEADING)] == [("A", 1), ("B", 2)]
