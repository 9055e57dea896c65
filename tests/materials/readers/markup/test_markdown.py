"""Markdown beyond CommonMark: formulas as they are written, and the content of directives without their markers."""

from __future__ import annotations

from itertools import pairwise

import pytest

from materials.documents import ChunkKind, Format, LeftOutKind
from materials.readers.markdown.components import parse_component_tag
from materials.readers.markdown.lines import normalize_markdown
from tests.materials.readers.texts import count_calls, kinds_and_texts, of_kind, read_as, texts

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


BOXES = [
    "::::: challenge\n\n## Box\n\nInside.\n\n::: solution\n\n# Deep\n\n:::\n:::::",
    "::: {.callout-note}\n## Box\nInside.\n:::",
    "```{admonition} Title\n# Box\nInside.\n```",
    ":::tip[Title]\n\n### Box\n\nInside.\n\n:::",
    '!!! note "Title"\n    ## Box\n\n    Inside.',
    '=== "Tab"\n\n    # Box\n\n    Inside.',
    "> ## Box\n> Inside.",
    '<TabItem label="Tab">\n\n## Box\n\nInside.\n\n</TabItem>',
    '{{% tab "Tab" %}}\n## Box\nInside.\n{{% /tab %}}',
    "{% hint style=\"info\" %}\n## Box\nInside.\n{% endhint %}",
    "<details><summary>More</summary>\n\n## Box\n\nInside.\n\n</details>",
    "- item\n\n  ::: note\n  # Box\n  Inside.\n  :::",
]  # fmt: skip


@pytest.mark.parametrize("box", BOXES)
def test_a_heading_in_a_box_does_not_take_over_the_section(box: str) -> None:
    document = read_as(Format.MARKDOWN, f"# Page\n\n## Section\n\n{box}\n\nAfter.\n\n## Next\n\nEnd.")

    paths = {piece.text: piece.locator.heading_path for piece in document.pieces}
    inside = next(path for text, path in paths.items() if "Inside." in text)
    assert inside[:2] == ("Page", "Section")
    assert inside[-1].endswith("Box")
    assert paths["After."] == ("Page", "Section")
    assert paths["End."] == ("Page", "Next")
    levels = [piece.level for piece in of_kind(document, HEADING)]
    assert levels[:2] == [1, 2]
    assert levels[-1] == 2
    assert min(level for level in levels[2:-1] if level is not None) == 3


@pytest.mark.parametrize(
    ("written", "headings"),
    [
        (
            "```{exercise} Boil\n:label: ex1\nBoil it.\n```\n```{solution} ex1\nDone.\n```",
            ["Exercise: Boil", "Solution"],
        ),
        ("::: challenge\n## From 1 to N\nText.\n:::", ["Challenge: From 1 to N"]),
        ("::: solution\n## Solution\nText.\n:::", ["Solution"]),
        ("::: {#exr-boil}\n## Boil\nText.\n:::\n::: {.solution}\nText.\n:::", ["Exercise: Boil", "Solution"]),
        ('!!! exercise "Boil"\n    Text.', ["Exercise: Boil"]),
        ("> ## Boil\n> Text.\n{: .challenge}", ["Challenge: Boil"]),
        ("::: objectives\n\n- Boil water.\n\n:::", ["Objectives"]),
        ("::: questions\n- Why?\n:::\n\n::: keypoints\n- Water boils.\n:::", ["Questions", "Key points"]),
        ("::: prereq\n## Prerequisites\nFractions.\n:::", ["Prerequisites"]),
        ('??? done "Answer"\n\n    Text.\n', ["Answer"]),
        (":::tip[Вправа 3]\nText.\n:::", ["Вправа 3"]),
        ("<details>\n<summary>Show the solution</summary>\n\nText.\n\n</details>", ["Show the solution"]),
        ("<details><summary><b>Ver solución</b></summary>Text.</details>", ["Ver solución"]),
        ("<details><summary>Answers are hard to find</summary>Text.</details>", []),
        ('!!! tip "Tip of the day"\n    Text.\n', []),
        ("```{exercise-start} Boil\n:label: a\n```\nText.\n```{exercise-end}\n```\nAfter.", ["Exercise: Boil"]),
        ("::: note\nText.\n:::", []),
    ],
)  # fmt: skip
def test_a_directive_of_an_exercise_is_said_in_its_heading(written: str, headings: list[str]) -> None:
    document = read_as(Format.MARKDOWN, written)

    assert [piece.text for piece in of_kind(document, HEADING)] == headings
    assert all(not piece.locator.heading_path for piece in document.pieces if piece.text == "After.")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "```{list-table} Temperatures\n:header-rows: 1\n* - Matter\n  - Degrees\n* - Water\n  - **100**\n```",
            ["Temperatures", "| Matter | Degrees |\n| --- | --- |\n| Water | 100 |"],
        ),
        (
            ':::{csv-table} Temperatures\n:header: Matter, Degrees\n\nWater, "100, at sea level"\n:::',
            ["Temperatures", "| Matter | Degrees |\n| --- | --- |\n| Water | 100, at sea level |"],
        ),
    ],
)
def test_a_table_of_a_directive_is_a_table(written: str, shown: list[str]) -> None:
    assert markdown(written) == shown


