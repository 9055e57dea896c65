"""HTML as teachers save it: what must come out once, in order, and what must not come out."""

from __future__ import annotations

import pytest

from materials.documents import ChunkKind, Format, LeftOutKind
from materials.readers.html.blocks import HTMLBlockReader
from materials.readers.html.furniture import BoilerplateDetector
from materials.readers.html.tokens import MAX_ATTRIBUTES
from materials.readers.html.tree import MAX_DEPTH, build_html_tree
from tests.materials.readers.texts import count_calls, kinds_and_texts, of_kind, read_as, texts

PARAGRAPH, LIST, CODE = ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.CODE


def html(body: str) -> list[str]:
    return texts(read_as(Format.HTML, f"<!doctype html><html><body>{body}</body></html>"))


def test_code_between_items_stays_between_them() -> None:
    body = '<ol><li>Run<pre class="brush: sh">make</pre>and wait.</li><li>Look<ul><li>here</li></ul></li></ol>'

    document = read_as(Format.HTML, body)

    assert kinds_and_texts(document) == [
        (LIST, "1. Run"), (CODE, "make"), (PARAGRAPH, "and wait."), (LIST, "2. Look\n  - here"),
    ]  # fmt: skip
    assert of_kind(document, CODE)[0].language == "sh"


def test_cells_stand_in_their_columns_whatever_spans_them() -> None:
    table = "<table><caption>Times</caption><tr><th rowspan=2>Day<th colspan=2>Hour<tr><td>from<td>to"
    table += "<tr><td>Mon<td rowspan=2>9<td>10<tr><td>Tue<td>11</table>"

    assert html(table) == [
        "Times",
        "| Day | Hour |  |\n| --- | --- | --- |\n|  | from | to |\n| Mon | 9 | 10 |\n| Tue |  | 11 |",
    ]


def test_a_long_table_comes_in_parts_that_repeat_its_head() -> None:
    rows = "".join(f"<tr><td>{number}<td>{'word ' * 20}" for number in range(200))

    parts = html(f"<table><tr><th>No<th>Words{rows}</table>")

    assert len(parts) > 2
    assert all(part.startswith("| No | Words |\n| --- | --- |\n| ") for part in parts)
    assert sum(part.count("\n") - 1 for part in parts) == 200


def test_code_in_a_table_with_line_numbers_is_only_the_code() -> None:
    numbers, code = "<pre>1\n2</pre>", '<div class="highlight-python3"><pre>a = 1\nb = 2</pre></div>'

    document = read_as(Format.HTML, f'<table><tr><td class="linenos">{numbers}<td class="code">{code}</table>')

    assert [(p.kind, p.text, p.language) for p in document.pieces] == [(CODE, "a = 1\nb = 2", "python3")]


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("mc<sup>2</sup> and H<sub>2</sub>O and 10<sup>-6</sup>", "mc² and H₂O and 10⁻⁶"),
        ("x<sub>max</sub><sup>k+m</sup>", "x_max^(k+m)"),
        ('the 1<sup>st</sup> note<sup><a href="#n1">1</a></sup>', "the 1st note[1]"),
        ('a note<a href="#n1"><sup>1</sup></a>', "a note[1]"),
        ("soft&shy;hyphen <q>said</q> <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "softhyphen “said” 漢(kan)"),
        ("two\n   lines <nobr>of</nobr> source<br>and a break", "two lines of source\nand a break"),
        ("中文\n字符", "中文字符"),
    ],
)
def test_running_text_keeps_its_meaning(markup: str, shown: str) -> None:
    assert html(f"<p>{markup}</p>") == [shown]


MATHML = "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x &lt; 3</annotation></semantics></math>"
KATEX = (
    f"<span class=katex><span class=katex-mathml>{MATHML}</span>"
    "<span class=katex-html aria-hidden=true>x&lt;3</span></span>"
)


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        (MATHML, "$x < 3$"),
        (KATEX, "$x < 3$"),
        (f"<span class=katex-display>{KATEX}</span>", "$$x < 3$$"),
        (
            "<span class=MathJax_Preview>x</span><span class=MathJax><nobr>x3</nobr></span>"
            "<script type='math/tex'>x < 3</script>",
            "$x < 3$",
        ),
        (
            "<mjx-container><mjx-math aria-hidden=true><mjx-mi></mjx-mi></mjx-math><mjx-assistive-mml><math><mfrac>"
            "<mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mi>b</mi></mfrac><mo>=</mo><msup><mi>x</mi><mn>2</mn></msup>"
            "</math></mjx-assistive-mml></mjx-container>",
            "(a + 1)/b = x^2",
        ),
        (
            f"<span class=mwe-math-element><span style='display:none'>{MATHML}</span><img alt='x &lt; 3'></span>",
            "$x < 3$",
        ),
        (r"<span class='math notranslate'>\(a_b &lt; c\)</span>", r"\(a_b < c\)"),
        (r"\(x_1\) and \[y\]", r"\(x_1\) and \[y\]"),
    ],
)
def test_a_formula_is_taken_once_and_as_tex_where_there_is_tex(markup: str, shown: str) -> None:
    assert html(f"<p>Let {markup} be.</p>") == [f"Let {shown} be."]