COMPONENTS = [
    ('<TabItem value="mac" label="macOS">\n\nBrew.\n\n</TabItem>', ["macOS", "Brew."]),
    ('<Tabs>\n  <TabItem value="mac">\n\n    Brew.\n\n  </TabItem>\n</Tabs>\n\nAfter.', ["mac", "Brew.", "After."]),
    ("<Note>Hot **water**.</Note>", ["Hot water."]),
    ('<Listing\n  number="1"\n  caption="Map of `a<b>`"\n>\n\nText.\n\n</Listing>', ["Map of a<b>", "Text."]),
    (
        '<Quiz choices={[{text: "Steam", explain: "A gas.", ok: true}, {text: \'Ice\'}]} />',
        ["- Steam\n  - A gas.\n- Ice"],
    ),
    ('Some <Mark color="red">red</Mark> words <Icon name="x"/> in <Link to="/a">it</Link>.', ["Some red words in it."]),
    ("Press <Enter> for Map<Key, List<Value>> of <url>.", ["Press <Enter> for Map<Key, List<Value>> of <url>."]),
    ("import {\n  A,\n} from 'b';\nexport const c = {\n\n  d: 1,\n};\n\nText.", ["Text."]),
    ('<Img src="a.png" alt="A map">\n\n# Title\n\n<Note>\n\nText.\n\n</Note>', ["A map", "Title", "Text."]),
    ("Text.\n\n{items.map((item) => (\n  <li key={item}>{item}</li>\n))}\n\nEnd.", ["Text.", "End."]),
    ("{x} stays\n\n% of it stays, too\n\n%% not this %%", ["{x} stays", "% of it stays, too"]),
    (":::{code-block} c\n:caption: The code\nx\n:::\n\n% no\n\n+++\n\nEnd.", ["The code", "x", "End."]),
    ("export your data from the program", ["export your data from the program"]),
    ('{{< tab "Linux" >}}\nText with [a link]({{< ref "b.md" >}}).\n{{< /tab >}}', ["Linux", "Text with a link."]),
    ('{{< figure src="a.png" title="A kettle" >}}', ["A kettle"]),
    ('```js title="a.js"\nx\n```', ["a.js", "x"]),
    ("> ```sh\n> ls\n> ```\n>\n> Said.\n\nAfter.", ["ls", "Said.", "After."]),
    ("> ```sh\n> ls\n\nAfter.", ["ls", "After."]),
    ("<script setup>\nimport A from 'a'\n\n:::note\n</script>\n\nText.", ["Text."]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "shown"), COMPONENTS)
def test_components_and_tags_are_read_for_what_they_say(written: str, shown: list[str]) -> None:
    assert markdown(written) == shown


def test_what_is_left_out_is_counted_with_its_words() -> None:
    text = (
        "---\ntitle: T\n---\nimport A from 'a'\n\n<!-- to do -->\n{% comment %}no{% endcomment %}\n\n{/* never */}\n\n"
    )
    text += "{{< youtube x1 >}}\n\n```{toctree}\nintro\n```\n\n```{include} other.md\n```\n\n<Icon name='x'/>\n\n"
    text += "[//]: # (later)\n"
    text += "{{#include a.rs}}\n\n[used]: u\n[unused]: https://x.example\n\nText [used]."

    found = read_as(Format.MARKDOWN, text).left_out

    assert {left.kind: [each.text for each in left.texts] for left in found} == {
        LeftOutKind.METADATA: ["title: T", "import A from 'a'", "[unused]: https://x.example"],
        LeftOutKind.COMMENT: ["to do", "{% comment %}no{% endcomment %}", "{/* never */}", "later"],
        LeftOutKind.EMBEDDED_OBJECT: ["{{< youtube x1 >}}", "other.md", "<Icon name='x'/>", "{{#include a.rs}}"],
        LeftOutKind.CONTENTS: ["intro"],
    }


def test_targets_of_links_stay_with_the_piece_that_has_them() -> None:
    text = "# [Top](a.md)\n\nSee [one](b.md#x), <https://c.example>, [two][r] and [one](b.md#x)[^1].\n\n"
    text += "- [in a list](d)\n\n"
    text += "| [h](e) |\n| --- |\n| [c](f) |\n\n{doc}`here <../g>`\n\n[r]: https://r.example"

    pieces = read_as(Format.MARKDOWN, text).pieces

    assert [piece.links for piece in pieces] == [
        ("a.md",), ("b.md#x", "https://c.example", "https://r.example"), ("d",), ("e", "f"), ("../g",),
    ]  # fmt: skip


@pytest.mark.parametrize("opening", ["<Tab>\n", "<Tab a={\n", "{% a %}\n", "::: exercise\n", "> ```a\n", "export {\n"])
def test_what_opens_again_and_again_takes_time_that_grows_with_its_length(opening: str) -> None:
    def steps(times: int) -> int:
        return count_calls(lambda: normalize_markdown(f"{opening * times}word"))

    assert steps(2_000) < 2.5 * steps(1_000)


def test_code_of_an_attribute_with_more_braces_than_people_write_is_text() -> None:
    """Else each tag of a text of opening braces would be looked for to its end again."""
    assert parse_component_tag(f"<Tab a={{{'{' * 90}1{'}' * 90}}} />") is not None
    assert parse_component_tag(f"<Tab a={{{'{' * 200}1{'}' * 200}}} />") is None


@pytest.mark.parametrize(
    "sentence",
    [
        "export default settings with the button.",
        "export function keys are on the left.",
        "export class of goods is a term of customs.",
        "export var values are what is shipped.",
        "import 'the file' into the program.",
        "{x => x} is a function, as is {y}",
    ],
)
def test_a_sentence_is_no_statement_of_mdx(sentence: str) -> None:
    assert markdown(sentence) == [sentence]


@pytest.mark.parametrize(
    "code",
    [
        "export default function Page() {\n  return null\n}",
        "export default ({children}) => children",
        "export default Layout",
        "export const meta = {\n  title: 'x'\n}",
        "export * from './all'",
        "import Tabs from '@theme/Tabs'; // panels",
        "import {\n  A,\n  B,\n} from './parts'",
        "{steps.map((step) => (\n  <Step {...step} />\n))}",
    ],
)
def test_a_statement_of_mdx_is_left_out(code: str) -> None:
    document = read_as(Format.MARKDOWN, f"{code}\n\nText.")

    assert texts(document) == ["Text."]
    assert [each.kind for each in document.left_out] == [LeftOutKind.METADATA]


def test_signs_inside_of_a_text_are_no_nesting() -> None:
    assert markdown("a " + "> " * 40 + "b") == ["a " + "> " * 40 + "b"]