def test_terms_with_long_meanings_are_read_in_order() -> None:
    body = "<dl><dt>f(x)<dd><p>Does it.</p><pre>f(1)</pre><dt>g<dd>Too.</dl>"

    document = read_as(Format.HTML, body)

    assert kinds_and_texts(document) == [
        (PARAGRAPH, "f(x)"), (PARAGRAPH, "Does it."), (CODE, "f(1)"), (PARAGRAPH, "g"), (PARAGRAPH, "Too."),
    ]  # fmt: skip
    assert document.pieces[0].emphasised == ("f(x)",)
    assert html("<dl><dt>A<dt>B<dd>both<dd>more</dl>") == ["- A, B: both\n  - more"]


def test_a_picture_is_not_said_twice_and_a_file_name_not_once() -> None:
    body = "<figure><img alt='A cat'><figcaption>A cat</figcaption></figure><figure><img alt='dog.png'>"
    body += "<figcaption>Fig. 2. A dog</figcaption></figure><p><img alt=image> <img alt='A map'></p>"

    assert html(body) == ["A cat", "Fig. 2. A dog", "A map"]


FURNITURE = [
    "<nav>Words</nav>", "<header><p>Words</p></header>", "<footer>Words</footer>", "<aside>Words</aside>",
    '<div id="cookie-banner">Words</div>', '<div class="CookieConsent">Words</div>', '<div id="onetrust-x">Words</div>',
    '<div class="bd-sidebar-primary">Words</div>', '<ul class="social-links"><li>Words</ul>', "<p hidden>Words</p>",
    '<p style="DISPLAY : none">Words</p>', "<script>Words</script>", "<noscript>Words</noscript>",
    "<form><input type=search>Words</form>", "<dialog>Words</dialog>", "<template>Words</template>",
    '<div role="navigation">Words</div>', "<button>Words</button>", '<a class="skip-link">Words</a>',
    '<i class="icon" aria-hidden="true">Words</i>', "<iframe>Words</iframe>", '<section role="search">Words</section>',
]  # fmt: skip


@pytest.mark.parametrize("markup", FURNITURE)
def test_what_is_around_the_text_is_left_out(markup: str) -> None:
    assert html(f"<p>One sentence of the text that counts.</p>{markup}") == ["One sentence of the text that counts."]


CONTENT = [
    '<section id="cookies"><h2>About</h2><p>Words</p></section>', '<div id="social-contract"><h2>About</h2>Words</div>',
    '<div class="page with-sidebar"><p>Words</p></div>', '<form id="aspnetForm"><p>Words</p><input type=text></form>',
    '<p hidden="until-found">Words</p>', "<details><summary>Hint</summary>Words</details>",
    "<article><header><h1>About</h1></header><p>Words</p></article>", '<header><h1>About</h1><p>Words</p></header>',
    '<section role="doc-endnotes"><p>Words</p></section>', '<div class="sidebar"><main><p>Words</p></main></div>',
    '<div class="menu"><h1>About</h1><p>Words</p></div>', "<main><aside>Words</aside></main>",
    "<dialog open>Words</dialog>", '<p aria-hidden="true">Words</p>',
]  # fmt: skip


@pytest.mark.parametrize("markup", CONTENT)
def test_what_only_looks_like_furniture_is_kept(markup: str) -> None:
    assert "Words" in html(markup)


def test_anchors_are_where_a_link_would_lead() -> None:
    body = '<h2><a id="inner"></a>Title<a class="headerlink" href="#inner">¶</a></h2><p>a</p><p id="p">b</p>'
    body += '<p><a name="old"></a>c</p>'

    document = read_as(Format.HTML, f'<html lang="uk"><body>{body}</body></html>')

    assert [(p.text, p.locator.fragment) for p in document.pieces] == [
        ("Title", "inner"), ("a", "inner"), ("b", "p"), ("c", "old"),
    ]  # fmt: skip
    assert document.language == "uk"


@pytest.mark.parametrize(
    "declaration",
    ['<meta charset="windows-1251">', '<?xml version="1.0" encoding="windows-1251"?>', '<meta charset="utf-8">', ""],
)
def test_the_letters_are_right_whatever_is_declared(declaration: str) -> None:
    page = f"{declaration}<p>Вода кипить за температури сто градусів.</p>"

    document = read_as(Format.HTML, page.encode("cp1251"))

    assert texts(document) == ["Вода кипить за температури сто градусів."]
    assert bool(document.warnings) is ("1251" not in declaration)


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "table><tr><td", "blockquote"])
def test_no_text_is_lost_however_deep_it_stands(tag: str) -> None:
    words = [f"w{number}" for number in range(1_500)]

    found = " ".join(html("".join(f"<{tag}> {word} " for word in words) + "<p>after")).split()

    assert [word for word in found if word != "-"] == [*words, "after"]


def test_a_text_of_many_megabytes_is_whole() -> None:
    lines = "line\n" * 2_200_000

    assert [len(text) for text in html(f"<pre>{lines}</pre><p>after")] == [len(lines) - 1, len("after")]


def test_entities_of_a_page_are_not_expanded() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'

    assert "haha" not in "".join(texts(read_as(Format.HTML, f"{bomb}<p>&b; &c; kept</p>")))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p", []),
        ("<", ["<"]),
        ("&#xD800;&#0;", ["\ufffd\ufffd"]),
        ("</p></div>x", ["x"]),
        ("<table><td>a<td>b", ["| a | b |\n| --- | --- |"]),
        ("<table><td>a<td>b<tr><td>c", ["| a | b |\n| --- | --- |\n| c |  |"]),
        ('<a"b>x', ["x"]),
        ("<!--", []),
        ("", []),
    ],
)
def test_broken_markup_is_read_as_far_as_it_goes(body: str, expected: list[str]) -> None:
    assert texts(read_as(Format.HTML, body)) == expected
    assert texts(read_as(Format.HTML, f"<h1>First</h1><p>before</p><hr>{body}")) == ["First", "before", *expected]


HOSTILE = {
    "paragraphs": ("", "<p>some <b>words</b> here"),
    "nested inline": ("<font>" * 150, "<p>x</p>"),
    "nested lists": ("", "<ul><li>x"),
    "nested tables": ("", "<table><tr><td>x"),
    "sidebars": ('<div class="sidebar">' * 100, "<p>x y z"),
    "spans": ("<table><tr>", "<td colspan=100 rowspan=100>a"),
    "terms": ("<p>", "<b>a b</b> c"),
    "code in items": ("<ul>", "<li>a<pre>b</pre>c"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_each_element_is_looked_at_a_bounded_number_of_times(case: str) -> None:
    before, repeated = HOSTILE[case]

    def looks(times: int) -> int:
        root = build_html_tree(f"<html><body>{before}{repeated * times}")
        return count_calls(lambda: HTMLBlockReader(boilerplate=BoilerplateDetector(root)).read(root))

    assert looks(800) < 2.3 * looks(400)


def test_depth_is_bounded() -> None:
    root = build_html_tree("<div>" * 1_000 + "x")

    assert root is not None
    assert max(sum(1 for _ in element.iterancestors()) for element in root.iter()) <= MAX_DEPTH


def test_an_element_has_a_bounded_number_of_attributes_and_all_of_its_text() -> None:
    names = " ".join(f"a{number}='>'" for number in range(5_000))

    root = build_html_tree(f"<p {names}>one</p><script>x <y {names}</script><p {names.replace(' ', '')}>two</p>")

    assert root is not None
    assert max(len(element.attrib) for element in root.iter()) == MAX_ATTRIBUTES
    assert [element.text for element in root.iter("p")] == ["one", "two"]
    assert root.find(".//script").text == f"x <y {names}"


def test_a_deep_page_keeps_what_its_markup_says_above_the_depth_that_is_read() -> None:
    page = "<!doctype html><html lang=uk><head><title>T&amp;C</title><style>p > b {}</style></head><body class=a>"
    page += "<!-- <p>no --><ul><li>one<li>two</ul><table><tr><td>a<td>b<tr><td>c</table><p>x<br>y<p>z &lt;"
    page += "<textarea># a <b></textarea></i><div>" + "<div>" * 400 + "deep<script>no()</script>" + "</section>" * 400

    document = read_as(Format.HTML, page)

    assert texts(document) == ["- one\n- two", "| a | b |\n| --- | --- |\n| c |  |", "x\ny", "z <", "deep"]
    assert (document.title, document.language) == ("T&C", "uk")


@pytest.mark.parametrize("page", ["<div>{}</span>", "<b><i>{}</b>", "<p a='>{}", "<table><tr><td>{}"])
def test_a_deep_page_is_parsed_in_time_that_grows_with_its_length(page: str) -> None:
    opened, closed = page.split("{}")

    def steps(times: int) -> int:
        return count_calls(lambda: build_html_tree(opened * times + "x" + closed * times))

    assert steps(4_000) < 2.3 * steps(2_000)


ARTICLE = "<p>One sentence of the text that counts, and one more so that it is long enough to be the page.</p>" * 2


@pytest.mark.parametrize(
    "markup",
    [
        "<article>{}<footer><p>Words</p></footer></article>",
        "<main>{}<footer><p>Words</p></footer></main>",
        "<section>{}<footer>Words</footer></section>",
        "<section>{}<aside>Words</aside></section>",
        "<section>{}<footer><a href=a>Words</a></footer></section>",
        "<main><article>{}<aside class=note><p>Words</p></aside></article></main>",
    ],
)
def test_a_foot_or_an_aside_of_the_text_itself_is_read(markup: str) -> None:
    page = f"<header><nav>Menu</nav></header>{markup.format(ARTICLE)}<aside>Advert</aside><footer>Imprint</footer>"

    document = read_as(Format.HTML, page)

    assert texts(document)[-1] == "Words"
    (left,) = document.left_out
    assert (left.kind, sorted(each.text for each in left.texts)) == (
        LeftOutKind.NAVIGATION, ["Advert", "Imprint", "Menu"],
    )  # fmt: skip


def test_links_of_a_foot_lead_elsewhere() -> None:
    foot = "<footer>See <a href=a>the first of the pages</a> <a href=b>the next of the pages</a> <a>more</a></footer>"

    document = read_as(Format.HTML, f"<article>{ARTICLE}{foot}</article>")

    assert len(texts(document)) == 2
    assert [left.kind for left in document.left_out] == [LeftOutKind.NAVIGATION]


def test_the_title_above_the_main_text_is_its_first_heading() -> None:
    document = read_as(Format.HTML, f"<header><p>Site</p><h1>Title</h1></header><main><h2>Part</h2>{ARTICLE}</main>")

    assert document.title == "Title"
    assert document.pieces[1].locator.heading_path == ("Title", "Part")
    assert [left.text for left in document.left_out[0].texts] == ["Site"]


def test_a_teaser_is_not_the_page() -> None:
    page = f"<div><h1>Course</h1>{ARTICLE * 5}</div><article>{ARTICLE}</article>"

    assert len(texts(read_as(Format.HTML, page))) == 13


def test_what_is_no_text_is_counted_by_kind() -> None:
    page = (
        '<script>let a = "<p>";</script><!-- to do --><!--[if IE]>old<![endif]--><p>Text.</p><select><option>A</select>'
    )
    page += '<iframe src="https://v.example/1" title="A film"></iframe><video src="v.mp4"><track src="c.vtt"></video>'
    page += '<svg><path d="M0"/></svg><input type="hidden" value="x"><input value="Ann"><nav>Menu</nav>'

    found = read_as(Format.HTML, f"<body>{page}</body>").left_out

    assert {left.kind: [each.text for each in left.texts] for left in found} == {
        LeftOutKind.COMMENT: ["to do"],
        LeftOutKind.METADATA: ["[if IE]>old<![endif]", 'let a = "<p>";'],
        LeftOutKind.FORM_FIELD: ["A", "Ann"],
        LeftOutKind.EMBEDDED_OBJECT: ["A film https://v.example/1", "v.mp4 c.vtt"],
        LeftOutKind.NAVIGATION: ["Menu"],
    }


def test_a_piece_keeps_where_its_links_lead() -> None:
    body = '<h1><a href="t">Title</a></h1><p><a href="a">x</a> <a href="b#c"><b>y</b></a> <a href="a">z</a>'
    body += '<a href="javascript:x()">j</a> note<sup><a href="#n1">1</a></sup></p><a href="card"><div>Card</div></a>'
    body += '<ul><li><a href="l">i</a><li>k</ul><table><tr><td><a href="d">c</a><td>e</table>'
    body += '<dl><dt>T<dd><a href="m">M</a></dl>'

    assert [piece.links for piece in read_as(Format.HTML, body).pieces] == [
        ("t",), ("a", "b#c"), ("card",), ("l",), ("d",), ("m",),
    ]  # fmt: skip
